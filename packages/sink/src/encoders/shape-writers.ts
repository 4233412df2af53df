// Writers for the shapes that records come in: learned from the records, made when a shape is seen often.
import type { ByteBuffer } from "./byte-buffer.ts";
import type { RowWriter } from "./row-code.ts";

/** A shape is worth a function when so many records had it. */
const enoughRecords = 64;
const maxShapes = 8;
const maxFields = 200;
/** Shapes that are counted; a stream of ever new ones soon costs nothing. */
const maxCounted = 64;

/** Writes records of known shapes. */
export class ShapeWriters {
  readonly #make: (names: readonly string[]) => RowWriter;
  readonly #counts = new Map<string, number>();
  readonly #writers: RowWriter[] = [];
  #last: RowWriter | undefined;

  /** `make` makes the writer for records that have exactly these fields, in this order. */
  constructor(make: (names: readonly string[]) => RowWriter) {
    this.#make = make;
  }

  /** Answers false, and has written nothing, where the value has no known shape. */
  write(value: unknown, out: ByteBuffer): boolean {
    if (typeof value !== "object" || value === null) return false;
    const record = value as Readonly<Record<string, unknown>>;
    if (this.#last !== undefined && this.#last(record, out)) return true;
    return this.#writeOther(record, out);
  }

  #writeOther(record: Readonly<Record<string, unknown>>, out: ByteBuffer): boolean {
    for (const writer of this.#writers) {
      if (writer === this.#last || !writer(record, out)) continue;
      this.#last = writer;
      return true;
    }
    if (this.#writers.length < maxShapes) this.#learn(record);
    return false;
  }

  #learn(record: Readonly<Record<string, unknown>>): void {
    if (Object.getPrototypeOf(record) !== Object.prototype) return;
    const names = Object.keys(record);
    if (names.length === 0 || names.length > maxFields || names.includes("__proto__")) return;
    const shape = JSON.stringify(names);
    const count = (this.#counts.get(shape) ?? 0) + 1;
    if (count === 1 && this.#counts.size >= maxCounted) return;
    this.#counts.set(shape, count);
    if (count === enoughRecords) this.#writers.push(this.#make(names));
  }
}
