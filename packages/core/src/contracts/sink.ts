// The contract between a sink and the engine. SNK clauses are proven by testing/conformance/sink.ts; the protocol: docs/adr/0001.
import type { Column, Position } from "../record.ts";
import type { StreamFlowError } from "../errors.ts";
import type { Schema } from "../schema.ts";
import type { Environment } from "./environment.ts";
import type { ShardId } from "./checkpoint-store.ts";

/** What a sink promises, and how it commits. The order belongs to the sink's nature: see docs/adr/0001. */
export interface SinkCapabilities {
  /**
   * - `transactional`: output of an epoch becomes visible as a whole or not at all.
   * - `idempotent`: writing the same identity twice has the effect of once.
   * - `at-least-once`: after a crash some output may be there twice.
   */
  readonly delivery: "transactional" | "idempotent" | "at-least-once";
  /**
   * For transactional sinks: `store-first` publishes the checkpoint, then commits (repeatable commit, for example renaming files);
   * `sink-first` makes the sink's own transaction the commit point (databases, Kafka).
   */
  readonly commitOrder?: "store-first" | "sink-first";
  /** Store-first: the sink knows by itself what it has committed (SNK-15). @defaultValue false */
  readonly remembersCommits?: boolean;
  /** Why it promises no more than it does, as `explain` says it: the end of a sentence that begins with its type. */
  readonly reason?: string;
}

/** Who a record is, the same after every restart: an idempotent sink may use it as its key. */
export interface RecordIdentity {
  readonly shard: ShardId;
  /** Position of the input record, behind an exchange with its partition; of output of timers, the epoch. */
  readonly origin: string;
  readonly index: number;
}

/** Records on their way into a sink, in order. */
export interface SinkBatch {
  readonly length: number;
  /** The records. Where there are columns, they are made when this is asked for. */
  readonly values: readonly unknown[];
  /** The same records by their fields: each is a plain object of exactly these, in this order. Only for sessions that read columns, and not always. */
  readonly columns?: readonly Column[];
  /** Event time of each record, NaN where there is none. */
  readonly timestamps: Float64Array;
  /** Change kinds; absent: all inserts. */
  readonly changes?: Uint8Array;
  /** The shard of all records, where they are of one. */
  readonly shard?: ShardId;
  /** Computed on demand. */
  identityAt(index: number): RecordIdentity;
  /** The bytes of the input that a record was made of, where the source keeps them: a copy. */
  rawAt?(index: number): Uint8Array | undefined;
}

/** What one shard commits with an epoch. */
export interface ShardCommit {
  readonly shard: ShardId;
  readonly generation: number;
  readonly epoch: number;
  /** Where the shard's input stood at the barrier; opaque to the sink, which answers it unchanged from `recover`. Empty for key groups. */
  readonly positions: Readonly<Record<string, Position>>;
}

/** A commit of all shards that this executor owns. */
export interface SinkCommit {
  readonly epoch: number;
  readonly shards: readonly ShardCommit[];
  /** What a source wants sinks to carry for its shards, as it gave it with the assignment (`PartitionAssignment.commitToken`); without those that gave nothing. */
  readonly commitTokens?: ReadonlyMap<ShardId, unknown>;
}

/** What a sink gets when it is opened. */
export interface SinkContext {
  readonly environment: Environment;
  readonly pipeline: string;
  readonly node: string;
  readonly schema: Schema | undefined;
  /** Key fields of the input, where the plan knows them (upserts). */
  readonly keyFields: readonly string[] | undefined;
  readonly signal: AbortSignal;
  /** Takes a record that turns out, at a commit, to be one that the target will never take (SNK-17). Absent without an engine. */
  readonly reject?: (error: StreamFlowError, value: unknown, identity: RecordIdentity) => void;
}

