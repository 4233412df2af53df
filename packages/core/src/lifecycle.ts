// The life of a pipeline as a table of legal moves. docs/lifecycle.md draws it.
import { StreamFlowError } from "./errors.ts";

/** Where a pipeline may be in its life. */
export type LifecycleState = "created" | "starting" | "running" | "paused" | "draining" | "restarting" | "finished" | "stopped" | "failed";

/** From each state, where a pipeline may go next. */
export const lifecycleMoves: Readonly<Record<LifecycleState, readonly LifecycleState[]>> = {
  created: ["starting"],
  starting: ["running", "draining", "restarting", "failed", "stopped"],
  running: ["paused", "draining", "finished", "stopped", "restarting", "failed"],
  paused: ["running", "draining", "restarting", "failed"],
  draining: ["finished", "stopped", "failed"],
  restarting: ["starting", "draining", "stopped", "failed"],
  finished: ["starting"],
  stopped: ["starting"],
  failed: ["starting"],
};

/** Told after every move. */
export type LifecycleListener = (to: LifecycleState, from: LifecycleState) => void;

/** The state of one pipeline; moves only along the table. */
export class Lifecycle {
  readonly #subject: string;
  readonly #listeners: LifecycleListener[] = [];
  #state: LifecycleState = "created";

  /** @param subject who this is, for errors: `pipeline "orders"` */
  constructor(subject: string) {
    this.#subject = subject;
  }

  get state(): LifecycleState {
    return this.#state;
  }

  can(to: LifecycleState): boolean {
    return lifecycleMoves[this.#state].includes(to);
  }

  /** @throws {@link StreamFlowError} SF_LIFECYCLE_ILLEGAL, naming operation and state. */
  move(to: LifecycleState, operation: string): void {
    const from = this.#state;
    if (!this.can(to)) {
      throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `cannot ${operation} ${this.#subject}: it is ${from}`, { hint: `from ${from} it may become ${lifecycleMoves[from].join(" or ")}` });
    }
    this.#state = to;
    for (const listener of this.#listeners) listener(to, from);
  }

  onMove(listener: LifecycleListener): void {
    this.#listeners.push(listener);
  }
}
