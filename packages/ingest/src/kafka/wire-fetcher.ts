// Fetches partitions from the brokers that lead them: one request at a time to each broker, blocks that wait until they are taken.
//   F1. A partition with a waiting block is not fetched (KCN-3). While one waits, the broker is asked not to wait for the others: a taker comes soon.
//   F2. What comes for a partition that was stopped, or started anew, since the request was sent is thrown away, and nothing of it is told.
//   F3. Memory that `mayFetch` has given is given back by `fetched`, whatever becomes of the request.
//   F4. A topic that was made anew is another one: offsets of the old one mean nothing in it (K9). One that stays away fails.
import { isAbort, Signal, sleep, StreamFlowError } from "@streamflow/core";
import { isPassing, kafkaError, type KafkaLibrary, type KafkaWire, RecordBatchReader, type RecordBatchTools, type WireTopic } from "@streamflow/kafka";
import { BlockBuilder } from "./block-builder.ts";
import { type ConsumerListener, partitionName, type TopicPartition } from "./consumer.ts";
import type { ConsumerOptions } from "./consumer-options.ts";
import { Outage } from "./outage.ts";
import type { RecordBlock } from "./record-block.ts";
import { fetchRequest, type FetchedPartition, type FetchQuery } from "./fetch-request.ts";
import { visitorOf } from "./record-visitor.ts";

/** What a fetcher needs. */
export interface FetcherParts {
  readonly wire: KafkaWire;
  readonly options: ConsumerOptions;
  readonly listener: Pick<ConsumerListener, "mayFetch" | "fetched" | "failed">;
}

interface Fetching extends TopicPartition {
  readonly name: string;
  /** The topic that the offsets are of; undefined: not known yet. */
  topicId: string | undefined;
  /** Since when the cluster knows of no such topic. */
  missingSinceMs: number | undefined;
  next: bigint;
  waiting: RecordBlock | undefined;
  /** Listed in a request that is under way. */
  isAsked: boolean;
}

/** How long nothing is sent after a broker could not be reached. */
const pauseMs = 200;
/** How soon a broker is asked again that had nothing while blocks were waiting; each time later, up to `maxWaitMs`. */
const lookAgainMs = 20;
/** How long a topic may be unknown to the cluster: after a restart brokers know of it a little later. */
const missingWithinMs = 10_000;

/** What asks one broker. */
interface Loop {
  readonly node: number;
  readonly signal: Signal;
  readonly outage: Outage;
}

/** The fetches of one consumer. */
export class WireFetcher {
  readonly #parts: FetcherParts;
  readonly #partitions = new Map<string, Fetching>();
  readonly #reader: RecordBatchReader;
  readonly #request: ReturnType<typeof fetchRequest>;
  readonly #loops = new Map<number, Loop>();
  readonly #running: Promise<void>[] = [];
  readonly #closing = new AbortController();

  constructor(parts: FetcherParts) {
    this.#parts = parts;
    this.#reader = new RecordBatchReader(toolsOf(parts.wire.library));
    this.#request = fetchRequest(parts.wire.library);
  }

