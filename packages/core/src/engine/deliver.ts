// Writes a batch into a sink, again in place where the sink says that this may help.
import { backoffDelayMs, type BackoffPolicy } from "../async/retry.ts";
import { sleep } from "../async/sleep.ts";
import type { Clock, Random } from "../contracts/environment.ts";
import type { RecordIdentity, SinkBatch, SinkCapabilities, SinkSession } from "../contracts/sink.ts";
import { type BatchError, StreamFlowError } from "../errors.ts";

/** What delivery may use. */
export interface DeliverOptions {
  readonly capabilities: Pick<SinkCapabilities, "delivery">;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Attempts of one batch, the first one included. */
  readonly maxAttempts: number;
  /** How long it waits between attempts. @defaultValue at most 50 ms at first, doubling up to 10 s */
  readonly backoff?: BackoffPolicy;
  /** Takes a record that the sink will never take, with its identity. @defaultValue such a record fails the delivery */
  readonly reject?: (error: StreamFlowError, value: unknown, identity: RecordIdentity, about: RejectedAbout) => void;
}

/** What else is known of a record that a sink will never take. */
export interface RejectedAbout {
  readonly timestampMs: number;
  readonly change: number;
  /** The bytes of the input that it was made of, where they are known. */
  readonly raw: Uint8Array | undefined;
}

const usual: BackoffPolicy = { initialDelayMs: 50, maxDelayMs: 10_000 };

/**
 * Writes a batch into a sink, and again what could not be written and may be later. Synchronous for as long as the sink is.
 *
 *   D1. A failure that says it may help to try again is tried again, later and later; any other is thrown at once.
 *   D2. Of a partly written batch only what failed is tried again, in its order; a record that can never be written goes to `reject`, once.
 *   D3. A transactional sink is not tried again in place: what a failed write left in its transaction is unknown, so its owner goes back to the last commit.
 *
 * @throws {@link StreamFlowError} the last failure where attempts are used up or it is of no use to try again; SF_ABORTED when `signal` ends a pause.
 */
export function deliver(session: SinkSession, batch: SinkBatch, options: DeliverOptions): void | Promise<void> {
  let written: void | Promise<void>;
  try {
    written = session.write(batch);
  } catch (error) {
    return again(session, batch, { options, error });
  }
  if (written === undefined) return undefined;
  return written.catch((error: unknown) => again(session, batch, { options, error }));
}

async function again(session: SinkSession, whole: SinkBatch, failed: { options: DeliverOptions; error: unknown }): Promise<void> {
  const { options } = failed;
  let batch = whole;
  let { error } = failed;
  for (let attempt = 1; ; attempt++) {
    const rest = remaining(batch, error, options);
    if (rest === undefined) return;
    if (options.capabilities.delivery === "transactional" || attempt >= options.maxAttempts) throw error;
    batch = rest;
    await sleep(options.clock, backoffDelayMs(options.backoff ?? usual, attempt - 1, options.random), options.signal);
    try {
      await session.write(batch);
      return;
    } catch (next) {
      error = next;
    }
  }
}

/** What is still to be written after a failure; records that can never be written are rejected. Throws what cannot be mended here. */
function remaining(batch: SinkBatch, error: unknown, options: DeliverOptions): SinkBatch | undefined {
  if (isBatchError(error)) {
    const failures = error.failures.toSorted((a, b) => a.index - b.index);
    const hopeless = failures.filter((failure) => !failure.error.retryable);
    if (hopeless.length > 0 && options.reject === undefined) throw error;
    for (const { index, error: why } of hopeless) options.reject?.(why, batch.values[index], batch.identityAt(index), { timestampMs: batch.timestamps[index] ?? NaN, change: batch.changes?.[index] ?? 0, raw: batch.rawAt?.(index) });
    return hopeless.length === failures.length ? undefined : select(batch, failures.filter((failure) => failure.error.retryable).map((failure) => failure.index));
  }
  if (StreamFlowError.is(error) && error.retryable) return batch;
  throw error;
}

/** Also one made by another copy of this package. */
function isBatchError(error: unknown): error is BatchError {
  return StreamFlowError.is(error, "SF_SINK_PARTIAL") && "failures" in error;
}

function select(batch: SinkBatch, indexes: readonly number[]): SinkBatch {
  return {
    length: indexes.length,
    values: indexes.map((i) => batch.values[i]),
    timestamps: Float64Array.from(indexes, (i) => batch.timestamps[i] ?? NaN),
    ...(batch.changes === undefined ? {} : { changes: Uint8Array.from(indexes, (i) => batch.changes?.[i] ?? 0) }),
    identityAt: (index) => batch.identityAt(indexes[index] ?? -1),
    ...(batch.rawAt === undefined ? {} : { rawAt: (index: number) => batch.rawAt?.(indexes[index] ?? -1) }),
  };
}
