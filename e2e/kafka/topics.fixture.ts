// Topics, and records in them, by a client that is not under test.
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import type * as KafkaJs from "kafkajs";

const { Kafka, logLevel } = createRequire(import.meta.url)("kafkajs") as typeof KafkaJs;

/** A client of the broker. */
export function client(bootstrap: string): KafkaJs.Kafka {
  return new Kafka({ brokers: [bootstrap], clientId: "tests", logLevel: logLevel.NOTHING });
}

/** A name that nobody else has. */
export function freshName(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 8)}`;
}

/** Makes a topic. */
export async function makeTopic(bootstrap: string, topic: string, options: { readonly partitions?: number; readonly settings?: Readonly<Record<string, string>> } = {}): Promise<void> {
  const admin = client(bootstrap).admin();
  await admin.connect();
  const configEntries = Object.entries(options.settings ?? {}).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: options.partitions ?? 3, configEntries }] });
  await admin.disconnect();
}

/** A message for one partition. */
export interface TestMessage {
  readonly partition?: number;
  readonly key?: string | null;
  readonly value: string | Buffer | null;
  readonly headers?: KafkaJs.IHeaders;
  readonly timestamp?: string;
}

/** Sends messages outside of transactions, in order, each once: a request that is sent again under load doubles nothing. */
export async function send(bootstrap: string, topic: string, messages: readonly TestMessage[], compression?: KafkaJs.CompressionTypes): Promise<void> {
  const producer = client(bootstrap).producer({ allowAutoTopicCreation: false, idempotent: true, maxInFlightRequests: 1 });
  // A broker that is just back may not know who its controller is.
  for (let tries = 0; ; tries++) {
    try {
      await producer.connect();
      break;
    } catch (thrown) {
      if (tries === 40) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
  for (let at = 0; at < messages.length; at += 500) {
    await producer.send({ topic, messages: messages.slice(at, at + 500).map((one) => ({ ...one, key: one.key ?? null })), ...(compression === undefined ? {} : { compression }) });
  }
  await producer.disconnect();
}
