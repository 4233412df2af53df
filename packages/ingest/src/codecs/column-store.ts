// The columns of a batch while a decoder fills them.
import { type Column, type ColumnOutput, type DecodedColumn, type DecodeOutput, type FilledColumn, NullableNumbers, type StreamFlowError, TextStore } from "@streamflow/core";

const firstRecords = 1_024;

/** Takes records, field by field or as rows. */
export class ColumnStore implements ColumnOutput {
  columns: FilledColumn[];
  starts: Int32Array = new Int32Array(firstRecords);
  ends: Int32Array = new Int32Array(firstRecords);
  length = 0;
  capacity: number = firstRecords;
  readonly #wanted: readonly DecodedColumn[];
  readonly #rejected: DecodeOutput;

  constructor(wanted: readonly DecodedColumn[], rejected: DecodeOutput) {
    this.#wanted = wanted;
    this.#rejected = rejected;
    this.columns = wanted.map(({ form }) => emptyColumn(form));
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

  reject(error: StreamFlowError, start: number, end: number, raw?: Uint8Array): void {
    this.#rejected.reject(error, start, end, raw);
  }

  grow(): void {
    this.capacity *= 2;
    this.columns = this.columns.map((column) => {
      if (column instanceof TextStore || column instanceof NullableNumbers) column.grow(this.capacity);
      return column instanceof Float64Array ? widened(column, new Float64Array(this.capacity)) : column;
    });
    this.starts = widened(this.starts, new Int32Array(this.capacity));
    this.ends = widened(this.ends, new Int32Array(this.capacity));
  }

  /** The columns of what was taken. */
  taken(): readonly Column[] {
    return this.#wanted.map(({ name }, i) => {
      const values = this.columns[i] ?? [];
      if (values instanceof TextStore || values instanceof NullableNumbers) return values.column(name, this.length);
      return { name, values: Array.isArray(values) ? values : values.subarray(0, this.length) };
    });
  }

  /** Forgets everything, for the next batch. */
  clear(): void {
    for (const column of this.columns) if (column instanceof TextStore) column.clear(this.length);
    this.columns = this.columns.map((column) => (Array.isArray(column) ? anyValues() : column));
    this.length = 0;
  }
}

function emptyColumn(form: DecodedColumn["form"]): FilledColumn {
  if (form === "numbers") return new Float64Array(firstRecords);
  if (form === "nullableNumbers") return new NullableNumbers(new Float64Array(firstRecords), new Uint8Array(firstRecords));
  return form === "texts" ? new TextStore(firstRecords) : anyValues();
}

/** An empty list that V8 takes for one of any values from the start: one that turns out to be, with each batch anew, is where generated code falls back. */
function anyValues(): unknown[] {
  const values: unknown[] = [null];
  values.length = 0;
  return values;
}

function widened<T extends Float64Array | Int32Array>(old: T, wide: T): T {
  wide.set(old);
  return wide;
}
