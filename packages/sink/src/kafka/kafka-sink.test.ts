import { mayGenerateCode } from "@streamflow/core";
import { systemClock } from "@streamflow/core/node";
import { testEnvironment } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { kafkaSink, type KafkaSinkOptions } from "./kafka-sink.ts";

const options: KafkaSinkOptions = { brokerList: ["127.0.0.1:9092"], topic: "t" };

describe("a Kafka sink, unopened", () => {
  it("says what it is, and no secret", () => {
    const sink = kafkaSink({ ...options, key: "{a}", sasl: { mechanism: "plain", username: "alice", password: "hunter2" }, compression: "zstd" });
    expect(sink).toMatchObject({ type: "kafka", capabilities: { delivery: "transactional", commitOrder: "sink-first" }, needs: { insertOnly: false } });
    expect(sink.config).toMatchObject({ brokerList: ["127.0.0.1:9092"], driver: "platformatic", topic: "t", key: "{a}", compression: "zstd", heads: "streamflow-heads", sasl: "plain" });
    expect(JSON.stringify(sink.config)).not.toContain("hunter2");
    expect(kafkaSink({ ...options, delivery: "at-least-once" }).capabilities).toMatchObject({ delivery: "at-least-once" });
    expect(kafkaSink(options).needs).toEqual({ insertOnly: true });
  });

  it.each<[Partial<KafkaSinkOptions>, RegExp]>([
    [{ brokerList: [] }, /no broker is configured/],
    [{ topic: "" }, /a topic is needed/],
    [{ topic: "no topic" }, /is no name of a topic/],
    [{ topic: "{" }, /braces/],
    [{ key: "{}" }, /braces/],
    [{ delivery: "exactly" as "exactly-once" }, /delivery must be one of exactly-once, at-least-once/],
    [{ compression: "brotli" as "zstd" }, /compression must be/],
    [{ batchBytes: 0 }, /batchBytes must be a positive integer/],
    [{ heads: { replicationFactor: 0 } }, /replicationFactor must be/],
    [{ heads: { topic: "a b" } }, /is no name of a topic/],
    [{ delivery: "at-least-once", transactionTimeoutMs: 5 }, /no meaning for at-least-once/],
  ])("refuses %o", (wrong, message) => {
    expect(() => kafkaSink({ ...options, ...wrong })).toThrow(message);
  });

  it.each(["platformatic", "kafkajs"] as const)("nobody there: SF_SINK_UNAVAILABLE, within its time; a client that this process cannot load: SF_CONFIG_INVALID (%s)", async (driver) => {
    const environment = { ...testEnvironment().environment, clock: systemClock() };
    const sink = kafkaSink({ brokerList: ["127.0.0.1:1"], topic: "t", driver, deliveryTimeoutMs: 300 });
    await expect(sink.open({ environment, pipeline: "p", node: "n", schema: undefined, keyFields: undefined, signal: new AbortController().signal })).rejects.toMatchObject({ code: driver === "platformatic" && !mayGenerateCode() ? "SF_CONFIG_INVALID" : "SF_SINK_UNAVAILABLE" });
  });
});
