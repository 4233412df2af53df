// Sends without a transaction: idempotent within the process, at least once beyond it.
import type { Delivery } from "./producer.ts";
import { PartitionSender } from "./partition-sender.ts";
import type { WireBatch } from "./wire-batch.ts";
import type { WireCluster } from "./wire-cluster.ts";

/** An idempotent producer. What fails for good is not mended: a new one is. */
export class WireDelivery implements Delivery {
  readonly #cluster: WireCluster;
  #producer: Promise<{ readonly producerId: bigint; readonly producerEpoch: number }> | undefined;
  readonly #senders = new Map<string, PartitionSender>();

  constructor(cluster: WireCluster) {
    this.#cluster = cluster;
  }

  async send(topic: string, partition: number, batch: WireBatch): Promise<void> {
    const { wire } = this.#cluster;
    this.#producer ??= this.#cluster.retry(() => wire.callAny(wire.library.initProducerIdV5.api, [null, 0, -1n, -1]));
    const { producerId, producerEpoch } = await this.#producer;
    const name = `${topic}-${partition}`;
    let sender = this.#senders.get(name);
    if (sender === undefined) this.#senders.set(name, (sender = new PartitionSender(this.#cluster, { topic, partition }, { transactionalId: undefined, producerId, producerEpoch })));
    await sender.send(batch);
  }
}
