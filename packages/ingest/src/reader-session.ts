// Runs partition readers behind the engine's polling contract.
//   I1. A reader runs only after the first poll of its partition, and then at most one batch ahead (SRC-5), which counts in the host's memory
//       budget; where that is spent, it reads only what is asked for.
//   I2. What a reader yielded before it failed is delivered before its error is thrown.
//   I3. After an abort or close nothing is delivered, and every reader has been told to return.
// Deliberately not here: groups that assign and revoke partitions while running; such a source implements `Source` itself.
import { toStreamFlowError, type Batch, type PollLimits, type PollResult, type Position, type SourceContext, type SourceSession, type StreamFlowError } from "@streamflow/core";
import { BatchCutter } from "./batch-cutter.ts";
import type { Batches, BatchIterator, PartitionReaders, ReadContext } from "./partition-readers.ts";
import { ReadAheadMemory } from "./read-ahead-memory.ts";

/** How long `close` waits for a reader that does not heed its signal. */
const closeTimeoutMs = 10_000;

/** Opens a session: names the partitions, asks the engine for their start positions, reads nothing yet. */
export async function openReaderSession(context: SourceContext, readers: PartitionReaders): Promise<SourceSession> {
  try {
    const partitions = await readers.partitions();
    const starts = await context.partitions.assigned(partitions.map((partition) => ({ partition, generation: 1 })));
    return new ReaderSession(context, readers, partitions, starts);
  } catch (thrown) {
    await readers.close?.();
    throw toStreamFlowError(thrown, "SF_SOURCE_FAILED", `source "${context.node}" could not be opened`);
  }
}

class ReaderSession implements SourceSession {
  readonly #context: SourceContext;
  readonly #readers: PartitionReaders;
  readonly #pumps = new Map<string, PartitionPump>();
  readonly #abort = new AbortController();
  readonly #limits: { maxRecords: number; maxBytes: number };
  #wakers: (() => void)[] = [];
  #closing: Promise<void> | undefined;

