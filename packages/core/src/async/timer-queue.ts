// Timers in order of due time, ties in order of setting: what both the system clock and the manual clock fire from.
import type { CancelTimer } from "../contracts/environment.ts";

interface Entry {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
  /** Place in the heap; -1 once it has fired or was cancelled. */
  index: number;
}

/** A binary heap of timers. Adding, cancelling and taking cost O(log n); a cancelled timer is gone at once. */
export class TimerQueue {
  readonly #heap: Entry[] = [];
  #orders = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** When the first timer is due; undefined when there is none. */
  get nextDueMs(): number | undefined {
    return this.#heap[0]?.dueMs;
  }

  add(dueMs: number, run: () => void): CancelTimer {
    const entry: Entry = { dueMs, order: this.#orders++, run, index: this.#heap.length };
    this.#heap.push(entry);
    this.#rise(entry);
    return () => this.#remove(entry);
  }

  /** Removes and answers the first timer that is due at `nowMs`. */
  take(nowMs: number): (() => void) | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.dueMs > nowMs) return undefined;
    this.#remove(first);
    return first.run;
  }

  #remove(entry: Entry): void {
    if (entry.index < 0) return;
    const at = entry.index;
    entry.index = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    this.#place(last, at);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(entry: Entry): void {
    while (entry.index > 0) {
      const parent = this.#heap[(entry.index - 1) >> 1];
      if (parent === undefined || !before(entry, parent)) return;
      this.#swap(entry, parent);
    }
  }

  #sink(entry: Entry): void {
    for (;;) {
      const left = this.#heap[2 * entry.index + 1];
      if (left === undefined) return;
      const right = this.#heap[2 * entry.index + 2];
      const child = right !== undefined && before(right, left) ? right : left;
      if (!before(child, entry)) return;
      this.#swap(child, entry);
    }
  }

  #swap(a: Entry, b: Entry): void {
    const at = a.index;
    this.#place(a, b.index);
    this.#place(b, at);
  }

  #place(entry: Entry, index: number): void {
    this.#heap[index] = entry;
    entry.index = index;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
