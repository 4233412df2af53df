// What moves through a pipeline: batches of records of one partition.
import type { StreamFlowError } from "./errors.ts";
import type { Schema } from "./schema.ts";

/** An exact place in a partition: opaque to all but its source, canonical (equal places are equal strings). */
export type Position = string;

/** What a record does to the relation it belongs to. */
export const ChangeKind = { insert: 0, updateBefore: 1, updateAfter: 2, delete: 3 } as const;
export type ChangeKind = (typeof ChangeKind)[keyof typeof ChangeKind];

/** A column of values: typed where the type allows it, else an array. Nullable typed columns carry a validity array (1 = present). */
export interface Column {
  readonly name: string;
  readonly values: Float64Array | Int32Array | BigInt64Array | Uint8Array | readonly unknown[];
  readonly valid?: Uint8Array;
  /** The same values as the bytes that they are in UTF-8; asking for `values` makes all of them. */
  readonly texts?: Texts;
}

/** Strings that are bytes until somebody asks for one. They are valid as long as the batch is. */
export interface Texts {
  /** Value `i` is the UTF-8 of `bytes[starts[i], ends[i])`, in which JSON escapes nothing; eight bytes behind are readable. Where `starts[i]` is -1 it is `others[i]`. */
  readonly bytes: DataView;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly others: readonly unknown[];
  /** Value `index`. */
  at(index: number): unknown;
  /** The texts `[from, to)`. */
  slice(from: number, to: number): Texts;
}

/** The original bytes of a batch: record `i` is `bytes[starts[i], ends[i])`. */
export interface RawRecords {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array | readonly number[];
  readonly ends: Int32Array | readonly number[];
}

/** An input that could not become a record. It keeps its place: it came before the record at `beforeIndex`. */
export interface Rejected {
  readonly beforeIndex: number;
  readonly position: Position;
  readonly error: StreamFlowError;
  /** The original bytes, possibly cut: see `truncated`. */
  readonly raw: Uint8Array | undefined;
  readonly truncated?: boolean;
}

/** What all records of a batch come to at the node that adds them up (docs/adr/0007). */
export interface BatchTotals {
  /** Event time behind the records, of theirs alone; −Infinity where none has any. */
  readonly watermarkMs: number;
  /** The least event time at which something that they were added to is due; Infinity where there is nothing. */
  readonly dueMs: number;
  /** For the operator alone. Valid until the batch is released. */
  readonly content: Float64Array;
}

/**
 * The unit of scheduling: consecutive records of one partition.
 *
 * - B1. `values[i]` is record `i`; where only `columns` is given, `rowsOf(batch)` makes the rows.
 * - B2. Records of a partition keep their order, within a batch and from batch to batch. Where a batch was cut carries no meaning.
 * - B3. `positionAt(i)` is the exact position of record `i`: resuming after it delivers record `i + 1` first.
 *   It is computed on demand, and may be asked until the batch is released.
 * - B4. The consumer owns the batch until it calls `release()`; from then on its producer may reuse every buffer in it
 *   (values that are plain objects or strings stay valid; views on bytes do not). Released once; a batch without
 *   `release` owns nothing that is reused.
 * - B5. `timestamps[i]` is the event time in UTC epoch milliseconds, NaN where there is none. Absent: none has one yet.
 * - B6. `changes[i]` is the change kind. Absent: all are inserts.
 * - B7. `endPosition` is the position of the last input of the batch, rejected ones included: what a checkpoint stores. It equals `positionAt(length - 1)`
 *   or the last rejected input's position, whichever came last.
 * - B8. `transactionEnds` holds, ascending, the indexes after which a source transaction is complete. A transaction may
 *   span batches: it is open after a batch whose last entry is below `length`. Absent: every record stands alone.
 * - B9. `totals` is what the plan makes of exactly these records, none of them rejected; who cuts the batch leaves it out. The records are there as well: they are
 *   what counts wherever more happens than adding.
 */
