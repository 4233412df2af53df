// From one topic of Kafka into another by the client @platformatic/kafka alone: read, sent a thousand at a time, four requests in flight. No position is kept.
//   node bench/node/kafka.ts BROKER IN OUT COUNT REPORT
import { writeFileSync } from "node:fs";
import { Consumer, ProduceAcks, Producer } from "@platformatic/kafka";

const [broker = "", from = "", to = "", count = "", path = ""] = process.argv.slice(2);
const batch = 1_000;
const mostInFlight = 4;

const beganMs = performance.now();
const consumer = new Consumer({ clientId: "bare", groupId: `bare-${process.pid}-${Date.now()}`, bootstrapBrokers: [broker] });
const producer = new Producer({ clientId: "bare", bootstrapBrokers: [broker] });
const stream = await consumer.consume({ topics: [from], mode: "earliest", autocommit: false, maxWaitTime: 100, maxBytes: 1 << 20 });
const sending = new Set<Promise<unknown>>();
let waiting: { topic: string; partition: number; value: Buffer }[] = [];
let left = Number(count);

async function send(): Promise<void> {
  const messages = waiting;
  waiting = [];
  const sent: Promise<unknown> = producer.send({ messages, acks: ProduceAcks.ALL }).finally(() => sending.delete(sent));
  sending.add(sent);
  if (sending.size >= mostInFlight) await Promise.race(sending);
}

for await (const { partition, value } of stream) {
  waiting.push({ topic: to, partition, value: value as Buffer });
  left--;
  if (waiting.length === batch || left === 0) await send();
  if (left === 0) break;
}
await Promise.all(sending);
writeFileSync(path, JSON.stringify({ elapsedMs: performance.now() - beganMs }));
await consumer.close(true);
await producer.close();
process.exit(0);
