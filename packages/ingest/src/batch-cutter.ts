// Cuts a batch to the engine's limits. Where a batch is cut carries no meaning (B2), so every column of it is cut alike.
import { type Batch, type Column, type PollLimits, type Position, type RawRecords, type Rejected, TextColumn } from "@streamflow/core";

/** A batch of a source, which may know the size of each record. */
export interface SizedBatch extends Batch {
  /** Bytes of record `index`. @defaultValue its raw bytes, else an equal share of `byteLength` */
  sizeAt?(index: number): number;
}

/** Hands out a batch piece by piece, in order. The batch is released when every piece has been. */
export class BatchCutter {
  readonly #batch: SizedBatch;
  #next = 0;
  #held = 0;
  #done = false;

  constructor(batch: SizedBatch) {
    this.#batch = batch;
  }

  get isEmpty(): boolean {
    return this.#done;
  }

  /** The next piece: at most `maxRecords` records (at least one), and no more than `maxBytes` unless one record alone is larger. */
  take(limits: PollLimits): Batch {
    const batch = this.#batch;
    const from = this.#next;
    const piece = this.#reach(from, limits);
    this.#next = piece.to;
    this.#done = piece.to === batch.length;
    if (from === 0 && this.#done && (batch.length <= 1 || batch.byteLength <= limits.maxBytes)) return batch;
    this.#held++;
    return cut(batch, piece, batch.release === undefined ? undefined : this.#release());
  }

  /** Lets go of what was never taken. */
  discard(): void {
    if (this.#done) return;
    this.#done = true;
    if (this.#held === 0) this.#batch.release?.();
  }

  #reach(from: number, limits: PollLimits): Piece {
    const batch = this.#batch;
    const most = Math.min(batch.length, from + Math.max(1, limits.maxRecords));
    if (from === 0 && most === batch.length && batch.byteLength <= limits.maxBytes) return { from, to: most, bytes: batch.byteLength };
    let bytes = 0;
    let to = from;
    while (to < most) {
      const size = sizeAt(batch, to);
      if (bytes + size > limits.maxBytes && to > from) break;
      bytes += size;
      to++;
    }
    return { from, to, bytes };
  }

  #release(): () => void {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#held--;
      if (this.#held === 0 && this.#done) this.#batch.release?.();
    };
  }
}

/** The records `[from, to)` of a batch, and the sum of their sizes. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

function sizeAt(batch: SizedBatch, index: number): number {
  if (batch.sizeAt !== undefined) return batch.sizeAt(index);
  if (batch.raw !== undefined) return (batch.raw.ends[index] ?? 0) - (batch.raw.starts[index] ?? 0);
  return batch.byteLength / batch.length;
}

function cut(batch: SizedBatch, { from, to, bytes }: Piece, release: (() => void) | undefined): Batch {
  const isLast = to === batch.length;
  const piece: { -readonly [K in keyof Batch]: Batch[K] } = {
    partition: batch.partition,
    length: to - from,
    endPosition: isLast ? batch.endPosition : endOf(batch, from, to),
    byteLength: Math.max(1, Math.round(bytes)),
    positionAt: (index) => batch.positionAt(from + index),
  };
  if (batch.values !== undefined) piece.values = batch.values.slice(from, to);
  if (batch.columns !== undefined) piece.columns = batch.columns.map((column) => cutColumn(column, from, to));
  if (batch.schema !== undefined) piece.schema = batch.schema;
  if (batch.timestamps !== undefined) piece.timestamps = batch.timestamps.subarray(from, to);
  if (batch.keys !== undefined) piece.keys = batch.keys.slice(from, to);
  if (batch.changes !== undefined) piece.changes = batch.changes.subarray(from, to);
  if (batch.raw !== undefined) piece.raw = cutRaw(batch.raw, from, to);
  if (batch.rejected !== undefined) piece.rejected = cutRejected(batch.rejected, from, { to, isLast });
  if (batch.transactionEnds !== undefined) piece.transactionEnds = batch.transactionEnds.filter((end) => end <= to && (end > from || from === 0)).map((end) => end - from);
  if (release !== undefined) piece.release = release;
  return piece;
}

/** The inputs of a piece that is not the last end with its last record: what was rejected after that comes with the next piece. */
function endOf(batch: Batch, from: number, to: number): Position {
  return batch.positionAt(Math.max(from, to - 1));
}

function cutColumn(column: Column, from: number, to: number): Column {
  const { texts } = column;
  if (texts !== undefined) return new TextColumn(column.name, texts.slice(from, to));
  const values = Array.isArray(column.values) ? column.values.slice(from, to) : (column.values as Float64Array).subarray(from, to);
  return column.valid === undefined ? { name: column.name, values } : { name: column.name, values, valid: column.valid.subarray(from, to) };
}

function cutRaw(raw: RawRecords, from: number, to: number): RawRecords {
  return { bytes: raw.bytes, starts: cutOffsets(raw.starts, from, to), ends: cutOffsets(raw.ends, from, to) };
}

/** What decoders give is not copied: it is let go of with the whole batch, as columns are. */
function cutOffsets(offsets: RawRecords["starts"], from: number, to: number): RawRecords["starts"] {
  return offsets instanceof Int32Array ? offsets.subarray(from, to) : offsets.slice(from, to);
}

function cutRejected(rejected: readonly Rejected[], from: number, end: { readonly to: number; readonly isLast: boolean }): readonly Rejected[] {
  return rejected
    .filter((one) => one.beforeIndex >= from && (one.beforeIndex < end.to || end.isLast))
    .map((one) => ({ ...one, beforeIndex: one.beforeIndex - from }));
}
