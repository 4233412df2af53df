// Event time between operators. A gate is the watermark on one edge; advancing it fires the timers behind it, upstream first.
//   G1. A gate's watermark never goes back.
//   G2. An operator's timers fire before the watermark moves on to the gate behind it: what they emit is never late there.
//   G3. `nextTimerMs` is a lower bound of every timer behind the gate, so that a record costs one comparison.
import type { EventTime } from "../contracts/operator.ts";

/** Something behind a gate that wants to know when event time moves. */
export interface GateListener {
  /** Event time at which it next has something to do; Infinity: nothing. */
  readonly nextTimerMs: number;
  /** Event time is now `watermarkMs`. */
  advance(watermarkMs: number): void;
}

/** The watermark of one edge. */
export class Gate implements EventTime {
  watermarkMs: number = -Infinity;
  nextTimerMs: number = Infinity;
  /** What listeners know. */
  toldMs: number = -Infinity;
  readonly #listeners: GateListener[] = [];
  readonly #parents: Gate[] = [];

  /** Adds a listener; listeners hear in the order they were added. */
  listen(listener: GateListener): void {
    this.#listeners.push(listener);
  }

  /** A timer behind this gate may be due at `timeMs`: gates before it must know. */
  lower(timeMs: number): void {
    if (timeMs >= this.nextTimerMs) return;
    this.nextTimerMs = timeMs;
    for (const parent of this.#parents) parent.lower(timeMs);
  }

  /** Timers behind `child` count as behind this gate too. */
  feeds(child: Gate): void {
    child.#parents.push(this);
    this.lower(child.nextTimerMs);
  }

  unfeed(child: Gate): void {
    const at = child.#parents.indexOf(this);
    if (at >= 0) child.#parents.splice(at, 1);
  }

  /** Moves event time to `watermarkMs`, if that is forward, and does what is due. */
  advance(watermarkMs: number): void {
    if (watermarkMs > this.watermarkMs) {
      this.watermarkMs = watermarkMs;
      this.settle();
    } else if (this.nextTimerMs <= this.watermarkMs) {
      this.settle();
    }
  }

  /** Tells every listener the present watermark, if they do not know it: `eventTime` moves it without a word where no timer is due. */
  tell(): void {
    if (this.watermarkMs !== this.toldMs) this.settle();
  }

  /** Tells every listener the present watermark. */
  settle(): void {
    this.toldMs = this.watermarkMs;
    this.nextTimerMs = Infinity;
    for (const listener of this.#listeners) listener.advance(this.watermarkMs);
    for (const listener of this.#listeners) this.nextTimerMs = Math.min(this.nextTimerMs, listener.nextTimerMs);
  }
}

/** The inputs of an exchange or of an operator with several inputs: event time behind it is the least of all that are active. */
export class MergeGate {
  /** What operators behind it see. */
  readonly output: Gate = new Gate();
  readonly #inputs = new Set<MergeInput>();

  /** After the gates in front of it and its own have been put back: inputs stand where these do. Nothing fires. */
  restored(): void {
    for (const input of this.#inputs) input.seenMs = input.from.watermarkMs;
  }

  /** Adds an input. It holds event time back until it has reported. */
  add(from: Gate): MergeInput {
    const input = new MergeInput(from, this);
    this.#inputs.add(input);
    from.listen(input);
    from.feeds(this.output);
    return input;
  }

  remove(input: MergeInput): void {
    this.#inputs.delete(input);
    input.from.unfeed(this.output);
    this.update();
  }

  /** Recomputes the minimum. Where nothing moves it stays: without inputs, or while those that have not ended are all idle. The end comes when all have ended. */
  update(): void {
    let least = Infinity;
    let hasEnded = this.#inputs.size > 0;
    for (const input of this.#inputs) {
      if (input.seenMs !== Infinity) hasEnded = false;
      if (!input.idle && input.seenMs < least) least = input.seenMs;
    }
    if (least !== Infinity || hasEnded) this.output.advance(least);
  }
}

/** One input of a merge. */
export class MergeInput implements GateListener {
  readonly from: Gate;
  readonly #merge: MergeGate;
  seenMs: number = -Infinity;
  #idle = false;

  constructor(from: Gate, merge: MergeGate) {
    this.from = from;
    this.#merge = merge;
  }

  get idle(): boolean {
    return this.#idle;
  }

  /** An idle input does not hold event time back. */
  set idle(idle: boolean) {
    if (idle === this.#idle) return;
    this.#idle = idle;
    this.#merge.update();
  }

  /**
   * A timer that this input has passed is not due on its account again; but later ones stand behind it that nobody names until it fires, so every
   * move is reported meanwhile. Else they would fire when the input next reports: in front of a record, whose cursor they would change.
   */
  get nextTimerMs(): number {
    const next = this.#merge.output.nextTimerMs;
    return next > this.seenMs ? next : this.seenMs + 1;
  }

  advance(watermarkMs: number): void {
    if (watermarkMs > this.seenMs) this.seenMs = watermarkMs;
    this.#merge.update();
  }

  /** Takes this input out of the merge. */
  detach(): void {
    this.#merge.remove(this);
  }

  /** Brings the merge up to date before a record passes. */
  sync(): void {
    if (this.from.watermarkMs !== this.seenMs) this.advance(this.from.watermarkMs);
  }
}
