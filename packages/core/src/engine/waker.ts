// One sleeper, many who may wake it.
import type { CancelTimer, Clock } from "../contracts/environment.ts";

/** Lets one loop sleep until something happens or time passes. A wake while nobody sleeps makes the next sleep return at once. */
export class Waker {
  readonly #clock: Clock;
  #isWoken = false;
  #resume: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wake(): void {
    this.#isWoken = true;
    this.#resume?.();
  }

  /** Sleeps for at most `forMs`; Infinity: until woken. */
  async wait(forMs: number): Promise<void> {
    let cancel: CancelTimer | undefined;
    if (!this.#isWoken && forMs > 0) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
        if (forMs !== Infinity) cancel = this.#clock.setTimer(forMs, resolve);
      });
      cancel?.();
      this.#resume = undefined;
    }
    this.#isWoken = false;
  }

  get isSleeping(): boolean {
    return this.#resume !== undefined && !this.#isWoken;
  }
}
