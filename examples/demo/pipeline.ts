// The demo's pipeline in typed code. pipeline.yaml is the same; a test compares their plans.
import { eventTime, field, list, nullable, Pipeline, t } from "@streamflow/core";
import { fileSource } from "@streamflow/ingest";
import { sqliteSink } from "@streamflow/sink";
import { avg, count, filter, first, flatMap, keyBy, lookup, project, quantile, topN, tumbling, window } from "@streamflow/transform";

/** Where the pipeline reads and writes. */
export interface DemoOptions {
  readonly flights: string;
  readonly airports: string;
  readonly results: string;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const flight = t.struct({ date: t.timestamp(), delay: t.int32(), distance: t.int32(), origin: t.string(), destination: t.string() });
const airport = t.struct({ iata: t.string(), state: nullable(t.string()) });

const dayRow = t.struct({ day: t.timestamp(), destination: t.string(), state: nullable(t.string()), flights: t.int64(), mean_delay: nullable(t.float64()) });

/** Delays by destination and hour, and the ten worst airports of each day, from flights in the order they landed. */
export function pipeline({ flights, airports, results }: DemoOptions) {
  const table = (name: string, key?: readonly string[]) =>
    sqliteSink({ path: results, table: name, ...(key === undefined ? {} : { mode: "upsert" as const, key }) });

  const landed = new Pipeline({ name: "flights" })
    .from(fileSource({ path: flights, format: "ndjson", schema: flight }), { id: "flights" })
    .addStage(eventTime({ timestamp: field("date"), outOfOrdernessMs: hourMs }))
    .addStage(lookup({ source: fileSource({ path: airports, format: "ndjson", schema: airport }), sourceKey: field("iata"), key: field("destination"), as: "airport", onChange: "refuse" }))
    .addStage(project({
      date: field("date"), delay: field("delay"), distance: field("distance"), origin: field("origin"), destination: field("destination"), state: field("airport", "state"),
    }))
    .addStage(keyBy("destination"), { id: "by-destination" });

  landed.branch((hourly) => hourly
    .addStage(window({
      window: tumbling({ sizeMs: hourMs }),
      allowedLatenessMs: 3 * hourMs,
      aggregate: { state: first(field("state")), flights: count(), meanDelay: avg(field("delay")), p95Delay: quantile(field("delay"), 0.95) },
    }), { id: "hourly" })
    .side("late", (late) => late
      .addStage(project({ date: field("date"), delay: field("delay"), distance: field("distance"), origin: field("origin"), destination: field("destination") }), { id: "late" })
      .to(table("late_flights"), { id: "late-flights" }))
    .addStage(project({
      destination: field("destination"), state: field("state"), window_start: field("windowStart"), window_end: field("windowEnd"),
      flights: field("flights"), mean_delay: field("meanDelay"), p95_delay: field("p95Delay"),
    }), { id: "hourly-rows" })
    .to(table("hourly", ["destination", "window_start"]), { id: "hourly-table" }));

  landed.branch((daily) => daily
    .addStage(window({ window: tumbling({ sizeMs: dayMs }), aggregate: { state: first(field("state")), flights: count(), mean_delay: avg(field("delay")) } }), { id: "daily" })
    .side("late", (late) => late.to(table("late_for_day"), { id: "late-for-day" }))
    .addStage(filter(field("flights").gte(10)))
    .addStage(project({
      day: field("windowStart"), destination: field("destination"), state: field("state"), flights: field("flights"), mean_delay: field("mean_delay"),
    }), { id: "daily-rows" })
    .addStage(keyBy("day"), { id: "by-day" })
    .addStage(window({ window: tumbling({ sizeMs: dayMs }), aggregate: { worst: topN(10, list(field("mean_delay"), field("destination"))) } }), { id: "worst" })
    .addStage(flatMap(field("worst"), { schema: dayRow }))
    .to(table("worst_airports", ["day", "destination"]), { id: "worst-table" }));

  return landed;
}
