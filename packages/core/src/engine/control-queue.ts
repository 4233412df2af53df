// What must happen between two batches: asked for at any time, done by the executor's loop.

/** What becomes of a request that the run ends before: refused; or answered with nothing, because the end itself does what was asked for; or never answered. */
export type AtEnd = "refused" | "answered" | "dropped";

interface Request {
  run(): Promise<void>;
  end(error: unknown): void;
}

/** Requests to an executor, in the order they came. */
export class ControlQueue {
  readonly #requests: Request[] = [];
  readonly #failed: (error: unknown) => void;
  #ended: { readonly error: unknown } | undefined;

  /** @param failed told of work that failed, besides who asked for it */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  get isEmpty(): boolean {
    return this.#requests.length === 0;
  }

  /** Asks for work. Where the run ends before it is done, or has ended, `atEnd` says what the answer is. */
  add<Result>(work: () => Promise<Result>, atEnd: AtEnd): Promise<Result> {
    return new Promise((resolve, reject) => {
      const failed = (error: unknown): void => {
        reject(error as Error);
        this.#failed(error);
      };
      const end = (error: unknown): void => {
        if (atEnd === "refused") reject(error as Error);
        if (atEnd === "answered") resolve(undefined as Result);
      };
      if (this.#ended === undefined) this.#requests.push({ run: () => work().then(resolve, failed), end });
      else end(this.#ended.error);
    });
  }

  async runAll(): Promise<void> {
    for (let request = this.#requests.shift(); request !== undefined; request = this.#requests.shift()) await request.run();
  }

  /** The run is over: what was asked for, and what will be, is not done any more. */
  end(error: unknown): void {
    this.#ended ??= { error };
    for (const request of this.#requests.splice(0)) request.end(error);
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }
}
