// A consumer over the connections of @platformatic/kafka: membership by wire-group.ts, records by wire-fetcher.ts.
import { abortError, deadline, retry, StreamFlowError, type CancelTimer } from "@streamflow/core";
import { brokerErrorOf, isPassing, KafkaWire, loadPlatformatic, type WireTopic } from "@streamflow/kafka";
import { type ConsumerCapabilities, type ConsumerListener, type KafkaConsumer, namedPartition, type OffsetSpec, partitionName, type TopicPartition } from "./consumer.ts";
import type { ConsumerOptions } from "./consumer-options.ts";
import { Outage } from "./outage.ts";
import { WireFetcher } from "./wire-fetcher.ts";
import { WireGroup } from "./wire-group.ts";

/** What this driver can do. */
export const wireCapabilities: ConsumerCapabilities = { handover: "before", incremental: true, fencesByGeneration: true };

/** Loads the client; connects to nothing. @throws {@link StreamFlowError} SF_CLIENT_MISSING */
export async function wireConsumer(options: ConsumerOptions): Promise<KafkaConsumer> {
  const library = await loadPlatformatic(options.what);
  return new WireConsumer(options, new KafkaWire(library, options.connection, options.what));
}

const usualTimeoutMs = 10_000;
const closeWithinMs = 3_000;

class WireConsumer implements KafkaConsumer {
  readonly capabilities = wireCapabilities;
  readonly #options: ConsumerOptions;
  readonly #wire: KafkaWire;
  #fetcher: WireFetcher | undefined;
  #group: WireGroup | undefined;
  #cancelRefresh: CancelTimer | undefined;
  /** Without a group: what was told to the listener. */
  readonly #all = new Set<string>();
  #hasAll = false;
  #closing: Promise<void> | undefined;

  constructor(options: ConsumerOptions, wire: KafkaWire) {
    this.#options = options;
    this.#wire = wire;
  }

  get cluster(): string {
    return this.#wire.cluster;
  }

  async open(listener: ConsumerListener): Promise<void> {
    const { selection, group, what, signal } = this.#options;
    const topics = await this.#patiently(() => this.#selected());
    if (this.#closing !== undefined) throw abortError(signal, what);
    if ("topics" in selection) {
      const missing = selection.topics.find((name) => !topics.some((topic) => topic.name === name));
      if (missing !== undefined) throw new StreamFlowError("SF_SOURCE_MISSING", `${what}: there is no topic "${missing}"`, { hint: "create the topic, check its name, or let the user of this connection describe it" });
    }
    const fetcher = new WireFetcher({ wire: this.#wire, options: this.#options, listener });
    this.#fetcher = fetcher;
    const heard = stopping(listener, fetcher);
    if (group !== undefined) return await this.#join(group, heard);
    await this.#assignAll(topics, heard);
    if (this.#closing === undefined) this.#refreshLater(heard);
  }

  async #join(group: string, listener: ConsumerListener): Promise<void> {
    const { selection, rebalanceTimeoutMs, connection, environment, what } = this.#options;
    const { clock, random, logger } = environment;
    const outage = new Outage({ clock, logger, what: `${what}: the coordinator of group "${group}"` });
    this.#group = new WireGroup({ wire: this.#wire, group, selection, rebalanceTimeoutMs, joinTimeoutMs: connection.connectTimeoutMs ?? usualTimeoutMs, listener, outage, clock, random });
    await this.#group.join();
  }

  async #selected(): Promise<readonly WireTopic[]> {
    const { selection } = this.#options;
    if ("topics" in selection) return await this.#wire.refresh(selection.topics);
    const pattern = new RegExp(`^(?:${selection.pattern})$`);
    return (await this.#wire.refresh(undefined)).filter(({ name, isInternal }) => !isInternal && pattern.test(name));
  }

  async #assignAll(topics: readonly WireTopic[], listener: Pick<ConsumerListener, "assigned">): Promise<void> {
    const found = topics.flatMap(({ name: topic, partitions }) => partitions.map((_, partition) => ({ topic, partition })));
    const added = found.filter((partition) => !this.#all.has(partitionName(partition)));
    if (added.length === 0 && this.#hasAll) return;
    for (const partition of added) this.#all.add(partitionName(partition));
    await listener.assigned(added, 1);
    this.#hasAll = true;
  }

  /** Partitions and topics that come later are read as well. */
  #refreshLater(listener: Pick<ConsumerListener, "assigned" | "failed">): void {
    const { environment, metadataMaxAgeMs } = this.#options;
    this.#cancelRefresh = environment.clock.setTimer(metadataMaxAgeMs, () => {
      void this.#lookForMore(listener)
        .catch((thrown: unknown) => this.#closing === undefined && listener.failed(thrown))
        .finally(() => this.#closing === undefined && this.#refreshLater(listener));
    });
  }

  /** What cannot be asked now is asked again the next time; what was found and could not be begun must not be forgotten: that fails. */
  async #lookForMore(listener: Pick<ConsumerListener, "assigned">): Promise<void> {
    const topics = await this.#selected().catch((thrown: unknown) => {
      if (!isPassing(thrown)) throw thrown;
      return [];
    });
    await this.#assignAll(topics, listener);
  }

  async offsets(partitions: readonly TopicPartition[], at: OffsetSpec): Promise<ReadonlyMap<string, bigint>> {
    const timestamp = at === "earliest" ? -2n : at === "latest" ? -1n : BigInt(at.atMs);
    const found = await this.#patiently(() => this.#listOffsets(partitions, timestamp));
    const beyond = partitions.filter((partition) => (found.get(partitionName(partition)) ?? -1n) < 0n);
    // Nothing is as young as that: the end.
    if (beyond.length > 0 && timestamp !== -1n) for (const [name, offset] of await this.offsets(beyond, "latest")) found.set(name, offset);
    return found;
  }

