// The failures of one run: counted within a window, and waited for before the next attempt. Made at the first failure: most runs have none.
import type { CancelTimer, Clock } from "../contracts/environment.ts";
import type { StreamFlowError } from "../errors.ts";

/** How often a run may be restarted, and how soon. */
export interface RestartPolicy {
  readonly maxRestarts: number;
  readonly windowMs: number;
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
}

/** Counts restarts, and waits for them. */
export class Restarts {
  /** Since the run began. */
  count = 0;
  lastError: StreamFlowError | undefined;
  #failures: readonly number[] = [];
  #cancelDelay: CancelTimer | undefined;
  #endDelay: (() => void) | undefined;

  /** The run begins again: what was before does not count. Its last failure is still known. */
  reset(): void {
    this.count = 0;
    this.#failures = [];
  }

  /** Notes a failure. Answers how many there were within the window. */
  fail(error: StreamFlowError, nowMs: number, windowMs: number): number {
    this.lastError = error;
    this.#failures = [...this.#failures.filter((atMs) => nowMs - atMs < windowMs), nowMs];
    return this.#failures.length;
  }

  /** How long to wait now, `chance` in [0, 1). Full jitter, as in deliver.ts, but never at once. */
  delayMs({ initialDelayMs, maxDelayMs }: RestartPolicy, chance: number): number {
    const ceilingMs = Math.min(maxDelayMs, initialDelayMs * 2 ** (this.#failures.length - 1));
    return ceilingMs / 2 + (chance * ceilingMs) / 2;
  }

  get isWaiting(): boolean {
    return this.#endDelay !== undefined;
  }

  async wait(clock: Clock, delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#endDelay = resolve;
      this.#cancelDelay = clock.setTimer(delayMs, resolve);
    });
    this.#endDelay = undefined;
  }

  /** Ends the wait, where there is one. */
  endWait(): void {
    this.#cancelDelay?.();
    this.#endDelay?.();
  }
}
