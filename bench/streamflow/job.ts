// What the jobs of StreamFlow are made from.
import { eventTime, type Expression, field, Pipeline, type DataType, t } from "@streamflow/core";
import { fileSource } from "@streamflow/ingest";

/** How computations are written: functions of the user's, or expressions. */
export type Form = "functions" | "expressions";

/** Where a job reads from, and how it is written. */
export interface Job {
  readonly form: Form;
  /** A file of NDJSON. */
  readonly input: string;
  /** How many threads read it. */
  readonly threads: number;
}

/** Makes a pipeline, as yet without a sink. */
export type BuildJob = (job: Job) => Pipeline<never, unknown>;

const fields = { auction: t.int32(), bidder: t.int32(), price: t.int32(), channel: t.string(), dateTime: t.timestamp() } as const;

/** A bid, as far as the jobs read it. */
export interface Bid {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly channel: string;
  readonly dateTime: number;
}

/** One of two ways to say the same. */
export function either<In, Out>({ form }: Job, way: (record: In) => Out, expression: Expression): (record: In) => Out {
  return form === "functions" ? way : (expression as unknown as (record: In) => Out);
}

/** A pipeline over a file whose lines have these fields, and others that nobody reads; a checkpoint each second. It may keep something of every key. */
export function readFile<Row>(job: Job, schema: DataType): Pipeline<Row, Row> {
  const pipeline = new Pipeline<Row>({ name: "bench", checkpoint: { everyMs: 1_000 }, unboundedState: true, parallelism: job.threads });
  return pipeline.from(fileSource<Row>({ path: job.input, format: "ndjson", schema }), { id: "events" });
}

/** A pipeline over the named fields of bids; its records have no others. */
export function readBids(job: Job, ...names: readonly (keyof Bid)[]): Pipeline<Bid, Bid> {
  return readFile(job, t.struct(Object.fromEntries(names.map((name) => [name, fields[name]]))));
}

/** Adds event time: the field `dateTime`, up to 5 s out of order. */
export function timed<In, Row extends { readonly dateTime: number }>(job: Job, pipeline: Pipeline<In, Row>, id = "timed"): Pipeline<In, Row> {
  const timestamp = either(job, (row: Row) => row.dateTime, field("dateTime"));
  return pipeline.addStage(eventTime<Row>({ timestamp, outOfOrdernessMs: 5_000 }), { id });
}
