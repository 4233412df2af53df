// Columns on their way from one thread to another: numbers stay where they are, texts lie side by side in shared memory, anything else is copied.
import { type Column, textColumnOf, type TextStore } from "@streamflow/core";

/** A column of values, packed. */
export type PackedColumn =
  /** As in `Texts`; `starts`, `ends` and `bytes` are bytes of the shared memory, where `length` numbers each and `used` bytes begin. */
  | { readonly kind: "texts"; readonly length: number; readonly starts: number; readonly ends: number; readonly bytes: number; readonly used: number; readonly others: readonly unknown[] }
  | { readonly kind: "values"; readonly values: readonly unknown[] };

const firstBytes = 65_536;
const numberBytes = 4;
/** Bytes behind the last text, as whoever reads texts wants them (`Texts.bytes`). */
const margin = 8;

/** Packs the columns of a batch into shared memory, which grows with them. */
export class ColumnPacker {
  memory: SharedArrayBuffer = new SharedArrayBuffer(firstBytes);
  #used = 0;

  /** Gives up what was packed before. */
  clear(): void {
    this.#used = 0;
  }

  /** Packs values as they are. */
  values(values: readonly unknown[]): PackedColumn {
    return { kind: "values", values };
  }

  /** Packs `length` texts. */
  texts({ bytes, starts, ends, used, others }: TextStore, length: number): PackedColumn {
    const [startsAt, endsAt, bytesAt] = [this.#take(length * numberBytes), this.#take(length * numberBytes), this.#take(used + margin)];
    new Int32Array(this.memory, startsAt, length).set(starts.subarray(0, length));
    new Int32Array(this.memory, endsAt, length).set(ends.subarray(0, length));
    new Uint8Array(this.memory, bytesAt).set(new Uint8Array(bytes.buffer, bytes.byteOffset, used));
    return { kind: "texts", length, starts: startsAt, ends: endsAt, bytes: bytesAt, used, others };
  }

  #take(bytes: number): number {
    const at = this.#used;
    this.#used = at + Math.ceil(bytes / numberBytes) * numberBytes;
    if (this.#used > this.memory.byteLength) this.#grow(this.#used);
    return at;
  }

  #grow(bytes: number): void {
    const wide = new SharedArrayBuffer(Math.max(bytes, this.memory.byteLength * 2));
    new Uint8Array(wide).set(new Uint8Array(this.memory));
    this.memory = wide;
  }
}

/** Takes a column out again: texts are read where they are. */
export function unpacked(name: string, packed: PackedColumn, memory: SharedArrayBuffer): Column {
  if (packed.kind === "values") return { name, values: packed.values };
  const { length, starts, ends, bytes, used, others } = packed;
  return textColumnOf(name, { bytes: new DataView(memory, bytes, used + margin), starts: new Int32Array(memory, starts, length), ends: new Int32Array(memory, ends, length), used, others });
}
