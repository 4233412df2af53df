// What must happen between two batches: asked for at any time, done by the executor's loop.

interface Request {
  run(): Promise<void>;
  /** Answers who asked; undefined: nobody is told. */
  readonly refuse: ((error: unknown) => void) | undefined;
}

/** Requests to an executor, in the order they came. */
export class ControlQueue {
  readonly #requests: Request[] = [];
  readonly #failed: (error: unknown) => void;

  /** @param failed told of work that failed, besides who asked for it */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  get isEmpty(): boolean {
    return this.#requests.length === 0;
  }

  /** Asks for work. Where the run ends before it is done, the answer is what `end` says; for a source, which ends with the run, there is none. */
  add<Result>(work: () => Promise<Result>, from: "caller" | "source"): Promise<Result> {
    return new Promise((resolve, reject) => {
      const failed = (error: unknown): void => {
        reject(error as Error);
        this.#failed(error);
      };
      this.#requests.push({ run: () => work().then(resolve, failed), refuse: from === "caller" ? reject : undefined });
    });
  }

  async runAll(): Promise<void> {
    for (let request = this.#requests.shift(); request !== undefined; request = this.#requests.shift()) await request.run();
  }

  /** The run is over: what was asked for is not done any more. */
  end(error: unknown): void {
    for (const request of this.#requests.splice(0)) request.refuse?.(error);
  }
}
