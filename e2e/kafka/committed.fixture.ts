// What readers of committed records see, by a client that the sink has nothing to do with.
import { loadKafkaJs } from "@streamflow/kafka";
import type { KafkaMessage } from "kafkajs";
import { client } from "./topics.fixture.ts";

export interface SeenRecord {
  readonly partition: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestampMs: number;
  readonly headers: Readonly<Record<string, string>>;
}

let groups = 0;

/**
 * All committed records of a topic, partition by partition, up to a mark that it writes behind them: transactions that are open before it are waited for.
 */
export async function committedRecords(bootstrap: string, topic: string): Promise<readonly SeenRecord[]> {
  // It lacks three of the four compressions.
  await loadKafkaJs("test");
  const reader = client(bootstrap);
  const admin = reader.admin();
  await admin.connect();
  const partitions = (await admin.fetchTopicOffsets(topic)).map(({ partition }) => partition);
  await admin.disconnect();
  const mark = `mark ${process.pid}-${++groups}`;
  const producer = reader.producer();
  await producer.connect();
  await producer.send({ topic, messages: partitions.map((partition) => ({ key: mark, value: mark, partition })) });
  await producer.disconnect();
  const seen: SeenRecord[] = [];
  const open = new Set(partitions);
  const consumer = reader.consumer({ groupId: mark, maxWaitTimeInMs: 50 });
  const done = Promise.withResolvers<void>();
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message }) => {
      if (message.key?.toString() === mark) open.delete(partition);
      else if (message.key?.toString().startsWith("mark ") !== true) seen.push(seenRecord(partition, message));
      if (open.size === 0) done.resolve();
    },
  });
  await done.promise;
  await consumer.disconnect();
  return seen.sort((a, b) => a.partition - b.partition);
}

function seenRecord(partition: number, { key, value, timestamp, headers }: KafkaMessage): SeenRecord {
  return {
    partition, key: key?.toString() ?? null, value: value?.toString() ?? null, timestampMs: Number(timestamp),
    headers: Object.fromEntries(Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)])),
  };
}
