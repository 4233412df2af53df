// Reads a bounded source whole, for operators that load data before the first record (lookups).
import type { Environment } from "../contracts/environment.ts";
import type { PartitionEvents, PollLimits, Source, SourceSession } from "../contracts/source.ts";
import { StreamFlowError } from "../errors.ts";
import { rowsOf } from "../record.ts";

/** What reading needs. */
export interface ReadAllOptions {
  readonly node: string;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  readonly limits: PollLimits;
}

/**
 * Visits every record of a bounded source, partition by partition in order of their names.
 *
 * @throws {@link StreamFlowError} SF_PLAN_INVALID for an unbounded source; the error of the first rejected record: a lookup with holes is no lookup.
 */
export async function readAll(source: Source, visit: (value: unknown) => void, options: ReadAllOptions): Promise<void> {
  if (!source.capabilities.bounded) throw new StreamFlowError("SF_PLAN_INVALID", `"${options.node}" loads a whole source first, but ${source.type} never ends`, { hint: "give it a bounded source, or join the two streams instead" });
  const partitions: string[] = [];
  const events: PartitionEvents = {
    assigned: (assignments) => {
      for (const { partition } of assignments) partitions.push(partition);
      return Promise.resolve(new Map());
    },
    revoked: () => Promise.resolve(),
    lost: () => undefined,
  };
  const { node, environment, signal, limits } = options;
  const session = await source.open({ environment, node, projection: "all", partitions: events, signal, maxRejectedBytes: 1_024, limits });
  try {
    for (const partition of partitions.toSorted()) await readPartition({ session, partition, visit }, options);
  } finally {
    await session.close();
  }
}

async function readPartition(reading: { session: SourceSession; partition: string; visit: (value: unknown) => void }, options: ReadAllOptions): Promise<void> {
  const { session, partition, visit } = reading;
  const { signal, limits, node } = options;
  for (let result = session.poll(partition, limits); result !== "end"; result = session.poll(partition, limits)) {
    if (result === "idle") {
      if (signal.aborted) throw new StreamFlowError("SF_ABORTED", `"${node}" was stopped while it loaded its data`);
      await session.ready();
      continue;
    }
    const [rejected] = result.rejected ?? [];
    if (rejected !== undefined) throw rejected.error;
    for (const value of rowsOf(result)) visit(value);
    result.release?.();
  }
}
