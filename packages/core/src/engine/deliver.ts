// Writes a batch into a sink, again in place where the sink says that this may help.
import { backoffDelayMs } from "../async/retry.ts";
import { sleep } from "../async/sleep.ts";
import type { Clock, Random } from "../contracts/environment.ts";
import type { SinkBatch, SinkCapabilities, SinkSession } from "../contracts/sink.ts";
import { type BatchError, StreamFlowError } from "../errors.ts";

/** What delivery may use. */
export interface DeliverOptions {
  readonly node: string;
  readonly capabilities: SinkCapabilities;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Attempts of one batch before the pipeline restarts. */
  readonly maxAttempts: number;
  /** A record that the sink will never take. */
  reject(error: StreamFlowError, value: unknown): void;
}

const backoff = { initialDelayMs: 50, maxDelayMs: 10_000 };

/**
 * Writes a batch. Synchronous for as long as the sink is.
 *
 * A transactional sink is not tried again in place: what a failed write left in its transaction is unknown, so the pipeline restarts from the
 * last commit. Others are: all of the batch, or the records that a BatchError names.
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
    await sleep(options.clock, backoffDelayMs(backoff, attempt, options.random), options.signal);
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
    const retry: number[] = [];
    for (const failure of error.failures) {
      if (failure.error.retryable) retry.push(failure.index);
      else options.reject(failure.error, batch.values[failure.index]);
    }
    return retry.length === 0 ? undefined : select(batch, retry);
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
  };
}
