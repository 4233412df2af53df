// An open Kafka source: what the consumer says about partitions, told to the engine; what it fetched, decoded when it is polled.
import { abortable, type Batch, deadline, type Gauge, type PollLimits, type PollResult, type Position, Signal, type SourceContext, type SourceSession, StreamFlowError } from "@streamflow/core";
import { type KafkaCommitToken, kafkaError } from "@streamflow/kafka";
import { BatchCutter } from "../batch-cutter.ts";
import { ReadAheadMemory } from "../read-ahead-memory.ts";
import { type ConsumerListener, type KafkaConsumer, type OffsetSpec, partitionName, type TopicPartition } from "./consumer.ts";
import { blockBefore } from "./record-block.ts";
import { MessageDecoder, type MessageDecoderOptions } from "./message-decoder.ts";

/** Where a partition starts that the pipeline knows nothing of. */
export type KafkaStart = OffsetSpec | "committed" | { readonly positions: Readonly<Record<string, Position>> };

/** What a session is made of. */
export interface KafkaSessionParts {
  readonly consumer: KafkaConsumer;
  readonly context: SourceContext;
  readonly group: string | undefined;
  readonly start: KafkaStart;
  readonly whenGone: "fail" | "earliest";
  /** It ends where the partitions end when it is opened. */
  readonly isBounded: boolean;
  readonly rebalanceTimeoutMs: number;
  readonly decoding: Omit<MessageDecoderOptions, "partition">;
  /** For messages: `kafka source "in"`. */
  readonly what: string;
}

interface Reading {
  readonly name: string;
  readonly decoder: MessageDecoder;
  /** Of what is fetched, or waits to be taken from the consumer. */
  readonly ahead: ReadAheadMemory;
  /** Of what was taken, until it is handed over. */
  readonly taken: ReadAheadMemory;
  readonly lag: Gauge;
  waiting: BatchCutter | undefined;
  isIdle: boolean;
  /** The offset behind what was handed out. */
  next: bigint;
  /** The offset of the next fetch. */
  fetched: bigint;
  first: bigint;
  /** Where it ends, for bounded reading. */
  end: bigint | undefined;
}

/** Where the records of partitions begin and end. */
interface KeptOffsets {
  readonly first: ReadonlyMap<string, bigint>;
  readonly last: ReadonlyMap<string, bigint>;
}

/** How long the last commits of the group may take when the session closes: they are for people. */
const lastCommitsWithinMs = 3_000;

/** Opens the session; resolves when the first assignment is with the engine (SRC-13). */
export async function openKafkaSession(parts: KafkaSessionParts): Promise<SourceSession> {
  const session = new KafkaSession(parts);
  try {
    // A broker that does not answer holds up no end.
    await abortable(parts.consumer.open(session.listener), parts.context.signal, parts.what);
    return session;
  } catch (thrown) {
    await session.close();
    throw kafkaError(thrown, "source", parts.what);
  }
}

class KafkaSession implements SourceSession {
  readonly #parts: KafkaSessionParts;
  readonly #readings = new Map<string, Reading>();
  readonly #news = new Signal();
  /** How often partitions were lost. */
  #losses = 0;
  #failure: StreamFlowError | undefined;
  #commits: Map<string, bigint> = new Map();
  #committing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  readonly #onAbort = (): void => this.#news.raise();

  constructor(parts: KafkaSessionParts) {
    this.#parts = parts;
    parts.context.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  get listener(): ConsumerListener {
    return {
      assigned: (partitions, generation) => this.#assigned(partitions, generation),
      revoked: (partitions) => this.#revoked(partitions),
      lost: (partitions) => this.#lost(partitions),
      mayFetch: (name) => this.#mayFetch(name),
      fetched: (name, byteLength, nextOffset) => this.#fetched(name, byteLength, nextOffset),
      failed: (error) => this.#fail(error),
    };
  }

  // --- polled by the engine ------------------------------------------------------------------------------------

  poll(partition: string, limits: PollLimits): PollResult {
    if (this.#isStopped) return "idle";
    const reading = this.#readings.get(partition);
    if (reading === undefined) return this.#throwOr("idle");
    reading.waiting ??= this.#take(reading);
    const { waiting } = reading;
    reading.isIdle = waiting === undefined;
    if (waiting !== undefined) return this.#piece(reading, waiting.take(limits));
    return this.#throwOr(reading.end !== undefined && reading.fetched >= reading.end ? "end" : "idle");
  }

  #throwOr(answer: "idle" | "end"): "idle" | "end" {
    if (this.#failure !== undefined) throw this.#failure;
    return answer;
  }

  #take(reading: Reading): BatchCutter | undefined {
    const taken = this.#parts.consumer.take(reading.name);
    if (taken === undefined) return undefined;
    reading.lag.set(Number(taken.endOffset - taken.nextOffset));
    reading.ahead.free();
    const block = blockBefore(taken, reading.end);
    if (block === undefined) return undefined;
    reading.taken.arrived(block.byteLength);
    return new BatchCutter(reading.decoder.decode(block));
  }

  #piece(reading: Reading, piece: Batch): Batch {
    reading.taken.handOver(piece.byteLength);
    reading.next = BigInt(piece.endPosition);
    if (reading.waiting?.isEmpty === true) {
      reading.waiting = undefined;
      reading.taken.free();
    }
    return piece;
  }

