// The jobs of W10: how the cost of a record grows with keys, with the overlap of windows, with stages, and with pipelines.
import { eventTime, type Expression, field, Pipeline, record, type Source } from "@streamflow/core";
import { callbackSink } from "@streamflow/sink";
import { count, filter, keyBy, map, sliding, sum, tumbling, window } from "@streamflow/transform";
import { keysOf, type Point } from "./curve-source.ts";

/** What a job does with a source, and how its results are checked. */
export interface CurveJob {
  readonly keys: number;
  /** So many records have the same millisecond. */
  readonly recordsPerMs: number;
  readonly pipelines: number;
  readonly build: (source: Source<Point>, name: string, take: (result: number) => void) => Pipeline;
  /** The sum of what `take` is given, over all pipelines; each has read this many records. */
  readonly expected: (records: number) => number;
}

const dayMs = 86_400_000;
const slideMs = 1_000;
/** Only one record in so many is handed to the sink of the stages, so that it costs nothing beside them. */
const keptEvery = 1_000;
const fewKeys = 100;

function start(source: Source<Point>, name: string, everyMs: number): Pipeline<Point, Point> {
  return new Pipeline<Point>({ name, checkpoint: { everyMs } }).from(source, { id: "points" });
}

function timed(pipeline: Pipeline<Point, Point>): Pipeline<Point, Point> {
  return pipeline.addStage(eventTime({ timestamp: field("atMs"), outOfOrdernessMs: 0 }));
}

const neverMs = 1e9;

/** Hands the field of every result to `take`. */
function into<Row>(pipeline: Pipeline<Point, Row>, name: string, take: (result: number) => void): Pipeline {
  return pipeline.to(callbackSink<Row>((rows) => {
    for (const row of rows) take((row as Readonly<Record<string, number>>)[name]!);
  })) as unknown as Pipeline;
}

/** All keys are in one window, which stays open until the end. */
function keysJob(keys: number): CurveJob {
  return {
    keys,
    recordsPerMs: 1_000,
    pipelines: 1,
    build: (source, name, take) => into(timed(start(source, name, neverMs)).addStage(keyBy<Point>("key"))
      .addStage(window({ window: tumbling({ sizeMs: dayMs }), aggregate: { count: count(), sum: sum(field("value")) } })), "count", take),
    expected: (records) => records,
  };
}

/** The windows' size grows, so that they overlap more; they slide by the same: there are as many results. */
function overlapJob(overlap: number): CurveJob {
  return {
    keys: fewKeys,
    recordsPerMs: 1,
    pipelines: 1,
    build: (source, name, take) => into(timed(start(source, name, neverMs)).addStage(keyBy<Point>("key"))
      .addStage(window({ window: sliding({ sizeMs: overlap * slideMs, slideMs }), aggregate: { count: count() } })), "count", take),
    // A record is in as many windows as overlap.
    expected: (records) => records * overlap,
  };
}

interface Narrow {
  readonly key: number;
  readonly value: number;
}

/** Filters that keep everything and maps that add one, in turns; then one that keeps little. */
function stagesJob(stages: number, form: "functions" | "expressions"): CurveJob {
  const either = <In, Out>(way: (record: In) => Out, expression: Expression): (record: In) => Out => (form === "functions" ? way : (expression as unknown as (record: In) => Out));
  const maps = Math.floor(stages / 2);
  return {
    keys: keptEvery,
    recordsPerMs: 1,
    pipelines: 1,
    build(source, name, take) {
      let pipeline = start(source, name, neverMs) as Pipeline<Point, Narrow>;
      for (let i = 0; i < stages; i++) {
        pipeline = i % 2 === 0
          ? pipeline.addStage(filter<Narrow>(either(({ value }) => value > -1 - i, field("value").gt(-1 - i))), { id: `filter-${i}` })
          : pipeline.addStage(map<Narrow, Narrow>(either(({ key, value }) => ({ key, value: value + 1 }), record({ key: field("key"), value: field("value").plus(1) }))), { id: `map-${i}` });
      }
      return into(pipeline.addStage(filter<Narrow>(either(({ key }) => key === 0, field("key").eq(0))), { id: "few" }), "value", take);
    },
    expected: (records) => {
      const pool = keysOf(keptEvery);
      let total = 0;
      for (let i = 0; i < records; i++) if (pool[i & (pool.length - 1)] === 0) total += (i % 1_000) + maps;
      return total;
    },
  };
}

/** As many pipelines in one process, which share the records. Checkpoints each second, as usual. */
function pipelinesJob(pipelines: number): CurveJob {
  return {
    keys: fewKeys,
    recordsPerMs: 1,
    pipelines,
    build: (source, name, take) => into(timed(start(source, name, 1_000)).addStage(filter(field("value").gte(0))).addStage(keyBy<Point>("key"))
      .addStage(window({ window: tumbling({ sizeMs: slideMs }), aggregate: { count: count(), sum: sum(field("value")) } })), "count", take),
    expected: (records) => records * pipelines,
  };
}

/** The job of a point of a curve. @throws for a curve that is not known */
export function curveJob(curve: string, point: number): CurveJob {
  switch (curve) {
    case "keys": return keysJob(point);
    case "overlap": return overlapJob(point);
    case "functions": return stagesJob(point, "functions");
    case "expressions": return stagesJob(point, "expressions");
    case "pipelines": return pipelinesJob(point);
    default: throw new Error(`there is no curve ${curve}`);
  }
}
