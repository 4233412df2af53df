// Delivery that is tried again in place: for sinks that are driven without the engine, and for outbox.ts, which sends behind a checkpoint.
//   R1. A failure that says it may help to try again is tried again, later and later; any other is thrown at once.
//   R2. Of a partly written batch only what failed is tried again; a record that can never be written goes to `reject`, once.
//   R3. The order of the records that are left is kept.
import type { Clock, Random, SinkBatch, StreamFlowError } from "@streamflow/core";
import { BatchError, StreamFlowError as Failure } from "@streamflow/core";
import { pick } from "./sink-batch.ts";

/** When a delivery is tried again. */
export interface RetryPolicy {
  /** Attempts of one batch, the first included. @defaultValue 8 */
  readonly maxAttempts?: number;
  /** Longest pause before the second attempt, in milliseconds; it doubles with each further one. @defaultValue 50 */
  readonly initialDelayMs?: number;
  /** @defaultValue 10_000 */
  readonly maxDelayMs?: number;
}

/** What a delivery is made with. */
export interface DeliveryOptions extends RetryPolicy {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Takes a record that the target will never take. Absent: such a record fails the delivery. */
  readonly reject?: (error: StreamFlowError, value: unknown) => void;
}

/**
 * Writes a batch, and again what could not be written and may be later.
 *
 * Pauses are drawn at random between 0 and a bound that doubles ("full jitter"), on the injected clock.
 *
 * @throws {@link StreamFlowError} the last failure where attempts are used up or it is of no use to try again; SF_ABORTED when `signal` ends a pause.
 * @see Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015
 */
export async function deliverWithRetry(write: (batch: SinkBatch) => void | Promise<void>, batch: SinkBatch, options: DeliveryOptions): Promise<void> {
  const { maxAttempts = 8 } = options;
  let left = batch;
  for (let attempt = 1; ; attempt++) {
    try {
      await write(left);
      return;
    } catch (error) {
      const rest = remaining(left, error, options);
      if (rest.length === 0) return;
      if (attempt >= maxAttempts) throw error;
      left = rest;
    }
    await pause(attempt, options);
  }
}

/** What is to be tried again. Throws the failure where nothing can be done. */
function remaining(batch: SinkBatch, error: unknown, { reject }: DeliveryOptions): SinkBatch {
  if (!Failure.is(error)) throw error;
  if (!(error instanceof BatchError)) {
    if (!error.retryable) throw error;
    return batch;
  }
  const failures = error.failures.toSorted((a, b) => a.index - b.index);
  const hopeless = failures.filter((failure) => !failure.error.retryable);
  if (hopeless.length > 0 && reject === undefined) throw error;
  for (const failure of hopeless) reject?.(failure.error, batch.values[failure.index]);
  return pick(batch, failures.filter((failure) => failure.error.retryable).map((failure) => failure.index));
}

function pause(attempt: number, options: DeliveryOptions): Promise<void> {
  const { clock, random, signal, initialDelayMs = 50, maxDelayMs = 10_000 } = options;
  const delayMs = random.next() * Math.min(maxDelayMs, initialDelayMs * 2 ** (attempt - 1));
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      cancel();
      reject(new Failure("SF_ABORTED", "the delivery was cancelled while it waited to be tried again"));
    };
    const cancel = clock.setTimer(delayMs, () => {
      signal.removeEventListener("abort", stop);
      resolve();
    });
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
