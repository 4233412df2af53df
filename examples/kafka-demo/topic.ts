// The topic of the demo, seen from outside: made, and how far the group is in it.
import { createRequire } from "node:module";
import type * as KafkaJs from "kafkajs";
import { partitionOf } from "@streamflow/kafka";

const { Kafka, logLevel } = createRequire(import.meta.url)("kafkajs") as typeof KafkaJs;

/** Partitions of the topic. */
export const partitions = 8;

/** How far a group is: what it has committed, of what is there. */
export interface GroupPosition {
  readonly committed: number;
  readonly end: number;
}

/** An administrator of the cluster. Close it. */
export class TopicAdmin implements AsyncDisposable {
  readonly #admin: KafkaJs.Admin;
  readonly #topic: string;

  private constructor(admin: KafkaJs.Admin, topic: string) {
    this.#admin = admin;
    this.#topic = topic;
  }

  /** Makes the topic. */
  static async make(broker: string, topic: string): Promise<TopicAdmin> {
    const admin = new Kafka({ brokers: [broker], clientId: "kafka-demo", logLevel: logLevel.NOTHING, retry: { retries: 30, maxRetryTime: 1_000 } }).admin();
    await admin.connect();
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: partitions }] });
    return new TopicAdmin(admin, topic);
  }

  /** How many records are in the topic. */
  async records(): Promise<number> {
    return (await this.#admin.fetchTopicOffsets(this.#topic)).reduce((sum, { high }) => sum + Number(high), 0);
  }

  async position(group: string): Promise<GroupPosition> {
    const end = await this.records();
    try {
      const offsets = await this.#admin.fetchOffsets({ groupId: group, topics: [this.#topic] });
      return { committed: offsets.flatMap(({ partitions: of }) => of).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0), end };
    } catch (thrown) {
      // The broker makes room for its first group.
      if ((thrown as { readonly retriable?: boolean }).retriable !== true) throw thrown;
      return { committed: 0, end };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#admin.disconnect();
  }
}

/** The partition of flights to an airport, as Java's client and StreamFlow's sink choose it. */
export function partitionOfAirport(code: string): number {
  return partitionOf(Buffer.from(code), partitions);
}

/** One flight a partition, long after all others. Their own hour never ends. */
export function closingFlights(afterMs: number): string {
  const lines: string[] = [];
  const open = new Set(Array.from({ length: partitions }, (_, partition) => partition));
  for (let number = 0; open.size > 0; number++) {
    const destination = `closing-${number}`;
    if (open.delete(partitionOfAirport(destination))) lines.push(JSON.stringify({ date: afterMs, delay: 0, distance: 0, origin: destination, destination }));
  }
  return `${lines.join("\n")}\n`;
}
