// Reads a topic that keeps the last value of each key, to where it ends now, whatever transactions of others are open (K3).
//   KW1. It is read as it lies, and who has committed is found out here: what a transaction wrote counts when its marker says so. Below the last
//        stable offset everything is decided: what has no marker there any more was committed, and its marker compacted away.
//   KW2. The next reading goes on where the last one ended.
import { StreamFlowError } from "@streamflow/core";
import type { KafkaLibrary } from "@streamflow/kafka";
import type { LastValues } from "./producer.ts";
import type { WireCluster } from "./wire-cluster.ts";

type FetchAnswer = Awaited<ReturnType<KafkaLibrary["fetchV17"]["api"]["async"]>>;
type RecordsBatch = ReturnType<KafkaLibrary["readRecordsBatch"]>;

const transactionalBit = 0x10;
const controlBit = 0x20;
const abortMarker = 0;
const latest = -1n;
const earliest = -2n;
const [uncommitted, committed] = [0, 1] as const;
const fetchBytes = 8 * 1024 * 1024;
const partition = 0;

interface Found {
  readonly offset: bigint;
  readonly key: string;
  readonly value: string | undefined;
}

/** Values of the keys of one topic that begin with a prefix. */
export class WireValues {
  readonly #cluster: WireCluster;
  readonly #topic: string;
  readonly #prefix: string;
  readonly #values = new Map<string, string>();
  /** Of transactions that are open, by who writes them. */
  readonly #open = new Map<bigint, Found[]>();
  #next: bigint | undefined;

  constructor(cluster: WireCluster, topic: string, prefix: string) {
    this.#cluster = cluster;
    this.#topic = topic;
    this.#prefix = prefix;
  }

  async read(): Promise<LastValues> {
    await this.#cluster.retry(() => this.#cluster.wire.refresh([this.#topic]));
    // In this order: the markers of what is decided lie before an end that is asked for afterwards.
    const stable = await this.#offsetAt(latest, committed);
    const end = await this.#offsetAt(latest, uncommitted);
    let next: bigint = this.#next ?? (await this.#offsetAt(earliest, uncommitted));
    while (next < end) {
      const from: bigint = next;
      const read: bigint = await this.#cluster.retryAt(this.#topic, () => this.#fetch(from));
      // The last records may have been compacted away.
      next = this.#next = read === from ? end : read;
    }
    for (const [producer, found] of this.#open) {
      this.#commit(found.filter(({ offset }) => offset < stable));
      this.#open.set(producer, found.filter(({ offset }) => offset >= stable));
    }
    return this.#values;
  }

  async #offsetAt(timestamp: bigint, isolation: number): Promise<bigint> {
    const { wire } = this.#cluster;
    const topics = [{ name: this.#topic, partitions: [{ partitionIndex: partition, currentLeaderEpoch: -1, timestamp }] }];
    const answer = await this.#cluster.retryAt(this.#topic, () => wire.call(this.#leader(), wire.library.listOffsetsV9.api, [-1, isolation, topics]));
    return answer.topics[0]?.partitions[0]?.offset ?? 0n;
  }

  /** @returns the offset behind what was read */
  async #fetch(from: bigint): Promise<bigint> {
    const { wire } = this.#cluster;
    const topicId = wire.topic(this.#topic)?.id ?? "";
    const wanted = [{ topicId, partitions: [{ partition, currentLeaderEpoch: -1, fetchOffset: from, lastFetchedEpoch: -1, partitionMaxBytes: fetchBytes }] }];
    const answer: FetchAnswer = await wire.call(this.#leader(), wire.library.fetchV17.api, [500, 1, fetchBytes, uncommitted, 0, -1, wanted, [], ""]);
    let next = from;
    for (const batch of answer.responses[0]?.partitions[0]?.records ?? []) {
      this.#take(batch, from);
      next = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
    }
    return next;
  }

  #take(batch: RecordsBatch, from: bigint): void {
    const { attributes, producerId, firstOffset, records } = batch;
    if ((attributes & controlBit) !== 0) return this.#end(producerId, records[0]?.key?.readInt16BE(2) !== abortMarker);
    const found = records.flatMap(({ key, value, offsetDelta }): readonly Found[] => {
      const text = key?.toString() ?? "";
      const offset = firstOffset + BigInt(offsetDelta);
      return text.startsWith(this.#prefix) && offset >= from ? [{ offset, key: text, value: value?.toString() }] : [];
    });
    if ((attributes & transactionalBit) === 0) this.#commit(found);
    else this.#open.set(producerId, [...(this.#open.get(producerId) ?? []), ...found]);
  }

  #end(producerId: bigint, isCommit: boolean): void {
    if (isCommit) this.#commit(this.#open.get(producerId) ?? []);
    this.#open.delete(producerId);
  }

  #commit(found: readonly Found[]): void {
    for (const { key, value } of found) {
      if (value === undefined) this.#values.delete(key);
      else this.#values.set(key, value);
    }
  }

  #leader(): { readonly host: string; readonly port: number } {
    const leader = this.#cluster.wire.leaderOf(this.#topic, partition);
    if (leader === undefined) throw new StreamFlowError("SF_SINK_UNAVAILABLE", `${this.#cluster.parts.what}: topic "${this.#topic}" has no leader`, { retryable: true });
    return leader.address;
  }
}
