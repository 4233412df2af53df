// Waking a waiter.

/**
 * Lets one part of a program wait until another one has something for it.
 *
 * - SIG-1. `raise` wakes everyone who waits. With nobody waiting it is remembered, once, for the next `wait`.
 * - SIG-2. All who wait together share one promise; waiting on a raised signal makes none.
 */
export class Signal {
  static readonly #now: Promise<void> = Promise.resolve();
  #waiting: PromiseWithResolvers<void> | undefined;
  #isRaised = false;

  raise(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#isRaised = true;
    else waiting.resolve();
  }

  /** Resolves when the signal is raised; at once where it was raised since the last wait. */
  wait(): Promise<void> {
    if (this.#isRaised) {
      this.#isRaised = false;
      return Signal.#now;
    }
    this.#waiting ??= Promise.withResolvers<void>();
    return this.#waiting.promise;
  }
}

/** A door that opens once and stays open. */
export class Latch {
  readonly #opened: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  #isOpen = false;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(): void {
    this.#isOpen = true;
    this.#opened.resolve();
  }

  /** Resolves when the door opens; at once where it is open. */
  wait(): Promise<void> {
    return this.#opened.promise;
  }
}
