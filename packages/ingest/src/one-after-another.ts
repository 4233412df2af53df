// Iterators of batches, one behind the other.
import type { Batch } from "@streamflow/core";
import type { Batches, BatchIterator } from "./partition-readers.ts";

/** The batches of `readAt(0)`, then of `readAt(1)`, up to `count` of them, each begun when the one before has ended. */
export function oneAfterAnother(count: number, readAt: (i: number) => Batches): Batches {
  return { [Symbol.asyncIterator]: () => new OneAfterAnother(count, readAt) };
}

/** As a generator that yields all of one, then all of the next, would do it; but what is there at once stays so. */
class OneAfterAnother implements BatchIterator {
  /** Only where the present one has it: any other is read one batch ahead. */
  takeNow: (() => Batch | undefined) | undefined;
  readonly #count: number;
  readonly #readAt: (i: number) => Batches;
  #i = -1;
  #current: BatchIterator | undefined;

  constructor(count: number, readAt: (i: number) => Batches) {
    this.#count = count;
    this.#readAt = readAt;
  }

  async next(): Promise<IteratorResult<Batch>> {
    for (;;) {
      const result = await this.#current?.next();
      if (result?.done === false) return result;
      this.#turnTo(undefined);
      if (++this.#i >= this.#count) return { done: true, value: undefined };
      this.#turnTo(this.#readAt(this.#i)[Symbol.asyncIterator]());
    }
  }

  async return(): Promise<IteratorResult<Batch>> {
    this.#i = this.#count;
    await this.#current?.return?.();
    this.#turnTo(undefined);
    return { done: true, value: undefined };
  }

  #turnTo(current: BatchIterator | undefined): void {
    this.#current = current;
    this.takeNow = current?.takeNow === undefined ? undefined : () => current.takeNow?.();
  }
}
