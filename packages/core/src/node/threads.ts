// Threads of the process.
import type { Worker } from "node:worker_threads";
import type { Thread, ThreadEvents, Threads } from "../contracts/environment.ts";
import { programBeside } from "../contracts/thread-program.ts";
import { StreamFlowError } from "../errors.ts";

/** Makes threads on the machine, each with the machine's disk. */
export function nodeThreads(): Threads {
  return { start: (program, events) => new NodeThread(program, events) };
}

/** Sources run as they are only where packages lead to sources, too. */
const isSource = import.meta.url.endsWith(".ts");

class NodeThread implements Thread {
  readonly #worker: Worker;
  #isClosed = false;
  #hasFailed = false;

  constructor(program: URL, events: ThreadEvents) {
    const worker = new (process.getBuiltinModule("node:worker_threads").Worker)(programBeside("thread-main", import.meta.url), {
      workerData: { program: program.href },
      name: "streamflow",
      ...(isSource ? { execArgv: ["--conditions=streamflow-source", "--disable-warning=ExperimentalWarning"] } : {}),
    });
    this.#worker = worker;
    const fail = (error: unknown): void => {
      if (this.#isClosed || this.#hasFailed) return;
      this.#hasFailed = true;
      events.failed(error);
    };
    worker.on("message", (message) => {
      if (!this.#isClosed && !this.#hasFailed) events.message(message);
    });
    worker.on("error", fail);
    worker.on("messageerror", fail);
    worker.on("exit", (code) => fail(new StreamFlowError("SF_INTERNAL", `a thread ended by itself, with code ${code}`)));
  }

  post(message: unknown): void {
    this.#worker.postMessage(message);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker.terminate();
  }
}
