// Columns on their way from one thread to another: numbers stay where they are, texts lie side by side in shared memory, anything else is copied.
import { textPlace, type Column } from "@streamflow/core";
import { textBuffer } from "../codecs/text-buffer.ts";

/** A column of values, packed. */
export type PackedColumn =
  /**
   * `length` 32-bit numbers at byte `ends` of the shared memory: where each text ends among those that begin at byte `texts`, doubled, and one more where it is ASCII.
   * A negative one stands for null (-1), or for a text of `odd` (-2: the first).
   */
  | { readonly kind: "texts"; readonly ends: number; readonly texts: number; readonly odd: readonly string[] }
  | { readonly kind: "values"; readonly values: readonly unknown[] };

const firstBytes = 65_536;
const numberBytes = 4;
/** What the start of a text counts in its place. */
const startUnit = textPlace({ start: 1, end: 1, isAscii: false });

/** Packs the columns of a batch into shared memory, which grows with them. */
export class ColumnPacker {
  memory: SharedArrayBuffer = new SharedArrayBuffer(firstBytes);
  #used = 0;

  /** Begins a new batch: what was packed before is given up. */
  clear(): void {
    this.#used = 0;
  }

  /** Packs values as they are. */
  values(values: readonly unknown[]): PackedColumn {
    return { kind: "values", values };
  }

  /** Packs a column of texts, nulls, and places in `bytes`. Side by side they are in few lines of the other core's cache, and not in one each. */
  texts(values: readonly unknown[], bytes: Uint8Array): PackedColumn {
    const ends = this.#take(values.length * numberBytes);
    const texts = this.#take(bytesIn(values));
    const table = new Int32Array(this.memory, ends, values.length);
    const target = new Uint8Array(this.memory, texts);
    const odd: string[] = [];
    let to = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (typeof value !== "number") {
        table[i] = value === null ? -1 : -1 - odd.push(value as string);
        continue;
      }
      const start = Math.floor(value / startUnit);
      const rest = restOf(value);
      for (let from = start, end = start + (rest >> 1); from < end; from++) target[to++] = bytes[from]!;
      table[i] = to * 2 + (rest & 1);
    }
    return { kind: "texts", ends, texts, odd };
  }

  #take(bytes: number): number {
    const at = this.#used;
    this.#used = at + Math.ceil(bytes / numberBytes) * numberBytes;
    if (this.#used > this.memory.byteLength) this.#grow(this.#used);
    return at;
  }

  #grow(needed: number): void {
    const larger = new SharedArrayBuffer(Math.max(needed, 2 * this.memory.byteLength));
    new Uint8Array(larger).set(new Uint8Array(this.memory));
    this.memory = larger;
  }
}

/** What a place is besides its start. The remainder of a division, by a faster way. */
function restOf(place: number): number {
  return place - Math.floor(place / startUnit) * startUnit;
}

/** Bytes of all texts that are places. */
function bytesIn(values: readonly unknown[]): number {
  let bytes = 0;
  for (const value of values) if (typeof value === "number") bytes += restOf(value) >> 1;
  return bytes;
}

/** V8 copies a part of a text that is shorter than this; a longer part would keep the whole text alive. */
const leastShared = 13;

/** Takes a column of `length` values out again. */
export function unpacked(packed: PackedColumn, memory: SharedArrayBuffer, length: number): Column["values"] {
  if (packed.kind === "values") return packed.values;
  const table = new Int32Array(memory, packed.ends, length);
  const bytes = textBuffer(new Uint8Array(memory, packed.texts));
  // Short texts are cut out of one: a call for each of them costs more than they do.
  const all = bytes.latin1Slice(0, lastEnd(table));
  const values: (string | null)[] = [];
  let start = 0;
  for (let i = 0; i < length; i++) {
    const mark = table[i]!;
    if (mark < 0) {
      values.push(mark === -1 ? null : packed.odd[-2 - mark]!);
      continue;
    }
    const end = mark >> 1;
    if ((mark & 1) === 0) values.push(bytes.utf8Slice(start, end));
    else values.push(end - start < leastShared ? all.substring(start, end) : bytes.latin1Slice(start, end));
    start = end;
  }
  return values;
}

function lastEnd(table: Int32Array): number {
  for (let i = table.length - 1; i >= 0; i--) if (table[i]! >= 0) return table[i]! >> 1;
  return 0;
}