export interface Batch {
  readonly partition: string;
  readonly length: number;
  readonly values?: readonly unknown[];
  readonly columns?: readonly Column[];
  readonly schema?: Schema;
  readonly timestamps?: Float64Array;
  readonly keys?: readonly unknown[];
  readonly changes?: Uint8Array;
  readonly raw?: RawRecords;
  readonly rejected?: readonly Rejected[];
  readonly transactionEnds?: readonly number[];
  readonly totals?: BatchTotals;
  readonly endPosition: Position;
  /** Bytes that the batch holds, for the memory budget. An estimate is fine; it is never zero for a non-empty batch. */
  readonly byteLength: number;
  positionAt(index: number): Position;
  release?(): void;
}

/** The rows of a batch, made from its columns where it has no rows. Missing entries of a column are null. */
export function rowsOf(batch: Batch): readonly unknown[] {
  if (batch.values !== undefined) return batch.values;
  const columns = batch.columns ?? [];
  const rows: unknown[] = [];
  for (let i = 0; i < batch.length; i++) {
    const row: Record<string, unknown> = {};
    for (const column of columns) row[column.name] = column.valid === undefined || column.valid[i] === 1 ? column.values[i] : null;
    rows.push(row);
  }
  return rows;
}

/**
 * A batch in two that borrow from it (and do not release it): up to and with the input at `position`, record or rejected, and what follows.
 * Undefined where there is nothing to cut: the position is not in the batch, or at its end.
 */
export function cutAfter(batch: Batch, position: Position | undefined): readonly [Batch, Batch] | undefined {
  if (position === undefined || position === batch.endPosition) return undefined;
  const { rejected = [], length } = batch;
  for (let i = 0; i < length; i++) {
    if (batch.positionAt(i) === position) return cutAt(batch, position, { records: i + 1, rejected: rejected.filter((r) => r.beforeIndex <= i).length });
  }
  const at = rejected.findIndex((r) => r.position === position);
  return at < 0 ? undefined : cutAt(batch, position, { records: rejected[at]!.beforeIndex, rejected: at + 1 });
}

/** Inputs of a batch before a cut. */
interface CutPlace {
  readonly records: number;
  readonly rejected: number;
}

function cutAt(batch: Batch, position: Position, cut: CutPlace): readonly [Batch, Batch] {
  const { rejected = [], length, endPosition } = batch;
  const head = { ...slice(batch, 0, cut.records), ...some(rejected.slice(0, cut.rejected)), endPosition: position };
  const rest = rejected.slice(cut.rejected).map((r) => ({ ...r, beforeIndex: r.beforeIndex - cut.records }));
  return [head, { ...slice(batch, cut.records, length), ...some(rest), endPosition }];
}

function some(rejected: readonly Rejected[]): Pick<Batch, "rejected"> {
  return rejected.length === 0 ? {} : { rejected };
}

/** The records `[from, to)` of a batch, without what was rejected among them. */
function slice(batch: Batch, from: number, to: number): Omit<Batch, "endPosition" | "rejected"> {
  const { timestamps, changes, keys, raw } = batch;
  return {
    partition: batch.partition,
    length: to - from,
    values: rowsOf(batch).slice(from, to),
    ...(batch.schema === undefined ? {} : { schema: batch.schema }),
    ...(timestamps === undefined ? {} : { timestamps: timestamps.subarray(from, to) }),
    ...(changes === undefined ? {} : { changes: changes.subarray(from, to) }),
    ...(keys === undefined ? {} : { keys: keys.slice(from, to) }),
    ...(raw === undefined ? {} : { raw: { bytes: raw.bytes, starts: raw.starts.slice(from, to), ends: raw.ends.slice(from, to) } }),
    byteLength: Math.max(1, Math.ceil((batch.byteLength * (to - from)) / Math.max(1, batch.length))),
    positionAt: (index) => batch.positionAt(from + index),
  };
}

/** The original bytes of a record, where the batch has them: a copy. */
export function rawOf(batch: Batch, index: number): Uint8Array | undefined {
  const { raw } = batch;
  return raw === undefined ? undefined : raw.bytes.slice(raw.starts[index], raw.ends[index]);
}
