// Fills a topic of Kafka with messages of 200 bytes, each with a number of its own.
//   node bench/node/kafka-fill.ts BROKER TOPIC PARTITIONS COUNT REPORT
import { writeFileSync } from "node:fs";
import { Admin, ProduceAcks, Producer } from "@platformatic/kafka";

const [broker = "", topic = "", partitions = "", count = "", path = ""] = process.argv.slice(2);
const batch = 1_000;
const bytes = 200;

const admin = new Admin({ clientId: "fill", bootstrapBrokers: [broker] });
await admin.createTopics({ topics: [topic], partitions: Number(partitions), replicas: 1 });
await admin.close();
const producer = new Producer({ clientId: "fill", bootstrapBrokers: [broker] });
for (let id = 0; id < Number(count); id += batch) {
  const partition = (id / batch) % Number(partitions);
  const messages = Array.from({ length: Math.min(batch, Number(count) - id) }, (_, at) => ({ topic, partition, value: Buffer.from(`{"id":${id + at},"text":"`.padEnd(bytes - 2, "x") + '"}') }));
  await producer.send({ messages, acks: ProduceAcks.ALL });
}
await producer.close();
writeFileSync(path, JSON.stringify({ filled: Number(count) }));
