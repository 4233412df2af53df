// Batches as sinks get them, made by hand: for programs that write to a sink without a pipeline, and for tests.
import type { RecordIdentity, SinkBatch } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";

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

/** The records of a batch at these indexes, in this order. Identities stay theirs. */
export function pick(batch: SinkBatch, indexes: readonly number[]): SinkBatch {
  const at = (index: number): number => {
    const original = indexes[index];
    if (original === undefined) throw new StreamFlowError("SF_INTERNAL", `there is no record ${index} in a batch of ${indexes.length}`);
    return original;
  };
  return {
    length: indexes.length,
    values: indexes.map((i) => batch.values[i]),
    timestamps: Float64Array.from(indexes, (i) => batch.timestamps[i] ?? NaN),
    ...(batch.changes === undefined ? {} : { changes: Uint8Array.from(indexes, (i) => batch.changes?.[i] ?? 0) }),
    identityAt: (index) => batch.identityAt(at(index)),
  };
}
