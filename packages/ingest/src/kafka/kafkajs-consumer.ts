// A consumer of the client kafkajs. What it pushes waits here until it is taken, and its partition is paused as long.
//   J1. kafkajs rejoins without asking: what has gone to others is heard of afterwards (handover "after"), and everything that stayed is fetched from where
//       we are, not from what the group has committed.
//   J2. Its loop sends the heartbeats: nothing is waited for inside `eachBatch`.
import { abortError, StreamFlowError } from "@streamflow/core";
import { kafkaJsClient, type KafkaJsLibrary, loadKafkaJs } from "@streamflow/kafka";
import type { Admin, Consumer, ConsumerGroupJoinEvent, EachBatchPayload, IHeaders } from "kafkajs";
import { BlockBuilder } from "./block-builder.ts";
import { type ConsumerCapabilities, type ConsumerListener, type KafkaConsumer, namedPartition, type OffsetSpec, partitionName, type TopicPartition } from "./consumer.ts";
import type { ConsumerOptions } from "./consumer-options.ts";
import type { RecordBlock } from "./record-block.ts";
import { uniqueName } from "./unique-name.ts";

/** What this driver can do. */
export const kafkaJsCapabilities: ConsumerCapabilities = { handover: "after", incremental: false, fencesByGeneration: false };

/** Loads the client; connects to nothing. @throws {@link StreamFlowError} SF_CLIENT_MISSING */
export async function kafkaJsConsumer(options: ConsumerOptions): Promise<KafkaConsumer> {
  return new KafkaJsConsumer(options, await loadKafkaJs(options.what));
}

interface Reading extends TopicPartition {
  readonly name: string;
  /** undefined: given to us, and not started yet. */
  next: bigint | undefined;
  waiting: RecordBlock | undefined;
}

/** Its loop looks at nothing else while it waits for a broker: what is longer delays every rebalance, seek and end. */
const longestWaitMs = 200;

class KafkaJsConsumer implements KafkaConsumer {
  readonly capabilities = kafkaJsCapabilities;
  cluster = "";
  readonly #options: ConsumerOptions;
  readonly #consumer: Consumer;
  readonly #admin: Admin;
  readonly #groupId: string;
  readonly #readings = new Map<string, Reading>();
  #memberId: string | undefined;
  /** What is told to the listener, one call after another. */
  #telling: Promise<void> = Promise.resolve();
  #listener: ConsumerListener | undefined;
  #isClosed = false;
  #generation = 0;

