// Two topics of Kafka, read by a client that the sink has nothing to do with, and as readers of committed records do.
import { createRequire } from "node:module";
import { setTimeout as pause } from "node:timers/promises";
import type * as KafkaJs from "kafkajs";
import { type ChaosSink, counted } from "./chaos-sink.ts";

interface Place {
  readonly bootstrap: string;
  readonly prefix: string;
}

const partitions = 2;
/** Pipelines and nodes of all runs have one name: each run has a topic of heads of its own. */
const headsOf = (prefix: string): string => `${prefix}-heads`;

export const kafka: ChaosSink = {
  server: "kafka",
  async sinks(place) {
    const { kafkaSink } = await import("@streamflow/sink/kafka");
    const { bootstrap, prefix } = JSON.parse(place) as Place;
    const sink = (name: string): ReturnType<typeof kafkaSink> =>
      kafkaSink({ brokerList: [bootstrap], topic: `${prefix}-${name}`, batchBytes: 2_000, transactionalIdPrefix: prefix, heads: { topic: headsOf(prefix) } });
    return { windows: sink("windows"), late: sink("late") };
  },
  async open(_folder, bootstrap) {
    const { committedRecords } = await import("../../kafka/committed.fixture.ts");
    const { freshName } = await import("../../kafka/topics.fixture.ts");
    const { Kafka, logLevel } = createRequire(import.meta.url)("kafkajs") as typeof KafkaJs;
    // The broker may be killed as well: it is asked until it is there again.
    const admin = new Kafka({ brokers: [bootstrap], clientId: "chaos", logLevel: logLevel.NOTHING, retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 100 } }).admin();
    await admin.connect();
    const prefix = freshName("run");
    const topics = [`${prefix}-windows`, `${prefix}-late`] as const;
    await admin.createTopics({ waitForLeaders: true, topics: topics.map((topic) => ({ topic, numPartitions: partitions })) });
    const rows = async (topic: string): Promise<readonly unknown[]> => (await committedRecords(bootstrap, topic)).map(({ value }): unknown => JSON.parse(value ?? "null"));
    const sizeOf = async (topic: string, triesLeft: number = 100): Promise<number> => {
      try {
        return (await admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + Number(high), 0);
      } catch (error) {
        // A broker that has just come back leads nothing yet, and that client does not ask again.
        if (triesLeft === 0) throw error;
        await pause(200);
        return await sizeOf(topic, triesLeft - 1);
      }
    };
    return {
      place: JSON.stringify({ bootstrap, prefix } satisfies Place),
      read: async () => counted({ windows: await rows(topics[0]), late: await rows(topics[1]) }),
      size: async () => (await sizeOf(topics[0])) + (await sizeOf(topics[1])),
      close: () => admin.disconnect(),
    };
  },
};
