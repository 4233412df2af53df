// What the Kafka sink does beyond the clauses of every sink: by both drivers, on a real broker.
import { BatchError, ChangeKind, type SinkCommit, type SinkSession, type StreamFlowError } from "@streamflow/core";
import { systemClock } from "@streamflow/core/node";
import { testEnvironment } from "@streamflow/core/testing";
import type { KafkaCommitToken } from "@streamflow/kafka";
import { sinkBatch } from "@streamflow/sink";
import { kafkaSink, type KafkaSinkOptions } from "@streamflow/sink/kafka";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { committedRecords, type SeenRecord } from "./committed.fixture.ts";
import { client, freshName, makeTopic } from "./topics.fixture.ts";

const bootstrap = inject("kafka");
const environment = { ...testEnvironment().environment, clock: systemClock() };
const sessions: SinkSession[] = [];
let topic = "";

beforeEach(async () => {
  topic = freshName("sink");
  await makeTopic(bootstrap, topic);
});
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
});

const shard = "p:s/0";
const identityAt = (index: number): { readonly shard: string; readonly origin: string; readonly index: number } => ({ shard, origin: "0", index });
const commitOf = (epoch: number, { generation = 1, positions = {}, tokens }: { readonly generation?: number; readonly positions?: Readonly<Record<string, string>>; readonly tokens?: ReadonlyMap<string, unknown> } = {}): SinkCommit =>
  ({ epoch, shards: [{ shard, generation, epoch, positions }], ...(tokens === undefined ? {} : { commitTokens: tokens }) });
const failureOf = (work: unknown): Promise<StreamFlowError> => Promise.resolve(work).then(() => expect.fail("it should have failed"), (error: StreamFlowError) => error);
const values = (seen: readonly SeenRecord[]): readonly (string | null)[] => seen.map(({ value }) => value);