  constructor(context: SourceContext, readers: PartitionReaders, partitions: readonly string[], starts: ReadonlyMap<string, Position | undefined>) {
    this.#context = context;
    this.#readers = readers;
    this.#limits = { ...context.limits };
    const read: ReadContext = {
      environment: context.environment,
      node: context.node,
      projection: context.projection,
      columns: context.columns ?? false,
      parallelism: context.parallelism ?? 1,
      ...(context.adder === undefined ? {} : { adder: context.adder }),
      limits: this.#limits,
      maxRejectedBytes: context.maxRejectedBytes,
      signal: this.#abort.signal,
    };
    for (const partition of partitions) {
      const start = (): Batches => readers.read(partition, starts.get(partition), read);
      const what = `source "${context.node}", partition "${partition}"`;
      this.#pumps.set(partition, new PartitionPump({ what, start, memory: new ReadAheadMemory(context.environment.budget), onNews: () => this.#wake() }));
    }
    if (context.signal.aborted) this.#stop();
    else context.signal.addEventListener("abort", this.#stop, { once: true });
  }

  poll(partition: string, limits: PollLimits): PollResult {
    if (this.#abort.signal.aborted) return "idle";
    this.#limits.maxRecords = limits.maxRecords;
    this.#limits.maxBytes = limits.maxBytes;
    return this.#pumps.get(partition)?.poll(limits) ?? "end";
  }

  ready(): Promise<void> {
    const idle = [...this.#pumps.values()].filter((pump) => pump.answeredIdle);
    // A partition that the engine holds back has data all along; only those that were asked in vain are waited for.
    if (this.#abort.signal.aborted || idle.length === 0 || idle.some((pump) => pump.hasAnswer)) return Promise.resolve();
    return new Promise((resolve) => this.#wakers.push(resolve));
  }

  committed(positions: ReadonlyMap<string, Position>): void | Promise<void> {
    return this.#readers.committed?.(positions);
  }

  progress(): number | undefined {
    return this.#readers.progress?.();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#context.signal.removeEventListener("abort", this.#stop);
    this.#stop();
    const stopped = allEnded([...this.#pumps.values()].map((pump) => pump.stop()));
    try {
      if (!(await this.#inTime(stopped))) {
        this.#context.environment.logger.warn("a source's reader does not heed its signal; it is left behind", { node: this.#context.node });
      }
    } finally {
      await this.#readers.close?.();
    }
  }

  #inTime(work: Promise<unknown>): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const cancel = this.#context.environment.clock.setTimer(closeTimeoutMs, () => resolve(false));
      work.then(() => resolve(true), reject).finally(cancel);
    });
  }

  readonly #stop = (): void => {
    this.#abort.abort();
    this.#wake();
    // A failure while stopping is reported by close(), which awaits the same promises.
    for (const pump of this.#pumps.values()) pump.stop().catch(() => undefined);
  };

  #wake(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }
}

/** Resolves when all have ended; throws what the first of them did, but not before. */
async function allEnded(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

interface PumpParts {
  /** For messages. */
  readonly what: string;
  readonly memory: ReadAheadMemory;
  readonly start: () => Batches;
  /** What a poll was told to wait for is there. */
  readonly onNews: () => void;
}

/** One partition: its reader, and the batch that waits to be polled. */
class PartitionPump {
  /** Whether the latest poll found nothing. */
  answeredIdle = false;
  readonly #parts: PumpParts;
  #iterator: BatchIterator | undefined;
  #pending = false;
  #ended = false;
  #failure: StreamFlowError | undefined;
  #waiting: BatchCutter | undefined;
  #stopping: Promise<void> | undefined;

  constructor(parts: PumpParts) {
    this.#parts = parts;
  }

  get hasAnswer(): boolean {
    return this.#waiting !== undefined || this.#ended || this.#failure !== undefined;
  }

  poll(limits: PollLimits): PollResult {
    this.#takeNow();
    const waiting = this.#waiting;
    this.answeredIdle = false;
    if (waiting !== undefined) {
      const batch = waiting.take(limits);
      this.#parts.memory.handOver(batch.byteLength);
      if (waiting.isEmpty) {
        this.#waiting = undefined;
        this.#parts.memory.free();
        // A reader that can answer at once reads ahead by itself where it has to wait.
        if (this.#iterator?.takeNow === undefined) this.#fetch();
      }
      return batch;
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#ended) return "end";
    this.answeredIdle = true;
    this.#fetch();
    return "idle";
  }

  #takeNow(): void {
    if (this.#pending || this.hasAnswer || this.#stopping !== undefined) return;
    try {
      const batch = this.#iterator?.takeNow?.();
      if (batch !== undefined) this.#arrived(batch);
    } catch (thrown) {
      this.#failure = toStreamFlowError(thrown, "SF_SOURCE_FAILED", this.#parts.what);
    }
  }

  #fetch(): void {
    if (this.#pending || this.hasAnswer || this.#stopping !== undefined) return;
    if (!this.#parts.memory.tryBegin(this.answeredIdle)) return;
    this.#pending = true;
    this.#next().then(
      (result) => this.#settle(() => this.#take(result)),
      (thrown: unknown) => this.#settle(() => (this.#failure = toStreamFlowError(thrown, "SF_SOURCE_FAILED", this.#parts.what))),
    );
  }

  #take(result: IteratorResult<Batch>): void {
    if (result.done === true) {
      this.#ended = true;
      return;
    }
    this.#arrived(result.value);
  }

  #arrived(batch: Batch): void {
    this.#waiting = new BatchCutter(batch);
    this.#parts.memory.arrived(batch.byteLength);
  }

  #next(): Promise<IteratorResult<Batch>> {
    try {
      this.#iterator ??= this.#parts.start()[Symbol.asyncIterator]();
      return this.#iterator.next();
    } catch (thrown) {
      return Promise.reject(thrown as Error);
    }
  }

  #settle(take: () => unknown): void {
    this.#pending = false;
    if (this.#stopping === undefined) take();
    if (this.#waiting === undefined) this.#parts.memory.free();
    if (this.answeredIdle) this.#parts.onNews();
  }

  /** Ends the reader; resolves when it has freed what it holds. */
  stop(): Promise<void> {
    this.#stopping ??= this.#return();
    return this.#stopping;
  }

  async #return(): Promise<void> {
    this.#waiting?.discard();
    this.#waiting = undefined;
    this.#parts.memory.free();
    await this.#iterator?.return?.();
  }
}
