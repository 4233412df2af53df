// Reads a topic that keeps the last value of each key by a consumer of kafkajs, to a mark of our own at its end.
// That client gives neither positions of committed readers nor control records: a mark that is read says that everything before it was.
import type { KafkaJsCluster } from "./kafkajs-cluster.ts";
import type { LastValues } from "./producer.ts";

const markKey = '["mark"]';
const partition = 0;

/** Values of the keys of partition 0 that begin with a prefix. */
export function readLastValues(cluster: KafkaJsCluster, topic: string, prefix: string): Promise<LastValues> {
  // A consumer of that client gives up where the group's coordinator is not ready.
  return cluster.retry(() => readOnce(cluster, topic, prefix));
}

async function readOnce(cluster: KafkaJsCluster, topic: string, prefix: string): Promise<LastValues> {
  const { random } = cluster.parts;
  const mark = Array.from({ length: 4 }, () => Math.floor(random.next() * 2 ** 32).toString(36)).join("");
  const producer = await cluster.producer(undefined);
  try {
    await cluster.retry(() => producer.send({ topic, acks: -1, messages: [{ key: markKey, value: mark, partition }] }));
  } finally {
    await cluster.drop(producer);
  }
  const values = new Map<string, string>();
  const consumer = cluster.client.consumer({ groupId: `streamflow-heads-${mark}`, maxWaitTimeInMs: 100, allowAutoTopicCreation: false, retry: { restartOnFailure: async () => false } });
  const done = Promise.withResolvers<void>();
  try {
    consumer.on("consumer.crash", ({ payload }) => done.reject(payload.error));
    await cluster.retry(() => consumer.connect());
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      eachBatch: async ({ batch }) => {
        for (const { key, value } of batch.messages) {
          const name = key?.toString() ?? "";
          if (name === markKey && value?.toString() === mark) return done.resolve();
          if (!name.startsWith(prefix)) continue;
          if (value === null) values.delete(name);
          else values.set(name, value.toString());
        }
      },
    });
    await done.promise;
  } finally {
    await consumer.disconnect();
  }
  return values;
}
