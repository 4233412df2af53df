// The bytes that one partition's reader holds of the host's memory budget: the batch that it has read ahead.
//   M1. What somebody waits for is always read, and counted; what nobody waits for is read only where the budget has room for it.
//   M2. Room is taken before reading, by the size of the batch before, and set right when the batch is there.
import type { MemoryBudget } from "@streamflow/core";

/** Counts what one reader holds. */
export class ReadAheadMemory {
  readonly #budget: MemoryBudget;
  #takenBytes = 0;
  /** Of the batch before; 0: none was read yet. */
  #usualBytes = 0;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  /** Takes room for the next batch. False: there is none, and nobody waits for it. */
  tryBegin(isWaitedFor: boolean): boolean {
    const isRoom = this.#budget.tryTake(this.#usualBytes, isWaitedFor ? 0 : 1);
    if (isRoom) this.#takenBytes += this.#usualBytes;
    return isRoom;
  }

  /** The batch is there. */
  arrived(byteLength: number): void {
    this.free();
    this.#usualBytes = byteLength;
    this.#takenBytes = byteLength;
    this.#budget.tryTake(byteLength, 0);
  }

  /** A part of the batch was handed over: its consumer counts it from now. */
  handOver(byteLength: number): void {
    const bytes = Math.min(byteLength, this.#takenBytes);
    this.#takenBytes -= bytes;
    this.#budget.give(bytes);
  }

  /** Nothing is held any more. */
  free(): void {
    this.handOver(this.#takenBytes);
  }
}