  async ready(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isStopped || (this.#readings.size > 0 && ![...this.#readings.values()].some(({ isIdle }) => isIdle))) return;
    await this.#news.wait();
  }

  /** For people, and for whoever takes over the group without us: not waited for, and one at a time. */
  committed(positions: ReadonlyMap<string, Position>): void {
    for (const [partition, position] of positions) this.#commits.set(partition, BigInt(position));
    this.#committing ??= this.#commitAll().finally(() => (this.#committing = undefined));
  }

  async #commitAll(): Promise<void> {
    const { consumer, context, what } = this.#parts;
    while (this.#commits.size > 0) {
      const commits = this.#commits;
      this.#commits = new Map();
      try {
        await consumer.commit(commits);
      } catch (thrown) {
        // Where reading goes on is in the checkpoint; the next commit says more than this one.
        if (!this.#isStopped) context.environment.logger.warn(`${what}: the group was not told how far reading is`, { reason: kafkaError(thrown, "source", what).message });
      }
    }
  }

  /** Of bounded input, how much has been read. */
  progress(): number | undefined {
    if (!this.#parts.isBounded) return undefined;
    let [done, all] = [0, 0];
    for (const { first, next, end } of this.#readings.values()) {
      if (end === undefined) continue;
      done += Number(next - first);
      all += Number(end - first);
    }
    return all === 0 ? 1 : Math.min(1, done / all);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { consumer, context } = this.#parts;
    context.signal.removeEventListener("abort", this.#onAbort);
    this.#news.raise();
    const { clock } = context.environment;
    await deadline(() => this.#committing ?? Promise.resolve(), { clock, timeoutMs: lastCommitsWithinMs, what: this.#parts.what }).catch(() => undefined);
    for (const name of Array.from(this.#readings.keys())) this.#forget(name);
    await consumer.close();
  }

  get #isStopped(): boolean {
    return this.#closing !== undefined || this.#parts.context.signal.aborted;
  }

  // --- told by the consumer ------------------------------------------------------------------------------------

  async #assigned(partitions: readonly TopicPartition[], generation: number): Promise<void> {
    const { consumer, context } = this.#parts;
    const life = this.#losses;
    const starts = await context.partitions.assigned(partitions.map((partition) => ({ partition: partitionName(partition), generation, commitToken: this.#token(partition) })));
    const unknown = partitions.filter((partition) => starts.get(partitionName(partition)) === undefined);
    const firsts = await this.#firstOffsets(unknown);
    const ends = this.#parts.isBounded ? await consumer.offsets(partitions, "latest") : undefined;
    const kept = await this.#keptOffsets(partitions);
    // What was lost meanwhile is not begun: the pipeline starts again (PRT-3).
    if (this.#isStopped || life !== this.#losses) return;
    for (const partition of partitions) {
      const name = partitionName(partition);
      const start = starts.get(name);
      const wanted = start === undefined ? firsts.get(name) : offsetOf(start, name, this.#parts.what);
      if (wanted === undefined) throw new StreamFlowError("SF_INTERNAL", `${this.#parts.what}: partition "${name}" has no start`);
      const offset = this.#thereOrEarliest(name, wanted, kept);
      this.#readings.set(name, this.#reading(partition, offset, ends?.get(name)));
      consumer.start(partition, offset);
    }
    this.#news.raise();
  }

  #token({ topic, partition }: TopicPartition): KafkaCommitToken | undefined {
    const { consumer, group } = this.#parts;
    return group === undefined ? undefined : { kind: "kafka", cluster: consumer.cluster, group, topic, partition, member: () => consumer.member() };
  }

  #reading(partition: TopicPartition, offset: bigint, end: bigint | undefined): Reading {
    const { context, decoding } = this.#parts;
    const name = partitionName(partition);
    const { environment, node } = context;
    return {
      name,
      decoder: new MessageDecoder({ ...decoding, partition: name }),
      ahead: new ReadAheadMemory(environment.budget),
      taken: new ReadAheadMemory(environment.budget),
      lag: environment.metrics.gauge("streamflow_source_lag_records", "Records of a partition that are still to be read, as of the latest fetch.", { source: node, partition: name }),
      waiting: undefined, isIdle: false, next: offset, fetched: offset, first: offset, end,
    };
  }

  async #firstOffsets(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, bigint>> {
    const { consumer, start, what } = this.#parts;
    if (partitions.length === 0) return new Map();
    if (typeof start === "object" && "positions" in start) {
      return new Map(partitions.map((partition) => {
        const name = partitionName(partition);
        const position = start.positions[name];
        if (position === undefined) throw new StreamFlowError("SF_CONFIG_INVALID", `${what}: start.positions names no position for partition "${name}"`);
        return [name, offsetOf(position, name, what)];
      }));
    }
    if (start !== "committed") return await consumer.offsets(partitions, start);
    const committed = await consumer.committedOffsets(partitions);
    const others = partitions.filter((partition) => !committed.has(partitionName(partition)));
    return new Map([...committed, ...(others.length === 0 ? [] : await consumer.offsets(others, "earliest"))]);
  }

  /** What the partitions still have, where a position that is gone is given up. */
  async #keptOffsets(partitions: readonly TopicPartition[]): Promise<KeptOffsets | undefined> {
    const { consumer, whenGone } = this.#parts;
    if (whenGone === "fail" || partitions.length === 0) return undefined;
    return { first: await consumer.offsets(partitions, "earliest"), last: await consumer.offsets(partitions, "latest") };
  }

  #thereOrEarliest(name: string, offset: bigint, kept: KeptOffsets | undefined): bigint {
    const first = kept?.first.get(name);
    const last = kept?.last.get(name);
    if (first === undefined || last === undefined || (offset >= first && offset <= last)) return offset;
    const { context, what } = this.#parts;
    context.environment.logger.warn(`${what}: partition "${name}" has no offset ${offset} any more; reading goes on with its first record`, { partition: name, offset: String(offset), first: String(first) });
    return first;
  }

  async #revoked(partitions: readonly TopicPartition[]): Promise<void> {
    const names = partitions.map(partitionName);
    // What waits unread is read again by the next owner; nothing more is taken (KCN-6), and nothing is polled (PRT-2).
    for (const name of names) this.#forget(name);
    const { context, rebalanceTimeoutMs } = this.#parts;
    await context.partitions.revoked(names, context.environment.clock.monotonicMs() + rebalanceTimeoutMs);
    // Said later, it would take back what the next owner commits.
    await this.#committing;
  }

  #lost(partitions: readonly TopicPartition[]): void {
    const names = partitions.map(partitionName);
    this.#losses++;
    for (const name of names) {
      this.#forget(name);
      this.#commits.delete(name);
    }
    this.#parts.context.partitions.lost(names);
  }

  #mayFetch(name: string): boolean {
    const reading = this.#readings.get(name);
    return reading?.ahead.tryBegin(reading.isIdle) ?? false;
  }

  #fetched(name: string, byteLength: number, nextOffset: bigint): void {
    const reading = this.#readings.get(name);
    if (reading === undefined) return;
    reading.fetched = nextOffset;
    if (byteLength > 0) reading.ahead.arrived(byteLength);
    else reading.ahead.free();
    if (reading.isIdle && (byteLength > 0 || (reading.end !== undefined && nextOffset >= reading.end))) this.#news.raise();
  }

  #fail(thrown: unknown): void {
    if (this.#isStopped) return;
    this.#failure ??= kafkaError(thrown, "source", this.#parts.what);
    this.#news.raise();
    // Nobody asks for records of a source that has no partition.
    this.#parts.context.partitions.failed?.(this.#failure);
  }

  #forget(name: string): void {
    const reading = this.#readings.get(name);
    if (reading === undefined) return;
    this.#readings.delete(name);
    reading.waiting?.discard();
    reading.ahead.free();
    reading.taken.free();
    reading.lag.set(0);
  }
}

function offsetOf(position: Position, partition: string, what: string): bigint {
  if (/^\d{1,19}$/.test(position)) return BigInt(position);
  throw new StreamFlowError("SF_SOURCE_POSITION", `${what}: partition "${partition}" cannot be read from position "${position}": it is no offset`);
}
