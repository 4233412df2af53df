// Partitions that have been without input for long enough do not hold event time back.
import type { Clock } from "../contracts/environment.ts";
import type { Slot } from "./scheduler.ts";

/** Watches how long partitions have been without input. */
export class Idleness {
  readonly #clock: Clock;
  readonly #afterMs: number;

  /** @param afterMs Infinity: never idle */
  constructor(clock: Clock, afterMs: number) {
    this.#clock = clock;
    this.#afterMs = afterMs;
  }

  /** A partition is new: it counts from now. */
  begin(slots: readonly Slot[]): void {
    const nowMs = this.#clock.monotonicMs();
    for (const slot of slots) slot.task.lastRecordMs ||= nowMs;
  }

  /** Marks partitions that are idle by now. Event time may move, and windows fire. */
  mark(slots: readonly Slot[]): void {
    const nowMs = this.#clock.monotonicMs();
    for (const slot of slots) if (slot.isIdle && !slot.task.isOpen && nowMs - slot.task.lastRecordMs >= this.#afterMs) slot.task.idle = true;
  }

  /** Milliseconds until the next one is due; Infinity: none is. */
  dueInMs(slots: readonly Slot[]): number {
    if (this.#afterMs === Infinity) return Infinity;
    const nowMs = this.#clock.monotonicMs();
    const due = slots.map((slot) => slot.task.lastRecordMs + this.#afterMs - nowMs).filter((ms) => ms > 0);
    return Math.min(Infinity, ...due);
  }
}
