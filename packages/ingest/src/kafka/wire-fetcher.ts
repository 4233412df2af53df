// Fetches partitions from the brokers that lead them: one request at a time to each broker, blocks that wait until they are taken.
//   F1. A partition with a waiting block is not fetched (KCN-3). While one waits, the broker is asked not to wait for the others: a taker comes soon.
//   F2. What comes for a partition that was stopped, or started anew, since the request was sent is thrown away.
import { onAbort, Signal, StreamFlowError, type Clock } from "@streamflow/core";
import { brokerErrorOf, isPassing, type KafkaLibrary, type KafkaWire, RecordBatchReader, type RecordBatchTools } from "@streamflow/kafka";
import { BlockBuilder } from "./block-builder.ts";
import { type ConsumerListener, partitionName, type TopicPartition } from "./consumer.ts";
import type { ConsumerOptions } from "./consumer-options.ts";
import type { RecordBlock } from "./record-block.ts";
import { fetchRequest, type FetchedPartition } from "./fetch-request.ts";
import { visitorOf } from "./record-visitor.ts";

/** What a fetcher needs. */
export interface FetcherParts {
  readonly wire: KafkaWire;
  readonly options: ConsumerOptions;
  readonly listener: Pick<ConsumerListener, "mayFetch" | "fetched" | "failed">;
}

interface Fetching extends TopicPartition {
  readonly name: string;
  next: bigint;
  waiting: RecordBlock | undefined;
  /** Listed in a request that is under way. */
  isAsked: boolean;
}

/** How long nothing is sent after a broker could not be reached. */
const pauseMs = 200;
/** How soon a broker is asked again that had nothing while blocks were waiting. */
const lookAgainMs = 20;

/** The fetches of one consumer. */
export class WireFetcher {
  readonly #parts: FetcherParts;
  readonly #partitions = new Map<string, Fetching>();
  readonly #reader: RecordBatchReader;
  readonly #request: ReturnType<typeof fetchRequest>;
  readonly #loops = new Map<number, Signal>();
  readonly #running: Promise<void>[] = [];
  #isClosed = false;

  constructor(parts: FetcherParts) {
    this.#parts = parts;
    this.#reader = new RecordBatchReader(toolsOf(parts.wire.library));
    this.#request = fetchRequest(parts.wire.library);
  }

  start(partition: TopicPartition, offset: bigint): void {
    const name = partitionName(partition);
    this.#partitions.set(name, { ...partition, name, next: offset, waiting: undefined, isAsked: false });
    this.#wake();
  }

  stop(name: string): void {
    this.#partitions.delete(name);
  }

  take(name: string): RecordBlock | undefined {
    const fetching = this.#partitions.get(name);
    const block = fetching?.waiting;
    if (fetching === undefined || block === undefined) return undefined;
    fetching.waiting = undefined;
    this.#wake();
    return block;
  }

