// Counts the messages of a topic that a reader of committed records sees, by a client that is not under test: how many, and how many different ones.
//   node bench/node/kafka-check.ts BROKER TOPIC COUNT REPORT
import { writeFileSync } from "node:fs";
import kafkajs from "kafkajs";

const [broker = "", topic = "", count = "", path = ""] = process.argv.slice(2);
const { Kafka, logLevel } = kafkajs;
const client = new Kafka({ brokers: [broker], clientId: "check", logLevel: logLevel.NOTHING });
const admin = client.admin();
await admin.connect();
const ends = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, Number(high)]));
await admin.disconnect();
const seen = new Uint8Array(Number(count));
let read = 0;
const reached = new Set([...ends].filter(([, end]) => end === 0).map(([partition]) => partition));
const done = Promise.withResolvers<void>();
const consumer = client.consumer({ groupId: `check-${topic}-${Date.now()}`, maxWaitTimeInMs: 100, maxBytesPerPartition: 1 << 20 });
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
  if (Number(lastOffset) + 1 >= (ends.get(partition) ?? 0)) reached.add(partition);
  if (reached.size === ends.size) done.resolve();
});
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch }) => {
    for (const { value } of batch.messages) {
      read++;
      seen[Number(/^\{"id":(\d+)/.exec(value?.toString("latin1", 0, 24) ?? "")?.[1])] = 1;
    }
  },
});
await done.promise;
await consumer.disconnect();
writeFileSync(path, JSON.stringify({ read, different: seen.reduce((sum, one) => sum + one, 0) }));
