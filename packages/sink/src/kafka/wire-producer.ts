// The producer over @platformatic/kafka's connections and requests. Batches, sequences and transactions are ours.
import { StreamFlowError } from "@streamflow/core";
import { brokerErrorOf, type KafkaLibrary, KafkaWire, loadPlatformatic } from "@streamflow/kafka";
import type { Delivery, KafkaProducer, LastValues, ProducedTopic, ProducerBatch, ProducerCapabilities, ProducerParts, Transactions } from "./producer.ts";
import { compactedTopicSettings, usualMaxBatchBytes } from "./topic-settings.ts";
import { WireBatch } from "./wire-batch.ts";
import { WireCluster } from "./wire-cluster.ts";
import { WireDelivery } from "./wire-delivery.ts";
import { WireTransactions } from "./wire-transactions.ts";
import { WireValues } from "./wire-values.ts";

export const wireProducerCapabilities: ProducerCapabilities = { fencesByGeneration: true, readsPastOpen: true };

/** Loads the client. @throws {@link StreamFlowError} SF_CLIENT_MISSING */
export async function wireProducer(parts: ProducerParts): Promise<KafkaProducer> {
  return new WireProducer(await loadPlatformatic(parts.what), parts);
}

class WireProducer implements KafkaProducer {
  readonly capabilities: ProducerCapabilities = wireProducerCapabilities;
  readonly #cluster: WireCluster;
  readonly #crc32c: (bytes: Uint8Array) => number;
  readonly #values = new Map<string, WireValues>();

  constructor(library: KafkaLibrary, parts: ProducerParts) {
    this.#cluster = new WireCluster(new KafkaWire(library, parts.connection, parts.what), parts);
    this.#crc32c = (bytes) => library.crc32c(bytes as Buffer);
  }

  async open(): Promise<string> {
    const { wire } = this.#cluster;
    const { clusterId } = await this.#cluster.retry(() => wire.callAny(wire.library.metadataV12.api, [[], false, false]));
    return clusterId ?? "";
  }

  async topic(name: string): Promise<ProducedTopic | undefined> {
    const [found] = await this.#cluster.retry(async () => {
      const topics = await this.#cluster.wire.refresh([name]);
      if (topics[0]?.partitions.some(({ leader }) => leader < 0) === true) throw new StreamFlowError("SF_SINK_UNAVAILABLE", `${this.#cluster.parts.what}: topic "${name}" has partitions without a leader`, { retryable: true });
      return topics;
    });
    return found === undefined ? undefined : { partitions: found.partitions.length, maxBatchBytes: await this.#maxBatchBytes(name) };
  }

  async createCompacted(name: string, replicas: number): Promise<void> {
    const { wire } = this.#cluster;
    const configs = Object.entries(compactedTopicSettings).map(([key, value]) => ({ name: key, value }));
    try {
      await this.#cluster.retry(() => wire.callAny(wire.library.createTopicsV7.api, [[{ name, numPartitions: 1, replicationFactor: replicas, assignments: [], configs }], 30_000, false]));
    } catch (thrown) {
      if (brokerErrorOf(thrown) !== "TOPIC_ALREADY_EXISTS") throw thrown;
    }
  }

  batch(): ProducerBatch {
    return new WireBatch(this.#crc32c, this.#cluster.compression);
  }

  delivery(): Delivery {
    return new WireDelivery(this.#cluster) as Delivery;
  }

  transactions(id: string): Transactions {
    return new WireTransactions(this.#cluster, id) as Transactions;
  }

  lastValues(topic: string, prefix: string): Promise<LastValues> {
    const name = JSON.stringify([topic, prefix]);
    let values = this.#values.get(name);
    if (values === undefined) this.#values.set(name, (values = new WireValues(this.#cluster, topic, prefix)));
    return values.read();
  }

  close(): Promise<void> {
    return this.#cluster.wire.close();
  }

  /** What may not be asked is taken for what it is where nobody has changed it. */
  async #maxBatchBytes(topic: string): Promise<number> {
    const { wire } = this.#cluster;
    const { describeConfigsV4, ConfigResourceTypes } = wire.library;
    try {
      const answer = await this.#cluster.retry(() => wire.callAny(describeConfigsV4.api, [[{ resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: ["max.message.bytes"] }], false, false]));
      return Number(answer.results[0]?.configs.find(({ name }) => name === "max.message.bytes")?.value ?? usualMaxBatchBytes);
    } catch (thrown) {
      if (brokerErrorOf(thrown)?.endsWith("AUTHORIZATION_FAILED") === true) return usualMaxBatchBytes;
      throw thrown;
    }
  }
}
