// mapAsync: one record in, one record out, made by a function that may answer later.
import { type BackoffPolicy, type OperatorContext, type OperatorDefinition, retry, type Schema, type Stage, StreamFlowError } from "@streamflow/core";
import { failure, isPromise } from "./compute.ts";
import { type StageOptions, stageOf, unknownShape } from "./operator-stage.ts";
import { timed } from "./timed-call.ts";

/** When a call that failed is made again. */
export interface AsyncRetry extends BackoffPolicy {
  /** Calls for one record in all, the first one included. @defaultValue 3 */
  readonly maxAttempts?: number;
  /** Whether a failure may be tried again; one that took too long is an `SF_STAGE_FAILED`. @defaultValue every one */
  readonly isRetryable?: (error: unknown) => boolean;
}

/** Options of {@link mapAsync}. */
export interface MapAsyncOptions extends StageOptions {
  /** Calls under way at once, over all partitions of the process; 1 or more. While as many records are on their way, nothing more is read. @defaultValue 16 */
  readonly concurrency?: number;
  /**
   * `true`: records go on in the order in which they came, within a partition. `false`: as answers come. Windows hold the same records either way:
   * event time waits for records that are on their way, and a late record stays late.
   * @defaultValue true
   */
  readonly ordered?: boolean;
  /** A call that takes longer, in milliseconds, has failed, and its signal is aborted. Needs a pipeline that runs: `execute` has no time. @defaultValue unlimited */
  readonly timeoutMs?: number;
  /** Without it a call that failed is not made again. Needs a pipeline that runs: `execute` has no time. */
  readonly retry?: AsyncRetry;
  /** The type of the records that the function gives. @defaultValue unknown */
  readonly schema?: Schema;
}

/** Configuration of {@link mapAsync} as data. */
export interface MapAsyncConfig extends Omit<MapAsyncOptions, "id"> {
  readonly to: (record: never, signal: AbortSignal) => unknown;
}

/**
 * Turns each record into what a promise gives, with several calls under way at once. Event time, key and change kind stay.
 *
 * A record whose call fails, takes too long, or gives `undefined`, is rejected alone. Output is exactly as often as without failures, but a call may be
 * made again: after a crash, for every record behind the last checkpoint. So it should read, or write what may be written twice. The signal is aborted
 * when the pipeline gives up and when `timeoutMs` has passed. A value that is no promise costs none.
 *
 * @throws {@link StreamFlowError} SF_PLAN_INVALID, when the plan is made, for bounds that make no sense, and for updates that are to go on out of order
 * @example
 * ```ts
 * mapAsync(async (flight: { tail: string }, signal) => ({ ...flight, model: await modelOf(flight.tail, signal) }), { concurrency: 64, timeoutMs: 2_000 });
 * declare function modelOf(tail: string, signal: AbortSignal): Promise<string>;
 * ```
 */
export function mapAsync<In, Out>(to: (record: In, signal: AbortSignal) => Promise<Out> | Out, options: MapAsyncOptions = {}): Stage<In, Out> {
  const { id, ...rest } = options;
  return stageOf<In, Out, MapAsyncConfig>(mapAsyncOperator, { to, ...rest }, id === undefined ? {} : { id });
}

const defaultConcurrency = 16;
const defaultAttempts = 3;

/** What `mapAsync` stages run. */
export const mapAsyncOperator: OperatorDefinition<MapAsyncConfig> = {
  type: "mapAsync",
  shape(config, [input = unknownShape]) {
    const { ordered = true, schema } = config;
    checkBounds(config);
    if (!ordered && input.changes === "all") {
      throw new StreamFlowError("SF_PLAN_INVALID", "mapAsync out of order takes only new records, but its input also has updates and deletes, which must stay in order", { hint: "leave ordered at true, or put it before the stage that emits updates" });
    }
    return {
      outputs: { main: { ...input, schema } },
      reads: ["all"],
      forwards: false,
      deterministic: true,
      stateful: false,
      asynchronous: true,
      summary: summaryOf(config),
    };
  },
  create(config, context) {
    const { concurrency = defaultConcurrency, ordered = true } = config;
    const what = `mapAsync "${context.node}"`;
    const push = context.asynchronous({
      concurrency,
      ordered,
      call: callOf(config, context, what),
      answered(result, record) {
        if (result !== undefined) context.emit(result);
        else context.reject(new StreamFlowError("SF_TYPE_MISMATCH", `${what} answered undefined`, { hint: "return a value, and leave records out in a filter behind it" }), record);
      },
      failed: (thrown, record) => context.reject(failure(thrown, what), record),
    });
    return { inputs: [push] };
  },
};

type Call = (record: unknown, signal: AbortSignal) => unknown;

/** The user's function, with as many promises around it as its options need: none by default. */
function callOf({ to, timeoutMs, retry: policy }: MapAsyncConfig, { clock, random }: OperatorContext, what: string): Call {
  const plain = to as Call;
  const once = timeoutMs === undefined ? plain : timed(plain, { clock, timeoutMs, what });
  if (policy === undefined) return once;
  const { maxAttempts = defaultAttempts, isRetryable = () => true, ...backoff } = policy;
  return (record, signal) => {
    let first: unknown;
    try {
      first = once(record, signal);
      if (!isPromise(first)) return first;
    } catch (thrown) {
      first = Promise.reject(thrown as Error);
    }
    return retry(async (attempt) => await (attempt === 1 ? first : once(record, signal)), { ...backoff, clock, random, signal, maxAttempts, isRetryable });
  };
}

function checkBounds({ concurrency = defaultConcurrency, timeoutMs, retry: policy }: MapAsyncConfig): void {
  checkCount("concurrency", concurrency);
  checkCount("retry.maxAttempts", policy?.maxAttempts ?? defaultAttempts);
  if (timeoutMs !== undefined && !(timeoutMs > 0)) throw new StreamFlowError("SF_PLAN_INVALID", `mapAsync: timeoutMs is more than 0, got ${timeoutMs}`);
}

function checkCount(name: string, count: number): void {
  if (!Number.isSafeInteger(count) || count < 1) throw new StreamFlowError("SF_PLAN_INVALID", `mapAsync: ${name} is a whole number of 1 or more, got ${count}`);
}

function summaryOf({ concurrency = defaultConcurrency, ordered = true, timeoutMs, retry: policy }: MapAsyncConfig): string {
  const parts = [`${concurrency} calls at once`, ordered ? "in order" : "out of order"];
  if (timeoutMs !== undefined) parts.push(`${timeoutMs} ms each`);
  if (policy !== undefined) parts.push(`${policy.maxAttempts ?? defaultAttempts} attempts`);
  return parts.join(", ");
}
