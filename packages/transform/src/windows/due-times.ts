// When keys are due, for many keys: kept by ticks, and sorted to the millisecond only when their tick has come.
//   D1. A tick costs one timer, a key that is put off within its tick or beyond none: what has moved on meanwhile is told when its tick comes.
//   D2. In the present tick there is one timer at a time, that of the first time in it.
// @see Varghese and Lauck 1987, "Hashed and hierarchical timing wheels", scheme 6 and 7; a Map stands for the wheel, so that no time is out of reach
import type { Timers } from "@streamflow/core";

/** What is known of the keys that wait. */
export interface DueOptions {
  readonly timers: Timers;
  /** Length of a tick, in milliseconds. */
  readonly tickMs: number;
  /** Whether a key is still due at a time. Where it is put off it has been set again. */
  stillDue(key: unknown, timeMs: number): boolean;
}

interface Waiting {
  readonly timeMs: number;
  readonly key: unknown;
}

/** Keys by the times at which they are due. */
export class DueTimes {
  readonly #options: DueOptions;
  readonly #ticks = new Map<number, Waiting[]>();
  /** The last tick that has come. */
  #present = -Infinity;
  /** What is due in it, the first at the end. */
  #queue: Waiting[] = [];

  constructor(options: DueOptions) {
    this.#options = options;
  }

  /** A key is due at a time that event time has not reached. */
  set(timeMs: number, key: unknown): void {
    const { tickMs, timers } = this.#options;
    const tick = Math.floor(timeMs / tickMs);
    if (tick <= this.#present) return this.#enqueue({ timeMs, key });
    const waiting = this.#ticks.get(tick);
    if (waiting !== undefined) return void waiting.push({ timeMs, key });
    this.#ticks.set(tick, [{ timeMs, key }]);
    timers.setEvent(tick * tickMs, 0);
  }

  /** A timer has come: takes the keys that are due at its time. */
  take(timeMs: number): readonly unknown[] {
    const tick = Math.floor(timeMs / this.#options.tickMs);
    const come = this.#ticks.get(tick);
    if (come !== undefined) this.#begin(tick, come);
    const keys: unknown[] = [];
    while (this.#queue.at(-1)?.timeMs === timeMs) keys.push(this.#queue.pop()!.key);
    this.#awaitNext();
    return keys;
  }

  #begin(tick: number, come: readonly Waiting[]): void {
    this.#present = tick;
    this.#ticks.delete(tick);
    const due = come.filter(({ key, timeMs }) => this.#options.stillDue(key, timeMs));
    this.#queue = [...this.#queue, ...due].sort((a, b) => b.timeMs - a.timeMs);
  }

  #enqueue(one: Waiting): void {
    let at = this.#queue.length;
    while (at > 0 && this.#queue[at - 1]!.timeMs < one.timeMs) at--;
    this.#queue.splice(at, 0, one);
    if (at === this.#queue.length - 1) this.#awaitNext();
  }

  #awaitNext(): void {
    const next = this.#queue.at(-1);
    if (next !== undefined) this.#options.timers.setEvent(next.timeMs, 0);
  }
}
