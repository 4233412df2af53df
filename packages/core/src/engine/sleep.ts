// Whether a run that has been silent for a while may give up everything that it is made of, and begin again from its last checkpoint: docs/adr/0005.
//   Z1. It sleeps only where a restart from the last checkpoint would find it exactly as it is: what is not in a checkpoint keeps it awake.
import type { Clock } from "../contracts/environment.ts";
import { hasBacklogs } from "../plan/delivery.ts";
import type { PhysicalPlan } from "../plan/physical-plan.ts";
import { isBridged } from "../plan/shapes.ts";
import type { BatchRunner } from "./batch-runner.ts";
import type { CheckpointSchedule } from "./checkpoint-schedule.ts";
import type { ControlQueue } from "./control-queue.ts";
import { idleAfterMs } from "./event-time.ts";
import type { OperatorInstance } from "./instance.ts";
import type { ProcessingTimers } from "./processing-timers.ts";
import type { Slot } from "./scheduler.ts";

/**
 * Whether a plan may sleep at all: every stage is an operator that keeps what it knows in its state, loads nothing when it opens, waits for no
 * answers, and marks no partition as idle.
 */
export function maySleep(plan: PhysicalPlan, instances: readonly OperatorInstance[]): boolean {
  if (hasBacklogs(plan.logical)) return false;
  if (plan.nodes.some((entry) => isBridged(entry.node) || entry.shape?.asynchronous === true)) return false;
  return idleAfterMs(plan) === Infinity && instances.every((instance) => instance.operator.open === undefined);
}

/** With more entries in its tables a run stays awake: to put them back would take more than a few milliseconds. */
const maxEntries = 10_000;

/** What keeps a run awake. */
export interface SleepWatch {
  readonly clock: Clock;
  /** How long there must be no input, in milliseconds; Infinity: it never sleeps. */
  readonly afterMs: number;
  readonly schedule: Pick<CheckpointSchedule, "isDirty" | "isPending">;
  readonly control: Pick<ControlQueue, "isEmpty">;
  readonly timers: Pick<ProcessingTimers, "nextMs">;
  readonly runner: Pick<BatchRunner, "hasOutput">;
  readonly partitions: { readonly slots: readonly Slot[]; readonly replay: { readonly isRunning: boolean } };
  /** Of all scopes. */
  instances(): readonly OperatorInstance[];
  /** Whether all sources have nothing to read, and will wake the run when one of them has (SRC-15). */
  sleep(): boolean;
}

/** Tells when a run may sleep. */
export class Sleep {
  readonly #watch: SleepWatch;
  #isAllowed = false;
  #lastInputMs = 0;

  constructor(watch: SleepWatch) {
    this.#watch = watch;
  }

  /** The run has begun. */
  begin(isAllowed: boolean): void {
    this.#isAllowed = isAllowed && this.#watch.afterMs !== Infinity;
    this.noteInput();
  }

  /** There was something to read. */
  noteInput(): void {
    if (this.#isAllowed) this.#lastInputMs = this.#watch.clock.monotonicMs();
  }

  /** Milliseconds until it may; Infinity: something keeps it awake, and will be heard of. */
  get dueInMs(): number {
    return this.#isAllowed && this.#isAtRest() ? this.#lastInputMs + this.#watch.afterMs - this.#watch.clock.monotonicMs() : Infinity;
  }

  /** Whether it falls asleep now. */
  falls(): boolean {
    if (this.dueInMs > 0) return false;
    if (this.#isSmall && !this.#watch.runner.hasOutput && this.#watch.sleep()) return true;
    // Its state would take long to put back, or a source has news that are on their way: it is asked again later.
    this.noteInput();
    return false;
  }

  get #isSmall(): boolean {
    return this.#watch.instances().reduce((sum, instance) => sum + instance.tables.size, 0) <= maxEntries;
  }

  /** Everything that was read is committed, every partition was asked in vain, and nothing is to be done but to read on. */
  #isAtRest(): boolean {
    const { schedule, control, timers, partitions } = this.#watch;
    if (schedule.isDirty || schedule.isPending || !control.isEmpty || timers.nextMs !== Infinity || partitions.replay.isRunning) return false;
    return partitions.slots.every((slot) => slot.isIdle && slot.rest === undefined && !slot.isParked && !slot.task.ended);
  }
}
