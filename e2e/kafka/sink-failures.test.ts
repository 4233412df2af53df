// The Kafka sink under a broker that dies, hangs or loses its answers, and beside processes that die: nothing is lost, nothing comes twice.
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { SinkSession, StreamFlowError } from "@streamflow/core";
import { systemClock } from "@streamflow/core/node";
import { testEnvironment } from "@streamflow/core/testing";
import { sinkBatch } from "@streamflow/sink";
import { kafkaSink, type KafkaSinkOptions } from "@streamflow/sink/kafka";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { kafka, type KafkaServer } from "../testbed/index.ts";
import { committedRecords } from "./committed.fixture.ts";
import { freshName, makeTopic } from "./topics.fixture.ts";

const environment = { ...testEnvironment().environment, clock: systemClock() };
const shard = "p:s/0";
const identityAt = (index: number): { readonly shard: string; readonly origin: string; readonly index: number } => ({ shard, origin: "0", index });
const sleep = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));
const sessions: SinkSession[] = [];
let broker: KafkaServer;
let topic = "";

beforeAll(async () => void (broker = await kafka.start()), 120_000);
afterAll(() => broker.stop());
beforeEach(async () => {
  topic = freshName("sink");
  await makeTopic(broker.bootstrap, topic, { partitions: 1 });
});
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
});

async function open(options: Partial<KafkaSinkOptions> = {}): Promise<SinkSession> {
  const sink = kafkaSink({ brokerList: [broker.bootstrap], topic, batchBytes: 2000, requestTimeoutMs: 5_000, ...options });
  const session = await sink.open({ environment, pipeline: "p", node: topic, schema: undefined, keyFields: undefined, signal: new AbortController().signal });
  sessions.push(session);
  return session;
}

/** Writes 20 numbers and commits them, as the engine does: after a failure, another session goes on behind what the sink says is committed. */
async function epochs(count: number, options: Partial<KafkaSinkOptions>, upset: (epoch: number) => Promise<void> | void): Promise<number> {
  let generation = 0;
  let restarts = 0;
  for (let epoch = 0; epoch < count;) {
    generation++;
    let session: SinkSession | undefined;
    try {
      session = await open(options);
      epoch = (await session.recover?.([{ shard, generation }]))?.[0]?.epoch ?? 0;
      while (epoch < count) {
        const upsetting = upset(epoch + 1);
        await session.write(sinkBatch(Array.from({ length: 20 }, (_, i) => epoch * 20 + i), { identityAt }));
        await session.commitTransaction?.({ epoch: epoch + 1, shards: [{ shard, generation, epoch: epoch + 1, positions: {} }] });
        await upsetting;
        epoch++;
      }
    } catch (error) {
      const { code, message } = error as StreamFlowError;
      expect(`${code}: ${message}`).toMatch(/^(SF_SINK_UNAVAILABLE|SF_TIMEOUT):/);
      restarts++;
      await session?.close();
    }
  }
  return restarts;
}

async function expectAll(count: number): Promise<void> {
  const numbers = (await committedRecords(broker.bootstrap, topic)).map(({ value }) => Number(value));
  expect(numbers).toEqual(Array.from({ length: count * 20 }, (_, i) => i));
}

describe.each(["platformatic", "kafkajs"] as const)("%s", { timeout: 180_000 }, (driver) => {
  it("the broker is killed and started again, in the middle of epochs and of commits", async () => {
    let kills = 0;
    await epochs(30, { driver }, (epoch) => {
      if (epoch % 10 !== 5 || kills >= 2) return undefined;
      kills++;
      return sleep(kills * 7).then(() => broker.restart());
    });
    expect(kills).toBe(2);
    await expectAll(30);
  });

  it("a broker that does not answer for longer than it may: the epoch fails with a code, and is made again", async () => {
    let hangs = 0;
    const restarts = await epochs(10, { driver, requestTimeoutMs: 500, deliveryTimeoutMs: 1_000 }, async (epoch) => {
      if (epoch !== 5 || hangs > 0) return;
      hangs++;
      await broker.suspend();
      setTimeout(() => void broker.resume(), 4_000);
    });
    expect(hangs).toBe(1);
    expect(restarts).toBeGreaterThan(0);
    await expectAll(10);
  });

  it("a transaction that took too long is ended by the broker: the epoch is made again", async () => {
    const session = await open({ driver, transactionTimeoutMs: 1_000 });
    await session.recover?.([{ shard, generation: 1 }]);
    await session.write(sinkBatch(Array.from({ length: 500 }, () => "x".repeat(100)), { identityAt }));
    await sleep(14_000);
    const failure = await Promise.resolve(session.commitTransaction?.({ epoch: 1, shards: [{ shard, generation: 1, epoch: 1, positions: {} }] })).then(() => undefined, (error: StreamFlowError) => error);
    expect(failure).toMatchObject({ code: "SF_SINK_UNAVAILABLE" });
    await session.close();
    expect(await epochs(1, { driver }, () => undefined)).toBe(0);
    await expectAll(1);
  });
});

it("what a killed process has left open is ended by who comes next, not by a time-out", { timeout: 60_000 }, async () => {
  const program = new URL("sink-victim.fixture.ts", import.meta.url).pathname;
  const victim = spawn(process.execPath, ["--conditions=streamflow-source", program, broker.bootstrap, topic], { stdio: ["ignore", "pipe", "inherit"] });
  await once(victim.stdout, "data");
  victim.kill("SIGKILL");
  await once(victim, "exit");
  const session = await open();
  expect(await session.recover?.([{ shard, generation: 2 }])).toMatchObject([{ epoch: 1 }]);
  await session.write(sinkBatch(["after"], { identityAt }));
  await session.commitTransaction?.({ epoch: 2, shards: [{ shard, generation: 2, epoch: 2, positions: {} }] });
  const startedMs = performance.now();
  expect((await committedRecords(broker.bootstrap, topic)).map(({ value }) => value)).toEqual(['"committed"', '"after"']);
  expect(performance.now() - startedMs).toBeLessThan(30_000);
});
