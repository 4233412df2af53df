// Real processes over a folder of their own: the runner, and the command line.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ask, type Asked } from "./ask.ts";

const root = join(import.meta.dirname, "../../..");
const node = join(root, "node_modules/.bin/node");
/** Every process loads the same sources: they are compiled once. */
const compiled = join(root, "node_modules/.cache/compiled");
const flags = ["--conditions=streamflow-source", "--disable-warning=ExperimentalWarning"];

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process with what it has written. */
export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = "";
  stderr = "";
  readonly #waiting: (() => void)[] = [];

  constructor(child: ChildProcess, options: { readonly readsOutput: boolean }) {
    this.child = child;
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => this.#note("stderr", chunk));
    // A reader that never comes: the pipe fills.
    if (options.readsOutput) child.stdout?.setEncoding("utf8").on("data", (chunk: string) => this.#note("stdout", chunk));
    this.ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code, signal) => setImmediate(() => resolve({ code, signal, stdout: this.stdout, stderr: this.stderr })));
    });
  }

  /** Resolves when `look` answers something; rejects when the process ends before. */
  until<Found>(look: (running: this) => Found | undefined): Promise<Found> {
    return new Promise((resolve, reject) => {
      const again = (): void => {
        const found = look(this);
        if (found !== undefined) resolve(found);
      };
      this.#waiting.push(again);
      again();
      void this.ended.then((end) => reject(new Error(`ended too early: ${JSON.stringify(end)}`)));
    });
  }

  #note(stream: "stdout" | "stderr", chunk: string): void {
    this[stream] += chunk;
    for (const look of this.#waiting) look();
  }
}

/** A runner that listens. */
export class Hosted {
  readonly running: Running;
  readonly url: string;

  constructor(running: Running, url: string) {
    this.running = running;
    this.url = url;
  }

  get(path: string): Promise<Asked> {
    return ask(this.url, path);
  }

  post(path: string): Promise<Asked> {
    return ask(this.url, path, { method: "POST" });
  }

  /** Asks again until a pipeline is where it is expected. */
  async status(pipeline: string, wanted: string): Promise<Readonly<Record<string, unknown>>> {
    for (;;) {
      const { body } = await this.get(`/pipelines/${pipeline}`);
      if (body["status"] === wanted) return body;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  /** Waits until a pipeline has read something and nothing more for a while: its sink holds it up. */
  async isStuck(pipeline: string): Promise<void> {
    let last = 0;
    for (let same = 0; same < 5; ) {
      const { recordsIn = 0 } = ((await this.get(`/pipelines/${pipeline}`)).body["progress"] ?? {}) as { readonly recordsIn?: number };
      same = recordsIn > 0 && recordsIn === last ? same + 1 : 0;
      last = recordsIn;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ended> {
    this.running.child.kill(signal);
    return this.running.ended;
  }
}

/** A folder with pipelines; at the end its processes are killed and it is removed. */
export class Workspace implements AsyncDisposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "streamflow-runner-"));
  readonly #processes: Running[] = [];
  #sockets = 0;

  write(name: string, content: string): string {
    const path = join(this.folder, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** Starts a runner over `pipelines/` and waits until it listens, on a Unix socket: tests need no network. */
  async host(...options: readonly string[]): Promise<Hosted> {
    mkdirSync(join(this.folder, "pipelines"), { recursive: true });
    const running = this.start("apps/runner/src/main.ts", ["pipelines", "--data", "data", "--address", join(this.folder, `${++this.#sockets}.sock`), ...options], { readsOutput: false });
    const url = await running.until(({ stderr }) => /"url":"([^"]+)"/.exec(stderr)?.[1]);
    return new Hosted(running, url);
  }

  /** Starts the command line. */
  command(...arguments_: readonly string[]): Running {
    return this.start("packages/cli/src/bin.ts", ["--host", join(root, "apps/runner/src/index.ts"), ...arguments_], { readsOutput: true });
  }

  start(script: string, arguments_: readonly string[], options: { readonly readsOutput: boolean }): Running {
    const child = spawn(node, [...flags, join(root, script), ...arguments_], { cwd: this.folder, env: { PATH: process.env["PATH"], NODE_COMPILE_CACHE: compiled, DB_PASSWORD: "hunter2-hunter2" } });
    const running = new Running(child, options);
    this.#processes.push(running);
    return running;
  }

  /** Rows of a query on an SQLite file; none while it does not exist. */
  rows(file: string, sql: string): readonly Readonly<Record<string, unknown>>[] {
    const path = join(this.folder, file);
    if (!existsSync(path)) return [];
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      return database.prepare(sql).all().map((row) => ({ ...row }));
    } finally {
      database.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child, ended } of this.#processes) {
      child.kill("SIGKILL");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
