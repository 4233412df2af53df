// What every service of the test bed has: a real server on 127.0.0.1 and a free port, in a temporary folder. Each service is one module of this shape.
//   T1. Whatever becomes of the process that started it, a server ends, and its folder is removed: a guard (guard.ts) of its own watches over it.
//   T2. A server that does not start says why, with the end of its log.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A kind of server. */
export interface Service {
  readonly name: string;
  /** Makes sure that its programs are there: downloads them where they are missing, and throws, saying what to do, where it cannot. */
  install(): Promise<void>;
  /** Starts a server of its own, and answers when it is ready. */
  start(options?: StartOptions): Promise<Server>;
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
  /** Ends it at once, as a crash does, and starts it again on the same port and folder; answers when it is ready. */
  restart(): Promise<void>;
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
}

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

/** A port of 127.0.0.1 that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("the system gave no port");
  return address.port;
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
  readonly #launch: Launch;
  readonly #guard: ChildProcess;
  readonly #ended: Promise<unknown>;
  #hasEnded = false;
  #lastLog = "";

  constructor(what: Launch) {
    this.#launch = what;
    ({ name: this.name, url: this.url, port: this.port, folder: this.folder } = what);
    const guard = join(import.meta.dirname, "guard.ts");
    // A group of its own: what ends this process by the keyboard must not end the guard before the server.
    this.#guard = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", guard, JSON.stringify({ ...what.command, folder: what.folder })], { detached: true, stdio: ["pipe", "pipe", "inherit"] });
    this.#guard.stdin?.on("error", () => undefined);
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

  async restart(): Promise<void> {
    const stdout = this.#guard.stdout;
    if (stdout === null || this.#hasEnded) throw new Error(`${this.name} has ended`);
    const answer = new Promise<void>((resolve) => createInterface({ input: stdout }).once("line", () => resolve()));
    this.#guard.stdin?.write("restart\n");
    await answer;
    await this.ready();
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