describe.each(["platformatic", "kafkajs"] as const)("%s", { timeout: 60_000 }, (driver) => {
  async function open(options: Partial<KafkaSinkOptions> = {}): Promise<SinkSession> {
    const sink = kafkaSink({ brokerList: [bootstrap], driver, topic, ...(options.delivery === "at-least-once" ? {} : { heads: { topic: "heads" } }), ...options });
    const session = await sink.open({ environment, pipeline: "p", node: topic, schema: undefined, keyFields: undefined, signal: new AbortController().signal });
    sessions.push(session);
    return session;
  }

  async function written(options: Partial<KafkaSinkOptions>, records: readonly unknown[], changes?: readonly number[]): Promise<readonly SeenRecord[]> {
    const session = await open(options);
    await session.write(sinkBatch(records, { identityAt, timestamps: records.map((_, i) => 1_700_000_000_000 + i), ...(changes === undefined ? {} : { changes }) }));
    await session.commitTransaction?.(commitOf(1));
    return await committedRecords(bootstrap, topic);
  }

  it("key, value, headers, time; a delete is a tombstone", async () => {
    const records = [{ k: "a", v: 1 }, { k: "b", v: 2 }, { k: "a", v: 3 }];
    const seen = await written({ key: "{k}", headers: { of: "{v}", always: "ü" } }, [...records, { k: "b", v: 4 }, { k: "a", v: 5 }], [0, 0, 0, ChangeKind.delete, ChangeKind.updateBefore]);
    const byKey = (key: string): readonly Partial<SeenRecord>[] => seen.filter((one) => one.key === key).map(({ value, timestampMs, headers }) => ({ value, timestampMs, headers }));
    expect(byKey("a")).toEqual([{ value: '{"k":"a","v":1}', timestampMs: 1_700_000_000_000, headers: { of: "1", always: "ü" } }, { value: '{"k":"a","v":3}', timestampMs: 1_700_000_000_002, headers: { of: "3", always: "ü" } }]);
    expect(byKey("b")).toEqual([{ value: '{"k":"b","v":2}', timestampMs: 1_700_000_000_001, headers: { of: "2", always: "ü" } }, { value: null, timestampMs: 1_700_000_000_003, headers: { of: "4", always: "ü" } }]);
  });

  it("each key is where another client puts it, as Java does", async () => {
    const keys = Array.from({ length: 200 }, (_, i) => `key ${i}`);
    const ours = await written({ key: "{k}" }, keys.map((k) => ({ k })));
    const other = freshName("other");
    await makeTopic(bootstrap, other);
    const producer = client(bootstrap).producer();
    await producer.connect();
    await producer.send({ topic: other, messages: keys.map((key) => ({ key, value: "" })) });
    await producer.disconnect();
    const places = (seen: readonly SeenRecord[]): readonly string[] => seen.map(({ key, partition }) => `${key} ${partition}`).sort();
    expect(places(ours)).toEqual(places(await committedRecords(bootstrap, other)));
  });

  it.each(["gzip", "snappy", "lz4", "zstd"] as const)("%s", async (compression) => {
    const records = Array.from({ length: 500 }, (_, i) => ({ n: i, text: "again and again" }));
    expect(values(await written({ compression, partition: "0", batchBytes: 3000 }, records))).toEqual(records.map((record) => JSON.stringify(record)));
  });

  it("topics by record; one that is missing is said", async () => {
    const other = freshName("other");
    await makeTopic(bootstrap, other);
    const session = await open({ topic: "{t}" });
    await session.write(sinkBatch([{ t: topic }, { t: other }, { t: topic }], { identityAt }));
    await session.commitTransaction?.(commitOf(1));
    expect((await committedRecords(bootstrap, topic)).length).toBe(2);
    expect((await committedRecords(bootstrap, other)).length).toBe(1);
    expect(await failureOf(session.write(sinkBatch([{ t: "is-not-there" }], { identityAt })))).toMatchObject({ code: "SF_CONFIG_INVALID", message: expect.stringContaining('"is-not-there"') as string });
    expect(await failureOf(open({ topic: "is-not-there" }))).toMatchObject({ code: "SF_CONFIG_INVALID" });
  });

  it("a record that is too large is refused alone", async () => {
    const small = freshName("small");
    await makeTopic(bootstrap, small, { settings: { "max.message.bytes": "2000" } });
    const session = await open({ topic: small, batchBytes: 100_000 });
    const records = Array.from({ length: 30 }, (_, i) => ({ i, x: "x".repeat(i === 7 ? 3000 : 300) }));
    const failure = await failureOf((async () => session.write(sinkBatch(records, { identityAt })))());
    expect(failure).toBeInstanceOf(BatchError);
    expect((failure as BatchError).failures.map(({ index, error }) => [index, error.code])).toEqual([[7, "SF_RECORD_TOO_LARGE"]]);
    await session.commitTransaction?.(commitOf(1));
    expect((await committedRecords(bootstrap, small)).length).toBe(29);
  });

  it("a transaction that a process has left open is ended by the next owner; the old one is refused", async () => {
    const old = await open();
    await old.recover?.([{ shard, generation: 1 }]);
    await old.write(sinkBatch(["old"], { identityAt }));
    await old.commitTransaction?.(commitOf(1));
    // Larger than a batch: a part of it is at the broker.
    await old.write(sinkBatch(Array.from({ length: 100 }, () => "x".repeat(10_000)), { identityAt }));
    const next = await open();
    expect(await next.recover?.([{ shard, generation: 2 }])).toMatchObject([{ epoch: 1 }]);
    await next.write(sinkBatch(["new"], { identityAt }));
    await next.commitTransaction?.(commitOf(2, { generation: 2 }));
    expect(await failureOf(old.commitTransaction?.(commitOf(2)))).toMatchObject({ code: "SF_SINK_FENCED" });
    expect(values(await committedRecords(bootstrap, topic)).toSorted()).toEqual(['"new"', '"old"']);
  });

  it("a partition that comes back is taken over again, with what was committed meanwhile", async () => {
    const [one, two] = [await open(), await open()];
    await one.recover?.([{ shard, generation: 1 }]);
    await one.commitTransaction?.(commitOf(1, { positions: { "s-0": "10" } }));
    await two.recover?.([{ shard, generation: 2 }]);
    await two.commitTransaction?.(commitOf(2, { generation: 2, positions: { "s-0": "20" } }));
    expect(await one.recover?.([{ shard, generation: 3 }])).toEqual([{ shard, generation: 2, epoch: 2, positions: { "s-0": "20" } }]);
    await one.write(sinkBatch(["back"], { identityAt }));
    await one.commitTransaction?.(commitOf(3, { generation: 3 }));
    expect(values(await committedRecords(bootstrap, topic))).toEqual(['"back"']);
  });

  it("after a discard with nothing to discard, what is sent together stays together", async () => {
    const session = await open({ batchBytes: 200 });
    await session.recover?.([{ shard, generation: 1 }]);
    for (let epoch = 1; epoch <= 5; epoch++) {
      await session.discard?.();
      await session.write(sinkBatch(Array.from({ length: 30 }, (_, i) => epoch * 100 + i), { identityAt }));
      await session.commitTransaction?.(commitOf(epoch));
    }
    expect((await committedRecords(bootstrap, topic)).length).toBe(150);
  });

  it("each partition of a plan has an owner: what becomes of one leaves the others alone", async () => {
    const [a, b] = ["p:s/a", "p:s/b"] as const;
    const session = await open();
    await session.recover?.([{ shard: a, generation: 1 }, { shard: b, generation: 1 }]);
    await session.write(sinkBatch(["a", "b"], { identityAt: (index) => ({ shard: index === 0 ? a : b, origin: "0", index }) }));
    const other = await open();
    await other.recover?.([{ shard: b, generation: 2 }]);
    expect(await failureOf(session.commitTransaction?.({ epoch: 1, shards: [a, b].map((one) => ({ shard: one, generation: 1, epoch: 1, positions: {} })) }))).toMatchObject({ code: "SF_SINK_FENCED" });
    expect(values(await committedRecords(bootstrap, topic))).toEqual(['"a"']);
    expect(await (await open()).recover?.([{ shard: a, generation: 2 }, { shard: b, generation: 3 }])).toMatchObject([{ shard: a, epoch: 1 }]);
  });

  it("offsets of the source are committed in the transaction, and only of its cluster", async () => {
    const admin = client(bootstrap).admin();
    await admin.connect();
    const { clusterId } = await admin.describeCluster();
    const group = freshName("group");
    const token = (cluster: string): KafkaCommitToken => ({ kind: "kafka", cluster, group, topic, partition: 1, member: () => undefined });
    const session = await open();
    await session.recover?.([{ shard, generation: 1 }]);
    const positions = { [`${topic}-1`]: "7" };
    await session.commitTransaction?.(commitOf(1, { positions, tokens: new Map([[shard, token("another")]]) }));
    expect((await admin.fetchOffsets({ groupId: group, topics: [topic] }))[0]?.partitions.find(({ partition }) => partition === 1)?.offset).toBe("-1");
    await session.commitTransaction?.(commitOf(2, { positions, tokens: new Map([[shard, token(clusterId)]]) }));
    await expect.poll(async () => (await admin.fetchOffsets({ groupId: group, topics: [topic] }))[0]?.partitions.find(({ partition }) => partition === 1)?.offset, { timeout: 5_000 }).toBe("7");
    await admin.disconnect();
  });

  it("at least once: seen without a commit, also by readers who wait for none", async () => {
    const session = await open({ delivery: "at-least-once", partition: "0", batchBytes: 1000 });
    for (let from = 0; from < 1000; from += 100) await session.write(sinkBatch(Array.from({ length: 100 }, (_, i) => from + i)));
    await session.flush();
    expect(values(await committedRecords(bootstrap, topic)).map(Number)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  it("wrong password, no such host: said with codes, and without the password", async () => {
    const { sasl } = inject("kafkaListeners");
    const wrong = await failureOf(open({ brokerList: [sasl.bootstrap], sasl: { mechanism: "scram-sha-256", username: sasl.username, password: "hunter2" } }));
    expect(wrong).toMatchObject({ code: "SF_CONFIG_INVALID", message: expect.not.stringContaining("hunter2") as string });
    expect(await failureOf(open({ brokerList: ["127.0.0.1:1"], deliveryTimeoutMs: 200 }))).toMatchObject({ code: "SF_SINK_UNAVAILABLE" });
    const right = await open({ brokerList: [sasl.bootstrap], sasl: { mechanism: "scram-sha-512", username: sasl.username, password: sasl.password } });
    await right.write(sinkBatch(["x"], { identityAt }));
    await right.commitTransaction?.(commitOf(1));
    expect(values(await committedRecords(bootstrap, topic))).toEqual(['"x"']);
  });
});
