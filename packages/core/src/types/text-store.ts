// Texts of a column that are bytes until somebody asks for one.
import { isAscii } from "node:buffer";
import type { Column, Texts } from "../record.ts";
import { TextColumn } from "./text-column.ts";

const firstBytes = 1_024;
/**
 * Bytes behind the last text. Loads and stores of eight bytes reach seven of them; with fewer than eight, where four are loaded, V8's middle compiler (Maglev, 13.6: it checks every access of a DataView
 * as if it took eight bytes) falls back in the last text, and from then on `getInt32` and `setInt32` are called as functions, at ten times the cost.
 */
export const textMargin = 8;

/** Texts that are so long on average, or longer, are better left where they lie. */
const leastLeft = 32;
/** One of so many tells how long they are. */
const sampleEvery = 16;
/** Texts that lie in so many times their own bytes, at most, lie side by side. */
const mostSpread = 8;

/** Takes texts in order. Their bytes are copied, for what they were read from may be filled again; or left where they are, as long as that is sure to hold. */
export class TextStore {
  /** Where all the texts are. */
  bytes: DataView;
  starts: Int32Array;
  ends: Int32Array;
  others: unknown[] = [];
  /** Bytes of copied texts. */
  used = 0;
  #own: DataView = new DataView(new ArrayBuffer(firstBytes));
  /** There is room for another text while no more are used. A number of its own: V8 calls a function for a view's length. */
  #room = firstBytes - textMargin;
  #areLong = false;

  constructor(capacity: number) {
    this.bytes = this.#own;
    this.starts = new Int32Array(capacity);
    this.ends = new Int32Array(capacity);
  }

