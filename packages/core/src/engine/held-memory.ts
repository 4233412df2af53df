// The bytes that one executor holds of the host's memory budget: the batch in work, and output that waits for a sink's commit.
import type { MemoryBudget } from "../contracts/environment.ts";

/** Takes from the budget, and gives back exactly what was taken. */
export class HeldMemory {
  readonly #budget: MemoryBudget;
  /** All bytes that are taken now. */
  #takenBytes = 0;
  #heldBytes = 0;
  /** Of these, bytes of batches of which records are on their way. */
  #flyingBytes = 0;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  /** Bytes of output that waits. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Takes the bytes of a batch. False: free what is held first, then it succeeds. */
  take(bytes: number): boolean {
    if (!this.#budget.tryTake(bytes, this.#heldBytes)) return false;
    this.#takenBytes += bytes;
    return true;
  }

  /** The batch is done, but records of it are on their way: its bytes are held until `land`. */
  launch(bytes: number): void {
    this.#heldBytes += bytes;
    this.#flyingBytes += bytes;
  }

  /** What was on its way of a batch is with the sinks. */
  land(bytes: number): void {
    this.#heldBytes -= bytes;
    this.#flyingBytes -= bytes;
  }

  /** The batch is done; its output waits. */
  hold(bytes: number): void {
    this.#heldBytes += bytes;
  }

  /** The batch is done, and nothing of it is left. */
  give(bytes: number): void {
    this.#takenBytes -= bytes;
    this.#budget.give(bytes);
  }

  /** What waited is with the sinks. */
  free(): void {
    const bytes = this.#heldBytes - this.#flyingBytes;
    this.#heldBytes = this.#flyingBytes;
    this.give(bytes);
  }

  /** Gives everything back, also the bytes of a batch that failed in the middle. */
  close(): void {
    this.#heldBytes = 0;
    this.#flyingBytes = 0;
    this.give(this.#takenBytes);
  }
}
