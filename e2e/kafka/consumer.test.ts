// What the contract of consumers (ingest/src/kafka/consumer.ts, KCN-1 to 8) says, by both drivers on a real broker.
import { type KafkaDriver, loadKafkaJs } from "@streamflow/kafka";
import { kafkaSource, type KafkaSourceOptions } from "@streamflow/ingest/kafka";
import { createRequire } from "node:module";
import type * as KafkaJs from "kafkajs";
import { describe, expect, inject, it, onTestFinished, vi } from "vitest";
import { Reader, until } from "./consumer.fixture.ts";
import { client, freshName, makeTopic, send } from "./topics.fixture.ts";

const { CompressionTypes } = createRequire(import.meta.url)("kafkajs") as typeof KafkaJs;
const bootstrap = inject("kafka");
const listeners = inject("kafkaListeners");
vi.setConfig({ testTimeout: 90_000 });

const drivers: readonly KafkaDriver[] = ["platformatic", "kafkajs"];

function source(driver: KafkaDriver, options: Partial<KafkaSourceOptions> & { readonly topic?: string }): ReturnType<typeof kafkaSource> {
  return kafkaSource({ brokerList: [bootstrap], driver, maxWaitMs: 100, sessionTimeoutMs: 6_000, ...options } as KafkaSourceOptions);
}

async function reader(driver: KafkaDriver, options: Partial<KafkaSourceOptions>, committed?: Map<string, number>): Promise<Reader> {
  const one = new Reader(committed);
  onTestFinished(() => one.close());
  await one.open(source(driver, options));
  return one.read();
}

const values = ({ taken }: Reader): readonly unknown[] => taken.map(({ value }) => value);

