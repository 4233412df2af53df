// A set of times in order: the starts of panes.

/** Distinct times, ascending. */
export class SortedTimes {
  readonly #times: number[] = [];

  /** Answers whether it was not there. */
  add(timeMs: number): boolean {
    const at = this.#firstFrom(timeMs);
    if (this.#times[at] === timeMs) return false;
    this.#times.splice(at, 0, timeMs);
    return true;
  }

  /** Whether there is one in [fromMs, toMs). */
  hasWithin(fromMs: number, toMs: number): boolean {
    const time = this.#times[this.#firstFrom(fromMs)];
    return time !== undefined && time < toMs;
  }

  /** Takes those in [fromMs, toMs) out. */
  take(fromMs: number, toMs: number): readonly number[] {
    const at = this.#firstFrom(fromMs);
    return this.#times.splice(at, this.#firstFrom(toMs) - at);
  }

  /** Index of the first at or after a time. Most are asked for at either end. */
  #firstFrom(timeMs: number): number {
    let low = 0;
    let high = this.#times.length;
    if (high > 0 && timeMs > this.#times[high - 1]!) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#times[middle]! < timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
