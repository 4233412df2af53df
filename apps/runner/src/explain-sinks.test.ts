// What `streamflow explain` says of every sink there is: in front of a stateful stage, and behind one.
import { eventTime, explainText, field, Pipeline, planPipeline, standardFunctionTable, type Sink } from "@streamflow/core";
import { memorySource } from "@streamflow/ingest";
import { callbackSink, fileSink, memorySink, outboxed, sqliteSink, stdoutSink } from "@streamflow/sink";
import { httpSink } from "@streamflow/sink/http";
import { postgresSink } from "@streamflow/sink/postgres";
import { kafkaSink } from "@streamflow/sink/kafka";
import { redisSink } from "@streamflow/sink/redis";
import { count, keyBy, tumbling, window } from "@streamflow/transform";
import { expect, it } from "vitest";
import { builtinRegistry } from "./builtins.ts";

const url = "http://service.example/";
const send = (): void => undefined;
const idempotent = { delivery: "idempotent" } as const;
const storeFirst = "is transactional: its output becomes visible only after the checkpoint that covers it";
const sinkFirst = "is transactional: output and positions are one transaction of the sink";
const byIdentity = "is idempotent, and every record keeps its identity (position and index)";
const noIdentity = 'is idempotent, but records behind "per-minute" have no identity of their own';
const plain = "cannot take back what was written before a crash";

/** A sink, and what is said of it in front of a window and behind one. */
const sinks: readonly (readonly [name: string, sink: () => Sink, before: string, behind?: string])[] = [
  ["file", () => fileSink({ folder: "out" }), `exactly-once; file ${storeFirst}`],
  ["sqlite", () => sqliteSink({ path: "x.db", table: "t" }), `exactly-once; sqlite ${sinkFirst}`],
  ["postgres", () => postgresSink({ url: "postgres://127.0.0.1/db", table: "t" }), `exactly-once; postgres ${sinkFirst}`],
  ["redis", () => redisSink({ url: "redis://127.0.0.1", kind: "list", key: "k" }), `exactly-once; redis ${sinkFirst}`],
  ["kafka", () => kafkaSink({ brokerList: ["127.0.0.1:9092"], topic: "t" }), `exactly-once; kafka ${sinkFirst}`],
  ["kafka, at least once", () => kafkaSink({ brokerList: ["127.0.0.1:9092"], topic: "t", delivery: "at-least-once" }), 'at-least-once; kafka writes without transactions; with delivery: "exactly-once" an epoch is one transaction'],
  ["memory", () => memorySink(), `exactly-once; memory ${sinkFirst}`],
  ["http", () => httpSink({ url }), "at-least-once; http may call twice for a record: its server is not said to know keys of requests (delivery: idempotent)"],
  ["http, keys", () => httpSink({ url, ...idempotent }), `exactly-once; http ${byIdentity}`, `at-least-once; http ${noIdentity}`],
  ["http, keys, batches", () => httpSink({ url, ...idempotent, batch: {} }), `exactly-once; http ${storeFirst}`],
  ["http, keys, outbox", () => httpSink({ url, ...idempotent, outbox: true }), `exactly-once; http ${storeFirst}`],
  ["callback", () => callbackSink(send), `at-least-once; callback ${plain}`],
  ["callback, idempotent", () => callbackSink(send, idempotent), `exactly-once; callback ${byIdentity}`, `at-least-once; callback ${noIdentity}`],
  ["outbox", () => outboxed(callbackSink(send, idempotent)), `exactly-once; callback ${storeFirst}`],
  ["stdout", () => stdoutSink(), `at-least-once; stdout ${plain}`],
];

function explained(sink: Sink, isBehind: boolean): readonly string[] {
  const start = new Pipeline({ name: "p" }).from(memorySource([{ k: "a", at: 0 }]));
  const windowed = (): { to(sink: Sink, options: { id: string }): unknown } => start.addStage(eventTime({ timestamp: field("at") })).addStage(keyBy("k")).addStage(window({ window: tumbling({ sizeMs: 60_000 }), aggregate: { n: count() } }), { id: "per-minute" });
  (isBehind ? windowed() : start).to(sink, { id: "out" });
  const text = explainText(planPipeline(start.plan(), standardFunctionTable));
  return text.slice(text.indexOf("guarantees:\n")).trimEnd().split("\n").slice(1);
}

it.each(sinks.map(([name, make, before, behind = before]) => ({ name, make, before, behind })))("$name", ({ make, before, behind }) => {
  for (const [isBehind, said] of [[false, before], [true, behind]] as const) {
    expect(explained(make(), isBehind)).toEqual([`  out: ${said}`, `of the pipeline: ${said.slice(0, said.indexOf(";"))}, as "out", its weakest end`]);
  }
});

it("no sink of the registry is left out", () => {
  // A kind that is named, but not built yet, promises nothing.
  const types = new Set(["cdc_mirror", ...sinks.map(([, make]) => make().type)]);
  expect(builtinRegistry().components("sink").map(({ type }) => type).filter((type) => !types.has(type))).toEqual([]);
});
