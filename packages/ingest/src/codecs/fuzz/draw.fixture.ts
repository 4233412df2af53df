// Choices that follow from a seed, so that what a failure prints can be run again.

/** Draws from a seed. */
export class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to 2^32 - 1. @see Tommy Ettinger's mulberry32 */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number {
    return this.next() % bound;
  }

  /** Whether something that comes `share` of the time comes now. */
  chance(share: number): boolean {
    return this.next() < share * 0x1_0000_0000;
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)];
    return picked as T;
  }

  /** A list of the same kind, of `least` to `most` items. */
  list<T>(least: number, most: number, item: (index: number) => T): T[] {
    return Array.from({ length: least + this.below(most - least + 1) }, (_, i) => item(i));
  }
}
