// The records of one operator instance that are on their way while a function is asked for them (ASY in contracts/operator.ts, docs/adr/0003).
//   A1. Nothing goes on by itself: answers are kept until the engine calls `letOut`, between two batches.
//   A2. A record keeps what was known of it when it came: time, key, change kind, watermark, and the batch and place it was made from.
//   A3. The watermark behind is never above that of any record on its way.
import type { AsyncWork, Cursor, Emit } from "../contracts/operator.ts";
import type { ChangeKind } from "../record.ts";
import type { AnsweredStage, AsyncStages, Kept } from "./async-stages.ts";
import type { Call, CallSlots } from "./call-slots.ts";
import type { Gate } from "./gate.ts";

/** So many records that have gone on stay at the front of the queue, so that it need not be moved for each. */
const keptGone = 1024;

/** How an asynchronous instance is wired. */
export interface AsyncStageParts {
  readonly node: string;
  readonly work: AsyncWork;
  readonly gate: Gate;
  readonly output: Gate;
  readonly place: AsyncPlace;
}

/** Where an asynchronous instance stands in its plan. */
export interface AsyncPlace {
  /** Its place in topological order. */
  readonly rank: number;
  /** Goes into the names of what it gives, where records also come another way to what is behind it; else empty. */
  readonly mark: string;
  /** Tells what is behind how far event time has come, after records that `eventTime` stages there have seen. */
  settleTime(): void;
}

/** One asynchronous instance. */
export class AsyncStage implements AnsweredStage {
  readonly rank: number;
  readonly #stages: AsyncStages;
  readonly #parts: AsyncStageParts;
  readonly #slots: CallSlots;
  /** In the order in which they came, so with watermarks that never fall. */
  #open: RecordCall[] = [];
  #first = 0;
  /** Settled, unordered: they may overtake. */
  #settled: RecordCall[] = [];
  #lastOrigin: Kept | undefined;
  #lastIndex = -1;
  #lastItem = "";
  #lastCount = 0;
  #isClosed = false;

  constructor(stages: AsyncStages, parts: AsyncStageParts) {
    this.#stages = stages;
    this.#parts = parts;
    this.rank = parts.place.rank;
    this.#slots = stages.slotsOf(parts.node, parts.work.concurrency);
    stages.add(this);
  }

  /** Records are on their way. */
  get isOpen(): boolean {
    return this.#first < this.#open.length;
  }

