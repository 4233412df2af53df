// Batches of rows, for sources that make their records one by one.
import type { Batch, Position, Rejected } from "@streamflow/core";

/** What `rowBatch` is made from. */
export interface RowBatchOptions {
  readonly partition: string;
  readonly values: readonly unknown[];
  /** The position of record `index`: reading from it goes on with the record behind. */
  positionAt(index: number): Position;
  /** The position after the last input. @defaultValue the position of the last value; needed where there is none */
  readonly endPosition?: Position;
  /** @defaultValue an estimate from a sample */
  readonly byteLength?: number;
  readonly timestamps?: Float64Array;
  readonly rejected?: readonly Rejected[];
  /** Ends of source transactions, as in `Batch.transactionEnds`. */
  readonly transactionEnds?: readonly number[];
}

/** Makes a batch of rows that owns nothing to be released. */
export function rowBatch(options: RowBatchOptions): Batch {
  const { values } = options;
  return {
    partition: options.partition,
    length: values.length,
    values,
    endPosition: options.endPosition ?? options.positionAt(values.length - 1),
    byteLength: options.byteLength ?? estimateBytes(values),
    positionAt: (index) => options.positionAt(index),
    ...(options.timestamps === undefined ? {} : { timestamps: options.timestamps }),
    ...(options.rejected === undefined ? {} : { rejected: options.rejected }),
    ...(options.transactionEnds === undefined ? {} : { transactionEnds: options.transactionEnds }),
  };
}

const sampleCount = 8;
const sampleDepth = 4;

/** Bytes that values hold, judged by up to eight of them. */
function estimateBytes(values: readonly unknown[]): number {
  if (values.length === 0) return 0;
  const step = Math.max(1, Math.floor(values.length / sampleCount));
  let bytes = 0;
  let count = 0;
  for (let i = 0; i < values.length; i += step) {
    bytes += sizeOf(values[i]);
    count++;
  }
  return Math.max(1, Math.round((bytes / count) * values.length));
}

/** Bytes that a value holds, as estimated. */
export function sizeOf(value: unknown, depth: number = sampleDepth): number {
  if (typeof value === "string") return 16 + value.length;
  if (typeof value !== "object" || value === null) return 8;
  if (ArrayBuffer.isView(value)) return 16 + value.byteLength;
  if (depth === 0) return 32;
  return Object.values(value).reduce((sum: number, entry) => sum + 8 + sizeOf(entry, depth - 1), 16);
}
