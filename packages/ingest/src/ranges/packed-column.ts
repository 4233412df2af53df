// Columns on their way from one thread to another: numbers stay where they are, texts go through shared memory as one text, anything else is copied.
import type { Column } from "@streamflow/core";
import { textBuffer, type TextBuffer } from "../codecs/text-buffer.ts";

/** A column of values, packed. Offsets are bytes of the shared memory for texts. */
export type PackedColumn =
  /** `ends[i]`, in units of UTF-16: the text of record `i` ends there; -1 - end: it is null. */
  | { readonly kind: "texts"; readonly isWide: boolean; readonly ends: number; readonly text: number }
  | { readonly kind: "values"; readonly values: readonly unknown[] };

const firstBytes = 65_536;

/** Packs the columns of a batch into shared memory, which grows with them. */
export class ColumnPacker {
  memory: SharedArrayBuffer = new SharedArrayBuffer(firstBytes);
  #used = 0;

  /** Begins a new batch: what was packed before is given up. */
  clear(): void {
    this.#used = 0;
  }

  pack(values: readonly unknown[]): PackedColumn {
    for (const value of values) if (typeof value !== "string" && value !== null) return { kind: "values", values };
    // A null joins as nothing.
    const joined = values.join("");
    const isWide = Buffer.byteLength(joined) !== joined.length;
    const ends = this.#take(values.length * 4);
    const text = this.#take(isWide ? joined.length * 2 : joined.length);
    const table = new Int32Array(this.memory, ends, values.length);
    let end = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as string | null;
      if (value !== null) end += value.length;
      table[i] = value === null ? -1 - end : end;
    }
    const bytes = Buffer.from(this.memory);
    if (isWide) bytes.write(joined, text, "utf16le");
    else bytes.write(joined, text, "latin1");
    return { kind: "texts", isWide, ends, text };
  }

  #take(bytes: number): number {
    const at = this.#used;
    this.#used = at + Math.ceil(bytes / 8) * 8;
    if (this.#used > this.memory.byteLength) this.#grow(this.#used);
    return at;
  }

  #grow(needed: number): void {
    const larger = new SharedArrayBuffer(Math.max(needed, 2 * this.memory.byteLength));
    new Uint8Array(larger).set(new Uint8Array(this.memory));
    this.memory = larger;
  }
}

/** Takes columns out again. */
export class ColumnUnpacker {
  readonly #memory: SharedArrayBuffer;
  readonly #bytes: TextBuffer;

  constructor(memory: SharedArrayBuffer) {
    this.#memory = memory;
    this.#bytes = textBuffer(new Uint8Array(memory));
  }

  unpack(packed: PackedColumn, length: number): Column["values"] {
    return packed.kind === "values" ? packed.values : this.#texts(packed, length);
  }

  #texts({ isWide, ends, text }: Extract<PackedColumn, { kind: "texts" }>, length: number): readonly (string | null)[] {
    const table = new Int32Array(this.#memory, ends, length);
    const bytes = this.#bytes;
    const values: (string | null)[] = [];
    let start = text;
    for (let i = 0; i < length; i++) {
      const mark = table[i]!;
      if (mark < 0) values.push(null);
      else {
        const end = text + (isWide ? 2 * mark : mark);
        values.push(isWide ? bytes.ucs2Slice(start, end) : bytes.latin1Slice(start, end));
        start = end;
      }
    }
    return values;
  }
}
