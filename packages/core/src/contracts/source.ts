// The contract between a source and the engine. docs: SRC clauses are proven by testing/conformance/source.ts.
import type { Batch, Position } from "../record.ts";
import type { Schema } from "../schema.ts";
import type { Environment } from "./environment.ts";
import type { ThreadAdder } from "./thread-program.ts";
import type { DecoderFactory, Projection } from "./codec.ts";

/** What a source is able to do; conformance cases are skipped by these alone. */
export interface SourceCapabilities {
  /** It can be read again from any position that it has reported. Without it the pipeline is at-most-once across a restart. */
  readonly replayable: boolean;
  /** It ends by itself. */
  readonly bounded: boolean;
  /** Reading again delivers the same records in the same order. */
  readonly deterministic: boolean;
  /** It has exactly one partition, always: its plan needs no exchange. */
  readonly singlePartition?: boolean;
  /**
   * A group gives its partitions to the processes that read it, and moves them: a lease that another process still holds is waited for, it is about to let go or gone.
   * @defaultValue false
   */
  readonly shared?: boolean;
  /** Several threads can read it, where the environment has threads (SRC-16). @defaultValue false */
  readonly parallel?: boolean;
}

/** A partition that the engine may read now. */
export interface PartitionAssignment {
  readonly partition: string;
  /** Grows with every assignment of this partition; what a sink may fence on. */
  readonly generation: number;
  /** What the source's own group protocol wants sinks to carry (Kafka: group metadata). Opaque. */
  readonly commitToken?: unknown;
}

/**
 * How a source tells the engine what it may read. Called by the source, one call after another.
 * - PRT-1. Nothing of a partition is polled before `assigned` has answered its start position (undefined: the source's configured start).
 * - PRT-2. `revoked` resolves when the partition's state is checkpointed and let go, at the latest at the deadline; nothing of it is polled after the call.
 * - PRT-3. After `lost` nothing of the partition is committed any more.
 * - PRT-4. `finished` is told by `poll` answering "end"; it is never assigned again in this session.
 * - PRT-5. `failed` ends the attempt: for a source that is of no use any more while it has no partition that could be polled.
 */
export interface PartitionEvents {
  assigned(partitions: readonly PartitionAssignment[]): Promise<ReadonlyMap<string, Position | undefined>>;
  revoked(partitions: readonly string[], deadlineMs: number): Promise<void>;
  lost(partitions: readonly string[]): void;
  /** Whoever reads a source to its end polls all the same, and needs none. */
  failed?(error: unknown): void;
}

/** What a source gets when it is opened. */
export interface SourceContext {
  readonly environment: Environment;
  /** The node's id in the plan. */
  readonly node: string;
  /** What the plan reads of each record. */
  readonly projection: Projection;
  /** The plan works on columns: batches may have them in place of values. @defaultValue false */
  readonly columns?: boolean;
  /**
   * How many threads may read it, the pipeline's own among them; what is delivered does not depend on it (SRC-16).
   * @defaultValue 1
   */
  readonly parallelism?: number;
  /** Set where other threads may add up what they read: their batches may have `totals` (B9). */
  readonly adder?: ThreadAdder;
  readonly partitions: PartitionEvents;
  /** Aborted when the pipeline ends, however it ends. */
  readonly signal: AbortSignal;
  /** Where rejected records keep their bytes: at most this many of each. */
  readonly maxRejectedBytes: number;
  readonly limits: PollLimits;
}

/** Bounds of one batch. */
export interface PollLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

/** The answer of `poll`: a batch, nothing for now, or the end of the partition. */
export type PollResult = Batch | "idle" | "end";

/**
 * An open source.
 * - SRC-1. Every record of a partition is delivered once per reading, in the partition's order.
 * - SRC-2. Reading from a stored position starts with the record after it.
 * - SRC-3. Records whose positions were not committed are delivered again after a restart (replayable sources).
 * - SRC-4. An abort of `signal` ends `ready()` promptly (it resolves), and `close` frees every handle.
 * - SRC-5. Between polls a source reads ahead at most one batch of `limits` per partition, or what its options say; nothing at all before the first poll of a partition.
 *   What it reads ahead it counts in the environment's memory budget, and reads only what is asked for where that is spent.
 * - SRC-6. `close` is idempotent and may come at any time.
 * - SRC-7. A lost connection throws a retryable error; the engine reopens by its restart policy.
 * - SRC-8. A bounded partition answers "end" after its last record, and again each time it is asked.
 * - SRC-9. `poll` never waits: it answers "idle" where data is still on its way, and `ready()` resolves when polling any partition may answer something else.
 * - SRC-10. A batch never exceeds `limits.maxRecords`; it exceeds `limits.maxBytes` only where one record alone does.
 * - SRC-11. The concatenation of a partition's records does not depend on where batches are cut.
 * - SRC-13. `open` resolves when the first assignment has been told (it may be empty).
 * - SRC-15. `sleep`, where there is one, answers false when a poll may answer something else than "idle". Else `wake` is called once when that has changed, also after
 *   `close`: a pipeline that has nothing to do closes the source, and opens it anew when it is woken. Only a source whose partitions never move has it.
 */
export interface SourceSession {
  poll(partition: string, limits: PollLimits): PollResult;
  ready(): Promise<void>;
  /** Told after each completed checkpoint: everything up to these positions will never be asked for again. */
  committed?(positions: ReadonlyMap<string, Position>): void | Promise<void>;
  sleep?(wake: () => void): boolean;
  /** Progress for people: 0 … 1, where the size is known. */
  progress?(): number | undefined;
  close(): Promise<void>;
}

/**
 * A source, not yet opened.
 * - SRC-12. Making one opens nothing and reads nothing.
 * - SRC-16. Whatever `context.parallelism` says, partitions, records, rejections, their order and their positions are the same. Threads are closed with the session.
 * - SRC-14. Where it declares a schema, every record delivered is a value of it, as a row and in columns; an input that is none is rejected alone, in its place.
 */
export interface Source<Out = unknown> {
  readonly type: string;
  readonly capabilities: SourceCapabilities;
  /** What it is, as plain data, for plans and `explain`: equal sources have equal descriptions. Never holds a secret. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The declared type of a record, where known (SRC-14). A rejection names the path. */
  readonly schema?: Schema;
  /** It follows a message broker: where its partitions stand is written into the record of the run with each commit. @defaultValue false */
  readonly followsBroker?: boolean;
  /** How many threads read it, in place of what the pipeline says. */
  readonly parallelism?: number;
  /** Set where the bytes of one record alone can be decoded: dead letters of this source are read again with it. */
  readonly decoder?: DecoderFactory;
  /** What that decoder has to know beside the bytes of a record at a position, as its snapshot (DEC-5): the header of a CSV file. @defaultValue nothing */
  decoderState?(position: Position): string;
  open(context: SourceContext): Promise<SourceSession>;
  /** Carries the record type for inference only; never set. */
  readonly _out?: Out;
}
