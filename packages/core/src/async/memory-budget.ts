// The memory budget of a host: a count of bytes, shared by its pipelines.
import type { MemoryBudget } from "../contracts/environment.ts";
import { StreamFlowError } from "../errors.ts";

/**
 * Makes a memory budget of `limitBytes`.
 *
 * The sum of what is taken exceeds the limit only by the one item that a holder with nothing may always take.
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID when `limitBytes` is not a positive number.
 */
export function memoryBudget(limitBytes: number): MemoryBudget {
  if (!(limitBytes > 0)) throw new StreamFlowError("SF_CONFIG_INVALID", `a memory budget must be > 0 bytes, got ${limitBytes}`);
  return new Budget(limitBytes);
}

class Budget implements MemoryBudget {
  readonly limitBytes: number;
  #usedBytes = 0;
  #waiters: (() => void)[] = [];

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  tryTake(bytes: number, held: number): boolean {
    checkAmount(bytes);
    if (held > 0 && this.#usedBytes + bytes > this.limitBytes) return false;
    this.#usedBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    checkAmount(bytes);
    if (bytes > this.#usedBytes) throw new StreamFlowError("SF_INTERNAL", `${bytes} bytes were given back, but only ${this.#usedBytes} are taken`);
    this.#usedBytes -= bytes;
    if (bytes === 0 || this.#waiters.length === 0) return;
    const woken = this.#waiters;
    this.#waiters = [];
    // Later, not here: the giver may be in the middle of something that a waiter would see.
    for (const run of woken) queueMicrotask(run);
  }

  onFree(run: () => void): void {
    this.#waiters.push(run);
  }
}

function checkAmount(bytes: number): void {
  if (!(bytes >= 0 && bytes < Infinity)) throw new StreamFlowError("SF_INTERNAL", `an amount of memory must be a number of bytes >= 0, got ${bytes}`);
}