  /** Text `index` is `bytes[start, end)`, in which JSON escapes nothing; eight bytes behind are readable. */
  copy(index: number, bytes: DataView, start: number, end: number): void {
    const own = this.#own;
    if (this.bytes !== own) this.own(index);
    const at = this.used;
    const used = at + end - start;
    if (used > this.#room) this.#widen(used + textMargin);
    const to = this.#own;
    // Eight bytes of UTF-8 are never NaN, the one number whose bits may change when it is copied.
    for (let i = start, p = at; i < end; i += 8, p += 8) to.setFloat64(p, bytes.getFloat64(i, true), true);
    this.starts[index] = at;
    this.ends[index] = used;
    this.used = used;
  }

  /** As `copy`, where the bytes stay as they are until `clear`, or until `own` has been called. */
  place(index: number, bytes: DataView, start: number, end: number): void {
    if (bytes !== this.bytes && !this.#lieIn(bytes)) return this.copy(index, bytes, start, end);
    this.starts[index] = start;
    this.ends[index] = end;
  }

  /** As `place` where texts were long before, else as `copy`: short ones are cheaper side by side. */
  take(index: number, bytes: DataView, start: number, end: number): void {
    if (this.#areLong) this.place(index, bytes, start, end);
    else this.copy(index, bytes, start, end);
  }

  /** Value `index` is no such text. */
  put(index: number, value: unknown): void {
    this.starts[index] = -1;
    this.others[index] = value;
  }

  /** Copies the first `length` texts, where they lie in bytes of somebody else's. */
  own(length: number): void {
    const bytes = this.bytes;
    if (bytes === this.#own) return;
    this.bytes = this.#own;
    for (let i = 0; i < length; i++) {
      const start = this.starts[i]!;
      if (start >= 0) this.copy(i, bytes, start, this.ends[i]!);
    }
  }

  /** The first `length` texts as a column, until `clear`. */
  column(name: string, length: number): Column {
    const { bytes, others } = this;
    const [starts, ends] = [this.starts.subarray(0, length), this.ends.subarray(0, length)];
    return textColumnOf(name, { bytes, starts, ends, others, ...(bytes === this.#own ? { from: 0, used: this.used } : spanOf(starts, ends)) });
  }

  /** Makes room for so many texts. */
  grow(capacity: number): void {
    const [starts, ends] = [this.starts, this.ends];
    this.starts = new Int32Array(capacity);
    this.ends = new Int32Array(capacity);
    this.starts.set(starts);
    this.ends.set(ends);
  }

  /** Forgets everything: `length` values. */
  clear(length: number): void {
    if (length > 0) this.#areLong = meanLength(this.starts, this.ends, length) >= leastLeft;
    this.bytes = this.#own;
    this.used = 0;
    if (this.others.length > 0) this.others = [];
  }

  /** Texts lie in these bytes from now on; false: others lie elsewhere. */
  #lieIn(bytes: DataView): boolean {
    if (this.used > 0 || this.bytes !== this.#own) return false;
    this.bytes = bytes;
    return true;
  }

  #widen(needed: number): void {
    const wide = new Uint8Array(Math.max(needed, this.#own.byteLength * 2));
    wide.set(new Uint8Array(this.#own.buffer, 0, this.used));
    this.#own = new DataView(wide.buffer);
    this.bytes = this.#own;
    this.#room = wide.length - textMargin;
  }
}

/** In bytes, judged by some of them. */
function meanLength(starts: Int32Array, ends: Int32Array, length: number): number {
  let bytes = 0;
  for (let i = 0; i < length; i += sampleEvery) if (starts[i]! >= 0) bytes += ends[i]! - starts[i]!;
  return bytes / Math.ceil(length / sampleEvery);
}

/** Where ascending texts begin and end; nothing where they are far apart. */
function spanOf(starts: Int32Array, ends: Int32Array): Pick<TextPlaces, "from" | "used"> {
  const { length } = starts;
  const from = starts.find((start) => start >= 0) ?? 0;
  const used = ends[starts.findLastIndex((start) => start >= 0)] ?? 0;
  return used - from > mostSpread * length * meanLength(starts, ends, length) ? {} : { from, used };
}

/** Where texts are: as in `Texts`. */
export interface TextPlaces extends Pick<Texts, "bytes" | "starts" | "ends" | "others"> {
  /** No text begins before it. @defaultValue 0 */
  readonly from?: number;
  /** No text ends behind it. Absent: they are far apart. */
  readonly used?: number;
}

/** A column of texts that lie in some memory. */
export function textColumnOf(name: string, places: TextPlaces): Column {
  return new TextColumn(name, textsAt(places));
}

/** Texts that lie in some memory. */
export function textsAt(places: TextPlaces): Texts {
  return new TextView(new Strings(places.bytes, places), places);
}

class TextView implements Texts {
  readonly bytes: DataView;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly others: readonly unknown[];
  readonly #strings: Strings;

  constructor(strings: Strings, { bytes, starts, ends, others }: Omit<TextPlaces, "from" | "used">) {
    this.bytes = bytes;
    this.starts = starts;
    this.ends = ends;
    this.others = others;
    this.#strings = strings;
  }

  at(index: number): unknown {
    const start = this.starts[index]!;
    return start < 0 ? this.others[index] : this.#strings.of(start, this.ends[index]!);
  }

  slice(from: number, to: number): Texts {
    const { bytes, starts, ends, others } = this;
    return new TextView(this.#strings, { bytes, starts: starts.subarray(from, to), ends: ends.subarray(from, to), others: others.length === 0 ? others : others.slice(from, to) });
  }
}

/** Node's Buffer, with the slicers that its public types leave out. */
interface SlicedBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
}

/** V8 copies a part of a string that is shorter than this; a longer part would keep the whole string alive for as long as somebody has it. */
const leastShared = 13;

/** Makes strings of texts. Short ones that lie side by side are cut out of one string of them all: a call of Buffer's methods costs five times as much. */
export class Strings {
  readonly #buffer: SlicedBuffer;
  readonly #from: number;
  readonly #used: number | undefined;
  /** Made when the first short text is asked for. */
  #all: string | undefined;
  #isAscii: boolean | undefined;

  constructor(bytes: DataView, { from = 0, used }: Pick<TextPlaces, "from" | "used">) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) as unknown as SlicedBuffer;
    this.#from = from;
    this.#used = used;
  }

  /** The text `[start, end)`. */
  of(start: number, end: number): string {
    const used = this.#used;
    if (used === undefined) return this.#buffer.utf8Slice(start, end);
    const from = this.#from;
    this.#isAscii ??= isAscii(this.#buffer.subarray(from, used));
    if (end - start < leastShared && (this.#isAscii || this.#isAsciiBetween(start, end))) return (this.#all ??= this.#buffer.latin1Slice(from, used)).substring(start - from, end - from);
    return this.#isAscii ? this.#buffer.latin1Slice(start, end) : this.#buffer.utf8Slice(start, end);
  }

  #isAsciiBetween(start: number, end: number): boolean {
    for (let i = start; i < end; i++) if (this.#buffer[i]! > 0x7f) return false;
    return true;
  }
}
