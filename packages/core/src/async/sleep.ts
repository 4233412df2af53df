// Waiting on the injected clock.
import type { Clock } from "../contracts/environment.ts";
import { StreamFlowError } from "../errors.ts";
import { abortError, childController, onAbort } from "./abort.ts";

/**
 * Resolves after `delayMs` milliseconds of the clock's monotonic time.
 * @throws {@link StreamFlowError} SF_ABORTED when the signal is aborted first, or already.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(abortError(signal, "a wait"));
    const cancel = clock.setTimer(delayMs, () => {
      forget();
      resolve();
    });
    const forget = onAbort(signal, (by) => {
      cancel();
      reject(abortError(by, "a wait"));
    });
  });
}

/** Options of {@link deadline}. */
export interface DeadlineOptions {
  readonly clock: Clock;
  /** Milliseconds that the work may take. */
  readonly timeoutMs: number;
  /** What takes so long, for the error: `commit of sink "files"`. */
  readonly what: string;
  readonly signal?: AbortSignal;
}

/**
 * Runs `work` for at most `timeoutMs` milliseconds. Its signal is aborted at the deadline, and when the caller's is. Work that does not
 * listen goes on, but nobody waits for it any more.
 *
 * @throws {@link StreamFlowError} SF_TIMEOUT (retryable) at the deadline; SF_ABORTED when the caller's signal is aborted first.
 */
export async function deadline<T>(work: (signal: AbortSignal) => Promise<T>, options: DeadlineOptions): Promise<T> {
  const { clock, timeoutMs, what, signal } = options;
  if (signal?.aborted === true) throw abortError(signal, what);
  const { controller, unlink } = childController(signal);
  const stopped = Promise.withResolvers<never>();
  const cancel = clock.setTimer(timeoutMs, () => {
    const error = new StreamFlowError("SF_TIMEOUT", `${what} took longer than ${timeoutMs} ms`, { context: { timeoutMs } });
    // Rejected before the work hears of it, so that the timeout wins over whatever the work throws.
    stopped.reject(error);
    controller.abort(error);
  });
  const forget = onAbort(signal, (by) => stopped.reject(abortError(by, what)));
  try {
    return await Promise.race([stopped.promise, work(controller.signal)]);
  } finally {
    cancel();
    forget();
    unlink();
  }
}
