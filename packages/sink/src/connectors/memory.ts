// Records kept in memory: for tests, examples, and programs that embed a pipeline.
import type { ChangeKind, ShardId, Sink, SinkBatch } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";
import { sinkFirstSession, type ShardHead } from "../exactly-once.ts";

/** A committed record. */
export interface MemoryRecord<In> {
  readonly value: In;
  /** UTC epoch milliseconds; NaN where the record has no event time. */
  readonly timestampMs: number;
  readonly change: ChangeKind;
}

/** Options of {@link memorySink}. */
export interface MemorySinkOptions<In> {
  /** Part of what tells two memory sinks apart. @defaultValue `"memory"` */
  readonly name?: string;
  /** More committed and waiting records than this fail the pipeline. @defaultValue 1_000_000 */
  readonly maxRecords?: number;
  /** Called after each commit with the records that it made visible. */
  readonly onCommit?: (records: readonly MemoryRecord<In>[]) => void;
}

/** A sink in memory: what was committed outlives its sessions, as in a database. */
export interface MemorySink<In> extends Sink<In> {
  /** What was committed, in order of commit. */
  readonly records: readonly MemoryRecord<In>[];
  /** The values of `records`. */
  readonly values: readonly In[];
  /** The last commit of each shard, by pipeline, node and shard. */
  readonly heads: ReadonlyMap<string, ShardHead>;
  /** Forgets the records, not the heads. */
  clear(): void;
}

/**
 * Keeps records in memory, exactly once: transactional, sink-first.
 *
 * Records become visible in `records` when their epoch is committed. The sink object is the database: a pipeline that is restarted with the same
 * object recovers from it, and an older owner is fenced. Values are kept as they are, not copied.
 *
 * @throws {@link StreamFlowError} SF_BUDGET_EXCEEDED, on write, beyond `maxRecords`.
 */
export function memorySink<In = unknown>(options: MemorySinkOptions<In> = {}): MemorySink<In> {
  const { name = "memory", maxRecords = 1_000_000 } = options;
  const records: MemoryRecord<In>[] = [];
  const heads = new Map<string, ShardHead>();
  return {
    type: "memory",
    capabilities: { delivery: "transactional", commitOrder: "sink-first" },
    config: { name, maxRecords },
    needs: { insertOnly: false },
    records,
    get values() {
      return records.map((record) => record.value);
    },
    heads,
    clear: () => void (records.length = 0),
    async open({ pipeline, node }) {
      let staged: MemoryRecord<In>[] = [];
      const headKey = (shard: ShardId): string => JSON.stringify([pipeline, node, shard]);
      return sinkFirstSession({
        name: `memory sink "${node}"`,
        stage(batch) {
          if (records.length + staged.length + batch.length > maxRecords) {
            throw new StreamFlowError("SF_BUDGET_EXCEEDED", `memory sink "${node}" holds at most ${maxRecords} records`, { hint: "raise maxRecords, or call clear() after each commit" });
          }
          take(batch, staged);
        },
        async transact({ shards, withOutput, decide }) {
          const stored = new Map<ShardId, ShardHead>();
          for (const shard of shards) {
            const head = heads.get(headKey(shard));
            if (head !== undefined) stored.set(shard, head);
          }
          const next = decide(stored);
          // From here to the end nothing waits and nothing throws: the transaction.
          for (const head of next) heads.set(headKey(head.shard), head);
          if (!withOutput) return;
          for (const record of staged) records.push(record);
          const committed = staged;
          staged = [];
          options.onCommit?.(committed);
        },
        async reset() {
          staged = [];
        },
      });
    },
  };
}

function take<In>(batch: SinkBatch, into: MemoryRecord<In>[]): void {
  for (let i = 0; i < batch.length; i++) {
    into.push({ value: batch.values[i] as In, timestampMs: batch.timestamps[i] ?? NaN, change: (batch.changes?.[i] ?? 0) as ChangeKind });
  }
}
