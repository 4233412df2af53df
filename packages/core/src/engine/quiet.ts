// An environment for stages that run outside an executor: no timers, no words, no clock and no chance of their own.
import type { Clock, Logger, Random } from "../contracts/environment.ts";
import type { Cursor } from "../contracts/operator.ts";
import { StreamFlowError } from "../errors.ts";
import { AsyncStages } from "./async-stages.ts";

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

/** Always the middle. */
export const quietRandom: Random = { next: () => 0.5 };

/** Asynchronous stages whose answers are taken by whoever runs the stages. */
export function quietStages(cursor: Cursor, signal: AbortSignal): AsyncStages {
  return new AsyncStages({ clock: quietClock, cursor, signal, inHand: { origin: undefined, item: "", take: () => undefined }, wake: () => undefined });
}
