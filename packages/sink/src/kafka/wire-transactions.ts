// Transactions of one transactional id, as requests to their coordinator. Versions of the requests are fixed: brokers of Kafka 4.0 and newer have them.
// @see KIP-98 (transactions), KIP-360 (a producer goes on after a failure), KIP-447 (offsets under the member's epoch)
import { StreamFlowError } from "@streamflow/core";
import { brokerErrorOf, type BrokerAddress, type WireRequest } from "@streamflow/kafka";
import { PartitionSender } from "./partition-sender.ts";
import type { GroupOffset, Transactions } from "./producer.ts";
import type { WireBatch } from "./wire-batch.ts";
import type { WireCluster } from "./wire-cluster.ts";

interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** A topic with partitions, as requests name them. */
interface Named<Partition> {
  readonly name: string;
  readonly partitions: Partition[];
}

export class WireTransactions implements Transactions {
  readonly #cluster: WireCluster;
  readonly #id: string;
  #coordinator: BrokerAddress | undefined;
  #producer: { readonly producerId: bigint; readonly producerEpoch: number } = { producerId: -1n, producerEpoch: -1 };
  /** It is the one that the broker takes records from. */
  #isReady = false;
  #senders = new Map<string, PartitionSender>();
  /** Partitions of the open transaction, and when they are. */
  #included = new Map<string, Promise<void>>();
  #toInclude: { readonly places: Place[]; readonly done: Promise<void> } | undefined;
  /** Everything that was sent in the open transaction. */
  #sent: Promise<unknown>[] = [];
  #hasOffsets = false;

  constructor(cluster: WireCluster, id: string) {
    this.#cluster = cluster;
    this.#id = id;
  }

  async begin(): Promise<void> {
    this.#producer = { producerId: -1n, producerEpoch: -1 };
    await this.#initialise();
  }

  async send(topic: string, partition: number, batch: WireBatch): Promise<void> {
    const sent = this.#send({ topic, partition }, batch);
    this.#sent.push(sent);
    await sent;
  }

  async commitOffsets(offsets: readonly GroupOffset[]): Promise<void> {
    const byGroup = Map.groupBy(offsets, ({ token }) => token.group);
    const done = Promise.all([...byGroup].map(([group, ofGroup]) => this.#commitGroup(group, ofGroup)));
    this.#sent.push(done);
    await done;
  }

  async commit(): Promise<void> {
    await Promise.all(this.#sent);
    await this.#end(true);
  }

  async abort(): Promise<void> {
    await Promise.allSettled(this.#sent);
    const isOpen = this.#included.size > 0 || this.#hasOffsets;
    // What was sent last may have got lost: the broker's numbers are unknown. Under a newer epoch they begin anew. At once: of what is
    // sent together later, each part would ask for an epoch, and end what the others have begun.
    if (isOpen || !this.#isReady) await this.#initialise();
  }

  async #initialise(): Promise<void> {
    this.#isReady = false;
    this.#forget();
    this.#senders = new Map();
    const { library } = this.#cluster.wire;
    const { producerId, producerEpoch } = this.#producer;
    this.#producer = await this.#ask(library.initProducerIdV5.api, [this.#id, this.#cluster.parts.transactionTimeoutMs, producerId, producerEpoch]);
    this.#isReady = true;
  }

  #mustBeReady(): void {
    if (!this.#isReady) throw new StreamFlowError("SF_INTERNAL", `transactions of "${this.#id}" have not begun`);
  }

  #forget(): void {
    this.#included = new Map();
    this.#toInclude = undefined;
    this.#sent = [];
    this.#hasOffsets = false;
  }

  async #send(place: Place, batch: WireBatch): Promise<void> {
    this.#mustBeReady();
    const name = `${place.topic}-${place.partition}`;
    let sender = this.#senders.get(name);
    if (sender === undefined) this.#senders.set(name, (sender = new PartitionSender(this.#cluster, place, { transactionalId: this.#id, ...this.#producer })));
    let included = this.#included.get(name);
    if (included === undefined) this.#included.set(name, (included = this.#include(place)));
    await included;
    await sender.send(batch);
  }

  /** Makes a partition a part of the transaction: all that are wanted at one moment by one request. */
  #include(place: Place): Promise<void> {
    if (this.#toInclude === undefined) {
      const places: Place[] = [];
      this.#toInclude = { places, done: Promise.resolve().then(() => this.#includeAll(places)) };
    }
    this.#toInclude.places.push(place);
    return this.#toInclude.done;
  }

  async #includeAll(places: readonly Place[]): Promise<void> {
    this.#toInclude = undefined;
    const topics = byTopic(places, ({ partition }) => partition);
    await this.#ask(this.#cluster.wire.library.addPartitionsToTxnV3.api, [[{ transactionalId: this.#id, ...this.#producer, verifyOnly: false, topics }]]);
  }

  async #commitGroup(group: string, offsets: readonly GroupOffset[]): Promise<void> {
    this.#mustBeReady();
    const { wire } = this.#cluster;
    const { producerId, producerEpoch } = this.#producer;
    this.#hasOffsets = true;
    await this.#ask(wire.library.addOffsetsToTxnV4.api, [this.#id, producerId, producerEpoch, group]);
    const topics = byTopic(offsets.map(({ token, offset }) => ({ topic: token.topic, partitionIndex: token.partition, committedOffset: offset })), ({ partitionIndex, committedOffset }) =>
      ({ partitionIndex, committedOffset, committedLeaderEpoch: -1, committedMetadata: "" }));
    const member = offsets[0]?.token.member();
    await this.#cluster.retry(async () => {
      const coordinator = await wire.coordinator("group", group);
      await wire.call(coordinator, wire.library.txnOffsetCommitV4.api, [this.#id, group, producerId, producerEpoch, member?.epoch ?? -1, member?.id ?? "", null, topics]);
    });
  }

  async #end(isCommit: boolean): Promise<void> {
    const { producerId, producerEpoch } = this.#producer;
    await this.#ask(this.#cluster.wire.library.endTxnV4.api, [this.#id, producerId, producerEpoch, isCommit]);
    this.#forget();
  }

  /** A request to the coordinator of the id, wherever that is now. */
  async #ask<Arguments extends readonly unknown[], Answer>(request: WireRequest<Arguments, Answer>, args: Arguments): Promise<Answer> {
    const { wire } = this.#cluster;
    return await this.#cluster.retry(
      async () => {
        this.#coordinator ??= await wire.coordinator("transaction", this.#id);
        return await wire.call(this.#coordinator, request, args);
      },
      // The transaction before is being ended: who coordinates it has not changed.
      (error) => void (brokerErrorOf(error) === "CONCURRENT_TRANSACTIONS" || (this.#coordinator = undefined)),
    );
  }
}

function byTopic<One extends { readonly topic: string }, Partition>(all: readonly One[], partitionOf: (one: One) => Partition): Named<Partition>[] {
  return [...Map.groupBy(all, ({ topic }) => topic)].map(([name, ones]) => ({ name, partitions: ones.map(partitionOf) }));
}