  constructor(options: ConsumerOptions, library: KafkaJsLibrary) {
    const { connection, what, environment, group, sessionTimeoutMs, rebalanceTimeoutMs, fetchBytes, maxWaitMs, isolation } = options;
    this.#options = options;
    const client = kafkaJsClient(library, { connection, what, logger: environment.logger });
    this.#admin = client.admin();
    this.#groupId = group ?? `streamflow-alone-${uniqueName(environment.random)}`;
    this.#consumer = client.consumer({
      groupId: this.#groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: Math.max(rebalanceTimeoutMs, sessionTimeoutMs),
      heartbeatInterval: Math.max(1, Math.min(3_000, Math.floor(sessionTimeoutMs / 10))),
      maxBytesPerPartition: fetchBytes,
      maxWaitTimeInMs: Math.min(maxWaitMs, longestWaitMs),
      readUncommitted: isolation === "uncommitted",
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8, restartOnFailure: () => Promise.resolve(false) },
    });
  }

  async open(listener: ConsumerListener): Promise<void> {
    this.#listener = listener;
    await this.#unlessClosed(this.#admin.connect());
    this.cluster = (await this.#unlessClosed(this.#admin.describeCluster())).clusterId;
    const topics = await this.#unlessClosed(this.#topics());
    await this.#unlessClosed(this.#consumer.connect());
    await this.#unlessClosed(this.#consumer.subscribe({ topics, fromBeginning: true }));
    const { GROUP_JOIN, CRASH, START_BATCH_PROCESS } = this.#consumer.events;
    const first = Promise.withResolvers<void>();
    this.#consumer.on(GROUP_JOIN, (event) => first.resolve(this.#joined(event)));
    this.#consumer.on(CRASH, ({ payload }) => {
      first.reject(payload.error);
      this.#fail(payload.error);
    });
    // Of a batch in which everything was aborted nothing else is heard.
    this.#consumer.on(START_BATCH_PROCESS, ({ payload: { topic, partition, batchSize, lastOffset } }) => {
      if (batchSize === 0) this.#moved(partitionName({ topic, partition }), BigInt(lastOffset) + 1n);
    });
    await this.#consumer.run({ autoCommit: false, eachBatchAutoResolve: true, eachBatch: (payload) => Promise.resolve(this.#received(payload)) });
    await first.promise;
  }

  /** What is closed while it opens must not join. */
  async #unlessClosed<T>(step: Promise<T>): Promise<T> {
    const answer = await step;
    if (!this.#isClosed) return answer;
    await Promise.allSettled([this.#consumer.disconnect(), this.#admin.disconnect()]);
    throw abortError(this.#options.signal, this.#options.what);
  }

  async #topics(): Promise<string[]> {
    const { selection, what } = this.#options;
    const names = await this.#admin.listTopics();
    if ("pattern" in selection) {
      const pattern = new RegExp(`^(?:${selection.pattern})$`);
      return names.filter((name) => !name.startsWith("__") && pattern.test(name));
    }
    const missing = selection.topics.find((name) => !names.includes(name));
    if (missing !== undefined) throw new StreamFlowError("SF_SOURCE_MISSING", `${what}: there is no topic "${missing}"`, { hint: "create the topic, check its name, or let the user of this connection describe it" });
    return [...selection.topics];
  }

  // --- what is ours --------------------------------------------------------------------------------------------

  /** In the turn in which kafkajs has the new assignment, before it fetches anything of it. */
  #joined({ payload: { memberAssignment, memberId } }: ConsumerGroupJoinEvent): Promise<void> {
    const ours = Object.entries(memberAssignment).flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })));
    const names = new Set(ours.map(partitionName));
    const hasForgotten = this.#memberId !== undefined && this.#memberId !== memberId;
    this.#memberId = memberId;
    const gone = [...this.#readings.values()].filter(({ name }) => hasForgotten || !names.has(name));
    for (const { name } of gone) this.#readings.delete(name);
    const added = ours.filter((partition) => !this.#readings.has(partitionName(partition)));
    for (const reading of this.#readings.values()) this.#goOn(reading);
    for (const partition of added) {
      this.#readings.set(partitionName(partition), { ...partition, name: partitionName(partition), next: undefined, waiting: undefined });
      this.#pause(partition);
    }
    return this.#tell(gone, added, hasForgotten);
  }

  /** J1 */
  #goOn(reading: Reading): void {
    if (reading.next === undefined) this.#pause(reading);
    else this.#seek(reading, reading.next);
  }

  #tell(gone: readonly TopicPartition[], added: readonly TopicPartition[], isLost: boolean): Promise<void> {
    const told = this.#telling.then(async () => {
      const listener = this.#listener;
      if (this.#isClosed || listener === undefined) return;
      if (gone.length > 0 && isLost) listener.lost(gone);
      else if (gone.length > 0) await listener.revoked(gone);
      // It has no number for a generation that users of it can read; that of the join is as good.
      await listener.assigned(added, ++this.#generation);
    });
    this.#telling = told.catch((thrown: unknown) => this.#fail(thrown));
    return told;
  }

  #fail(thrown: unknown): void {
    if (!this.#isClosed) this.#listener?.failed(thrown);
  }

  #pause({ topic, partition }: TopicPartition): void {
    this.#consumer.pause([{ topic, partitions: [partition] }]);
  }

  #seek({ topic, partition }: TopicPartition, offset: bigint): void {
    this.#consumer.seek({ topic, partition, offset: String(offset) });
  }

  // --- records -------------------------------------------------------------------------------------------------

  start(partition: TopicPartition, offset: bigint): void {
    const reading = this.#readings.get(partitionName(partition));
    if (reading === undefined) return;
    reading.next = offset;
    this.#seek(reading, offset);
    this.#resume(reading);
  }

  take(name: string): RecordBlock | undefined {
    const reading = this.#readings.get(name);
    const block = reading?.waiting;
    if (reading === undefined || block === undefined) return undefined;
    reading.waiting = undefined;
    this.#resume(reading);
    return block;
  }

  #resume({ topic, partition }: TopicPartition): void {
    this.#consumer.resume([{ topic, partitions: [partition] }]);
  }

  #received(payload: EachBatchPayload): void {
    const { batch } = payload;
    const name = partitionName(batch);
    const reading = this.#readings.get(name);
    // A batch that was on its way when the partition was started elsewhere, or given away.
    if (reading?.next === undefined || reading.waiting !== undefined || payload.isStale()) return;
    const builder = new BlockBuilder(reading.next, this.#options.wanted);
    const from = Number(reading.next);
    const { headers: wantsHeaders } = this.#options.wanted;
    for (const { key, value, timestamp, offset, headers } of batch.messages) {
      const delta = Number(offset) - from;
      if (delta < 0) continue;
      builder.addBuffers({ offset: delta, timestampMs: Number(timestamp), ...(wantsHeaders ? { headers: textHeaders(headers) } : {}) }, key, value);
    }
    const nextOffset = BigInt(batch.lastOffset()) + 1n;
    reading.waiting = builder.build({ nextOffset, endOffset: BigInt(batch.highWatermark) });
    reading.next = nextOffset;
    if (reading.waiting !== undefined) payload.pause();
    this.#listener?.fetched(name, reading.waiting?.byteLength ?? 0, nextOffset);
  }

  #moved(name: string, nextOffset: bigint): void {
    const reading = this.#readings.get(name);
    if (reading?.next === undefined || nextOffset <= reading.next) return;
    reading.next = nextOffset;
    this.#listener?.fetched(name, 0, nextOffset);
  }

  // --- offsets -------------------------------------------------------------------------------------------------

  async offsets(partitions: readonly TopicPartition[], at: OffsetSpec): Promise<ReadonlyMap<string, bigint>> {
    const found = new Map<string, bigint>();
    for (const [topic, of] of Map.groupBy(partitions, ({ topic: name }) => name)) {
      const ends = await this.#admin.fetchTopicOffsets(topic);
      const young = typeof at === "object" ? await this.#admin.fetchTopicOffsetsByTimestamp(topic, at.atMs) : undefined;
      for (const { partition } of of) {
        const end = ends.find((each) => each.partition === partition);
        if (end === undefined) continue;
        const first = young?.find((each) => each.partition === partition)?.offset;
        const offset = at === "earliest" ? end.low : at === "latest" ? end.high : first === undefined || first === "-1" ? end.high : first;
        found.set(partitionName({ topic, partition }), BigInt(offset));
      }
    }
    return found;
  }

  async committedOffsets(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, bigint>> {
    if (this.#options.group === undefined || partitions.length === 0) return new Map();
    const wanted = new Set(partitions.map(partitionName));
    const answer = await this.#admin.fetchOffsets({ groupId: this.#groupId, topics: [...new Set(partitions.map(({ topic }) => topic))] });
    const all = answer.flatMap(({ topic, partitions: of }) => of.map(({ partition, offset }) => [partitionName({ topic, partition }), BigInt(offset)] as const));
    return new Map(all.filter(([name, offset]) => wanted.has(name) && offset >= 0n));
  }

  async commit(offsets: ReadonlyMap<string, bigint>): Promise<void> {
    if (this.#options.group === undefined || offsets.size === 0) return;
    await this.#consumer.commitOffsets([...offsets].map(([name, offset]) => ({ ...namedPartition(name), offset: String(offset) })));
  }

  member(): undefined {
    return undefined;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#readings.clear();
    await Promise.allSettled([this.#consumer.disconnect()]);
    if (this.#options.group === undefined) await Promise.allSettled([this.#admin.deleteGroups([this.#groupId])]);
    await Promise.allSettled([this.#admin.disconnect()]);
  }
}

function textHeaders(headers: IHeaders | undefined): Readonly<Record<string, string>> {
  const texts = Object.entries(headers ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(Array.isArray(value) ? value.at(-1) : value)] as const]));
  return Object.fromEntries(texts);
}
