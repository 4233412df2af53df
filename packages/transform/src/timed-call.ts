// A function whose promises have a deadline. One that answers at once costs no timer.
import { type Clock, StreamFlowError } from "@streamflow/core";
import { isPromise } from "./compute.ts";

type Call = (record: unknown, signal: AbortSignal) => unknown;

/** How long calls may take. */
export interface TimedCallOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Who is too slow, for the error. */
  readonly what: string;
}

/** The same function; its promise is rejected with SF_STAGE_FAILED when it has taken too long, and its signal is aborted, then and with the caller's. */
export function timed(call: Call, options: TimedCallOptions): Call {
  // One listener for all calls: a signal looks for the one to be taken away among all that it has.
  const underWay = new Set<AbortController>();
  let heard: AbortSignal | undefined;
  return (record, signal) => {
    if (heard !== signal) {
      heard = signal;
      signal.addEventListener("abort", () => underWay.forEach((controller) => controller.abort(signal.reason)), { once: true });
    }
    const controller = new AbortController();
    if (signal.aborted) controller.abort(signal.reason);
    const answer = call(record, controller.signal);
    if (!isPromise(answer)) return answer;
    underWay.add(controller);
    return timedAnswer(answer, { ...options, controller, leave: () => underWay.delete(controller) });
  };
}

function timedAnswer(answer: PromiseLike<unknown>, options: TimedCallOptions & { readonly controller: AbortController; readonly leave: () => void }): Promise<unknown> {
  const { clock, timeoutMs, what, controller, leave } = options;
  return new Promise((resolve, reject) => {
    const cancel = clock.setTimer(timeoutMs, () => {
      const error = new StreamFlowError("SF_STAGE_FAILED", `${what} did not answer within ${timeoutMs} ms`, { context: { timeoutMs }, hint: "raise timeoutMs, or make fewer calls at once" });
      leave();
      // Rejected before the function hears of it: the timeout is what failed.
      reject(error);
      controller.abort(error);
    });
    const end = (settle: (result: never) => void) => (result: unknown): void => {
      cancel();
      leave();
      settle(result as never);
    };
    answer.then(end(resolve), end(reject));
  });
}
