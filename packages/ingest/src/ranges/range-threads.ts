// The threads that read ranges of a source's files, as the pipeline's own thread sees them.
//   T1. A thread has at most `slotsPerThread` ranges: waiting, in work, or decoded and not yet released. A batch that is never released costs a slot, never a wait.
//   T2. A thread that ends by itself fails whoever waits for it, and all that come after.
//   T3. After `close` no thread runs.
import { programBeside, StreamFlowError, toStreamFlowError, type Thread, type Threads } from "@streamflow/core";
import type { LineRange } from "./line-range.ts";
import type { Order, RangeContent, RangeOrder, ReaderSetup, Report, SlotMemory } from "./range-messages.ts";

const slotsPerThread = 8;

/** A range that a thread has decoded, with the memory that it is in. */
export interface RangeResult extends RangeContent {
  readonly memory: SlotMemory;
}

/** A range that a thread was given. */
export interface RangeWork {
  readonly range: LineRange;
  readonly isDone: boolean;
  /** What came of it; undefined: the thread has left it. */
  readonly result: RangeResult | undefined;
  /** Resolves when it is done. @throws {@link StreamFlowError} SF_SOURCE_FAILED when the thread has ended */
  wait(): Promise<void>;
  /** Its memory may be filled again. Idempotent; of a range that is still in work, when it is done. */
  release(): void;
}

/** Starts threads, and hands ranges to them. */
export class RangeThreads {
  readonly #threads: RangeThread[] = [];
  /** Slots that the ranges of each open file hold, by its number. */
  readonly #held = new Map<number, number>();
  #readers = 0;

  constructor(threads: Threads, count: number) {
    for (let i = 0; i < count; i++) this.#threads.push(new RangeThread(threads));
  }

  /** How many threads there are. */
  get count(): number {
    return this.#threads.length;
  }

  /** Tells all threads of a file. Answers its number. */
  open(setup: ReaderSetup): number {
    const reader = ++this.#readers;
    this.#held.set(reader, 0);
    for (const thread of this.#threads) thread.send({ kind: "open", reader, setup });
    return reader;
  }

  /** The file's ranges have been released, or are of no interest any more. */
  closeReader(reader: number): void {
    this.#held.delete(reader);
    for (const thread of this.#threads) thread.send({ kind: "close", reader });
  }

  /** Whether a thread could take a range of the file now. Files that are read at once share the slots. */
  hasRoomFor(reader: number): boolean {
    const share = Math.max(1, Math.floor((this.#threads.length * slotsPerThread) / this.#held.size));
    return (this.#held.get(reader) ?? 0) < share && this.#threads.some((thread) => thread.room > 0);
  }

  /** Gives a range to the thread with most room, to be added up where `adds` says so. Call it where there is some. */
  assign(reader: number, range: LineRange, adds: boolean): RangeWork {
    const [thread] = this.#threads.toSorted((a, b) => b.room - a.room);
    if (thread === undefined) throw new StreamFlowError("SF_INTERNAL", "there is no thread for a range");
    this.#hold(reader, 1);
    return thread.assign({ reader, range, adds }, () => this.#hold(reader, -1));
  }

  #hold(reader: number, slots: number): void {
    const held = this.#held.get(reader);
    if (held !== undefined) this.#held.set(reader, held + slots);
  }

  /** @throws {@link StreamFlowError} SF_SOURCE_FAILED when a thread has ended by itself */
  check(): void {
    for (const { failure } of this.#threads) if (failure !== undefined) throw failure;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

class RangeThread {
  failure: StreamFlowError | undefined;
  readonly #thread: Thread;
  readonly #works = new Map<number, Work>();
  readonly #free: number[] = Array.from({ length: slotsPerThread }, (_, slot) => slot);
  readonly #memory = new Map<number, SlotMemory>();
  #isReady = false;
  #count = 0;

  constructor(threads: Threads) {
    const program = programBeside("range-program", import.meta.url);
    this.#thread = threads.start(program, { message: (message) => this.#hear(message as Report), failed: (error) => this.#fail(error) });
  }

  /** Free slots; none before it is ready, so that nothing waits for its start. */
  get room(): number {
    return this.#isReady && this.failure === undefined ? this.#free.length : 0;
  }

  send(order: Order): void {
    this.#thread.post(order);
  }

  assign(what: Pick<RangeOrder, "reader" | "range" | "adds">, released: () => void): RangeWork {
    const slot = this.#free.pop();
    if (slot === undefined) throw new StreamFlowError("SF_INTERNAL", "a thread was given more ranges than it has room for");
    const number = ++this.#count;
    const work = new Work(what.range, slot, () => {
      this.#free.push(slot);
      released();
    });
    this.#works.set(number, work);
    this.send({ kind: "range", work: number, slot, ...what });
    return work;
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  #hear(report: Report): void {
    if (report.kind === "ready") {
      this.#isReady = true;
      return;
    }
    const work = this.#works.get(report.work);
    this.#works.delete(report.work);
    if (work === undefined) return;
    if (report.kind === "left") return work.settle(undefined);
    if (report.memory !== undefined) this.#memory.set(work.slot, report.memory);
    const memory = this.#memory.get(work.slot);
    work.settle(memory === undefined ? undefined : { ...report.content, memory });
  }

  #fail(error: unknown): void {
    const reason = toStreamFlowError(error, "SF_SOURCE_FAILED", "a thread that reads files has ended");
    this.failure = reason.code === "SF_SOURCE_FAILED" ? reason : new StreamFlowError("SF_SOURCE_FAILED", `a thread that reads files has ended: ${reason.message}`, { cause: reason });
    for (const work of this.#works.values()) work.fail(this.failure);
    this.#works.clear();
  }
}

class Work implements RangeWork {
  readonly range: LineRange;
  readonly slot: number;
  isDone = false;
  result: RangeResult | undefined;
  readonly #free: () => void;
  #failure: StreamFlowError | undefined;
  #isReleased = false;
  #resolve: (() => void) | undefined;
  #reject: ((error: StreamFlowError) => void) | undefined;

  constructor(range: LineRange, slot: number, free: () => void) {
    this.range = range;
    this.slot = slot;
    this.#free = free;
  }

  wait(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.isDone) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    if (this.isDone) this.#free();
  }

  settle(result: RangeResult | undefined): void {
    this.isDone = true;
    this.result = result;
    if (this.#isReleased) this.#free();
    this.#resolve?.();
  }

  fail(error: StreamFlowError): void {
    this.#failure = error;
    this.#reject?.(error);
  }
}
