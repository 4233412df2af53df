// What a process of a chaos run is told, and the pipeline that it runs: keyed windows over records that come early and late.
import { eventTime, field, Pipeline, type Sink, type Source, t } from "@streamflow/core";
import { count, keyBy, max, project, sum, tumbling, window } from "@streamflow/transform";
import type { KafkaInput } from "./kafka-source.ts";
import { outOfOrdernessMs, type Row, type RowsSpec, windowMs } from "./rows.ts";

export const storeNames = ["files", "sqlite", "postgres"] as const;
export type StoreName = (typeof storeNames)[number];

/** What a process is told when it is to begin. */
export interface Job {
  readonly sink: string;
  readonly store: StoreName;
  /** Holds the stores, where they are on disk; else its name is theirs. */
  readonly folder: string;
  /** Of the server that holds the stores, where there is one. */
  readonly storeUrl: string;
  /** Where the sinks write. */
  readonly place: string;
  /** The machine that it believes to be on: processes of other machines cannot be seen, their leases only run out. */
  readonly machine: string;
  readonly rows: RowsSpec;
  /** The partitions that it begins with, where a group decides who reads which. */
  readonly group?: readonly string[];
  /** The topic that rows are read from, where it is Kafka that decides who reads which. */
  readonly kafka?: KafkaInput;
  /** Rows of each partition. */
  readonly count: number;
  /** Rows of a partition in a millisecond; undefined: as fast as it goes. */
  readonly pace?: number;
  /** Draws what may differ from life to life: sizes of batches. */
  readonly life: number;
  readonly mode: "sync" | "async";
  readonly checkpointMs: number;
  readonly leaseMs: number;
}

/** Where the job's output goes. */
export interface JobSinks {
  /** Each firing of a window. Append. */
  readonly windows: Sink;
  /** Records that came too late for all their windows. Append. */
  readonly late: Sink;
}

export const rowSchema = t.struct({ id: t.int32(), key: t.string(), n: t.int32(), at: t.timestamp() });

export const pipelineName = "chaos";

/** Builds the job: windows fire early, at their end, and again for what is late and still counts. */
export function chaosPipeline(job: Job, source: Source<Row>, sinks: JobSinks): Pipeline<Row, unknown> {
  return new Pipeline<Row>({ name: pipelineName, checkpoint: { everyMs: job.checkpointMs, mode: job.mode, keep: 2 }, batch: { maxRecords: job.pace === undefined ? 1_024 : 1 + (job.life % 64) } })
    .from(source, { id: "rows" })
    .addStage(eventTime({ timestamp: field("at"), outOfOrdernessMs }), { id: "timed" })
    .addStage(keyBy("key", { coPartitioned: job.rows.isLocal }), { id: "keyed" })
    .addStage(
      window({
        window: tumbling({ sizeMs: windowMs }),
        allowedLatenessMs: windowMs,
        early: { everyMs: windowMs / 2 },
        aggregate: { n: count(), total: sum(field("n")), newest: max(field("id")) },
      }),
      { id: "windows" },
    )
    .side("late", (late) => late.addStage(project({ id: field("id"), key: field("key"), n: field("n") }), { id: "late-rows" }).to(sinks.late, { id: "late" }))
    .addStage(project({ windowStart: field("windowStart"), key: field("key"), n: field("n"), total: field("total"), newest: field("newest") }), { id: "window-rows" })
    .to(sinks.windows, { id: "out" });
}
