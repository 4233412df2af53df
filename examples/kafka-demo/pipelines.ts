// The two pipelines of the Kafka demo: flights into a topic, and hourly delays out of it.
import { eventTime, field, nullable, Pipeline, t } from "@streamflow/core";
import { fileSource } from "@streamflow/ingest";
import { kafkaSource } from "@streamflow/ingest/kafka";
import { sqliteSink } from "@streamflow/sink";
import { kafkaSink } from "@streamflow/sink/kafka";
import { avg, count, first, keyBy, lookup, project, quantile, tumbling, window } from "@streamflow/transform";

const hourMs = 3_600_000;
const flight = t.struct({ date: t.timestamp(), delay: t.int32(), distance: t.int32(), origin: t.string(), destination: t.string() });
const airport = t.struct({ iata: t.string(), state: nullable(t.string()) });

/** The cluster, and the topic of flights in it. */
export interface FlightsTopic {
  readonly broker: string;
  readonly topic: string;
}

/** What is put into the topic. */
export interface FillOptions extends FlightsTopic {
  /** NDJSON, in landing order. */
  readonly flights: string;
  /** Behind them: one flight a partition, long after all others, so that event time gets beyond the last hour. */
  readonly closing: string;
}

/** All flights of one destination are in one partition, in the order they landed. */
export function fill({ broker, topic, flights, closing }: FillOptions): Pipeline<unknown, unknown> {
  return new Pipeline({ name: "fill" })
    .from(fileSource({ paths: [flights, closing], partitions: "one", format: "ndjson", schema: flight }), { id: "flights" })
    // Nobody kills it: without transactions the topic has a record for each offset.
    .to(kafkaSink({ brokerList: [broker], topic, key: "{destination}", delivery: "at-least-once" }), { id: "topic" });
}

/** What the hours are counted from, and where they go. */
export interface HoursOptions extends FlightsTopic {
  readonly group: string;
  readonly airports: string;
  readonly results: string;
}

/** Delays by destination and hour. Each process of the group counts the destinations of its partitions. */
export function hours({ broker, topic, group, airports, results }: HoursOptions): Pipeline<unknown, unknown> {
  return new Pipeline({ name: "hours", checkpoint: { everyMs: 500 } })
    .from(kafkaSource({ brokerList: [broker], topic, group, schema: flight }), { id: "flights" })
    .addStage(eventTime({ timestamp: field("date"), outOfOrdernessMs: hourMs }))
    .addStage(lookup({ source: fileSource({ path: airports, format: "ndjson", schema: airport }), sourceKey: field("iata"), key: field("destination"), as: "airport", onChange: "refuse" }))
    .addStage(project({ date: field("date"), delay: field("delay"), distance: field("distance"), origin: field("origin"), destination: field("destination"), state: field("airport", "state") }))
    // The key of the messages: no record of a destination is in another partition.
    .addStage(keyBy("destination", { coPartitioned: true }), { id: "by-destination" })
    .addStage(window({
      window: tumbling({ sizeMs: hourMs }),
      allowedLatenessMs: 3 * hourMs,
      aggregate: { state: first(field("state")), flights: count(), meanDelay: avg(field("delay")), p95Delay: quantile(field("delay"), 0.95) },
    }), { id: "hourly" })
    .side("late", (late) => late
      .addStage(project({ date: field("date"), delay: field("delay"), distance: field("distance"), origin: field("origin"), destination: field("destination") }), { id: "late" })
      .to(sqliteSink({ path: results, table: "late_flights" }), { id: "late-flights" }))
    .addStage(project({
      destination: field("destination"), state: field("state"), window_start: field("windowStart"), window_end: field("windowEnd"),
      flights: field("flights"), mean_delay: field("meanDelay"), p95_delay: field("p95Delay"),
    }), { id: "hourly-rows" })
    .to(sqliteSink({ path: results, table: "hourly", mode: "upsert", key: ["destination", "window_start"] }), { id: "hourly-table" });
}
