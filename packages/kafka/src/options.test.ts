import { describe, expect, test } from "vitest";
import { addressOf, checkConnection, describeConnection, type KafkaConnection } from "./options.ts";

const good: KafkaConnection = { brokerList: ["a:9092", "[::1]:9093"], sasl: { mechanism: "plain", username: "u", password: "hunter2" }, tls: true };

describe("a connection", () => {
  test("that is right is taken", () => {
    expect(() => checkConnection(good, "kafka source")).not.toThrow();
    expect(addressOf("[::1]:9093", "x")).toEqual({ host: "::1", port: 9093 });
  });

  test.each<[string, KafkaConnection, RegExp]>([
    ["no broker", { brokerList: [] }, /no broker is configured/],
    ["no port", { brokerList: ["a"] }, /host:port, got "a"/],
    ["a port out of range", { brokerList: ["a:70000"] }, /host:port/],
    ["an unknown driver", { brokerList: ["a:1"], driver: "librdkafka" as "kafkajs" }, /driver must be/],
    ["a timeout of nothing", { brokerList: ["a:1"], requestTimeoutMs: 0 }, /requestTimeoutMs must be a positive integer/],
    ["an unknown mechanism", { brokerList: ["a:1"], sasl: { mechanism: "gssapi" as "plain", username: "u", password: "p" } }, /sasl.mechanism/],
    ["no user", { brokerList: ["a:1"], sasl: { mechanism: "plain", username: "", password: "p" } }, /sasl.username is empty/],
  ])("with %s is refused", (_, connection, message) => {
    expect(() => checkConnection(connection, "kafka source")).toThrow(message);
  });

  test("says nothing that is secret", () => {
    expect(JSON.stringify(describeConnection(good))).not.toContain("hunter2");
    expect(() => addressOf("user:hunter2@host", "x")).toThrow(/^(?!.*hunter2)/);
  });
});
