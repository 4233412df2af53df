// Threads for tests: programs run in the test's own thread, between its turns, on the test's own disk.
import type { Disk, Thread, ThreadEvents, Threads } from "../contracts/environment.ts";
import type { ThreadContext, ThreadProgram } from "../contracts/thread-program.ts";

/** Options of {@link InProcessThreads}. */
export interface InProcessThreadsOptions {
  readonly disk: Disk;
  /** Called with each message to a thread, before it arrives; what it throws ends that thread as if its program had. */
  readonly onMessage?: (message: unknown) => void;
}

/** Threads that are none. */
export class InProcessThreads implements Threads {
  /** How many were started. */
  started = 0;
  readonly #options: InProcessThreadsOptions;
  readonly #running = new Set<InProcessThread>();
  readonly #programs = new Map<string, ThreadProgram>();

  constructor(options: InProcessThreadsOptions) {
    this.#options = options;
  }

  /** How many run now. */
  get running(): number {
    return this.#running.size;
  }

  /** Loads a program, so that threads that are started with it begin at once. Else they take as long as an import does. */
  async prepare(program: URL): Promise<void> {
    this.#programs.set(program.href, await load(program));
  }

  start(program: URL, events: ThreadEvents): Thread {
    this.started++;
    const thread: InProcessThread = new InProcessThread(this.#options, events, () => this.#running.delete(thread));
    this.#running.add(thread);
    const prepared = this.#programs.get(program.href);
    void thread.begin(prepared === undefined ? load(program) : Promise.resolve(prepared));
    return thread;
  }
}

async function load(program: URL): Promise<ThreadProgram> {
  return ((await import(/* @vite-ignore */ program.href)) as { readonly run: ThreadProgram }).run;
}

class InProcessThread implements Thread {
  readonly #options: InProcessThreadsOptions;
  readonly #events: ThreadEvents;
  readonly #ended: () => void;
  #handle: ((message: unknown) => void) | undefined;
  #waiting: unknown[] = [];
  #isOver = false;

  constructor(options: InProcessThreadsOptions, events: ThreadEvents, ended: () => void) {
    this.#options = options;
    this.#events = events;
    this.#ended = ended;
  }

  async begin(program: Promise<ThreadProgram>): Promise<void> {
    try {
      const run = await program;
      const context: ThreadContext = {
        disk: this.#options.disk,
        post: (message) => this.#later(message, (copy) => this.#events.message(copy)),
        listen: (handle) => this.#listen(handle),
      };
      if (!this.#isOver) run(context);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  post(message: unknown): void {
    this.#later(message, (copy) => {
      if (this.#handle === undefined) this.#waiting.push(copy);
      else this.#take(copy, this.#handle);
    });
  }

  async close(): Promise<void> {
    this.#isOver = true;
    this.#ended();
  }

  #listen(handle: (message: unknown) => void): void {
    this.#handle = handle;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting) queueMicrotask(() => this.#take(message, handle));
  }

  #take(message: unknown, handle: (message: unknown) => void): void {
    if (this.#isOver) return;
    try {
      this.#options.onMessage?.(message);
      handle(message);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #later(message: unknown, deliver: (copy: unknown) => void): void {
    if (this.#isOver) return;
    const copy = structuredClone(message);
    queueMicrotask(() => {
      if (!this.#isOver) deliver(copy);
    });
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ended();
    this.#events.failed(error);
  }
}