  /** The input of the operator. */
  readonly push: Emit = (value) => {
    const item = this.#itemOf();
    if (!this.#slots.hasRoom) return this.#slots.wait(this.#keep(value, item));
    let state: "answered" | "failed" = "answered";
    let result: unknown;
    try {
      result = this.#parts.work.call(value, this.#stages.signal);
    } catch (thrown) {
      state = "failed";
      result = thrown;
    }
    if (state === "answered" && isPromise(result)) this.#slots.run(this.#keep(value, item), result);
    else if (this.#mayPass()) this.#pass({ value, state, result, item });
    else this.#keep(value, item).settle(state, result);
  };

  /** Event time in front of it has moved. */
  advance(): void {
    if (!this.isOpen) this.#parts.output.advance(this.#parts.gate.watermarkMs);
  }

  /** Hands on what may go on now. Answers the batches that it needs no more, each as often as it was kept. */
  letOut(gone: Kept[]): void {
    const { gate, output, place } = this.#parts;
    if (this.#parts.work.ordered) this.#letOutInOrder(gone);
    else this.#letOutAsAnswered(gone);
    if (!this.isOpen) {
      output.advance(gate.watermarkMs);
      // While records were on their way, timers behind it were not its gate's concern.
      gate.lower(output.nextTimerMs);
    }
    place.settleTime();
  }

  /** What is on its way is not waited for any more. */
  close(): void {
    this.#isClosed = true;
    for (const call of this.#open.splice(0).slice(this.#first)) if (!call.isGone) this.#slots.open--;
    this.#first = 0;
    this.#stages.remove(this);
  }

  settled(call: RecordCall): void {
    if (this.#isClosed) return;
    if (!this.#parts.work.ordered) this.#settled.push(call);
    this.#stages.answered(this);
  }

  begin(value: unknown): unknown {
    return this.#parts.work.call(value, this.#stages.signal);
  }

  #letOutInOrder(gone: Kept[]): void {
    for (let call = this.#open[this.#first]; call?.isSettled === true; call = this.#open[this.#first]) {
      this.#parts.output.advance(call.watermarkMs);
      this.#emit(call, gone);
      this.#drop();
    }
    this.#advanceToOldest();
  }

  #letOutAsAnswered(gone: Kept[]): void {
    for (let emitted = true; emitted; ) {
      const settled = this.#settled;
      this.#settled = [];
      emitted = false;
      for (const call of settled) {
        if (!isFree(call.timestampMs, call.watermarkMs, this.#parts.output)) {
          this.#settled.push(call);
          continue;
        }
        this.#emit(call, gone);
        emitted = true;
      }
      while (this.#open[this.#first]?.isGone === true) this.#drop();
      const before = this.#parts.output.watermarkMs;
      this.#advanceToOldest();
      emitted ||= this.#parts.output.watermarkMs > before;
    }
  }

  #advanceToOldest(): void {
    const oldest = this.#open[this.#first];
    if (oldest !== undefined) this.#parts.output.advance(oldest.watermarkMs);
  }

  /** Whether the record in hand may go on at once. */
  #mayPass(): boolean {
    if (!this.isOpen) return true;
    const { work, gate, output } = this.#parts;
    return !work.ordered && isFree(this.#stages.cursor.timestampMs, gate.watermarkMs, output);
  }

  /** Hands the record in hand on. */
  #pass({ value, state, result, item }: { readonly value: unknown; readonly state: "answered" | "failed"; readonly result: unknown; readonly item: string }): void {
    const { gate, output } = this.#parts;
    if (!this.isOpen && output.watermarkMs < gate.watermarkMs) this.#catchUp();
    const { inHand } = this.#stages;
    const before = inHand.item;
    if (item === before) return this.#answer(state, result, value);
    const { origin } = inHand;
    inHand.take(origin, item);
    this.#answer(state, result, value);
    inHand.take(origin, before);
  }

  /** What is behind hears of the watermark of the records before; timers that fire there must not change the record in hand. */
  #catchUp(): void {
    const { cursor } = this.#stages;
    const { timestampMs, key, change, index } = cursor;
    this.#parts.output.advance(this.#parts.gate.watermarkMs);
    cursor.timestampMs = timestampMs;
    cursor.key = key;
    cursor.change = change;
    cursor.index = index;
  }

  #emit(call: RecordCall, gone: Kept[]): void {
    const { cursor, inHand } = this.#stages;
    const { origin, item } = call;
    if (inHand.origin !== origin || inHand.item !== item) inHand.take(origin, item);
    cursor.timestampMs = call.timestampMs;
    cursor.key = call.key;
    cursor.change = call.change;
    cursor.index = call.index;
    call.isGone = true;
    this.#slots.open--;
    if (origin !== undefined) gone.push(origin);
    this.#answer(call.state, call.result, call.value);
  }

  #answer(state: RecordCall["state"], result: unknown, value: unknown): void {
    const { work } = this.#parts;
    if (state === "failed") work.failed(result, value);
    else work.answered(result, value);
  }

  #keep(value: unknown, item: string): RecordCall {
    const { cursor, inHand } = this.#stages;
    const origin = cursor.index < 0 ? undefined : inHand.origin;
    const call = new RecordCall(this, { value, cursor, watermarkMs: this.#parts.gate.watermarkMs, origin, item });
    origin?.keep();
    this.#open.push(call);
    this.#slots.open++;
    return call;
  }

  #drop(): void {
    this.#first++;
    if (this.#first < keptGone && this.#first < this.#open.length) return;
    this.#open.splice(0, this.#first);
    this.#first = 0;
  }

  /** Which of the values made of one record this is; empty for the only way of an only one. */
  #itemOf(): string {
    const { cursor, inHand } = this.#stages;
    if (cursor.index < 0 || inHand.origin === undefined) return "";
    const isSame = inHand.origin === this.#lastOrigin && cursor.index === this.#lastIndex && inHand.item === this.#lastItem;
    this.#lastCount = isSame ? this.#lastCount + 1 : 0;
    if (!isSame) {
      this.#lastOrigin = inHand.origin;
      this.#lastIndex = cursor.index;
      this.#lastItem = inHand.item;
    }
    const { mark } = this.#parts.place;
    return this.#lastCount === 0 && mark === "" && inHand.item === "" ? "" : `${inHand.item}/${mark}.${this.#lastCount}`;
  }
}

/** One record on its way. */
export class RecordCall implements Call {
  readonly value: unknown;
  readonly origin: Kept | undefined;
  readonly item: string;
  readonly index: number;
  readonly timestampMs: number;
  readonly key: unknown;
  readonly change: ChangeKind;
  /** Of all records before it. */
  readonly watermarkMs: number;
  state: "open" | "answered" | "failed" = "open";
  result: unknown;
  isGone = false;
  readonly #stage: AsyncStage;

  constructor(stage: AsyncStage, of: { readonly value: unknown; readonly cursor: Cursor; readonly watermarkMs: number; readonly origin: Kept | undefined; readonly item: string }) {
    this.#stage = stage;
    this.value = of.value;
    this.origin = of.origin;
    this.item = of.item;
    this.watermarkMs = of.watermarkMs;
    const { cursor } = of;
    this.index = cursor.index;
    this.timestampMs = cursor.timestampMs;
    this.key = cursor.key;
    this.change = cursor.change;
  }

  get isSettled(): boolean {
    return this.state !== "open";
  }

  begin(): PromiseLike<unknown> | undefined {
    let answer: unknown;
    try {
      answer = this.#stage.begin(this.value);
    } catch (thrown) {
      this.settle("failed", thrown);
      return undefined;
    }
    if (isPromise(answer)) return answer;
    this.settle("answered", answer);
    return undefined;
  }

  settle(state: "answered" | "failed", result: unknown): void {
    this.state = state;
    this.result = result;
    this.#stage.settled(this);
  }
}

/** A record ahead of its watermark is late nowhere, whenever it goes on before that; another one waits, so that it is late where it would have been. */
function isFree(timestampMs: number, watermarkMs: number, output: Gate): boolean {
  return !(timestampMs <= watermarkMs) || watermarkMs <= output.watermarkMs;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { readonly then?: unknown }).then === "function";
}