/**
 * An open sink.
 * - SNK-1. After `flush` resolves, everything written before is durable (at-least-once, idempotent) or part of what `prepare` or `commit` will carry (transactional).
 * - SNK-2. A partial failure throws BatchError with the indexes that failed; the others are written. The engine repeats or dead-letters exactly these.
 * - SNK-3. Idempotent: the same identity twice has one effect.
 * - SNK-4. Store-first: `prepare(commit)` makes the epoch's output durable but invisible and answers what `commit` needs, as bytes; `commitPrepared` and `abortPrepared`
 *   may be repeated, also by another process, also after they have succeeded.
 * - SNK-5. Store-first: `commitPrepared` after a restart, with only the bytes, makes visible exactly what was prepared.
 * - SNK-6. A commit whose generation for a shard is older than one that the sink has seen, or whose epoch is not newer than the shard's last, throws SF_SINK_FENCED and changes nothing.
 * - SNK-7. `close` frees everything. What was neither flushed nor committed is discarded, never made visible.
 * - SNK-8. `write` takes what it can and returns a promise when it wants to be waited for: its buffers are bounded.
 * - SNK-9. Sink-first: `commitTransaction(commit)` makes the output, and shards with epoch and positions, visible in one transaction of the sink.
 * - SNK-10. Sink-first: `recover(shards)` answers, of these shards, the last committed epoch with its positions, as of now; from then on older generations are fenced.
 * - SNK-11. `write` keeps the order of records. It may keep no reference to the batch once it has returned, or its promise has resolved.
 * - SNK-12. `discard()` forgets everything written since the last commit.
 * - SNK-14. Store-first: `write` may be called again as soon as `prepare` has resolved; what is written then belongs to the next epoch. `commitPrepared` may overlap with it.
 *   Sink-first: nothing is written between the barrier and the end of `commitTransaction`; the engine holds it back.
 * - SNK-15. Store-first, with `remembersCommits`: `recover(shards)` answers, of these shards, the last epoch with output that is committed and not taken back,
 *   with its positions, whoever wrote it. An epoch whose bytes were lost with a damaged checkpoint is thereby known, and its output not made twice.
 * - SNK-17. Store-first: `commitPrepared` may hand records that the target refuses to `reject` of the context, under the same identity each time; the others become visible.
 * - SNK-16. With `readsColumns`, a batch may come with `columns`: what is written is the same as for its `values`.
 */
export interface SinkSession {
  /** Records are better handed over as columns. @defaultValue false */
  readonly readsColumns?: boolean;
  /** Store-first: it holds so much of this epoch that a checkpoint should be taken now. @defaultValue never */
  wantsBarrier?(): boolean;
  write(batch: SinkBatch): void | Promise<void>;
  flush(): Promise<void>;
  prepare?(commit: SinkCommit): Promise<Uint8Array>;
  commitPrepared?(prepared: Uint8Array): Promise<void>;
  abortPrepared?(prepared: Uint8Array): Promise<void>;
  recover?(shards: readonly ShardOwner[]): Promise<readonly ShardCommit[]>;
  commitTransaction?(commit: SinkCommit): Promise<void>;
  discard?(): Promise<void>;
  close(): Promise<void>;
}

/** A shard and the generation under which this process owns it. */
export interface ShardOwner {
  readonly shard: ShardId;
  readonly generation: number;
}

/** A sink, not yet opened. SNK-13: making one opens nothing and writes nothing. */
export interface Sink<In = unknown> {
  readonly type: string;
  readonly capabilities: SinkCapabilities;
  /** What it is, as plain data, for plans and `explain`: equal sinks have equal descriptions. Never holds a secret. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What it demands of its input's shape; the planner checks it. */
  readonly needs?: SinkNeeds;
  open(context: SinkContext): Promise<SinkSession>;
  /** Carries the record type for inference only; never set. */
  readonly _in?: (value: In) => void;
}

/** What a sink demands of its input. */
export interface SinkNeeds {
  /** Fields that every record must have, by name. */
  readonly fields?: readonly string[];
  /** It can only take inserts. @defaultValue true */
  readonly insertOnly?: boolean;
}
