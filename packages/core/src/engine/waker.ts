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
  wait(forMs: number): Promise<void> {
    if (this.#isWoken || forMs <= 0) {
      this.#isWoken = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      let cancel: CancelTimer | undefined;
      this.#resume = () => {
        cancel?.();
        this.#resume = undefined;
        this.#isWoken = false;
        resolve();
      };
      if (forMs !== Infinity) cancel = this.#clock.setTimer(forMs, this.#resume);
    });
  }

  get isSleeping(): boolean {
    return this.#resume !== undefined && !this.#isWoken;
  }
}
