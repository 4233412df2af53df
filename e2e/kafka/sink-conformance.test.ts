// The clauses of every sink, by both drivers, on a real broker; what is visible is what another client reads.
import { systemClock } from "@streamflow/core/node";
import { registerConformance, sinkConformance, testEnvironment } from "@streamflow/core/testing";
import { kafkaSink, type KafkaSinkOptions } from "@streamflow/sink/kafka";
import { describe, inject, it } from "vitest";
import { committedRecords } from "./committed.fixture.ts";
import { freshName, makeTopic } from "./topics.fixture.ts";

const bootstrap = inject("kafka");
const environment = { ...testEnvironment().environment, clock: systemClock() };

/** One topic, and one prefix of transactional ids, for each case: pipelines and nodes of all have one name. */
async function newTarget(): Promise<string> {
  const topic = freshName("sink");
  await makeTopic(bootstrap, topic, { partitions: 1 });
  return topic;
}

const visible = async (topic: string): Promise<readonly number[]> => (await committedRecords(bootstrap, topic)).map(({ value }) => Number(value));

for (const driver of ["platformatic", "kafkajs"] as const) {
  describe(`exactly once, ${driver}`, { timeout: 30_000 }, () => {
    const options = (topic: string): KafkaSinkOptions => ({ brokerList: [bootstrap], driver, topic, batchBytes: 2000, transactionalIdPrefix: topic, heads: { topic: `${topic}-heads` }, transactionTimeoutMs: 20_000 });
    registerConformance(it, sinkConformance<string>({
      capabilities: { delivery: "transactional", commitOrder: "sink-first" },
      create: newTarget,
      sink: (topic) => kafkaSink(options(topic)),
      value: (n) => n,
      visible,
      environment: () => environment,
      refusedValue: () => 0,
    }));
  });

  describe(`at least once, ${driver}`, { timeout: 30_000 }, () => {
    registerConformance(it, sinkConformance<string>({
      capabilities: { delivery: "at-least-once", reason: 'writes without transactions; with delivery: "exactly-once" an epoch is one transaction' },
      create: newTarget,
      sink: (topic) => kafkaSink({ brokerList: [bootstrap], driver, topic, batchBytes: 2000, delivery: "at-least-once" }),
      value: (n) => n,
      visible,
      environment: () => environment,
      refusedValue: () => 0,
    }));
  });
}
