// Batches as sinks get them, made by hand: for programs that write to a sink without a pipeline, and for tests.
import type { RecordIdentity, SinkBatch } from "@streamflow/core";

/** What is known of the records besides their values. */
export interface SinkBatchParts {
  /** Event times in UTC epoch milliseconds. @defaultValue none */
  readonly timestamps?: readonly number[];
  /** Change kinds. @defaultValue all inserts */
  readonly changes?: readonly number[];
  /** Who the records are. @defaultValue shard "p:manual/0", origin "0", index from 0 */
  readonly identityAt?: (index: number) => RecordIdentity;
}

/** Makes a batch of values. */
export function sinkBatch(values: readonly unknown[], parts: SinkBatchParts = {}): SinkBatch {
  const { timestamps, changes } = parts;
  return {
    length: values.length,
    values,
    timestamps: Float64Array.from(values, (_, i) => timestamps?.[i] ?? NaN),
    ...(changes === undefined ? {} : { changes: Uint8Array.from(values, (_, i) => changes[i] ?? 0) }),
    identityAt: parts.identityAt ?? ((index) => ({ shard: "p:manual/0", origin: "0", index })),
  };
}
