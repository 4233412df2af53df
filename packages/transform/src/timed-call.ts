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
  return (record, signal) => {
    const controller = new AbortController();
    const answer = call(record, controller.signal);
    return isPromise(answer) ? timedAnswer(answer, { ...options, controller, signal }) : answer;
  };
}

function timedAnswer(answer: PromiseLike<unknown>, options: TimedCallOptions & { readonly controller: AbortController; readonly signal: AbortSignal }): Promise<unknown> {
  const { clock, timeoutMs, what, controller, signal } = options;
  return new Promise((resolve, reject) => {
    const giveUp = (): void => controller.abort(signal.reason);
    const cancel = clock.setTimer(timeoutMs, () => {
      const error = new StreamFlowError("SF_STAGE_FAILED", `${what} did not answer within ${timeoutMs} ms`, { context: { timeoutMs }, hint: "raise timeoutMs, or give it fewer calls at once" });
      // Rejected before the function hears of it: the timeout is what failed.
      leave();
      reject(error);
      controller.abort(error);
    });
    const leave = (): void => {
      cancel();
      signal.removeEventListener("abort", giveUp);
    };
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    answer.then(
      (value) => {
        leave();
        resolve(value);
      },
      (thrown: unknown) => {
        leave();
        reject(thrown as Error);
      },
    );
  });
}
