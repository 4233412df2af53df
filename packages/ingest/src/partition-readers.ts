// What an open source consists of, behind the session that polls it.
import type { Batch, Environment, PollLimits, Position, Projection, ThreadAdder } from "@streamflow/core";

/** What a reader of one partition gets. */
export interface ReadContext {
  readonly environment: Environment;
  /** The node's id in the plan. */
  readonly node: string;
  /** What the plan reads of each record. A reader may leave out the rest. */
  readonly projection: Projection;
  /** Batches may have columns in place of values. */
  readonly columns: boolean;
  /** How many threads may read, this one among them. */
  readonly parallelism: number;
  /** How other threads add up what they read. */
  readonly adder?: ThreadAdder;
  /** Bounds of the engine's latest poll. Batches may exceed them: they are cut to fit. */
  readonly limits: PollLimits;
  /** Original bytes kept of a rejected record, at most. */
  readonly maxRejectedBytes: number;
  /** Aborted when the pipeline ends or the source is closed: a reader that waits for something stops waiting. */
  readonly signal: AbortSignal;
}

/** Batches of one partition, in order. */
export interface BatchIterator extends AsyncIterator<Batch> {
  /**
   * The next batch where it is there without waiting for anything; undefined: call `next`. Not called before the first `next`, nor while one is under way. It may be there for some batches
   * and not for others; while it is not, the batch behind the one that was asked for is read ahead.
   */
  readonly takeNow?: (() => Batch | undefined) | undefined;
}

/** What iterates over the batches of one partition. An async generator is one. */
export interface Batches {
  [Symbol.asyncIterator](): BatchIterator;
}

/** What an open source consists of: its partitions, and a generator of batches for each. */
export interface PartitionReaders {
  /** Names of the partitions, stable from run to run. Called once, before anything is read. */
  partitions(): readonly string[] | Promise<readonly string[]>;
  /**
   * Yields the records of a partition after `from` (undefined: from its beginning), in order. Returning ends the partition; throwing fails the
   * pipeline after what was yielded before. It runs only when polled, at most one batch ahead; `return()` is called when it is not read to its end.
   */
  read(partition: string, from: Position | undefined, context: ReadContext): Batches;
  /** 0 … 1, where the size is known. */
  progress?(): number | undefined;
  /** Told after each completed checkpoint: everything up to these positions is never asked for again. */
  committed?(positions: ReadonlyMap<string, Position>): void | Promise<void>;
  /** Frees what the partitions share, after every reader has been closed. */
  close?(): void | Promise<void>;
}
