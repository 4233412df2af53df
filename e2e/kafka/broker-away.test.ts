// A broker that dies, comes back, and stands still, under an open source: nothing is lost, doubled, or waited for longer than it takes.
import { kafkaSource, type KafkaSourceOptions } from "@streamflow/ingest/kafka";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import { kafka, type KafkaServer } from "../testbed/index.ts";
import { Reader, until } from "./consumer.fixture.ts";
import { freshName, makeTopic, send } from "./topics.fixture.ts";

let broker: KafkaServer;
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(async () => {
  await kafka.install();
  broker = await kafka.start();
});
afterAll(() => broker.stop());

async function reader(topic: string, options: Partial<KafkaSourceOptions>): Promise<Reader> {
  const one = new Reader();
  onTestFinished(() => one.close());
  await one.open(kafkaSource({ brokerList: [broker.bootstrap], topic, maxWaitMs: 100, requestTimeoutMs: 2_000, connectTimeoutMs: 2_000, ...options }));
  return one.read();
}

const numbers = ({ taken }: Reader): readonly number[] => taken.map(({ value }) => Number(value)).toSorted((a, b) => a - b);
const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

it.each([["alone", undefined], ["in a group", "g"]] as const)("goes on when a broker that was killed is back, %s", async (_how, prefix) => {
  const topic = freshName("killed");
  await makeTopic(broker.bootstrap, topic, { partitions: 2 });
  await send(broker.bootstrap, topic, range(100).map((i) => ({ partition: i % 2, value: String(i) })));
  const one = await reader(topic, prefix === undefined ? {} : { group: freshName(prefix) });
  await until(() => one.taken.length === 100);
  await broker.kill();
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  await broker.restart();
  await send(broker.bootstrap, topic, range(100).map((i) => ({ partition: i % 2, value: String(100 + i) })));
  await until(() => one.taken.length >= 200);
  expect(numbers(one)).toEqual(range(200));
  expect(one.failures).toEqual([]);
  expect(one.logger.lines.map(({ level }) => level)).toContain("warn");
});

it("goes on when a broker that stood still goes on, and closes soon while it stands still", async () => {
  const topic = freshName("still");
  await makeTopic(broker.bootstrap, topic, { partitions: 1 });
  await send(broker.bootstrap, topic, range(10).map((i) => ({ value: String(i) })));
  const [one, two] = [await reader(topic, {}), await reader(topic, { group: freshName("g") })];
  await until(() => one.taken.length === 10 && two.taken.length === 10);
  await broker.suspend();
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  const startMs = performance.now();
  await two.close();
  expect(performance.now() - startMs).toBeLessThan(10_000);
  await broker.resume();
  await send(broker.bootstrap, topic, range(10).map((i) => ({ value: String(10 + i) })));
  await until(() => one.taken.length >= 20);
  expect(numbers(one)).toEqual(range(20));
  expect(one.failures).toEqual([]);
});

it("opens no source for ever where nobody answers", async () => {
  const topic = freshName("unopened");
  await makeTopic(broker.bootstrap, topic, { partitions: 1 });
  await broker.suspend();
  const opening = new Reader();
  const startMs = performance.now();
  const thrown: unknown = await opening.open(kafkaSource({ brokerList: [broker.bootstrap], topic, group: "g", requestTimeoutMs: 1_000, connectTimeoutMs: 1_000 })).then(() => "open", (reason: unknown) => reason);
  await broker.resume();
  expect(thrown).toMatchObject({ code: "SF_SOURCE_CONNECT", retryable: true });
  expect(performance.now() - startMs).toBeLessThan(15_000);
  await opening.close();
});
