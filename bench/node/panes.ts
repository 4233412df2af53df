// Sliding windows of 10 s every 2 s by hand: a Map for each pane of 2 s, five of them merged for each window.
const sizeMs = 10_000;
const slideMs = 2_000;
const boundMs = 5_000;

/** Counts by key and sliding window. */
export class SlidingCounts {
  readonly #onWindow: (startMs: number, counts: ReadonlyMap<number, number>) => void;
  readonly #panes = new Map<number, Map<number, number>>();
  #latest: { readonly startMs: number; readonly counts: Map<number, number> } = { startMs: NaN, counts: new Map() };
  /** Start of the next window to fire. */
  #next = NaN;

  /** @param onWindow is told the counts of each window, in order, once no record for it is expected: 5 s later */
  constructor(onWindow: (startMs: number, counts: ReadonlyMap<number, number>) => void) {
    this.#onWindow = onWindow;
  }

  add(key: number, timeMs: number): void {
    const startMs = timeMs - (timeMs % slideMs);
    if (this.#latest.startMs !== startMs) this.#latest = { startMs, counts: this.#paneOf(startMs) };
    const { counts } = this.#latest;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    for (; this.#next + sizeMs <= timeMs - boundMs; this.#next += slideMs) this.#fire();
  }

  end(): void {
    for (; this.#panes.size > 0; this.#next += slideMs) this.#fire();
  }

  #paneOf(startMs: number): Map<number, number> {
    let counts = this.#panes.get(startMs);
    if (counts === undefined) {
      const first = startMs - sizeMs + slideMs;
      this.#panes.set(startMs, (counts = new Map()));
      this.#next = Number.isNaN(this.#next) ? first : Math.min(this.#next, first);
    }
    return counts;
  }

  #fire(): void {
    const startMs = this.#next;
    const merged = new Map<number, number>();
    for (let pane = startMs; pane < startMs + sizeMs; pane += slideMs) {
      for (const [key, count] of this.#panes.get(pane) ?? []) merged.set(key, (merged.get(key) ?? 0) + count);
    }
    this.#panes.delete(startMs);
    this.#onWindow(startMs, merged);
  }
}
