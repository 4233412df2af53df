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
