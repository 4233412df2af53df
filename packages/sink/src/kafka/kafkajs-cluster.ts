// A cluster over kafkajs: its producers, and how what passes is tried again.
import { retry } from "@streamflow/core";
import { isPassing, type KafkaJsLibrary, kafkaJsClient } from "@streamflow/kafka";
import type { ProducerParts } from "./producer.ts";

export type KafkaJsClient = ReturnType<typeof kafkaJsClient>;
export type KafkaJsProducerClient = ReturnType<KafkaJsClient["producer"]>;

/** What the parts of the driver share. */
export class KafkaJsCluster {
  readonly client: KafkaJsClient;
  readonly parts: ProducerParts;
  readonly compression: number;
  readonly #library: KafkaJsLibrary;
  readonly #producers = new Set<KafkaJsProducerClient>();

  constructor(library: KafkaJsLibrary, parts: ProducerParts) {
    this.#library = library;
    this.parts = parts;
    this.client = kafkaJsClient(library, { connection: parts.connection, what: parts.what, logger: parts.logger });
    const { None, GZIP, Snappy, LZ4, ZSTD } = library.CompressionTypes;
    this.compression = { none: None, gzip: GZIP, snappy: Snappy, lz4: LZ4, zstd: ZSTD }[parts.compression];
  }

  /** A producer of the client, connected. */
  async producer(transactionalId: string | undefined): Promise<KafkaJsProducerClient> {
    const producer = this.client.producer({
      createPartitioner: this.#library.Partitioners.DefaultPartitioner,
      idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false, transactionTimeout: this.parts.transactionTimeoutMs,
      ...(transactionalId === undefined ? {} : { transactionalId }),
    });
    this.#producers.add(producer);
    await this.retry(() => producer.connect());
    return producer;
  }

  async drop(producer: KafkaJsProducerClient): Promise<void> {
    this.#producers.delete(producer);
    await producer.disconnect().catch(() => undefined);
  }

  async dropAll(): Promise<void> {
    await Promise.all([...this.#producers].map((producer) => this.drop(producer)));
  }

  /** Tries what passes again until the delivery time-out is over. */
  retry<Result>(work: () => Promise<Result>): Promise<Result> {
    const { clock, random, deliveryTimeoutMs } = this.parts;
    return retry(work, { clock, random, maxAttempts: Infinity, maxElapsedMs: deliveryTimeoutMs, initialDelayMs: 100, maxDelayMs: 2_000, isRetryable: isPassing });
  }
}
