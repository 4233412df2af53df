// The ingest stage begins here: how a source of records is defined, and what it becomes for the engine.
// The record's way: a source's `read` yields batches -> reader-session.ts prefetches and cuts them -> core/engine/task.ts.
import type { Batch, DecoderFactory, Position, Schema, Source, SourceCapabilities, SourceContext, SourceSession } from "@streamflow/core";
import type { PartitionReaders, ReadContext } from "./partition-readers.ts";
import { openReaderSession } from "./reader-session.ts";
import { conforming } from "./validation/conforming.ts";

/** A source as its author writes it. */
export interface SourceDefinition {
  readonly type: string;
  /** What it is, as plain data: equal sources have equal configurations. Never holds a secret. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly capabilities: SourceCapabilities;
  /** The declared type of a record, where known. */
  readonly schema?: Schema;
  /** How many threads read it, in place of what the pipeline says. */
  readonly parallelism?: number;
  /** Decodes the bytes of one record alone, where that can be done: dead letters are read again with it. @defaultValue dead letters of the source cannot be replayed */
  readonly decoder?: DecoderFactory;
  /** What it has to know beside them, as its snapshot: the header of a CSV file. Asked for the position of a record that was rejected. @defaultValue nothing */
  readonly decoderState?: (position: Position) => string;
  /** Whether `read` yields only records of the schema by itself, as decoders do. @defaultValue false: every record is checked, and rejected where it is none */
  readonly isChecked?: boolean;
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
  const { schema, isChecked = false } = about;
  const readers = schema === undefined || isChecked ? open : (context: SourceContext): PartitionReaders => conforming(open(context), schema);
  return {
    type: about.type,
    config: about.config,
    capabilities: about.capabilities,
    ...(schema === undefined ? {} : { schema }),
    ...(about.parallelism === undefined ? {} : { parallelism: about.parallelism }),
    ...(about.decoder === undefined ? {} : { decoder: about.decoder }),
    ...(about.decoderState === undefined ? {} : { decoderState: about.decoderState }),
    open: (context): Promise<SourceSession> => openReaderSession(context, readers(context)),
  };
}
