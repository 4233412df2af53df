// The producer over kafkajs: one producer of that client for each transactional id.
// What it cannot do: offsets go without the member's epoch, and heads are read by a consumer, which waits for open transactions of others.
import { brokerErrorOf, type KafkaJsLibrary, loadKafkaJs } from "@streamflow/kafka";
import { KafkaJsBatch } from "./kafkajs-batch.ts";
import { KafkaJsCluster, type KafkaJsClient, type KafkaJsProducerClient } from "./kafkajs-cluster.ts";
import { KafkaJsSends } from "./kafkajs-sends.ts";
import { KafkaJsTransactions } from "./kafkajs-transactions.ts";
import { readLastValues } from "./kafkajs-values.ts";
import type { Delivery, KafkaProducer, LastValues, ProducedTopic, ProducerBatch, ProducerCapabilities, ProducerParts, Transactions } from "./producer.ts";
import { compactedTopicSettings, usualMaxBatchBytes } from "./topic-settings.ts";

export const kafkaJsProducerCapabilities: ProducerCapabilities = { fencesByGeneration: false, readsPastOpen: false };

/** Loads the client. @throws {@link StreamFlowError} SF_CLIENT_MISSING */
export async function kafkaJsProducer(parts: ProducerParts): Promise<KafkaProducer> {
  return new KafkaJsProducer(await loadKafkaJs(parts.what), parts);
}

class KafkaJsProducer implements KafkaProducer {
  readonly capabilities: ProducerCapabilities = kafkaJsProducerCapabilities;
  readonly #cluster: KafkaJsCluster;
  readonly #admin: ReturnType<KafkaJsClient["admin"]>;
  #isClosed = false;

  constructor(library: KafkaJsLibrary, parts: ProducerParts) {
    this.#cluster = new KafkaJsCluster(library, parts);
    this.#admin = this.#cluster.client.admin();
  }

  async open(): Promise<string> {
    await this.#cluster.retry(() => this.#admin.connect());
    return (await this.#admin.describeCluster()).clusterId;
  }

  async topic(name: string): Promise<ProducedTopic | undefined> {
    // To that client a topic that is missing is one that may be there soon.
    const names = await this.#cluster.retry(() => this.#admin.listTopics());
    if (!names.includes(name)) return undefined;
    const { topics } = await this.#cluster.retry(() => this.#admin.fetchTopicMetadata({ topics: [name] }));
    return { partitions: topics[0]?.partitions.length ?? 0, maxBatchBytes: await this.#maxBatchBytes(name) };
  }

  async createCompacted(name: string, replicas: number): Promise<void> {
    const configEntries = Object.entries(compactedTopicSettings).map(([key, value]) => ({ name: key, value }));
    await this.#admin.createTopics({ topics: [{ topic: name, numPartitions: 1, replicationFactor: replicas, configEntries }], waitForLeaders: true });
  }

  batch(): ProducerBatch {
    return new KafkaJsBatch();
  }

  delivery(): Delivery {
    let producer: Promise<KafkaJsProducerClient> | undefined;
    const cluster = this.#cluster;
    const sends = new KafkaJsSends(async (topicMessages) => {
      const ready = await (producer ??= cluster.producer(undefined));
      await cluster.retry(() => ready.sendBatch({ topicMessages, acks: -1, compression: cluster.compression }));
    });
    return { send: (topic, partition, batch) => sends.send(topic, partition, batch as KafkaJsBatch) };
  }

  transactions(id: string): Transactions {
    return new KafkaJsTransactions(this.#cluster, id) as Transactions;
  }

  lastValues(topic: string, prefix: string): Promise<LastValues> {
    return readLastValues(this.#cluster, topic, prefix);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.all([this.#cluster.dropAll(), this.#admin.disconnect().catch(() => undefined)]);
  }

  /** What may not be asked is taken for what it is where nobody has changed it. */
  async #maxBatchBytes(topic: string): Promise<number> {
    try {
      const answer = await this.#cluster.retry(() => this.#admin.describeConfigs({ includeSynonyms: false, resources: [{ type: topicResource, name: topic, configNames: ["max.message.bytes"] }] }));
      return Number(answer.resources[0]?.configEntries.find(({ configName }) => configName === "max.message.bytes")?.configValue ?? usualMaxBatchBytes);
    } catch (thrown) {
      if (brokerErrorOf(thrown)?.endsWith("AUTHORIZATION_FAILED") === true) return usualMaxBatchBytes;
      throw thrown;
    }
  }
}

/** `ConfigResourceTypes.TOPIC` of the client. */
const topicResource = 2;
