// Transactions of one transactional id over kafkajs. A producer that was refused is of no use any more: `begin` makes another one.
import { StreamFlowError } from "@streamflow/core";
import type { KafkaJsBatch } from "./kafkajs-batch.ts";
import { KafkaJsSends } from "./kafkajs-sends.ts";
import type { KafkaJsCluster, KafkaJsProducerClient } from "./kafkajs-cluster.ts";
import type { GroupOffset, Transactions } from "./producer.ts";

type Transaction = Awaited<ReturnType<KafkaJsProducerClient["transaction"]>>;

export class KafkaJsTransactions implements Transactions {
  readonly #cluster: KafkaJsCluster;
  readonly #id: string;
  #producer: KafkaJsProducerClient | undefined;
  #transaction: Promise<Transaction> | undefined;
  #sends: KafkaJsSends;
  #sent: Promise<unknown>[] = [];

  constructor(cluster: KafkaJsCluster, id: string) {
    this.#cluster = cluster;
    this.#id = id;
    this.#sends = this.#newSends();
  }

  async begin(): Promise<void> {
    const former = this.#producer;
    this.#forget();
    if (former !== undefined) await this.#cluster.drop(former);
    this.#producer = await this.#cluster.producer(this.#id);
  }

  async send(topic: string, partition: number, batch: KafkaJsBatch): Promise<void> {
    const sent = this.#sends.send(topic, partition, batch);
    this.#sent.push(sent);
    await sent;
  }

  async commitOffsets(offsets: readonly GroupOffset[]): Promise<void> {
    const done = this.#commitOffsets(offsets);
    this.#sent.push(done);
    await done;
  }

  async commit(): Promise<void> {
    await Promise.all(this.#sent);
    const transaction = await this.#open();
    await transaction.commit();
    this.#transaction = undefined;
    this.#sent = [];
  }

  async abort(): Promise<void> {
    await Promise.allSettled(this.#sent);
    const transaction = this.#transaction;
    this.#forget();
    if (transaction !== undefined) await (await transaction).abort();
  }

  async #commitOffsets(offsets: readonly GroupOffset[]): Promise<void> {
    const transaction = await this.#open();
    for (const [consumerGroupId, ofGroup] of Map.groupBy(offsets, ({ token }) => token.group)) {
      const topics = [...Map.groupBy(ofGroup, ({ token }) => token.topic)].map(([topic, ones]) => ({ topic, partitions: ones.map(({ token, offset }) => ({ partition: token.partition, offset: String(offset) })) }));
      await this.#cluster.retry(() => transaction.sendOffsets({ consumerGroupId, topics }));
    }
  }

  #open(): Promise<Transaction> {
    if (this.#producer === undefined) throw new StreamFlowError("SF_INTERNAL", `transactions of "${this.#id}" have not begun`);
    return (this.#transaction ??= this.#producer.transaction());
  }

  #newSends(): KafkaJsSends {
    return new KafkaJsSends(async (topicMessages) => {
      const transaction = await this.#open();
      await this.#cluster.retry(() => transaction.sendBatch({ topicMessages, acks: -1, compression: this.#cluster.compression }));
    });
  }

  #forget(): void {
    this.#transaction = undefined;
    this.#sends = this.#newSends();
    this.#sent = [];
  }
}
