// The lives of a pipeline and of a partition, as tables of legal moves. docs/lifecycle.md draws them.
import { StateMachine, type MoveListener, type Moves } from "./async/state-machine.ts";

/** Where a pipeline may be in its life. */
export type LifecycleState = "created" | "starting" | "running" | "paused" | "draining" | "restarting" | "finished" | "stopped" | "failed";

/** From each state, where a pipeline may go next. */
export const lifecycleMoves: Moves<LifecycleState> = {
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

/** Told after every move of a pipeline. */
export type LifecycleListener = MoveListener<LifecycleState>;

/** The state of one pipeline; moves only along the table. */
export class Lifecycle extends StateMachine<LifecycleState> {
  /** @param name the pipeline's, for errors */
  constructor(name: string) {
    super({ kind: "pipeline", name, moves: lifecycleMoves, initial: "created" });
  }
}

/** Where an assignment of a partition may be. */
export type PartitionState = "assigned" | "revoking" | "released" | "lost" | "finished";

/**
 * From each state, where a partition may go next: it is revoked with a deadline and then released, or lost without one, and may be
 * assigned again after either. One that has finished is never assigned again in its session.
 */
export const partitionMoves: Moves<PartitionState> = {
  assigned: ["revoking", "lost", "finished"],
  revoking: ["released", "lost"],
  released: ["assigned"],
  lost: ["assigned"],
  finished: [],
};

/** The state of one partition in one session of its source; moves only along the table. */
export class PartitionLifecycle extends StateMachine<PartitionState> {
  /** @param name the partition's, for errors */
  constructor(name: string) {
    super({ kind: "partition", name, moves: partitionMoves, initial: "assigned" });
  }
}
