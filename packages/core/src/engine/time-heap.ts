// A set of times with their namespaces, least time first.

/** A binary heap of distinct times; each holds a set of namespaces. */
export class TimeHeap {
  readonly #times: number[] = [];
  readonly #namespaces = new Map<number, Set<number>>();

  /** The least time; Infinity when empty. */
  get next(): number {
    return this.#times[0] ?? Infinity;
  }

  get isEmpty(): boolean {
    return this.#times.length === 0;
  }

  /** Adding the same pair twice is adding it once. */
  add(time: number, namespace: number): void {
    const known = this.#namespaces.get(time);
    if (known !== undefined) {
      known.add(namespace);
      return;
    }
    this.#namespaces.set(time, new Set([namespace]));
    const times = this.#times;
    let at = times.push(time) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (times[parent]! <= time) break;
      times[at] = times[parent]!;
      at = parent;
    }
    times[at] = time;
  }

  /** Forgets a pair; its time stays in the heap, with nothing to do. */
  remove(time: number, namespace: number): void {
    this.#namespaces.get(time)?.delete(namespace);
  }

  /** Takes the least time out and answers its namespaces, ascending. */
  take(): readonly number[] {
    const times = this.#times;
    const least = times[0]!;
    const last = times.pop()!;
    if (times.length > 0) this.#sink(last);
    const namespaces = [...(this.#namespaces.get(least) ?? [])].sort((a, b) => a - b);
    this.#namespaces.delete(least);
    return namespaces;
  }

  #sink(time: number): void {
    const times = this.#times;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= times.length) break;
      if (child + 1 < times.length && times[child + 1]! < times[child]!) child++;
      if (times[child]! >= time) break;
      times[at] = times[child]!;
      at = child;
    }
    times[at] = time;
  }
}