  async #listOffsets(partitions: readonly TopicPartition[], timestamp: bigint): Promise<Map<string, bigint>> {
    const { isolation } = this.#options;
    await this.#wire.refresh([...new Set(partitions.map(({ topic }) => topic))]);
    const byNode = Map.groupBy(partitions, ({ topic, partition }) => this.#wire.leaderOf(topic, partition)?.node);
    const found = new Map<string, bigint>();
    for (const [node, asked] of byNode) {
      const address = this.#wire.leaderOf(asked[0]!.topic, asked[0]!.partition)?.address;
      if (node === undefined || address === undefined) throw Object.assign(new Error(`nobody leads partition "${partitionName(asked[0]!)}" at the moment`), { code: "PLT_KFK_NETWORK" });
      const topics = [...Map.groupBy(asked, ({ topic }) => topic)].map(([name, of]) => ({ name, partitions: of.map(({ partition }) => ({ partitionIndex: partition, currentLeaderEpoch: -1, timestamp })) }));
      const answer = await this.#wire.call(address, this.#wire.library.listOffsetsV9.api, [-1, isolation === "committed" ? 1 : 0, topics]);
      for (const { name: topic, partitions: of } of answer.topics) for (const { partitionIndex, offset } of of) found.set(partitionName({ topic, partition: partitionIndex }), offset);
    }
    return found;
  }

  async committedOffsets(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, bigint>> {
    const { group } = this.#options;
    if (group === undefined || partitions.length === 0) return new Map();
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, of]) => ({ name, partitionIndexes: of.map(({ partition }) => partition) }));
    const found = new Map<string, bigint>();
    await this.#patiently(async () => {
      // As anybody, not as a member: the epoch may change at any moment.
      const answer = await this.#wire.call(await this.#wire.coordinator("group", group), this.#wire.library.offsetFetchV9.api, [[{ groupId: group, memberId: null, memberEpoch: -1, topics }], true]);
      for (const { name: topic, partitions: of } of answer.groups[0]?.topics ?? []) {
        for (const { partitionIndex, committedOffset } of of) if (committedOffset >= 0n) found.set(partitionName({ topic, partition: partitionIndex }), committedOffset);
      }
    });
    return found;
  }

  start(partition: TopicPartition, offset: bigint): void {
    this.#fetcher?.start(partition, offset);
  }

  take(partition: string): ReturnType<KafkaConsumer["take"]> {
    return this.#fetcher?.take(partition);
  }

  async commit(offsets: ReadonlyMap<string, bigint>): Promise<void> {
    // The epoch changes with every rebalance: what was refused by the old one counts under the new one.
    await this.#patiently(() => this.#commit(offsets), (thrown) => isPassing(thrown) || brokerErrorOf(thrown) === "STALE_MEMBER_EPOCH");
  }

  async #commit(offsets: ReadonlyMap<string, bigint>): Promise<void> {
    const { group } = this.#options;
    const member = this.member();
    if (group === undefined || member === undefined || offsets.size === 0) return;
    const byTopic = Map.groupBy(offsets, ([name]) => namedPartition(name).topic);
    const topics = [...byTopic].map(([name, of]) => ({
      name,
      partitions: of.map(([partition, committedOffset]) => ({ partitionIndex: namedPartition(partition).partition, committedOffset, committedLeaderEpoch: -1, committedMetadata: null })),
    }));
    await this.#wire.call(await this.#wire.coordinator("group", group), this.#wire.library.offsetCommitV9.api, [group, member.epoch, member.id, null, topics]);
  }

  member(): { readonly id: string; readonly epoch: number } | undefined {
    return this.#group?.member();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { environment, what } = this.#options;
    this.#cancelRefresh?.();
    const fetching = this.#fetcher?.close();
    await this.#group?.leave();
    // A connection to a broker that reads nothing any more may not end: nobody waits for it.
    await deadline(() => Promise.all([this.#wire.close(), fetching]), { clock: environment.clock, timeoutMs: closeWithinMs, what }).catch(() => undefined);
  }

  /** Repeats what fails for a moment. */
  #patiently<T>(work: () => Promise<T>, isRetryable: (thrown: unknown) => boolean = isPassing): Promise<T> {
    const { environment, connection, signal } = this.#options;
    const { clock, random } = environment;
    return retry(work, { clock, random, signal, maxAttempts: Infinity, maxElapsedMs: connection.connectTimeoutMs ?? usualTimeoutMs, initialDelayMs: 100, maxDelayMs: 1_000, isRetryable: (thrown) => this.#closing === undefined && isRetryable(thrown) });
  }
}

/** What goes is not fetched any more, before anybody hears of it (KCN-6). */
function stopping(listener: ConsumerListener, fetcher: WireFetcher): ConsumerListener {
  const stop = (partitions: readonly TopicPartition[]): void => partitions.forEach((partition) => fetcher.stop(partitionName(partition)));
  return {
    assigned: (partitions, generation) => listener.assigned(partitions, generation),
    revoked(partitions) {
      stop(partitions);
      return listener.revoked(partitions);
    },
    lost(partitions) {
      stop(partitions);
      listener.lost(partitions);
    },
    mayFetch: (partition) => listener.mayFetch(partition),
    fetched: (partition, byteLength, nextOffset) => listener.fetched(partition, byteLength, nextOffset),
    failed: (error) => listener.failed(error),
  };
}