  /** There may be memory again, or partitions lead elsewhere. */
  wake(): void {
    this.#wake();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#partitions.clear();
    this.#wake();
    await Promise.allSettled(this.#running);
  }

  #wake(): void {
    if (!this.#isClosed) for (const { topic, partition } of this.#partitions.values()) this.#loopOf(this.#parts.wire.leaderOf(topic, partition)?.node ?? unknownNode);
    for (const signal of this.#loops.values()) signal.raise();
  }

  #loopOf(node: number): void {
    if (this.#loops.has(node)) return;
    const signal = new Signal();
    this.#loops.set(node, signal);
    this.#running.push(this.#run(node, signal).catch((thrown: unknown) => this.#parts.listener.failed(thrown)));
  }

  async #run(node: number, signal: Signal): Promise<void> {
    const { clock } = this.#parts.options.environment;
    while (!this.#isClosed) {
      const ours = this.#ledBy(node);
      const asked = ours.filter((one) => one.waiting === undefined && !one.isAsked && this.#parts.listener.mayFetch(one.name));
      if (asked.length === 0) await signal.wait();
      else if (node === unknownNode) await this.#findLeaders(asked);
      else if (!(await this.#fetch({ asked, isPartly: asked.length < ours.length }))) await either(signal, { clock, ms: lookAgainMs, stop: this.#parts.options.signal });
    }
  }

  #ledBy(node: number): Fetching[] {
    return [...this.#partitions.values()].filter(({ topic, partition }) => (this.#parts.wire.leaderOf(topic, partition)?.node ?? unknownNode) === node);
  }

  /** Answers whether it is worth while to ask again at once. */
  async #fetch({ asked, isPartly }: { readonly asked: readonly Fetching[]; readonly isPartly: boolean }): Promise<boolean> {
    const { wire, options } = this.#parts;
    const address = wire.leaderOf(asked[0]!.topic, asked[0]!.partition)?.address;
    if (address === undefined) return false;
    for (const one of asked) one.isAsked = true;
    const query = { maxWaitMs: isPartly ? 0 : options.maxWaitMs, fetchBytes: options.fetchBytes, isCommitted: options.isolation === "committed", topics: this.#topics(asked) };
    try {
      const found = await wire.call(address, this.#request, [query], "data");
      const any = this.#settleAll(asked, found);
      if (found.some(({ error }) => error !== undefined)) await this.#relearn(asked);
      return any || !isPartly;
    } catch (thrown) {
      if (this.#isClosed) return false;
      if (!isPassing(thrown)) throw thrown;
      await this.#relearn(asked);
      return false;
    } finally {
      for (const one of asked) one.isAsked = false;
    }
  }

  /** Answers whether anything has come. */
  #settleAll(asked: readonly Fetching[], found: readonly FetchedPartition[]): boolean {
    const { wire, listener } = this.#parts;
    let any = false;
    for (const one of asked) {
      // F2
      if (this.#partitions.get(one.name) !== one) continue;
      const part = found.find(({ partition, topicId }) => partition === one.partition && topicId === wire.topic(one.topic)?.id);
      if (part === undefined) listener.fetched(one.name, 0, one.next);
      else any = this.#settle(one, part) || any;
    }
    return any;
  }

  #topics(asked: readonly Fetching[]): readonly { readonly id: string; readonly partitions: readonly { readonly partition: number; readonly leaderEpoch: number; readonly offset: bigint }[] }[] {
    const byTopic = Map.groupBy(asked, ({ topic }) => topic);
    return [...byTopic].map(([name, partitions]) => {
      const topic = this.#parts.wire.topic(name);
      return { id: topic?.id ?? "", partitions: partitions.map(({ partition, next }) => ({ partition, leaderEpoch: topic?.partitions[partition]?.leaderEpoch ?? -1, offset: next })) };
    });
  }

  #settle(one: Fetching, part: FetchedPartition): boolean {
    const { options, listener } = this.#parts;
    if (part.error !== undefined) {
      if (part.error === "OFFSET_OUT_OF_RANGE") throw new StreamFlowError("SF_SOURCE_POSITION", `${options.what}: partition "${one.name}" has no offset ${one.next} (its log begins at ${part.logStartOffset})`, { hint: "the records there are gone by retention, or the topic was made anew; whenGone: earliest goes on without them", retryable: options.mayLosePosition, context: { kafka: part.error } });
      if (!part.isPassing) throw new StreamFlowError("SF_SOURCE_FAILED", `${options.what}: partition "${one.name}": ${part.error}`, { context: { kafka: part.error } });
      listener.fetched(one.name, 0, one.next);
      return false;
    }
    const builder = new BlockBuilder(one.next, options.wanted);
    const nextOffset = this.#reader.read({ bytes: part.records, fromOffset: one.next, ...(options.isolation === "committed" ? { aborted: part.aborted } : {}) }, visitorOf(builder));
    const hasMoved = nextOffset > one.next;
    one.next = nextOffset;
    const block = builder.build({ nextOffset, endOffset: options.isolation === "committed" ? part.lastStableOffset : part.highWatermark });
    one.waiting = block;
    listener.fetched(one.name, block?.byteLength ?? 0, nextOffset);
    return hasMoved;
  }

  /** Leaders have moved, or a broker is away: asks who leads now, and lets some time pass. */
  async #relearn(asked: readonly Fetching[]): Promise<void> {
    for (const { name, next } of asked) this.#parts.listener.fetched(name, 0, next);
    await this.#pause(pauseMs);
    await this.#findLeaders(asked);
  }

  async #findLeaders(asked: readonly Fetching[]): Promise<void> {
    if (this.#isClosed) return;
    const { wire } = this.#parts;
    try {
      await wire.refresh([...new Set(asked.map(({ topic }) => topic))]);
    } catch (thrown) {
      if (!isPassing(thrown) && brokerErrorOf(thrown) !== undefined) throw thrown;
    }
    if (asked.some(({ topic, partition }) => wire.leaderOf(topic, partition) === undefined)) await this.#pause(pauseMs);
    this.#wake();
  }

  #pause(ms: number): Promise<void> {
    return either(undefined, { clock: this.#parts.options.environment.clock, ms, stop: this.#parts.options.signal });
  }
}

/** Partitions that nobody is known to lead. */
const unknownNode = -1;

/** Resolves when the signal is raised, the time has passed, or everything ends. */
function either(signal: Signal | undefined, { clock, ms, stop }: { readonly clock: Clock; readonly ms: number; readonly stop: AbortSignal }): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const done = (): void => ended.resolve();
  const cancel = clock.setTimer(ms, done);
  const forget = onAbort(stop, done);
  void signal?.wait().then(done);
  return ended.promise.finally(() => {
    cancel();
    forget();
  });
}

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
