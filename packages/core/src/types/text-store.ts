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

/** Takes texts in order, with their bytes: what they were read from may be filled again. */
export class TextStore {
  bytes: DataView = new DataView(new ArrayBuffer(firstBytes));
  starts: Int32Array;
  ends: Int32Array;
  others: unknown[] = [];
  /** Bytes of all texts. */
  used = 0;
  /** There is room for another text while no more are used. A number of its own: V8 calls a function for a view's length. */
  #room = firstBytes - textMargin;

  constructor(capacity: number) {
    this.starts = new Int32Array(capacity);
    this.ends = new Int32Array(capacity);
  }

  /** Text `index` is `bytes[start, end)`, in which JSON escapes nothing; eight bytes behind are readable. */
  copy(index: number, bytes: DataView, start: number, end: number): void {
    const at = this.used;
    const used = at + end - start;
    if (used > this.#room) this.#widen(used + textMargin);
    const own = this.bytes;
    // Eight bytes of UTF-8 are never NaN, the one number whose bits may change when it is copied.
    for (let i = start, to = at; i < end; i += 8, to += 8) own.setFloat64(to, bytes.getFloat64(i, true), true);
    this.starts[index] = at;
    this.ends[index] = used;
    this.used = used;
  }

  /** Value `index` is no such text. */
  put(index: number, value: unknown): void {
    this.starts[index] = -1;
    this.others[index] = value;
  }

  /** The first `length` texts as a column, until `clear`. */
  column(name: string, length: number): Column {
    return textColumnOf(name, { bytes: this.bytes, used: this.used, starts: this.starts.subarray(0, length), ends: this.ends.subarray(0, length), others: this.others });
  }

  /** Makes room for so many texts. */
  grow(capacity: number): void {
    const [starts, ends] = [this.starts, this.ends];
    this.starts = new Int32Array(capacity);
    this.ends = new Int32Array(capacity);
    this.starts.set(starts);
    this.ends.set(ends);
  }

  /** Forgets everything. */
  clear(): void {
    this.used = 0;
    if (this.others.length > 0) this.others = [];
  }

  #widen(needed: number): void {
    const wide = new Uint8Array(Math.max(needed, this.bytes.byteLength * 2));
    wide.set(new Uint8Array(this.bytes.buffer, 0, this.used));
    this.bytes = new DataView(wide.buffer);
    this.#room = wide.length - textMargin;
  }
}

/** Where texts are: as in `Texts`. */
export interface TextPlaces extends Pick<Texts, "bytes" | "starts" | "ends" | "others"> {
  /** No text ends behind it. */
  readonly used: number;
}

/** A column of texts that lie in some memory. */
export function textColumnOf(name: string, places: TextPlaces): Column {
  return new TextColumn(name, textsAt(places));
}

/** Texts that lie in some memory. */
export function textsAt(places: TextPlaces): Texts {
  return new TextView(new Strings(places.bytes, places.used), places);
}

class TextView implements Texts {
  readonly bytes: DataView;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly others: readonly unknown[];
  readonly #strings: Strings;

  constructor(strings: Strings, { bytes, starts, ends, others }: Omit<TextPlaces, "used">) {
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

/** Makes strings of texts that lie side by side. Short ones are cut out of one string of them all: a call of Buffer's methods costs five times as much. */
export class Strings {
  readonly #buffer: SlicedBuffer;
  readonly #used: number;
  /** Made when the first short text is asked for. */
  #all: string | undefined;
  #isAscii: boolean | undefined;

  constructor(bytes: DataView, used: number) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) as unknown as SlicedBuffer;
    this.#used = used;
  }

  /** The text `[start, end)`. */
  of(start: number, end: number): string {
    this.#isAscii ??= isAscii(this.#buffer.subarray(0, this.#used));
    if (end - start < leastShared && (this.#isAscii || this.#isAsciiBetween(start, end))) return (this.#all ??= this.#buffer.latin1Slice(0, this.#used)).substring(start, end);
    return this.#isAscii ? this.#buffer.latin1Slice(start, end) : this.#buffer.utf8Slice(start, end);
  }

  #isAsciiBetween(start: number, end: number): boolean {
    for (let i = start; i < end; i++) if (this.#buffer[i]! > 0x7f) return false;
    return true;
  }
}
