// The clock of the machine.
import { TimerQueue } from "../async/timer-queue.ts";
import type { CancelTimer, Clock } from "../contracts/environment.ts";

/** Node fires a longer timer at once. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Makes a clock on the machine's time.
 *
 * Node's own timers may fire a fraction early and keep no order between different delays. One Node timer is armed for the
 * head of our own queue instead, so that order and bounds are exact.
 */
export function systemClock(): Clock {
  return new SystemClock();
}

class SystemClock implements Clock {
  readonly #timers = new TimerQueue();
  #armed: NodeJS.Timeout | undefined;
  #armedForMs = Infinity;

  nowMs(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  setTimer(delayMs: number, run: () => void): CancelTimer {
    const cancel = this.#timers.add(performance.now() + Math.max(0, delayMs), run);
    this.#arm();
    return () => {
      cancel();
      if (this.#timers.size === 0) this.#disarm();
    };
  }

  soon(run: () => void): void {
    setImmediate(run);
  }

  #arm(): void {
    const dueMs = this.#timers.nextDueMs;
    if (dueMs === undefined || dueMs >= this.#armedForMs) return;
    this.#disarm();
    const delayMs = Math.min(longestTimerMs, Math.max(0, Math.ceil(dueMs - performance.now())));
    this.#armed = setTimeout(() => this.#fire(), delayMs).unref();
    this.#armedForMs = dueMs;
  }

  #disarm(): void {
    if (this.#armed !== undefined) clearTimeout(this.#armed);
    this.#armed = undefined;
    this.#armedForMs = Infinity;
  }

  #fire(): void {
    this.#disarm();
    // Timers that are set meanwhile wait for their own turn, so that a timer of 0 ms that sets another cannot starve the loop.
    const nowMs = performance.now();
    try {
      for (let run = this.#timers.take(nowMs); run !== undefined; run = this.#timers.take(nowMs)) run();
    } finally {
      this.#arm();
    }
  }
}
