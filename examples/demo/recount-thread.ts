// Counts the result again in a thread of its own, while the pipeline runs on another core. The rows of the recount stay in the thread:
// the comparison goes to them.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Comparison } from "./compare.ts";

/** What is counted: URLs of the raw files. */
export interface RawFiles {
  /** Parquet. */
  readonly flights: string;
  /** CSV. */
  readonly airports: string;
}

/** A recount on its way. Close it. */
export class RecountThread implements AsyncDisposable {
  readonly #worker: Worker;
  /** Rejects when the thread fails. */
  readonly #failed: Promise<never>;
  readonly #counted: Promise<number>;

  constructor(files: RawFiles) {
    this.#worker = new Worker(new URL("./recount-worker.ts", import.meta.url), { workerData: files });
    this.#failed = new Promise((_, reject) => this.#worker.once("error", reject));
    this.#counted = this.#answer<number>();
    // Whoever asks sees the failure; nobody has to ask.
    this.#failed.catch(() => undefined);
    this.#counted.catch(() => undefined);
  }

  /** Resolves with the number of windows when everything is counted. */
  get counted(): Promise<number> {
    return this.#counted;
  }

  /** Compares the tables of a results file with the recount, once. */
  async compare(results: URL): Promise<Comparison> {
    await this.#counted;
    this.#worker.postMessage(results.href);
    return this.#answer<Comparison>();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }

  async #answer<Answer>(): Promise<Answer> {
    const [answer] = (await Promise.race([once(this.#worker, "message"), this.#failed])) as [Answer];
    return answer;
  }
}
