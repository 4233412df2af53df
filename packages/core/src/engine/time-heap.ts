// A set of times with their namespaces, least time first.

/** A binary heap of distinct times; each holds a set of namespaces, which is made when there is a second one. */
export class TimeHeap {
  readonly #times: number[] = [];
  readonly #namespaces = new Map<number, number | Set<number>>();

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
      if (typeof known !== "number") known.add(namespace);
      else if (known !== namespace) this.#namespaces.set(time, new Set([known, namespace]));
      return;
    }
    this.#namespaces.set(time, namespace);
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
    const known = this.#namespaces.get(time);
    if (known === namespace) this.#namespaces.set(time, new Set());
    else if (typeof known === "object") known.delete(namespace);
  }

  /** Takes the least time out and answers its namespaces, ascending. */
  take(): readonly number[] {
    const times = this.#times;
    const least = times[0]!;
    const last = times.pop()!;
    if (times.length > 0) this.#sink(last);
    const namespaces = this.#namespaces.get(least) ?? [];
    this.#namespaces.delete(least);
    return typeof namespaces === "number" ? [namespaces] : [...namespaces].sort((a, b) => a - b);
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
