// A function of the program that the pipeline is part of.
import type { BatchFailure, RecordIdentity, Sink, SinkBatch, SinkCapabilities, SinkContext, SinkNeeds, SinkSession } from "@streamflow/core";
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
  const { name = standard.name, maxBatchRecords = standard.maxBatchRecords, delivery = "at-least-once", takesChanges = false } = options;
  if (!(Number.isSafeInteger(maxBatchRecords) && maxBatchRecords > 0)) {
    throw new StreamFlowError("SF_CONFIG_INVALID", `maxBatchRecords must be a positive integer, got ${maxBatchRecords}`);
  }
  const config = name === standard.name && maxBatchRecords === standard.maxBatchRecords ? standard : { name, maxBatchRecords };
  return new CallbackSink(config, { capabilities: delivery === "idempotent" ? idempotent : atLeastOnce, needs: takesChanges ? anyKind : insertsOnly, run: run as RunCallback });
}

type RunCallback = (records: readonly unknown[], batch: CallbackBatch) => void | Promise<void>;

// Shared: there may be very many of these sinks.
const standard: CallbackSink["config"] = { name: "callback", maxBatchRecords: 1000 };
const idempotent: SinkCapabilities = { delivery: "idempotent" };
const atLeastOnce: SinkCapabilities = { delivery: "at-least-once" };
const insertsOnly: SinkNeeds = { insertOnly: true };
const anyKind: SinkNeeds = { insertOnly: false };

class CallbackSink implements Sink<never> {
  readonly type = "callback";
  readonly config: { readonly name: string; readonly maxBatchRecords: number };
  readonly capabilities: SinkCapabilities;
  readonly needs: SinkNeeds;
  readonly #run: RunCallback;

  constructor(config: CallbackSink["config"], { capabilities, needs, run }: Pick<CallbackSink, "capabilities" | "needs"> & { readonly run: RunCallback }) {
    this.config = config;
    this.capabilities = capabilities;
    this.needs = needs;
    this.#run = run;
  }

  async open({ node, signal }: SinkContext): Promise<SinkSession> {
    return new CallbackSession({ name: `callback sink "${node}"`, run: this.#run, maxBatchRecords: this.config.maxBatchRecords, signal });
  }
}

interface CallbackParts {
  readonly name: string;
  readonly run: RunCallback;
  readonly maxBatchRecords: number;
  readonly signal: AbortSignal;
}

class CallbackSession implements SinkSession {
  readonly #parts: CallbackParts;
  /** The write under way. */
  #last: Promise<void> | undefined;
  #isClosed = false;

  constructor(parts: CallbackParts) {
    this.#parts = parts;
  }

  /** Synchronous for as long as the function is. */
  write(batch: SinkBatch): void | Promise<void> {
    if (this.#isClosed) throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `${this.#parts.name} is closed`);
    const written = this.#last === undefined ? this.#from(batch, 0, []) : this.#last.then(() => this.#from(batch, 0, []));
    if (written === undefined) return undefined;
    const last = written.catch(() => undefined).then(() => {
      if (this.#last === last) this.#last = undefined;
    });
    this.#last = last;
    return written;
  }

  async flush(): Promise<void> {
    await this.#last;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
  }

  /** Calls for the records from `start`, until one call wants to be waited for, or fails. */
  #from(batch: SinkBatch, start: number, failures: BatchFailure[]): void | Promise<void> {
    const { maxBatchRecords } = this.#parts;
    for (let from = start; from < batch.length && failures.at(-1)?.index !== batch.length - 1; from += maxBatchRecords) {
      const called = this.#call(batch, from, failures);
      if (called !== undefined) return called.then(() => this.#from(batch, from + maxBatchRecords, failures));
    }
    if (failures.length > 0) throw new BatchError(`${this.#parts.name}: ${failures[0]?.error.message}`, failures);
  }

  #call(batch: SinkBatch, from: number, failures: BatchFailure[]): void | Promise<void> {
    const { name, run, maxBatchRecords, signal } = this.#parts;
    const part = slice(batch, from, Math.min(batch.length, from + maxBatchRecords));
    const failed = (thrown: unknown): void => void failures.push(...failuresOf(toStreamFlowError(thrown, "SF_SINK_FAILED", name), { from, length: batch.length }));
    try {
      const called = run(part.values, { ...part, signal });
      // Anything with a `then` is waited for.
      if (typeof (called as { then?: unknown } | undefined)?.then === "function") return Promise.resolve(called).catch(failed);
    } catch (thrown) {
      failed(thrown);
    }
    return undefined;
  }
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
