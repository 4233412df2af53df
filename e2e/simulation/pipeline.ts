// The pipeline of all schedules, and its input: windows by key over records of two partitions, some of them late.
import { eventTime, field, Pipeline } from "@streamflow/core";
import { type DriverEnds, seededRandom } from "@streamflow/core/testing";
import { fileSink } from "@streamflow/sink";
import { count, keyBy, sum, tumbling, window } from "@streamflow/transform";
import type { Schedule } from "./schedule.ts";

export interface Row {
  readonly id: number;
  readonly key: string;
  readonly at: number;
}

export const partitions: readonly string[] = ["0", "1"];
export const rowsOfPartition = 64;

const known = new Map<string, readonly Row[]>();

/** The rows of a partition, the same ones each time. */
export function rowsOf({ input, isLocal }: Pick<Schedule, "input" | "isLocal">, partition: string): readonly Row[] {
  const key = `${input} ${isLocal} ${partition}`;
  let rows = known.get(key);
  if (rows === undefined) known.set(key, (rows = drawRows(input, isLocal, partition)));
  return rows;
}

/** One in eight is late. Keys are of one partition each, or of both. */
function drawRows(input: number, isLocal: boolean, partition: string): readonly Row[] {
  const random = seededRandom(input * 4 + Number(partition) * 2 + Number(isLocal));
  return Array.from({ length: rowsOfPartition }, (_, at) => ({
    id: Number(partition) * 1_000 + at,
    key: isLocal ? `${partition}${random.integer(2)}` : `k${random.integer(3)}`,
    at: at * 5 - random.integer(random.chance(0.125) ? 60 : 8),
  }));
}

/** Folder of the file sink at a place among the sinks. */
export function folderOf(at: number, output: "windows" | "late"): string {
  return `/data/out${at}-${output}`;
}

/** One function for all plans, so that equal ones are planned once. */
const timestamp = (row: Row): number => row.at;

/** Builds the pipeline for one process. Every sink gets all windows; late records go to the first sink's kind alone. */
export function buildPipeline({ sinks, isLocal, mode, keep, everyMs }: Schedule, ends: DriverEnds, maxRecords: number): Pipeline<Row, unknown> {
  const sink = (at: number, output: "windows" | "late") => {
    const kind = sinks[at] ?? "sink-first";
    return kind === "files" ? fileSink({ folder: folderOf(at, output) }) : ends.sink(`out${at}-${output}`, kind);
  };
  const pipeline = new Pipeline<Row>({ name: "simulated", checkpoint: { everyMs, mode, keep }, batch: { maxRecords } })
    .from(ends.source<Row>(), { id: "rows" })
    .addStage(eventTime({ timestamp, outOfOrdernessMs: 8, maxFutureMs: Infinity }), { id: "timed" })
    .addStage(keyBy<Row>("key", { coPartitioned: isLocal }), { id: "keyed" })
    .addStage(window({ window: tumbling({ sizeMs: 25 }), allowedLatenessMs: 20, aggregate: { n: count(), ids: sum(field("id")) } }), { id: "windows" })
    .side("late", (late) => late.to(sink(0, "late"), { id: "late" }));
  sinks.forEach((_, at) => pipeline.to(sink(at, "windows"), { id: `out${at}` }));
  return pipeline;
}
