// Results of windows on their way out together: each field in a column of its own.
import { type Column, type EmittedRecords, TextColumn, type Texts } from "@streamflow/core";

/** More are emitted first: what waits is bounded. */
const mostRows = 4_096;
const firstRows = 64;

/** The fields of the bounds, and of the key behind them; then come the results. */
const field = { start: 0, end: 1, key: 2 } as const;
/** Fields in front of the results. */
export const leadingFields = 3;

/** Records of bounds, key and further fields, column by column. */
export class ResultColumns {
  length = 0;
  /** By field: numbers, and where one is none, any values. Those of rows that were reserved are for others to fill, in order. */
  columns: (Float64Array | unknown[])[];
  readonly #names: readonly string[];
  #capacity = firstRows;
  #timestamps: Float64Array = new Float64Array(firstRows);
  /** The keys, where they were put all at once. */
  #texts: Texts | undefined;

  /** Names of all fields: two bounds, the key, the results. */
  constructor(names: readonly string[]) {
    this.#names = names;
    this.columns = names.map(() => new Float64Array(firstRows));
  }

  get isFull(): boolean {
    return this.length === mostRows;
  }

  /** The column of the keys, as long as all of them are numbers. */
  get numberKeys(): Float64Array | undefined {
    const keys = this.columns[field.key]!;
    return Array.isArray(keys) ? undefined : (keys as Float64Array);
  }

  /** Whether the keys were put all at once. */
  get areTexts(): boolean {
    return this.#texts !== undefined;
  }

  /** Begins a record. Its results are put next, all of them. */
  begin(key: unknown, startMs: number, endMs: number): void {
    this.reserve(1);
    this.putKey(this.length, key);
    this.add(1, startMs, endMs);
  }

  /** A result of the last record. */
  put(result: number, value: unknown): void {
    const at = this.length - 1;
    if (typeof value === "number") this.columns[leadingFields + result]![at] = value;
    else this.putOther(leadingFields + result, at, value);
  }

  /** Makes room for so many records, or for as many as may wait. Answers for how many there is. */
  reserve(count: number): number {
    const room = Math.min(count, mostRows - this.length);
    while (this.length + room > this.#capacity) this.#grow();
    return room;
  }

  /** The key of a record that was reserved. */
  putKey(at: number, key: unknown): void {
    if (typeof key === "number") this.columns[field.key]![at] = key;
    else this.putOther(field.key, at, key ?? null);
  }

  /** The keys of all records until `clear`, of which there are none yet. */
  putTexts(texts: Texts): void {
    this.#texts = texts;
  }

  /** A value that is no number, or stands among others. Answers the column, which may be another one now. */
  putOther(column: number, at: number, value: unknown): unknown[] {
    const values = this.columns[column]!;
    const others = Array.isArray(values) ? values : (Array.from((values as Float64Array).subarray(0, at)) as unknown[]);
    others[at] = value;
    this.columns[column] = others;
    return others;
  }

  /** Takes records whose fields stand behind the last one. They happened just before their window ends. */
  add(count: number, startMs: number, endMs: number): void {
    const [from, to] = [this.length, this.length + count];
    (this.columns[field.start] as Float64Array).fill(startMs, from, to);
    (this.columns[field.end] as Float64Array).fill(endMs, from, to);
    this.#timestamps.fill(endMs - 1, from, to);
    this.length = to;
  }

  /** Gives up the last record. */
  drop(): void {
    this.length--;
    for (const column of this.columns) if (Array.isArray(column)) column.length = Math.min(column.length, this.length);
  }

  /** Everything that was put, until `clear`. */
  get records(): EmittedRecords {
    const { length } = this;
    const columns = this.columns.map((values, at) => this.#column(values, at));
    return { length, columns, timestamps: this.#timestamps.subarray(0, length), keyColumn: field.key };
  }

  #column(values: Float64Array | unknown[], at: number): Column {
    const name = this.#names[at]!;
    if (at === field.key && this.#texts !== undefined) return new TextColumn(name, this.#texts);
    return { name, values: Array.isArray(values) ? values : values.subarray(0, this.length) };
  }

  clear(): void {
    this.length = 0;
    this.#texts = undefined;
    this.columns = this.columns.map((column) => (Array.isArray(column) ? new Float64Array(this.#capacity) : column));
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#timestamps = widened(this.#timestamps, this.#capacity);
    this.columns = this.columns.map((column) => (Array.isArray(column) ? column : widened(column as Float64Array, this.#capacity)));
  }
}

function widened(old: Float64Array, capacity: number): Float64Array {
  const wide = new Float64Array(capacity);
  wide.set(old);
  return wide;
}
