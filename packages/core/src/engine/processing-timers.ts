// Timers of processing time, of all operators of one executor: fired between records, one real timer for all.
/** What a processing timer wakes. */
export interface ProcessingTarget {
  fireProcessing(timeMs: number, namespace: number): void;
}

interface ProcessingTimer {
  readonly timeMs: number;
  readonly instance: ProcessingTarget;
  readonly namespace: number;
}

/** Processing timers, earliest first. There are few: one per open early trigger. */
export class ProcessingTimers {
  #timers: ProcessingTimer[] = [];

  /** Setting the same timer twice is setting it once. */
  set(timeMs: number, instance: ProcessingTarget, namespace: number): void {
    if (this.#timers.some((t) => t.timeMs === timeMs && t.instance === instance && t.namespace === namespace)) return;
    this.#timers.push({ timeMs, instance, namespace });
    this.#timers.sort((a, b) => a.timeMs - b.timeMs);
  }

  /** When the earliest is due; Infinity: none. */
  get nextMs(): number {
    return this.#timers[0]?.timeMs ?? Infinity;
  }

  /** Fires what is due at `nowMs`. */
  fire(nowMs: number): void {
    while (this.nextMs <= nowMs) {
      const timer = this.#timers.shift()!;
      timer.instance.fireProcessing(timer.timeMs, timer.namespace);
    }
  }

  /** Forgets the timers of an instance that goes away. */
  forget(instance: ProcessingTarget): void {
    this.#timers = this.#timers.filter((timer) => timer.instance !== instance);
  }
}
