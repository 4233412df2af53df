// Work on records, several pieces at once, but one after another where they share a key.
//   W1. Pieces that share a key are done in the order in which they were added; at one at a time, all are.
//   W2. After a failure nothing new is begun; what is under way is waited for.

/** Bounds work on one batch of records. */
export class OrderedWork {
  readonly #concurrency: number;
  readonly #running = new Map<Promise<void>, ReadonlySet<string>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  /** Begins a piece as soon as it may be begun. Answers false, and has begun nothing, once one has failed. */
  async add(keys: ReadonlySet<string>, work: () => Promise<void>): Promise<boolean> {
    while (this.#failure === undefined && !this.#mayBegin(keys)) await Promise.race(this.#running.keys());
    if (this.#failure !== undefined) return false;
    const running: Promise<void> = work().catch((error: unknown) => void (this.#failure ??= { error })).then(() => void this.#running.delete(running));
    this.#running.set(running, keys);
    return true;
  }

  /** Resolves when all is done. @throws the first failure */
  async done(): Promise<void> {
    await Promise.all(this.#running.keys());
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #mayBegin(keys: ReadonlySet<string>): boolean {
    if (this.#running.size >= this.#concurrency) return false;
    for (const others of this.#running.values()) for (const key of keys) if (others.has(key)) return false;
    return true;
  }
}