  start(partition: TopicPartition, offset: bigint): void {
    const name = partitionName(partition);
    const fetching: Fetching = { ...partition, name, topicId: this.#parts.wire.topic(partition.topic)?.id, missingSinceMs: undefined, next: offset, waiting: undefined, isAsked: false };
    this.#partitions.set(name, fetching);
    this.#wake(fetching);
  }

  stop(name: string): void {
    this.#partitions.delete(name);
  }

  take(name: string): RecordBlock | undefined {
    const fetching = this.#partitions.get(name);
    const block = fetching?.waiting;
    if (fetching === undefined) return undefined;
    fetching.waiting = undefined;
    // Also where nothing was there: somebody waits for it now, which memory that is spent does not hold up.
    if (!fetching.isAsked) this.#wake(fetching);
    return block;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#partitions.clear();
    for (const { signal } of this.#loops.values()) signal.raise();
    await Promise.allSettled(this.#running);
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  // --- one loop for each broker --------------------------------------------------------------------------------

  #wake(fetching: TopicPartition): void {
    if (!this.#isClosed) this.#loopOf(this.#nodeOf(fetching)).signal.raise();
  }

  #nodeOf({ topic, partition }: TopicPartition): number {
    return this.#parts.wire.leaderOf(topic, partition)?.node ?? unknownNode;
  }

  #loopOf(node: number): Loop {
    const known = this.#loops.get(node);
    if (known !== undefined) return known;
    const { environment, what } = this.#parts.options;
    const outage = new Outage({ clock: environment.clock, logger: environment.logger, what: `${what}: ${node === unknownNode ? "the brokers" : `broker ${node}`}` });
    const loop: Loop = { node, signal: new Signal(), outage };
    this.#loops.set(node, loop);
    this.#running.push(this.#run(loop).catch((thrown: unknown) => (this.#isClosed && isAbort(thrown) ? undefined : this.#parts.listener.failed(thrown))));
    return loop;
  }

  async #run(loop: Loop): Promise<void> {
    const { options, listener } = this.#parts;
    let restMs = lookAgainMs;
    while (!this.#isClosed) {
      const ours = [...this.#partitions.values()].filter((one) => this.#nodeOf(one) === loop.node);
      const idle = ours.filter((one) => one.waiting === undefined && !one.isAsked);
      const asked = loop.node === unknownNode ? idle : idle.filter(({ name }) => listener.mayFetch(name));
      if (asked.length === 0) await loop.signal.wait();
      else if (loop.node === unknownNode) await this.#findLeaders(asked, loop);
      else if (await this.#fetch({ asked, loop, isPartly: asked.length < ours.length })) restMs = lookAgainMs;
      else {
        await this.#rest(loop.signal, restMs);
        restMs = Math.min(options.maxWaitMs, restMs * 2);
      }
    }
  }

  /** Until the signal is raised, or so long. */
  async #rest(signal: Signal, ms: number): Promise<void> {
    const cancel = this.#parts.options.environment.clock.setTimer(ms, () => signal.raise());
    await signal.wait();
    cancel();
  }

  /** Answers whether it is worth while to ask again at once. */
  async #fetch({ asked, loop, isPartly }: { readonly asked: readonly Fetching[]; readonly loop: Loop; readonly isPartly: boolean }): Promise<boolean> {
    let found: readonly FetchedPartition[];
    try {
      found = await this.#ask(asked, isPartly);
      loop.outage.over();
    } catch (thrown) {
      if (this.#isClosed) return false;
      if (!isPassing(thrown)) throw thrown;
      loop.outage.failed(thrown);
      // F3
      for (const one of asked) if (this.#isCurrent(one)) this.#parts.listener.fetched(one.name, 0, one.next);
      await this.#relearn(asked, loop);
      return true;
    }
    const any = this.#settleAll(asked, found);
    if (found.some(({ error }) => error !== undefined)) await this.#relearn(asked, loop);
    return any || !isPartly;
  }

  async #ask(asked: readonly Fetching[], isPartly: boolean): Promise<readonly FetchedPartition[]> {
    const { wire, options } = this.#parts;
    const { address } = wire.leaderOf(asked[0]!.topic, asked[0]!.partition)!;
    const query = { maxWaitMs: isPartly ? 0 : options.maxWaitMs, fetchBytes: options.fetchBytes, isCommitted: options.isolation === "committed", topics: this.#topics(asked) };
    for (const one of asked) one.isAsked = true;
    try {
      return await wire.call(address, this.#request, [query], "data");
    } finally {
      // Before anybody is woken: a new leader's loop takes what is not asked for.
      for (const one of asked) one.isAsked = false;
    }
  }

  #topics(asked: readonly Fetching[]): FetchTopics {
    for (const one of asked) this.#mustBeTheSame(one, this.#parts.wire.topic(one.topic));
    return [...Map.groupBy(asked, ({ topic }) => topic)].map(([name, partitions]) => {
      const topic = this.#parts.wire.topic(name);
      return { id: topic?.id ?? "", partitions: partitions.map(({ partition, next }) => ({ partition, leaderEpoch: topic?.partitions[partition]?.leaderEpoch ?? -1, offset: next })) };
    });
  }

  /** F4 */
  #mustBeTheSame(one: Fetching, topic: WireTopic | undefined): void {
    one.missingSinceMs = undefined;
    one.topicId ??= topic?.id;
    if (topic === undefined || topic.id === one.topicId || this.#partitions.get(one.name) !== one) return;
    throw this.#gone(`topic "${one.topic}" was removed and made anew: offset ${one.next} of partition "${one.name}" was of the old one`);
  }

  // --- what comes ----------------------------------------------------------------------------------------------

  /** Answers whether anything has come. */
  #settleAll(asked: readonly Fetching[], found: readonly FetchedPartition[]): boolean {
    let any = false;
    for (const one of asked) {
      if (!this.#isCurrent(one)) continue;
      const part = found.find(({ partition, topicId }) => partition === one.partition && topicId === one.topicId);
      if (part !== undefined && part.error === undefined) any = this.#settle(one, part) || any;
      else this.#nothingOf(one, part);
    }
    return any;
  }

  /** F2 */
  #isCurrent(one: Fetching): boolean {
    return this.#partitions.get(one.name) === one;
  }

  #nothingOf(one: Fetching, part: FetchedPartition | undefined): void {
    const { options, listener } = this.#parts;
    if (part?.error === "OFFSET_OUT_OF_RANGE") throw this.#gone(`partition "${one.name}" has no offset ${one.next} (its log begins at ${part.logStartOffset})`, part.error);
    if (part !== undefined && !part.isPassing) throw kafkaError(part.failure, "source", `${options.what}: partition "${one.name}"`);
    listener.fetched(one.name, 0, one.next);
  }

  #gone(why: string, name?: string): StreamFlowError {
    const { what, mayLosePosition } = this.#parts.options;
    return new StreamFlowError("SF_SOURCE_POSITION", `${what}: ${why}`, {
      hint: "the records there are gone by retention, or the topic was made anew; whenGone: earliest goes on without them",
      retryable: mayLosePosition,
      ...(name === undefined ? {} : { context: { kafka: name } }),
    });
  }

