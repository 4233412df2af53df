// Waiting that an abort ends.

/** The value of `work`, or undefined when `signal` is aborted first. An abort leaves `work` to itself; its later failure is swallowed. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    // Not `finally`, which makes four more promises, for every chunk of a stream.
    work.then(
      (value) => {
        signal.removeEventListener("abort", stop);
        resolve(value);
      },
      (thrown: unknown) => {
        signal.removeEventListener("abort", stop);
        reject(thrown);
      },
    );
  });
}

/** As {@link untilAborted}, for waits one after another: one listener serves them all, until `close`. */
export class AbortableWaits {
  readonly #signal: AbortSignal;
  #resolve: ((nothing: undefined) => void) | undefined;
  readonly #stop = (): void => this.#resolve?.(undefined);

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", this.#stop, { once: true });
  }

  wait<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      if (this.#signal.aborted) this.#stop();
      work.then(resolve, reject);
    });
  }

  close(): void {
    this.#signal.removeEventListener("abort", this.#stop);
  }
}
