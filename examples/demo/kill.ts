// Runs a process to its end and kills it on the way, with the signal that nothing can catch.
//   I1. Only processes that were started here are killed, each by its own handle.
//   I2. Every kill falls between the first output and the end; the kills are spread evenly over what is left.
//   I3. A kill counts only when the process really died of it: one that ended first has ended.
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

/** What to run, and when to kill it. */
export interface KillOptions {
  /** Program and arguments. Each start runs the same; the process resumes by itself. */
  readonly command: readonly [string, ...string[]];
  /** How many times the process is killed. */
  readonly kills: number;
  /** Whether the process has put out anything yet. */
  readonly isOutputStarted: () => boolean;
  /** How far the present process is, 0 … 1; undefined where it has not said yet. */
  readonly progress: () => number | undefined;
  /** Told before every start: forget what the last process said. `run` counts from 1. */
  readonly onStart?: (run: number) => void;
  /** Told every line that the process writes to stdout. */
  readonly onLine?: (line: string) => void;
  /** Told after every kill. */
  readonly onKill?: (kill: Kill) => void;
  /** Kills the process and gives up. */
  readonly signal?: AbortSignal;
  /** How often the process is looked at, in milliseconds. @defaultValue 20 */
  readonly pollMs?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** One kill. */
export interface Kill {
  readonly pid: number;
  /** How far the process was, 0 … 1. */
  readonly progress: number;
  /** Milliseconds since the first start. */
  readonly afterMs: number;
}

/** What happened. */
export interface KillReport {
  /** Fewer than asked for, when the process was at its end before. */
  readonly kills: readonly Kill[];
  /** Processes started. */
  readonly runs: number;
  /** From the first start to the end of the last process. */
  readonly durationMs: number;
}

interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

const maxErrorText = 4000;

/**
 * Runs the process until it ends by itself with code 0, killing and starting it again on the way.
 *
 * @throws when the process fails, dies of another signal, or the work is aborted
 */
export async function runWithKills(options: KillOptions): Promise<KillReport> {
  const startedMs = performance.now();
  const kills: Kill[] = [];
  let last: number | undefined;
  for (let run = 1; ; run++) {
    options.signal?.throwIfAborted();
    options.onStart?.(run);
    const child = new Child(options);
    const { killedAt, exit } = await watch(child, options, { left: options.kills - kills.length, last });
    options.signal?.throwIfAborted();
    if (exit.code === 0) return { kills, runs: run, durationMs: performance.now() - startedMs };
    if (killedAt === undefined || exit.signal !== "SIGKILL") throw new Error(child.failure(exit));
    const kill = { pid: child.pid, progress: killedAt, afterMs: performance.now() - startedMs };
    kills.push(kill);
    last = killedAt;
    options.onKill?.(kill);
  }
}

interface Watched {
  /** How far the process was when it was killed here. */
  readonly killedAt: number | undefined;
  readonly exit: Exit;
}

/** Waits for the end of a process, or for the moment to kill it. */
async function watch(child: Child, options: KillOptions, plan: { readonly left: number; readonly last: number | undefined }): Promise<Watched> {
  const { isOutputStarted, progress, pollMs = 20 } = options;
  if (plan.left === 0) return { killedAt: undefined, exit: await child.exit };
  let target: number | undefined;
  let killedAt: number | undefined;
  const timer = setInterval(() => {
    const at = isOutputStarted() ? progress() : undefined;
    if (at === undefined || killedAt !== undefined) return;
    target ??= nextTarget(plan.last ?? at, plan.left);
    if (at < target || at >= 1) return;
    killedAt = at;
    child.kill();
  }, pollMs);
  try {
    return { exit: await child.exit, killedAt };
  } finally {
    clearInterval(timer);
  }
}

/** An even share of the way from `from` to the end, when `left` kills are to come. */
function nextTarget(from: number, left: number): number {
  return from + (1 - from) / (left + 1);
}

class Child {
  readonly exit: Promise<Exit>;
  readonly #process: ChildProcess;
  #errorText = "";

  constructor({ command: [program, ...args], onLine, signal, env }: KillOptions) {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: env ?? process.env });
    this.#process = child;
    const kill = (): void => this.kill();
    // The process must not outlive this one, whichever way this one ends.
    process.once("exit", kill);
    signal?.addEventListener("abort", kill, { once: true });
    if (child.stdout !== null) createInterface({ input: child.stdout }).on("line", (line) => onLine?.(line));
    child.stderr?.on("data", (text: Buffer) => (this.#errorText = (this.#errorText + text.toString()).slice(-maxErrorText)));
    this.exit = new Promise<Exit>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, by) => resolve({ code, signal: by }));
    }).finally(() => {
      process.removeListener("exit", kill);
      signal?.removeEventListener("abort", kill);
    });
  }

  get pid(): number {
    return this.#process.pid ?? -1;
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  failure({ code, signal }: Exit): string {
    const how = signal === null ? `ended with code ${code}` : `died of ${signal}`;
    return `the process ${this.#process.spawnargs.join(" ")} ${how}\n${this.#errorText}`.trimEnd();
  }
}
