// Opens sources for the tests of this package, and reads them whole.
import { rowsOf, type Batch, type Environment, type PollLimits, type Position, type Projection, type Rejected, type Source, type SourceSession } from "@streamflow/core";
import { testEnvironment } from "@streamflow/core/testing";

/** How a source is opened. */
export interface OpenOptions {
  readonly environment?: Environment;
  readonly from?: Readonly<Record<string, Position>>;
  readonly projection?: Projection;
  readonly limits?: PollLimits;
  readonly signal?: AbortSignal;
  readonly maxRejectedBytes?: number;
  readonly columns?: boolean;
  readonly parallelism?: number;
}

export const roomy: PollLimits = { maxRecords: 1000, maxBytes: 1 << 20 };

/** An open source and the partitions that it told. */
export interface Opened {
  readonly session: SourceSession;
  readonly partitions: readonly string[];
}

export async function openSource(source: Source, options: OpenOptions = {}): Promise<Opened> {
  const partitions: string[] = [];
  const session = await source.open({
    environment: options.environment ?? testEnvironment().environment,
    node: "source",
    projection: options.projection ?? "all",
    partitions: {
      assigned: async (assigned) => {
        partitions.push(...assigned.map((one) => one.partition));
        return new Map(Object.entries(options.from ?? {}));
      },
      revoked: async () => undefined,
      lost: () => undefined,
    },
    signal: options.signal ?? new AbortController().signal,
    maxRejectedBytes: options.maxRejectedBytes ?? 65_536,
    columns: options.columns ?? false,
    parallelism: options.parallelism ?? 1,
    limits: options.limits ?? roomy,
  });
  return { session, partitions };
}

/** The next batch of a partition, or "end". */
export async function nextBatch(session: SourceSession, partition: string, limits: PollLimits = roomy): Promise<Batch | "end"> {
  for (;;) {
    const result = session.poll(partition, limits);
    if (result !== "idle") return result;
    await session.ready();
  }
}

/** Everything that a partition gave. */
export interface Drained {
  readonly values: unknown[];
  /** The position of each value. */
  readonly positions: Position[];
  readonly rejected: Rejected[];
  readonly batches: Batch[];
  readonly ends: Position[];
  /** What was thrown instead of an end. */
  failure: unknown;
}

/** Reads a partition to its end or failure, and closes the source. Batches are released as soon as they have been read. */
export async function drain(source: Source, options: OpenOptions & { readonly partition?: string } = {}): Promise<Drained> {
  const drained: Drained = { values: [], positions: [], rejected: [], batches: [], ends: [], failure: undefined };
  const { session, partitions } = await openSource(source, options);
  try {
    for (const partition of options.partition === undefined ? partitions : [options.partition]) {
      for (let batch = await nextBatch(session, partition, options.limits); batch !== "end"; batch = await nextBatch(session, partition, options.limits)) {
        drained.values.push(...(options.columns === true ? rowsOf(batch) : (batch.values ?? [])));
        for (let i = 0; i < batch.length; i++) drained.positions.push(batch.positionAt(i));
        drained.rejected.push(...(batch.rejected ?? []));
        drained.batches.push(batch);
        drained.ends.push(batch.endPosition);
        batch.release?.();
      }
    }
  } catch (thrown) {
    drained.failure = thrown;
  } finally {
    await session.close();
  }
  return drained;
}
