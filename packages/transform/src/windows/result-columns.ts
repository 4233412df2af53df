// Results of windows on their way out together: each field in a column of its own.
import type { Column, EmittedRecords } from "@streamflow/core";

/** More are emitted first: what waits is bounded. */
const mostRows = 4_096;
const firstRows = 64;

/** Records of named fields, column by column. */
export class ResultColumns {
  length = 0;
  readonly #names: readonly string[];
  #capacity = firstRows;
  #columns: (Float64Array | unknown[])[];
  #timestamps: Float64Array = new Float64Array(firstRows);
  #keys: unknown[] = [];

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#columns = names.map(() => new Float64Array(firstRows));
  }

  get isFull(): boolean {
    return this.length === mostRows;
  }

  /** Begins a record. Its fields are put next, all of them. */
  begin(timestampMs: number, key: unknown): void {
    if (this.length === this.#capacity) this.#grow();
    this.#timestamps[this.length] = timestampMs;
    this.#keys.push(key);
    this.length++;
  }

  /** A field of the last record. */
  put(column: number, value: unknown): void {
    const at = this.length - 1;
    const values = this.#columns[column]!;
    if (typeof value === "number" || Array.isArray(values)) values[at] = value as number;
    else (this.#columns[column] = Array.from((values as Float64Array).subarray(0, at)) as unknown[])[at] = value;
  }

  /** Gives up the last record. */
  drop(): void {
    this.length--;
    this.#keys.pop();
    for (const column of this.#columns) if (Array.isArray(column)) column.length = Math.min(column.length, this.length);
  }

  /** Everything that was put, until `clear`. */
  get records(): EmittedRecords {
    const { length } = this;
    const columns = this.#columns.map((values, at): Column => ({ name: this.#names[at]!, values: Array.isArray(values) ? values : (values as Float64Array).subarray(0, length) }));
    return { length, columns, timestamps: this.#timestamps.subarray(0, length), keys: this.#keys };
  }

  clear(): void {
    this.length = 0;
    this.#keys = [];
    this.#columns = this.#columns.map((column) => (Array.isArray(column) ? new Float64Array(this.#capacity) : column));
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#timestamps = widened(this.#timestamps, this.#capacity);
    this.#columns = this.#columns.map((column) => (Array.isArray(column) ? column : widened(column as Float64Array, this.#capacity)));
  }
}

function widened(old: Float64Array, capacity: number): Float64Array {
  const wide = new Float64Array(capacity);
  wide.set(old);
  return wide;
}
