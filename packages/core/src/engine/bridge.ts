// A stage that offers only `process(AsyncIterable)`, run at batch boundaries.
//   R1. Records go in with the watermark they had; what comes out is preceded by the watermark of the last record that was pulled.
//   R2. `drain` resolves when the stage has pulled everything that it was given and asks for more: nothing is in flight between batches.
import type { Cursor, Emit } from "../contracts/operator.ts";
import { StreamFlowError, toStreamFlowError } from "../errors.ts";
import type { ChangeKind } from "../record.ts";
import type { Gate, GateListener } from "./gate.ts";

type Process = (stream: AsyncIterable<unknown>) => AsyncIterable<unknown>;

/** One record on its way in. */
interface Waiting {
  readonly value: unknown;
  readonly timestampMs: number;
  readonly key: unknown;
  readonly change: ChangeKind;
  readonly watermarkMs: number;
}

/** How a bridge is wired. */
export interface BridgeParts {
  readonly node: string;
  readonly process: Process;
  readonly cursor: Cursor;
  readonly gate: Gate;
  readonly output: Gate;
  readonly next: Emit;
}

/** A bridged stage in work. */
export class Bridge implements GateListener {
  /** Event time reaches what is behind through `drain` alone. */
  readonly nextTimerMs: number = Infinity;
  readonly #parts: BridgeParts;
  readonly #waiting: Waiting[] = [];
  readonly #results: AsyncIterator<unknown>;
  #taken = 0;
  /** Resolves the stage's pull, when it waits for input. */
  #feed: ((result: IteratorResult<unknown>) => void) | undefined;
  /** Resolves when the stage pulls with nothing waiting, or has ended. */
  #hungry: (() => void) | undefined;
  #closed = false;
  #ended = false;
  #isPulled = false;
  #failure: StreamFlowError | undefined;

  constructor(parts: BridgeParts) {
    this.#parts = parts;
    parts.gate.listen(this);
    parts.gate.feeds(parts.output);
    this.#results = parts.process(this.#input())[Symbol.asyncIterator]();
  }

  get node(): string {
    return this.#parts.node;
  }

  /** Whether `drain` has something to do. */
  get isWaiting(): boolean {
    return this.#waiting.length > this.#taken || this.#parts.output.watermarkMs < this.#parts.gate.watermarkMs;
  }

  readonly push: Emit = (value) => {
    const { cursor, gate } = this.#parts;
    this.#waiting.push({ value, timestampMs: cursor.timestampMs, key: cursor.key, change: cursor.change, watermarkMs: gate.watermarkMs });
  };

  advance(): void {
    // Taken up by the next drain.
  }

  /** Runs the stage over everything that waits, and passes event time on. */
  async drain(): Promise<void> {
    this.#checkFailure();
    const { gate, output } = this.#parts;
    const final = gate.watermarkMs === Infinity;
    if (final) this.#closed = true;
    if (this.#waiting.length > this.#taken || (final && !this.#ended)) await this.#run();
    this.#checkFailure();
    this.#waiting.length = 0;
    this.#taken = 0;
    output.advance(gate.watermarkMs);
  }

  #checkFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Ends the stage early: its input returns. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#taken = 0;
    this.#feed?.({ done: true, value: undefined });
    this.#feed = undefined;
    this.#hungry?.();
    await this.#results.return?.();
  }

  async #run(): Promise<void> {
    const hungry = new Promise<void>((resolve) => (this.#hungry = resolve));
    if (!this.#isPulled) void this.#pump();
    this.#isPulled = true;
    const feed = this.#feed;
    this.#feed = undefined;
    feed?.(this.#take());
    await hungry;
  }

  /** Pulls results for as long as the stage lives; resolves when it ends. */
  async #pump(): Promise<void> {
    try {
      for (;;) {
        const result = await this.#results.next();
        if (result.done === true) break;
        this.#emit(result.value);
      }
      if (!this.#closed) this.#failure = new StreamFlowError("SF_STAGE_FAILED", `stage "${this.node}" ended before its input did`);
    } catch (error) {
      this.#failure = toStreamFlowError(error, "SF_STAGE_FAILED", `stage "${this.node}"`);
    }
    this.#ended = true;
    this.#hungry?.();
  }

  #emit(value: unknown): void {
    const { cursor, output, next } = this.#parts;
    const origin = this.#waiting[this.#taken - 1];
    if (origin !== undefined) {
      output.advance(origin.watermarkMs);
      cursor.timestampMs = origin.timestampMs;
      cursor.key = origin.key;
      cursor.change = origin.change;
    }
    cursor.index = -1;
    next(value);
  }

  #take(): IteratorResult<unknown> {
    const waiting = this.#waiting[this.#taken];
    if (waiting === undefined) return { done: true, value: undefined };
    this.#taken++;
    return { done: false, value: waiting.value };
  }

  #input(): AsyncIterable<unknown> {
    const next = (): Promise<IteratorResult<unknown>> => {
      if (this.#taken < this.#waiting.length || this.#closed) return Promise.resolve(this.#take());
      return new Promise((resolve) => {
        this.#feed = resolve;
        this.#hungry?.();
      });
    };
    return { [Symbol.asyncIterator]: () => ({ next, return: () => Promise.resolve({ done: true, value: undefined }) }) };
  }
}
