// A clock that stands still until it is told to move.
import { TimerQueue } from "../async/timer-queue.ts";
import type { CancelTimer, Clock } from "../contracts/environment.ts";
import { StreamFlowError } from "../errors.ts";
import { nextTurn } from "../node/turn.ts";

/** Options of {@link ManualClock}. */
export interface ManualClockOptions {
  /** Wall time at the start, in UTC epoch milliseconds. @defaultValue 1_767_225_600_000 (2026-01-01T00:00:00Z) */
  readonly startMs?: number;
}

/**
 * Time for tests: moved by hand, exact, and the same in every run.
 *
 * @example
 * ```ts
 * const clock = new ManualClock();
 * const fired: string[] = [];
 * clock.setTimer(100, () => fired.push("a"));
 * clock.advance(99);
 * [...fired]; // => []
 * clock.advance(1);
 * [...fired]; // => ["a"]
 * ```
 */
export class ManualClock implements Clock {
  readonly #timers = new TimerQueue();
  #monotonicMs = 0;
  #wallOffsetMs: number;

  constructor(options: ManualClockOptions = {}) {
    this.#wallOffsetMs = options.startMs ?? 1_767_225_600_000;
  }

  nowMs(): number {
    return this.#wallOffsetMs + this.#monotonicMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  setTimer(delayMs: number, run: () => void): CancelTimer {
    return this.#timers.add(this.#monotonicMs + Math.max(0, delayMs), run);
  }

  soon(run: () => void): void {
    queueMicrotask(run);
  }

  /** How many timers wait. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the first timer is due; undefined when none waits. */
  get nextTimerInMs(): number | undefined {
    const dueMs = this.#timers.nextDueMs;
    return dueMs === undefined ? undefined : dueMs - this.#monotonicMs;
  }

  /**
   * Moves both times forward and fires every timer that falls due, each at its own time, those that they set included.
   * Promise callbacks do not run in between: see {@link advanceAsync}.
   */
  advance(byMs: number): void {
    const untilMs = this.#target(byMs);
    while (this.#fireNext(untilMs)) continue;
    this.#monotonicMs = untilMs;
  }

  /** Like {@link advance}, but everything that a timer sets in motion comes to rest before the next one fires. */
  async advanceAsync(byMs: number): Promise<void> {
    const untilMs = this.#target(byMs);
    await nextTurn();
    while (this.#fireNext(untilMs)) await nextTurn();
    this.#monotonicMs = untilMs;
  }

  /** Jumps to the first timer, however far, and fires it. Answers false when none waits. */
  async advanceToNext(): Promise<boolean> {
    await nextTurn();
    const fired = this.#fireNext(Infinity);
    await nextTurn();
    return fired;
  }

  /** Sets wall time alone, forward or back, as a person or a time server does. Timers do not notice. */
  setWall(nowMs: number): void {
    this.#wallOffsetMs = nowMs - this.#monotonicMs;
  }

  #target(byMs: number): number {
    if (!(byMs >= 0 && byMs < Infinity)) throw new StreamFlowError("SF_CONFIG_INVALID", `a clock advances by >= 0 ms, got ${byMs}`);
    return this.#monotonicMs + byMs;
  }

  #fireNext(untilMs: number): boolean {
    const dueMs = this.#timers.nextDueMs;
    const run = this.#timers.take(untilMs);
    if (run === undefined || dueMs === undefined) return false;
    this.#monotonicMs = Math.max(this.#monotonicMs, dueMs);
    run();
    return true;
  }
}
