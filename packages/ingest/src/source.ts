// The ingest stage begins here: how a source of records is defined, and what it becomes for the engine.
// The record's way: a source's `read` yields batches -> reader-session.ts prefetches and cuts them -> core/engine/task.ts.
import type { Batch, Environment, PollLimits, Position, Projection, Schema, Source, SourceCapabilities, SourceContext, SourceSession } from "@streamflow/core";
import { openReaderSession } from "./reader-session.ts";

/** What a reader of one partition gets. */
export interface ReadContext {
  readonly environment: Environment;
  /** The node's id in the plan. */
  readonly node: string;
  /** What the plan reads of each record. A reader may leave out the rest. */
  readonly projection: Projection;
  /** Bounds of the engine's latest poll. Batches may exceed them: they are cut to fit. */
  readonly limits: PollLimits;
  /** Original bytes kept of a rejected record, at most. */
  readonly maxRejectedBytes: number;
  /** Aborted when the pipeline ends or the source is closed: a reader that waits for something stops waiting. */
  readonly signal: AbortSignal;
}

/** What an open source consists of: its partitions, and a generator of batches for each. */
export interface PartitionReaders {
  /** Names of the partitions, stable from run to run. Called once, before anything is read. */
  partitions(): readonly string[] | Promise<readonly string[]>;
  /**
   * Yields the records of a partition after `from` (undefined: from its beginning), in order. Returning ends the partition; throwing fails the
   * pipeline after what was yielded before. It runs only when polled, at most one batch ahead; `return()` is called when it is not read to its end.
   */
  read(partition: string, from: Position | undefined, context: ReadContext): AsyncIterable<Batch>;
  /** 0 … 1, where the size is known. */
  progress?(): number | undefined;
  /** Told after each completed checkpoint: everything up to these positions is never asked for again. */
  committed?(positions: ReadonlyMap<string, Position>): void | Promise<void>;
  /** Frees what the partitions share, after every reader has been closed. */
  close?(): void | Promise<void>;
}

/** A source as its author writes it. */
export interface SourceDefinition {
  readonly type: string;
  /** What it is, as plain data: equal sources have equal configurations. Never holds a secret. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly capabilities: SourceCapabilities;
  /** The declared type of a record, where known. */
  readonly schema?: Schema;
  /** Names of the partitions, stable from run to run. */
  partitions(context: SourceContext): readonly string[] | Promise<readonly string[]>;
  /** As {@link PartitionReaders.read}. */
  read(partition: string, from: Position | undefined, context: ReadContext): AsyncIterable<Batch>;
}

/**
 * Makes a source from an async generator of batches per partition.
 *
 * The generator needs to know nothing of polling: it yields batches of any size (see `rowBatch`), and starts again after the
 * position it is given. Prefetching one batch, cutting to the engine's limits, errors, aborts and closing are done for it (SRC-1 … SRC-12).
 *
 * @example
 * ```ts
 * const numbers = defineSource<number>({
 *   type: "numbers",
 *   config: { count: 3 },
 *   capabilities: { replayable: true, bounded: true, deterministic: true },
 *   partitions: () => ["0"],
 *   async *read(partition, from) {
 *     const first = from === undefined ? 0 : Number(from);
 *     yield rowBatch({ partition, values: [0, 1, 2].slice(first), positionAt: (index) => String(first + index + 1), endPosition: "3" });
 *   },
 * });
 * ```
 */
export function defineSource<Out = unknown>(definition: SourceDefinition): Source<Out> {
  return sourceOf<Out>(definition, (context) => ({
    partitions: () => definition.partitions(context),
    read: (partition, from, read) => definition.read(partition, from, read),
  }));
}

/** As {@link defineSource}, for a source whose partitions share state while it is open: `open` is called once for each opening. */
export function sourceOf<Out = unknown>(about: Omit<SourceDefinition, "partitions" | "read">, open: (context: SourceContext) => PartitionReaders): Source<Out> {
  return {
    type: about.type,
    config: about.config,
    capabilities: about.capabilities,
    ...(about.schema === undefined ? {} : { schema: about.schema }),
    open: (context): Promise<SourceSession> => openReaderSession(context, open(context)),
  };
}
