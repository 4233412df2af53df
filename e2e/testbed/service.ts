// What every service of the test bed has: a real server on 127.0.0.1 and a free port, in a temporary folder. Each service is one module of this shape.
//   T1. Whatever becomes of the process that started it, a server ends, and its folder is removed: a guard (guard.ts) of its own watches over it.
//   T2. A server that does not start says why, with the end of its log.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";

/** A kind of server. */
export interface Service<Running extends Server = Server, Options extends StartOptions = StartOptions> {
  readonly name: string;
  /** Makes sure that its programs are there: downloads them where they are missing, and throws, saying what to do, where it cannot. */
  install(): Promise<void>;
  /** Starts a server of its own, and answers when it is ready. */
  start(options?: Options): Promise<Running>;
  /** Whether tests can share one that somebody else has started: what they make there has names of its own. */
  readonly isShareable: boolean;
}

/** What may differ from one server to another. */
export interface StartOptions {
  /** Settings of the server itself, by name. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A running server. */
export interface Server {
  readonly name: string;
  /** With user and password, where it has any. */
  readonly url: string;
  readonly port: number;
  /** Its data and its log. */
  readonly folder: string;
  /** Ends it at once, as a crash does. Its folder and its port stay its own. */
  kill(): Promise<void>;
  /** Kills it, where it runs, and starts it again on the same port and folder; answers when it is ready. */
  restart(): Promise<void>;
  /** Stops its processes where they are (SIGSTOP): connections stay open, and nothing answers. */
  suspend(): Promise<void>;
  /** Lets a suspended server go on. */
  resume(): Promise<void>;
  /** Resolves when it has ended for good, whatever the reason. */
  readonly ended: Promise<unknown>;
  /** Ends it for good, and removes its folder. */
  stop(): Promise<void>;
  /** The last lines of its log. */
  log(lines?: number): string;
}

/** What a service gives the guard to run. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Another user than the present one. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
  /** What ends it at once, with all its processes, and without a chance to write. */
  readonly killSignal: "SIGKILL" | "SIGQUIT";
}

/** What a guard can be told. */
export type Order = "kill" | "start" | "suspend" | "resume";

/** How a server comes up. */
export interface Launch {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly command: Command;
  isReady(): Promise<boolean>;
}

const readyWithinMs = 60_000;

/** A folder that the guard removes. */
export function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `streamflow-${name}-`));
}

/** Removes a folder for which no guard was started. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Starts a server under a guard. */
export async function launch(what: Launch): Promise<Server> {
  const server = new GuardedServer(what);
  try {
    await server.ready();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

class GuardedServer implements Server {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly #ended: Promise<unknown>;
  readonly #launch: Launch;
  readonly #guard: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  #hasEnded = false;
  #last: Promise<unknown> = Promise.resolve();
  #lastLog = "";

  constructor(what: Launch) {
    this.#launch = what;
    ({ name: this.name, url: this.url, port: this.port, folder: this.folder } = what);
    const guard = join(import.meta.dirname, "guard.ts");
    // A group of its own: what ends this process by the keyboard must not end the guard before the server.
    this.#guard = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", guard, JSON.stringify({ ...what.command, folder: what.folder })], { detached: true, stdio: ["pipe", "pipe", "inherit"] });
    this.#guard.stdin?.on("error", () => undefined);
    this.#answers = createInterface({ input: this.#guard.stdout ?? Readable.from([]) })[Symbol.asyncIterator]();
    this.#ended = new Promise<void>((resolve) => {
      this.#guard.once("exit", () => {
        this.#hasEnded = true;
        resolve();
      });
    });
  }

  async ready(): Promise<void> {
    const untilMs = Date.now() + readyWithinMs;
    while (!(await this.#launch.isReady())) {
      const log = this.log();
      if (this.#hasEnded) throw new Error(`${this.name} did not start; its log:\n${this.#lastLog}`);
      if (Date.now() > untilMs) throw new Error(`${this.name} is not ready after ${readyWithinMs} ms; its log:\n${log}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  get ended(): Promise<unknown> {
    return this.#ended;
  }

  kill(): Promise<void> {
    return this.#order("kill");
  }

  async restart(): Promise<void> {
    await this.#order("kill");
    await this.#order("start");
    await this.ready();
  }

  suspend(): Promise<void> {
    return this.#order("suspend");
  }

  resume(): Promise<void> {
    return this.#order("resume");
  }

  /** One order at a time, in the order in which they were given. */
  #order(order: Order): Promise<void> {
    const answered = this.#last.then(async () => {
      this.#guard.stdin?.write(`${order}\n`);
      const { done } = await this.#answers.next();
      if (done === true) throw new Error(`${this.name} has ended; its log:\n${this.#lastLog}`);
    });
    this.#last = answered.catch(() => undefined);
    return answered;
  }

  async stop(): Promise<void> {
    this.#guard.stdin?.end();
    await this.#ended;
  }

  log(lines: number = 20): string {
    try {
      this.#lastLog = readFileSync(join(this.folder, "log.txt"), "utf8").trimEnd().split("\n").slice(-lines).join("\n");
    } catch {
      // It has ended, and its folder with it.
    }
    return this.#lastLog;
  }
}
