// A function of the program that the pipeline is part of.
import type { BatchFailure, RecordIdentity, Sink, SinkBatch } from "@streamflow/core";
import { BatchError, StreamFlowError, toStreamFlowError } from "@streamflow/core";

/** What a callback may ask about its records. */
export interface CallbackBatch {
  /** UTC epoch milliseconds of each record; NaN where it has no event time. */
  readonly timestamps: Float64Array;
  /** Change kinds; absent: all inserts. */
  readonly changes?: Uint8Array;
  /** Who a record is: the same when it is delivered again. */
  identityAt(index: number): RecordIdentity;
  readonly signal: AbortSignal;
}

/** Options of {@link callbackSink}. */
export interface CallbackSinkOptions {
  /** Part of what tells two callback sinks apart. @defaultValue `"callback"` */
  readonly name?: string;
  /** Most records of one call; a larger batch is several calls. @defaultValue 1_000 */
  readonly maxBatchRecords?: number;
  /** `idempotent` promises that the function does nothing for an identity that it has seen. @defaultValue "at-least-once" */
  readonly delivery?: "at-least-once" | "idempotent";
  /** Whether it takes updates and deletes. @defaultValue false */
  readonly takesChanges?: boolean;
}

/**
 * Calls a function with each batch of records, at least once, one call after another.
 *
 * The pipeline waits for each promise, so nothing is buffered. A StreamFlowError that is retryable makes the engine call again with the same
 * records, a BatchError with those that it names; anything else that is thrown fails the pipeline. After a crash, records since the last
 * checkpoint come again. The arrays are the function's own only until it is done.
 */
export function callbackSink<In = unknown>(run: (records: readonly In[], batch: CallbackBatch) => void | Promise<void>, options: CallbackSinkOptions = {}): Sink<In> {
  const { name = "callback", maxBatchRecords = 1000, delivery = "at-least-once", takesChanges = false } = options;
  if (!(Number.isSafeInteger(maxBatchRecords) && maxBatchRecords > 0)) {
    throw new StreamFlowError("SF_CONFIG_INVALID", `maxBatchRecords must be a positive integer, got ${maxBatchRecords}`);
  }
  return {
    type: "callback",
    capabilities: { delivery },
    config: { name, maxBatchRecords },
    needs: { insertOnly: !takesChanges },
    async open({ node, signal }) {
      let last: Promise<void> = Promise.resolve();
      let isClosed = false;
      const call = async (batch: SinkBatch, from: number): Promise<readonly BatchFailure[]> => {
        const part = slice(batch, from, Math.min(batch.length, from + maxBatchRecords));
        try {
          await run(part.values as readonly In[], { ...part, signal });
          return [];
        } catch (thrown) {
          return failuresOf(toStreamFlowError(thrown, "SF_SINK_FAILED", `callback sink "${node}"`), { from, length: batch.length });
        }
      };
      const write = async (batch: SinkBatch): Promise<void> => {
        const failures: BatchFailure[] = [];
        for (let from = 0; from < batch.length; from += maxBatchRecords) {
          failures.push(...(await call(batch, from)));
          if (failures.at(-1)?.index === batch.length - 1) break;
        }
        if (failures.length > 0) throw new BatchError(`callback sink "${node}": ${failures[0]?.error.message}`, failures);
      };
      return {
        write(batch) {
          if (isClosed) throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `callback sink "${node}" is closed`);
          const written = last.then(() => write(batch));
          last = written.catch(() => undefined);
          return written;
        },
        flush: () => last,
        async close() {
          isClosed = true;
          await last;
        },
      };
    },
  };
}

function slice(batch: SinkBatch, from: number, to: number): { readonly values: readonly unknown[] } & Omit<CallbackBatch, "signal"> {
  return {
    values: batch.values.slice(from, to),
    timestamps: batch.timestamps.subarray(from, to),
    ...(batch.changes === undefined ? {} : { changes: batch.changes.subarray(from, to) }),
    identityAt: (index) => batch.identityAt(from + index),
  };
}

/** What a failed call leaves unwritten: the records that it names; else its own, and, to keep order, all behind them. Throws what is of no use to try again. */
function failuresOf(error: StreamFlowError, { from, length }: { readonly from: number; readonly length: number }): readonly BatchFailure[] {
  if (error instanceof BatchError) return error.failures.map((failure) => ({ index: from + failure.index, error: failure.error }));
  if (!error.retryable || from === 0) throw error;
  return Array.from({ length: length - from }, (_, i) => ({ index: from + i, error }));
}