describe.each(drivers)("driver %s", (driver) => {
  it("KCN-2: of transactions what was committed: two aborted ones in one fetch, one that is larger than a fetch, two that are interleaved", async () => {
    const topic = freshName("transactions");
    await makeTopic(bootstrap, topic, { partitions: 1 });
    const [one, two] = ["one", "two"].map((name) => client(bootstrap).producer({ transactionalId: freshName(name), maxInFlightRequests: 1, idempotent: true }));
    await Promise.all([one!.connect(), two!.connect()]);
    const write = async (producer: KafkaJs.Producer, text: string, how: "commit" | "abort", count: number = 3): Promise<void> => {
      const transaction = await producer.transaction();
      for (let i = 0; i < count; i++) await transaction.send({ topic, messages: [{ value: JSON.stringify(`${text} ${i} ${"x".repeat(500)}`) }] });
      await transaction[how]();
    };
    await write(one!, "aborted", "abort");
    await write(one!, "aborted again", "abort");
    await write(one!, "committed", "commit");
    await write(one!, "aborted and large", "abort", 30);
    const [left, right] = [await one!.transaction(), await two!.transaction()];
    for (let i = 0; i < 4; i++) {
      await left.send({ topic, messages: [{ value: JSON.stringify(`left ${i}`) }] });
      await right.send({ topic, messages: [{ value: JSON.stringify(`right ${i}`) }] });
    }
    await left.abort();
    await right.commit();
    await write(two!, "last and aborted", "abort");
    await Promise.all([one!.disconnect(), two!.disconnect()]);
    const found = await reader(driver, { topic, fetchBytes: 2_048 });
    await until(() => found.taken.length >= 7);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(values(found).map((text) => String(text).slice(0, 11).trimEnd())).toEqual(["committed 0", "committed 1", "committed 2", "right 0", "right 1", "right 2", "right 3"]);
    // Bounded reading ends behind the control records.
    const bounded = await reader(driver, { topic, bounded: true, isolation: "uncommitted" });
    await until(() => bounded.taken.length >= 50);
    expect(bounded.taken).toHaveLength(3 + 3 + 3 + 30 + 8 + 3);
  });

  it("records of every compression, with keys, headers, tombstones and times", async () => {
    const topic = freshName("compressions");
    await makeTopic(bootstrap, topic, { partitions: 1 });
    // It teaches kafkajs the compressions that it lacks.
    await loadKafkaJs("test");
    // Not of long ago: the broker would remove them when it looks.
    const since = Date.now() - 60_000;
    const compressions = [CompressionTypes.None, CompressionTypes.GZIP, CompressionTypes.Snappy, CompressionTypes.LZ4, CompressionTypes.ZSTD];
    for (const [i, compression] of compressions.entries()) {
      await send(bootstrap, topic, [{ key: `k${i}`, value: JSON.stringify({ i }), headers: { h: ["a", `b${i}`] }, timestamp: String(since + i) }, { key: null, value: null }], compression);
    }
    const found = await reader(driver, { topic, tombstones: "skip", fields: { key: "key", headers: "headers", timestamp: "at", offset: "offset" } });
    await until(() => found.taken.length >= compressions.length);
    expect(values(found)).toEqual(compressions.map((_, i) => i).map((i) => ({ i, key: `k${i}`, headers: new Map([["h", `b${i}`]]), at: since + i, offset: BigInt(2 * i) })));
  });

  it("a message of 10 MB, larger than a fetch", async () => {
    const topic = freshName("large");
    await makeTopic(bootstrap, topic, { partitions: 1, settings: { "max.message.bytes": "12000000" } });
    await send(bootstrap, topic, [{ value: JSON.stringify("first") }, { value: JSON.stringify("x".repeat(10_000_000)) }, { value: JSON.stringify("last") }]);
    const found = await reader(driver, { topic });
    await until(() => found.taken.length >= 3);
    expect(values(found).map((text) => String(text).length)).toEqual([5, 10_000_000, 4]);
  });

  it("starts by time, at the end, and where the group stands", async () => {
    const topic = freshName("starts");
    const group = freshName("group");
    await makeTopic(bootstrap, topic, { partitions: 1 });
    // Not of long ago: the broker would remove them when it looks.
    const since = Date.now() - 60_000;
    await send(bootstrap, topic, [1_000, 2_000, 3_000].map((at) => ({ value: String(at), timestamp: String(since + at) })));
    const byTime = await reader(driver, { topic, start: { atMs: since + 1_500 } });
    const atEnd = await reader(driver, { topic, start: "latest" });
    const admin = client(bootstrap).admin();
    await admin.connect();
    await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: "2" }] });
    await admin.disconnect();
    const committed = await reader(driver, { topic, group, start: "committed" });
    await send(bootstrap, topic, [{ value: "4000", timestamp: String(since + 4_000) }]);
    await until(() => byTime.taken.length >= 3 && committed.taken.length >= 2 && atEnd.taken.length >= 1);
    expect([values(byTime), values(committed), values(atEnd)]).toEqual([[2000, 3000, 4000], [3000, 4000], [4000]]);
  });

  it("KCN-6: members come and go under load: each record is taken once, in order", async () => {
    const topic = freshName("moves");
    const group = freshName("group");
    await makeTopic(bootstrap, topic, { partitions: 6 });
    const committed = new Map<string, number>();
    const join = (): Promise<Reader> => reader(driver, { topic, group, rebalanceTimeoutMs: 20_000 }, committed);
    let sent = 0;
    let isSending = true;
    const sending = (async () => {
      while (isSending) {
        await send(bootstrap, topic, Array.from({ length: 60 }, () => ({ partition: sent % 6, value: String(sent++) })));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    const first = await join();
    await until(() => first.owned.size === 6);
    const second = await join();
    await until(() => first.owned.size === 3 && second.owned.size === 3);
    const third = await join();
    await until(() => [first, second, third].every(({ owned }) => owned.size === 2));
    await second.close();
    await until(() => first.owned.size + third.owned.size === 6);
    isSending = false;
    await sending;
    const all = [first, second, third];
    await until(() => all.reduce((sum, { taken }) => sum + taken.length, 0) >= sent);
    await Promise.all(all.map((one) => one.close()));
    expect(all.flatMap(({ failures }) => failures)).toEqual([]);
    const ids = all.flatMap((one) => values(one).map(Number)).sort((a, b) => a - b);
    expect(ids).toEqual(Array.from({ length: sent }, (_, i) => i));
    for (const { taken } of all) {
      for (const partition of new Set(taken.map((one) => one.partition))) {
        const positions = taken.filter((one) => one.partition === partition).map(({ position }) => position);
        expect(positions).toEqual(positions.toSorted((a, b) => a - b));
      }
    }
  });

  it("KCN-8: what a member leaves is taken at once", async () => {
    const topic = freshName("leaving");
    const group = freshName("group");
    await makeTopic(bootstrap, topic, { partitions: 2 });
    const first = await reader(driver, { topic, group });
    await until(() => first.owned.size === 2);
    const startMs = performance.now();
    await first.close();
    const second = await reader(driver, { topic, group });
    await until(() => second.owned.size === 2);
    expect(performance.now() - startMs).toBeLessThan(5_500);
  });

  describe("what is wrong is said with a code", () => {
    const rows: readonly (readonly [name: string, options: Partial<KafkaSourceOptions>, error: object])[] = [
      ["no such host", { brokerList: ["127.0.0.1:1"], connectTimeoutMs: 1_000 }, { code: "SF_SOURCE_CONNECT", retryable: true }],
      ["no such topic", { topic: "nobody-made-this" }, { code: "SF_SOURCE_MISSING" }],
      ["a wrong password", { brokerList: [listeners.sasl.bootstrap], sasl: { mechanism: "scram-sha-256", username: "alice", password: "red-queen" } }, { code: "SF_CONFIG_INVALID" }],
      ["no TLS where there should be", { brokerList: [listeners.tls.bootstrap], connectTimeoutMs: 1_000, requestTimeoutMs: 1_000 }, { code: expect.stringMatching(/^SF_(CONFIG_INVALID|SOURCE_CONNECT)$/) as string }],
      ["a certificate that nobody known has signed", { brokerList: [listeners.tls.bootstrap], tls: true, connectTimeoutMs: 1_000 }, { code: "SF_SOURCE_CONNECT" }],
    ];

    it.each(rows)("%s", async (_name, options, error) => {
      const topic = freshName("errors");
      await makeTopic(bootstrap, topic, { partitions: 1 });
      for (const group of [undefined, freshName("group")]) {
        const one = new Reader();
        const thrown: unknown = await one.open(source(driver, { topic, ...options, ...(group === undefined ? {} : { group }) })).then(() => "open", (reason: unknown) => reason);
        expect(thrown, String(thrown)).toMatchObject(error);
        expect(String((thrown as Error).message)).not.toContain("red-queen");
        await one.close();
      }
    });

    it("a password that is right, with TLS and without, and a certificate of the client", async () => {
      const topic = freshName("logins");
      await makeTopic(bootstrap, topic, { partitions: 1 });
      await send(bootstrap, topic, [{ value: "1" }]);
      const { sasl, saslTls, mutualTls } = listeners;
      const login = { username: sasl.username, password: sasl.password };
      const ways: readonly Partial<KafkaSourceOptions>[] = [
        { brokerList: [sasl.bootstrap], sasl: { mechanism: "plain", ...login } },
        { brokerList: [saslTls.bootstrap], sasl: { mechanism: "scram-sha-512", ...login }, tls: { ca: saslTls.ca } },
        { brokerList: [mutualTls.bootstrap], tls: { ca: mutualTls.ca, cert: mutualTls.cert, key: mutualTls.key } },
      ];
      for (const way of ways) {
        const found = await reader(driver, { topic, ...way });
        await until(() => found.taken.length > 0, 10_000, () => `nothing by ${JSON.stringify(Object.keys(way))}`);
      }
    });
  });
});
