// Bytes of a backlog in the host's memory budget (docs/adr/0009, B3).
import type { MemoryBudget } from "../contracts/environment.ts";

/** Holds as much of a budget as its owner has in memory. */
export class Budgeted {
  readonly #budget: MemoryBudget;
  #takenBytes = 0;
  #isWaiting = false;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  /** Holds so many bytes from now on. False: the budget has not so much more; what was held still is. Who holds nothing always gets it. */
  hold(bytes: number): boolean {
    const more = bytes - this.#takenBytes;
    if (more > 0 && !this.#budget.tryTake(more, this.#takenBytes)) return false;
    if (more < 0) this.#budget.give(-more);
    this.#takenBytes = bytes;
    return true;
  }

  /** Calls back, once, when the budget has got something back. Asked again before that, it calls only the first. */
  onFree(run: () => void): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#budget.onFree(() => {
      this.#isWaiting = false;
      run();
    });
  }
}
