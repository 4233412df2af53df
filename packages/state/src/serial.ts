// Work that must not overlap, one task after another.

/** Runs tasks of one name in the order they were given, each after the one before has ended; tasks of other names run beside them. */
export class Serial {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Resolves with the task's result. A task that fails does not hold up the next. */
  run<T>(name: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(name) ?? Promise.resolve();
    const result = before.then(task, task);
    const tail = result.then(nothing, nothing).then(() => {
      if (this.#tails.get(name) === tail) this.#tails.delete(name);
    });
    this.#tails.set(name, tail);
    return result;
  }

  /** Resolves when everything that was given so far has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#tails.values());
  }
}

function nothing(): void {}
