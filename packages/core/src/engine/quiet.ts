// An environment for stages that run outside an executor: no timers, no words, no clock of their own.
import type { Clock, Logger } from "../contracts/environment.ts";
import { StreamFlowError } from "../errors.ts";

/** Says nothing. */
export const quietLogger: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Stands still in the far future, so that no event time is ahead of it; has no timers. */
export const quietClock: Clock = {
  nowMs: () => 8.64e15,
  monotonicMs: () => 0,
  setTimer: () => {
    throw new StreamFlowError("SF_PLAN_INVALID", "processing time needs a running pipeline", { hint: "use run instead of execute" });
  },
  soon: (run) => queueMicrotask(run),
};
