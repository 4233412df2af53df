// The columns that a thread fills, in memory that the pipeline's own thread reads.
import { type Column, type ColumnOutput, type DecodedColumn, type FilledColumn, NullableNumbers, type StreamFlowError, TextStore } from "@streamflow/core";
import type { RefusedLine } from "../codecs/batch-decoder.ts";

const firstRecords = 4_096;

/** Numbers and places of records in one piece of shared memory: a column of numbers after the other, then starts, then ends, then which numbers are there. */
export class SharedColumns implements ColumnOutput {
  columns: FilledColumn[] = [];
  starts: Int32Array = new Int32Array(0);
  ends: Int32Array = new Int32Array(0);
  length = 0;
  capacity: number = firstRecords;
  memory: SharedArrayBuffer;
  refused: RefusedLine[] = [];
  readonly #wanted: readonly DecodedColumn[];

  constructor(wanted: readonly DecodedColumn[]) {
    this.#wanted = wanted;
    this.memory = this.#lay(wanted.map(({ form }) => (form === "texts" ? new TextStore(firstRecords) : [])));
  }

  value(row: unknown, start: number, end: number): void {
    if (this.length === this.capacity) this.grow();
    const at = this.length++;
    const record = row as Readonly<Record<string, unknown>>;
    for (let i = 0; i < this.#wanted.length; i++) {
      const column = this.columns[i]!;
      const value = record[this.#wanted[i]!.name];
      if (column instanceof TextStore || column instanceof NullableNumbers) column.put(at, value);
      else column[at] = value;
    }
    this.starts[at] = start;
    this.ends[at] = end;
  }

  reject(_error: StreamFlowError, start: number, end: number): void {
    this.refused.push({ beforeIndex: this.length, start, end });
  }

  grow(): void {
    const { columns, starts, ends } = this;
    this.capacity *= 2;
    this.memory = this.#lay(columns);
    this.columns.forEach((column, i) => {
      if (column instanceof TextStore) column.grow(this.capacity);
      else if (column instanceof Float64Array) column.set(columns[i] as Float64Array);
      else if (column instanceof NullableNumbers) {
        const { values, valid } = columns[i] as NullableNumbers;
        column.values.set(values);
        column.valid.set(valid);
      }
    });
    this.starts.set(starts);
    this.ends.set(ends);
  }

  /** The columns of what was taken, until `clear`. */
  taken(): readonly Column[] {
    return this.columns.map((values, i) => {
      const { name } = this.#wanted[i]!;
      if (values instanceof TextStore || values instanceof NullableNumbers) return values.column(name, this.length);
      return { name, values: Array.isArray(values) ? values : values.subarray(0, this.length) };
    });
  }

  /** Forgets everything, for the next range. */
  clear(): void {
    this.length = 0;
    this.refused = [];
    this.columns = this.columns.map((column) => {
      // Without a length it does not learn that texts are long: they are copied out of the range, wherever they will be packed.
      if (column instanceof TextStore) column.clear(0);
      return Array.isArray(column) ? [] : column;
    });
  }

  #lay(values: readonly FilledColumn[]): SharedArrayBuffer {
    const { capacity } = this;
    const layout = layoutOf(this.#wanted, capacity);
    const memory = new SharedArrayBuffer(layout.bytes);
    this.columns = this.#wanted.map(({ form }, i) => {
      if (form === "nullableNumbers") return new NullableNumbers(new Float64Array(memory, layout.numbers[i], capacity), new Uint8Array(memory, layout.valid[i], capacity));
      return form === "numbers" ? new Float64Array(memory, layout.numbers[i], capacity) : values[i]!;
    });
    this.starts = new Int32Array(memory, layout.starts, capacity);
    this.ends = new Int32Array(memory, layout.ends, capacity);
    return memory;
  }
}

/** What lies in the memory of shared columns, for one batch. */
export interface SharedRecords {
  readonly columns: readonly Column[];
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Reads records out of shared memory; `others` answers the columns that are not numbers, by name and in order. */
export function sharedRecords(at: { readonly wanted: readonly DecodedColumn[]; readonly memory: SharedArrayBuffer; readonly length: number }, others: (name: string) => Column): SharedRecords {
  const { wanted, memory, length } = at;
  const layout = layoutOf(wanted, capacityOf(wanted, memory));
  return {
    columns: wanted.map(({ name, form }, i) => {
      if (!areNumbers(form)) return others(name);
      const values = new Float64Array(memory, layout.numbers[i], length);
      return form === "numbers" ? { name, values } : { name, values, valid: new Uint8Array(memory, layout.valid[i], length) };
    }),
    starts: new Int32Array(memory, layout.starts, length),
    ends: new Int32Array(memory, layout.ends, length),
  };
}

interface Layout {
  /** Where each column of numbers begins; of other columns, a number without meaning. */
  readonly numbers: readonly number[];
  readonly starts: number;
  readonly ends: number;
  /** Where it begins which numbers of a column are there; of columns that lack none, and others, a number without meaning. */
  readonly valid: readonly number[];
  readonly bytes: number;
}

function layoutOf(wanted: readonly DecodedColumn[], capacity: number): Layout {
  let at = 0;
  const take = (bytes: number): number => (at += bytes) - bytes;
  const numbers = wanted.map(({ form }) => (areNumbers(form) ? take(8 * capacity) : -1));
  const [starts, ends] = [take(4 * capacity), take(4 * capacity)];
  const valid = wanted.map(({ form }) => (form === "nullableNumbers" ? take(capacity) : -1));
  return { numbers, starts, ends, valid, bytes: at };
}

function capacityOf(wanted: readonly DecodedColumn[], memory: SharedArrayBuffer): number {
  return memory.byteLength / layoutOf(wanted, 1).bytes;
}

function areNumbers(form: DecodedColumn["form"]): boolean {
  return form === "numbers" || form === "nullableNumbers";
}
