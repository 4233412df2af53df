// A source that computes its rows, no faster than it is told to.
import { setTimeout as pause } from "node:timers/promises";
import type { Source } from "@streamflow/core";
import { seededRandom } from "@streamflow/core/testing";
import { defineSource, rowBatch } from "@streamflow/ingest";
import { type Job, rowSchema } from "./job.ts";
import { partitionsOf, type Row, rowAt } from "./rows.ts";

/** How long a paced partition rests between two batches. */
const restMs = 4;
const wholeBatch = 1_024;

/** The rows of a job. A position says how many rows of its partition have been read. */
export function pacedSource(job: Job): Source<Row> {
  const { rows, count, pace, life } = job;
  return defineSource<Row>({
    type: "chaosRows",
    config: { rows, count },
    schema: rowSchema,
    isChecked: true,
    capabilities: { replayable: true, bounded: true, deterministic: true },
    partitions: () => partitionsOf(rows),
    async *read(partition, from, { signal }) {
      const random = seededRandom(life * rows.partitions + Number(partition));
      for (let first = from === undefined ? 0 : Number(from); first < count && !signal.aborted; ) {
        const wanted = pace === undefined ? wholeBatch : 1 + random.integer(2 * pace * restMs);
        const length = Math.min(wanted, count - first);
        const start = first;
        yield rowBatch({ partition, values: Array.from({ length }, (_, at) => rowAt(rows, partition, start + at)), positionAt: (index) => String(start + index + 1) });
        first += length;
        if (pace !== undefined) await pause(restMs);
      }
    },
  });
}
