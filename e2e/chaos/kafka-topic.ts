// The topic that rows are read from, filled at a pace for as long as a round lasts. What lies in it when the round is over is the input: of the fault-free run too.
import { setTimeout as pause } from "node:timers/promises";
import { createRequire } from "node:module";
import type * as KafkaJs from "kafkajs";
import { partitionsOf, rowAt, type RowsSpec } from "./rows.ts";

const { Kafka, logLevel } = createRequire(import.meta.url)("kafkajs") as typeof KafkaJs;

const restMs = 20;

/** A topic of a round. */
export class KafkaTopic {
  readonly name: string;
  readonly #client: KafkaJs.Kafka;
  readonly #rows: RowsSpec;
  #isFilling = false;
  #filling: Promise<void> = Promise.resolve();

  constructor(bootstrap: string, name: string, rows: RowsSpec) {
    this.name = name;
    this.#rows = rows;
    this.#client = new Kafka({ brokers: [bootstrap], clientId: "chaos", logLevel: logLevel.NOTHING, retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 100 } });
  }

  async make(): Promise<void> {
    await this.#administer((admin) => admin.createTopics({ waitForLeaders: true, topics: [{ topic: this.name, numPartitions: this.#rows.partitions }] }));
  }

  /** Begins to write `pace` rows a millisecond into each partition. */
  fill(pace: number): void {
    this.#isFilling = true;
    this.#filling = this.#fill(pace);
    // Heard where it is awaited.
    this.#filling.catch(() => undefined);
  }

  async #fill(pace: number): Promise<void> {
    const producer = this.#client.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const startMs = performance.now();
    let written = 0;
    while (this.#isFilling) {
      const due = Math.min(written + 2_000, Math.floor((performance.now() - startMs) * pace));
      const messages = partitionsOf(this.#rows).flatMap((partition) => Array.from({ length: due - written }, (_, at) => ({ partition: Number(partition), key: null, value: JSON.stringify(rowJson(rowAt(this.#rows, partition, written + at))) })));
      // What is sent twice because an answer was lost is in the topic twice, and in the input of the fault-free run as well.
      if (messages.length > 0) await producer.send({ topic: this.name, messages, acks: -1 });
      written = due;
      await pause(restMs);
    }
    await producer.disconnect();
  }

  /** Ends the filling. Answers where each partition ends. */
  async end(): Promise<ReadonlyMap<string, number>> {
    this.#isFilling = false;
    await this.#filling;
    const ends = await this.#administer((admin) => admin.fetchTopicOffsets(this.name));
    return new Map(ends.map(({ partition, high }) => [`${this.name}-${partition}`, Number(high)]));
  }

  async #administer<Result>(work: (admin: KafkaJs.Admin) => Promise<Result>): Promise<Result> {
    const admin = this.#client.admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }
}

function rowJson({ at, ...row }: ReturnType<typeof rowAt>): unknown {
  return { ...row, at: new Date(at).toISOString() };
}
