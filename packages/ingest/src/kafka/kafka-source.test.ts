import { t as types } from "@streamflow/core";
import { drain } from "../testing/drain.ts";
import { describe, expect, it } from "vitest";
import { testEnvironment } from "@streamflow/core/testing";
import { kafkaSource, type KafkaSourceOptions } from "./kafka-source.ts";

const good = { brokerList: ["127.0.0.1:9092"], topic: "orders" } as const;

describe("options that cannot work are refused before anything is opened", () => {
  const rows: readonly (readonly [options: object, message: string])[] = [
    [{ topic: undefined }, "exactly one of topic, topics and pattern is needed, got 0"],
    [{ topics: ["a"] }, "exactly one of topic, topics and pattern is needed, got 2"],
    [{ topic: undefined, topics: [] }, "topics is empty"],
    [{ topic: "a b" }, '"a b" is no name of a topic'],
    [{ topic: ".." }, '".." is no name of a topic'],
    [{ topic: undefined, pattern: "(" }, "pattern is no regular expression"],
    [{ group: "" }, "group is empty"],
    [{ group: "g", bounded: true }, "bounded reading has no group"],
    [{ format: "xml" }, 'format must be json, text, csv or a decoder, got "xml"'],
    [{ format: "csv" }, "format csv needs a schema"],
    [{ maxWaitMs: 0 }, "maxWaitMs must be a positive integer, got 0"],
    [{ fetchBytes: 1.5 }, "fetchBytes must be a positive integer, got 1.5"],
    [{ start: "newest" }, 'start must be one of earliest, latest, committed, or name a time or positions, got "newest"'],
    [{ start: { atMs: -1 } }, "start.atMs must be milliseconds since 1970, got -1"],
    [{ start: { atMs: "now" } }, "start.atMs must be milliseconds since 1970, got now"],
    [{ whenGone: "latest" }, 'whenGone must be one of fail, earliest, got "latest"'],
    [{ isolation: "serializable" }, "isolation must be one of committed, uncommitted"],
    [{ tombstones: "delete" }, "tombstones must be one of reject, skip"],
    [{ fields: { value: "v" } }, 'fields knows key, topic, partition, offset, timestamp, headers, got "value"'],
    [{ schema: types.struct({ id: types.int32() }), fields: { key: "id" } }, 'two fields are called "id"'],
    [{ schema: types.string(), format: "text", fields: { key: "k" } }, "fields can be added to records that have fields"],
    [{ brokerList: [] }, "no broker is configured"],
    [{ brokerList: ["alice:secret@host"] }, 'a broker is written host:port, got "…@host"'],
    [{ driver: "librdkafka" }, "driver must be platformatic or kafkajs, got librdkafka"],
    [{ sasl: { mechanism: "plain", username: "a", password: "" } }, "sasl.password is empty"],
  ];

  it.each(rows)("%j", (options, message) => {
    expect(() => kafkaSource({ ...good, ...options } as KafkaSourceOptions)).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID", message: expect.stringContaining(message) as string }));
  });
});

it("says what it is without its secrets", () => {
  const source = kafkaSource({ ...good, group: "g", start: { atMs: 5 }, tls: { key: "PRIVATE" }, sasl: { mechanism: "plain", username: "alice", password: "wonderland" } });
  expect(source.config).toEqual({ brokerList: ["127.0.0.1:9092"], driver: "platformatic", tls: true, sasl: "plain", topics: ["orders"], format: "ndjson", isolation: "committed", tombstones: "reject", start: { atMs: 5 }, group: "g" });
  expect(JSON.stringify(source)).not.toMatch(/wonderland|PRIVATE/);
});

it("is refused where streaming is not enabled, and where no broker is named", async () => {
  const { environment } = testEnvironment();
  await expect(drain(kafkaSource(good), { environment })).rejects.toMatchObject({ code: "SF_STREAMING_DISABLED" });
  const enabled = testEnvironment({ settings: { FLOW_STREAMING_ENABLED: "true" } }).environment;
  await expect(drain(kafkaSource({ topic: "orders" }), { environment: enabled })).rejects.toMatchObject({ code: "SF_BROKER_UNCONFIGURED" });
});
