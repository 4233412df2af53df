// Reads one JSON value of any kind out of bytes, verifying each of them. What it does not take (escapes in names, very deep nesting) is left to others.
import { digitsOf } from "../typed-record.ts";
import { asciiSlice, type TextBuffer } from "../text-buffer.ts";

const maxDepth = 64;
const exactPowers = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
/** As an integer with this many digits, a mantissa is exact in a double. */
const exactDigits = 15;

/** What may follow a backslash by itself. */
const simpleEscapes: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));

function isHex(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

/** A list or an object whose numbers keep every digit: JSON without escapes in names. */
export class NestedText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A reader over one buffer at a time. The bytes must be valid UTF-8 and end with a newline, with at least four bytes behind. */
export class ValueReader {
  /** The value that `read` found, where it was asked for. */
  value: unknown = undefined;
  #bytes: TextBuffer;
  #view: DataView;

  constructor(bytes: TextBuffer, view: DataView) {
    this.#bytes = bytes;
    this.#view = view;
  }

  use(bytes: TextBuffer, view: DataView): void {
    this.#bytes = bytes;
    this.#view = view;
  }

  /** Reads the value that starts at `i`; answers the offset after it, or -1. */
  read(i: number, wanted: boolean): number {
    const first = this.#bytes[i] ?? 0;
    if (first === 0x22) return this.#string(i, wanted);
    if (first === 0x2d || (first >= 0x30 && first <= 0x39)) return this.#number(i, wanted);
    if (first === 0x7b || first === 0x5b) return this.#nested(i, wanted);
    return this.#literal(i, first);
  }

  /** As `read`; a number that says more than a double can is its text, and a list or an object is a {@link NestedText}. */
  readDigits(i: number): number {
    const first = this.#bytes[i];
    if (first === 0x7b || first === 0x5b) {
      const behind = this.#skip(i, maxDepth);
      if (behind > 0) this.value = new NestedText(this.#bytes.utf8Slice(i, behind));
      return behind;
    }
    const end = this.read(i, true);
    if (end < 0 || typeof this.value !== "number") return end;
    if (end - i > exactDigits || this.value === 0) this.value = digitsOf(this.value, asciiSlice(this.#bytes, i, end));
    return end;
  }

  #string(i: number, wanted: boolean): number {
    let end = this.#plainEnd(i + 1);
    let hasEscapes = false;
    while (end < 0 && this.#bytes[-end] === 0x5c) {
      hasEscapes = true;
      const behind = this.#escapeEnd(-end);
      if (behind < 0) return -1;
      end = this.#plainEnd(behind);
    }
    if (end < 0) return -1;
    if (wanted) this.value = hasEscapes ? JSON.parse(this.#bytes.utf8Slice(i, end)) : this.#bytes.utf8Slice(i + 1, end - 1);
    return end;
  }

  /** The offset after the escape at `at`, or -1 where it is none. */
  #escapeEnd(at: number): number {
    const bytes = this.#bytes;
    const letter = bytes[at + 1];
    if (letter !== 0x75) return letter !== undefined && simpleEscapes.has(letter) ? at + 2 : -1;
    for (let i = at + 2; i < at + 6; i++) if (!isHex(bytes[i] ?? 0)) return -1;
    return at + 6;
  }

  /** The offset after a name, or -1 where it has escapes: JSON.parse may misread those (parse-json.ts). */
  #nameEnd(i: number): number {
    return this.#plainEnd(i + 1);
  }

  /** From within a string: the offset after its quote; or minus that of the escape or control character before. */
  #plainEnd(from: number): number {
    const view = this.#view;
    let at = from;
    for (;;) {
      const word = view.getInt32(at, true);
      // Flags a byte below 0x20, a quote or a backslash; the lowest flagged lane is exact. See scanner.ts.
      const stop = (((word ^ 0x02020202) - 0x21212121) | ((word ^ 0x5c5c5c5c) - 0x01010101)) & ~word & -2139062144;
      if (stop === 0) {
        at += 4;
        continue;
      }
      at += (31 - Math.clz32(stop & -stop)) >> 3;
      return this.#bytes[at] === 0x22 ? at + 1 : -at;
    }
  }

  #literal(i: number, first: number): number {
    const word = this.#view.getInt32(i, true);
    if (first === 0x74 && word === 0x65757274) return this.#found(i + 4, true);
    if (first === 0x6e && word === 0x6c6c756e) return this.#found(i + 4, null);
    if (first === 0x66 && word === 0x736c6166 && this.#bytes[i + 4] === 0x65) return this.#found(i + 5, false);
    return -1;
  }

  #found(end: number, value: unknown): number {
    this.value = value;
    return end;
  }

  /** @see Clinger 1990, the fast path: an exact integer divided by an exact power of ten is correctly rounded */
  #number(start: number, wanted: boolean): number {
    const bytes = this.#bytes;
    const isNegative = bytes[start] === 0x2d;
    const first = isNegative ? start + 1 : start;
    let i = this.#digits(first);
    let mantissa = this.#mantissa;
    let digits = i - first;
    if (digits === 0 || (digits > 1 && bytes[first] === 0x30)) return -1;
    let fraction = 0;
    if (bytes[i] === 0x2e) {
      const from = i + 1;
      i = this.#digits(from);
      fraction = i - from;
      if (fraction === 0) return -1;
      digits += fraction;
      mantissa = mantissa * (exactPowers[fraction] ?? 1) + this.#mantissa;
    }
    const plainEnd = i;
    i = this.#exponent(i);
    if (i < 0 || !wanted) return i;
    if (i !== plainEnd || digits > exactDigits) this.value = Number(asciiSlice(bytes, start, i));
    else {
      const magnitude = fraction === 0 ? mantissa : mantissa / (exactPowers[fraction] ?? 1);
      this.value = isNegative ? -magnitude : magnitude;
    }
    return i;
  }

  /** Value of the digits last skipped; right only for up to fifteen. */
  #mantissa = 0;

  #digits(i: number): number {
    const bytes = this.#bytes;
    let value = 0;
    for (;;) {
      const digit = (bytes[i] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      i++;
    }
    this.#mantissa = value;
    return i;
  }

  /** The offset after an exponent at `i`, `i` where there is none, -1 where it is malformed. */
  #exponent(i: number): number {
    const bytes = this.#bytes;
    if (((bytes[i] ?? 0) | 0x20) !== 0x65) return i;
    const sign = bytes[i + 1];
    const from = sign === 0x2b || sign === 0x2d ? i + 2 : i + 1;
    const end = this.#digits(from);
    return end === from ? -1 : end;
  }

  #nested(i: number, wanted: boolean): number {
    const end = this.#skip(i, maxDepth);
    // The bytes are verified, so this cannot throw; it also settles doubled names as JSON.parse does.
    if (end > 0 && wanted) this.value = JSON.parse(this.#bytes.utf8Slice(i, end));
    return end;
  }

  #skip(i: number, depth: number): number {
    const first = this.#bytes[i];
    if (first === 0x7b) return depth === 0 ? -1 : this.#skipObject(i, depth - 1);
    if (first === 0x5b) return depth === 0 ? -1 : this.#skipList(i, depth - 1);
    return this.read(i, false);
  }

  #skipObject(start: number, depth: number): number {
    const bytes = this.#bytes;
    let i = this.#space(start + 1);
    if (bytes[i] === 0x7d) return i + 1;
    for (;;) {
      if (bytes[i] !== 0x22) return -1;
      i = this.#nameEnd(i);
      if (i < 0) return -1;
      i = this.#space(i);
      if (bytes[i] !== 0x3a) return -1;
      i = this.#skip(this.#space(i + 1), depth);
      if (i < 0) return -1;
      i = this.#space(i);
      if (bytes[i] === 0x7d) return i + 1;
      if (bytes[i] !== 0x2c) return -1;
      i = this.#space(i + 1);
    }
  }

  #skipList(start: number, depth: number): number {
    const bytes = this.#bytes;
    let i = this.#space(start + 1);
    if (bytes[i] === 0x5d) return i + 1;
    for (;;) {
      i = this.#skip(i, depth);
      if (i < 0) return -1;
      i = this.#space(i);
      if (bytes[i] === 0x5d) return i + 1;
      if (bytes[i] !== 0x2c) return -1;
      i = this.#space(i + 1);
    }
  }

  #space(i: number): number {
    while (this.#bytes[i] === 0x20 || this.#bytes[i] === 0x09 || this.#bytes[i] === 0x0d) i++;
    return i;
  }
}