  #settle(one: Fetching, part: FetchedPartition): boolean {
    const { options, listener } = this.#parts;
    const builder = new BlockBuilder(one.next, options.wanted);
    const nextOffset = this.#reader.read({ bytes: part.records, fromOffset: one.next, ...(options.isolation === "committed" ? { aborted: part.aborted } : {}) }, visitorOf(builder));
    const hasMoved = nextOffset > one.next;
    one.next = nextOffset;
    const block = builder.build({ nextOffset, endOffset: options.isolation === "committed" ? part.lastStableOffset : part.highWatermark });
    one.waiting = block;
    listener.fetched(one.name, block?.byteLength ?? 0, nextOffset);
    return hasMoved;
  }

  // --- who leads -----------------------------------------------------------------------------------------------

  /** Leaders have moved, or a broker is away: asks who leads now, and lets some time pass. */
  async #relearn(asked: readonly Fetching[], loop: Loop): Promise<void> {
    await this.#pause();
    await this.#findLeaders(asked, loop);
  }

  async #findLeaders(asked: readonly Fetching[], loop: Loop): Promise<void> {
    if (this.#isClosed) return;
    const { wire } = this.#parts;
    try {
      await wire.refresh([...new Set(asked.map(({ topic }) => topic))]);
      if (loop.node === unknownNode) loop.outage.over();
      for (const one of asked) this.#mustBeThere(one);
    } catch (thrown) {
      if (this.#isClosed) return;
      if (!isPassing(thrown)) throw thrown;
      loop.outage.failed(thrown);
    }
    if (asked.some((one) => this.#nodeOf(one) === unknownNode)) await this.#pause();
    for (const one of asked) if (this.#isCurrent(one)) this.#wake(one);
  }

  /** F4 */
  #mustBeThere(one: Fetching): void {
    const { wire, options } = this.#parts;
    if (wire.topic(one.topic) !== undefined || !this.#isCurrent(one)) return;
    const nowMs = options.environment.clock.monotonicMs();
    one.missingSinceMs ??= nowMs;
    if (nowMs - one.missingSinceMs < missingWithinMs) return;
    throw new StreamFlowError("SF_SOURCE_MISSING", `${options.what}: topic "${one.topic}" is not there any more`, { hint: "it was removed, or the user of this connection may not describe it any more" });
  }

  #pause(): Promise<void> {
    return sleep(this.#parts.options.environment.clock, pauseMs, this.#closing.signal).catch(() => undefined);
  }
}

/** Partitions that nobody is known to lead. */
const unknownNode = -1;

type FetchTopics = FetchQuery["topics"];

function toolsOf(library: KafkaLibrary): RecordBatchTools {
  const { compressionsAlgorithmsByBitmask: algorithms } = library;
  return {
    crc32c: (bytes) => library.crc32c(bytes as Buffer),
    decompress(bytes, codec) {
      const algorithm = algorithms[codec];
      if (algorithm === undefined) throw new StreamFlowError("SF_SOURCE_FAILED", `compression ${codec} is not known`);
      return algorithm.decompressSync(bytes as Buffer);
    },
  };
}
