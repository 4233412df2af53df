// Output that a port holds until it hands it over: records as rows, or as columns of one form; their times, kinds and origins in typed columns.
//   O1. Order is kept: where a row comes behind columns, or a column's value is not of its form, what is held becomes rows.
//   O2. What was handed over belongs to the sink until it is given back; nothing is changed in it before.
import type { ShardId } from "../contracts/checkpoint-store.ts";
import type { Cursor } from "../contracts/operator.ts";
import type { Column } from "../record.ts";
import { TextStore } from "../types/text-store.ts";

/** Room that is made at first: none before there is a record, for many pipelines are idle. */
const firstRecords = 256;

export type ColumnKind = "numbers" | "texts" | "values";

/** The fields that records come with. */
export interface ColumnForm {
  readonly names: readonly string[];
  /** For each name, what its column is: numbers alone, texts as the sink's input has them, or any values. */
  readonly kinds: readonly ColumnKind[];
  /** The rows that columns stand for. */
  readonly rowsOf: (columns: readonly Column[], length: number) => unknown[];
}

/** Records of one shard, up to those of the next. */
interface Run {
  readonly shard: ShardId;
  readonly from: number;
}

/** Records in order. Generated code fills columns by itself: it raises `length`, and calls `run` and `grow` when it must. */
export class HeldOutput {
  length = 0;
  capacity = 0;
  /** What the columns are; undefined: records are rows. */
  form: ColumnForm | undefined;
  columns: (Float64Array | TextStore | unknown[])[] = [];
  times: Float64Array = new Float64Array(0);
  /** Index of the input record in its batch; -1: output of a timer. */
  indexes: Int32Array = new Int32Array(0);
  changes: Uint8Array = new Uint8Array(0);
  /** Not all are inserts. */
  anyChange = false;
  /** The shard of the last record. */
  shard: ShardId | undefined;
  #runs: Run[] = [];
  #values: unknown[] = [];

  /** Takes a row. */
  add(value: unknown, shard: ShardId, cursor: Cursor): void {
    if (this.form !== undefined) this.#toRows();
    const at = this.length;
    if (at === this.capacity) this.grow();
    if (shard !== this.shard) this.run(shard);
    this.#values.push(value);
    this.times[at] = cursor.timestampMs;
    this.indexes[at] = cursor.index;
    this.changes[at] = cursor.change;
    if (cursor.change !== 0) this.anyChange = true;
    this.length = at + 1;
  }

  /** Makes it ready for columns of a form, where it is empty. */
  prepare(form: ColumnForm): void {
    if (this.length > 0 || this.form === form) return;
    this.form = form;
    this.columns = form.kinds.map((kind) => (kind === "numbers" ? new Float64Array(this.capacity) : kind === "texts" ? new TextStore(this.capacity) : []));
  }

  /** What follows is of another shard. */
  run(shard: ShardId): void {
    this.#runs.push({ shard, from: this.length });
    this.shard = shard;
  }

  grow(): void {
    this.capacity = Math.max(firstRecords, this.capacity * 2);
    this.times = widened(this.times, new Float64Array(this.capacity));
    this.indexes = widened(this.indexes, new Int32Array(this.capacity));
    this.changes = widened(this.changes, new Uint8Array(this.capacity));
    this.columns = this.columns.map((column) => {
      if (column instanceof TextStore) column.grow(this.capacity);
      return column instanceof Float64Array ? widened(column, new Float64Array(this.capacity)) : column;
    });
  }

  /** The shard of a record. */
  shardAt(index: number): ShardId | undefined {
    return index >= 0 && index < this.length ? lastUpTo(this.#runs, index)?.shard : undefined;
  }

  /** The shard of all records, where they are of one. */
  get onlyShard(): ShardId | undefined {
    return this.#runs.length === 1 ? this.shard : undefined;
  }

  /** The records as columns, where they are held so. */
  get asColumns(): readonly Column[] | undefined {
    return this.form?.names.map((name, at) => {
      const values = this.columns[at] ?? [];
      if (values instanceof TextStore) return values.column(name, this.length);
      return { name, values: Array.isArray(values) ? values : values.subarray(0, this.length) };
    });
  }

  /** The records as rows. */
  get values(): readonly unknown[] {
    return this.form?.rowsOf(this.asColumns ?? [], this.length) ?? this.#values;
  }

  /** Nothing of it lies in what it was read from any more. */
  own(): void {
    for (const column of this.columns) if (column instanceof TextStore) column.own(this.length);
  }

  /** Forgets everything. What was a value of a record is not used again: a sink may keep that. */
  clear(): void {
    for (const column of this.columns) if (column instanceof TextStore) column.clear(this.length);
    this.length = 0;
    this.anyChange = false;
    this.shard = undefined;
    this.#runs = [];
    this.#values = [];
    this.columns = this.columns.map((column) => (Array.isArray(column) ? [] : column));
  }

  /** Columns became rows since this was last asked. */
  get wasRegrouped(): boolean {
    const was = this.#wasRegrouped;
    this.#wasRegrouped = false;
    return was;
  }

  #wasRegrouped = false;

  #toRows(): void {
    this.#wasRegrouped = true;
    this.#values = [...this.values];
    this.form = undefined;
    this.columns = [];
  }
}

/** The last stretch that begins at or before a record. */
export function lastUpTo<S extends { readonly from: number }>(stretches: readonly S[], index: number): S | undefined {
  let [low, high] = [0, stretches.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (stretches[middle]!.from <= index) low = middle;
    else high = middle - 1;
  }
  return stretches[low];
}

function widened<T extends Float64Array | Int32Array | Uint8Array>(old: T, wide: T): T {
  wide.set(old);
  return wide;
}
