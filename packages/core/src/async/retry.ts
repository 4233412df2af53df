// Trying again, with growing, random delays.
import type { Clock, Random } from "../contracts/environment.ts";
import { StreamFlowError } from "../errors.ts";
import { isAbort, throwIfAborted } from "./abort.ts";
import { sleep } from "./sleep.ts";

/** How long to wait between attempts. */
export interface BackoffPolicy {
  /** Bound of the first delay, in milliseconds. @defaultValue 200 */
  readonly initialDelayMs?: number;
  /** Bound of every delay, in milliseconds. @defaultValue 30_000 */
  readonly maxDelayMs?: number;
  /** How much the bound grows from one delay to the next. @defaultValue 2 */
  readonly factor?: number;
}

/**
 * The delay before retry number `retry` (counted from 0), in milliseconds: uniform in `[0, min(maxDelayMs, initialDelayMs × factor^retry))`.
 * @see Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015: full jitter
 */
export function backoffDelayMs(policy: BackoffPolicy, retry: number, random: Random): number {
  const { initialDelayMs = 200, maxDelayMs = 30_000, factor = 2 } = policy;
  return random.next() * Math.min(maxDelayMs, initialDelayMs * factor ** retry);
}

/** Options of {@link retry}. */
export interface RetryOptions extends BackoffPolicy {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal?: AbortSignal;
  /** Attempts in all, the first one included. @defaultValue 5 */
  readonly maxAttempts?: number;
  /** No attempt starts later than this after the first, in milliseconds. @defaultValue unlimited */
  readonly maxElapsedMs?: number;
  /** Whether a failure may be tried again. Aborts never are. @defaultValue StreamFlowErrors that say so */
  readonly isRetryable?: (error: unknown) => boolean;
  /** Told before each wait. */
  readonly onRetry?: (error: unknown, retry: number, delayMs: number) => void;
}

/**
 * Runs `work` until it succeeds, fails for good, or the attempts are used up; what it failed with last is thrown as it is.
 *
 * An abort is never retried, and ends a wait at once.
 * @throws {@link StreamFlowError} SF_ABORTED when the signal is aborted before an attempt or during a wait.
 */
export async function retry<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, random, signal, maxAttempts = 5, maxElapsedMs = Infinity } = options;
  const startMs = clock.monotonicMs();
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(signal);
    try {
      return await work(attempt);
    } catch (error) {
      const delayMs = backoffDelayMs(options, attempt - 1, random);
      const isLate = clock.monotonicMs() - startMs + delayMs > maxElapsedMs;
      if (attempt >= maxAttempts || isLate || !mayRetry(error, options)) throw error;
      options.onRetry?.(error, attempt, delayMs);
      await sleep(clock, delayMs, signal);
    }
  }
}

function mayRetry(error: unknown, { isRetryable, signal }: RetryOptions): boolean {
  if (isAbort(error) || signal?.aborted === true) return false;
  return isRetryable === undefined ? StreamFlowError.is(error) && error.retryable : isRetryable(error);
}
