// One process of a round, as its killer sees it.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import type { Job } from "./job.ts";
import type { Aim, Command } from "./program.ts";

/** How a process ended. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The program that is killed: a file of JavaScript, and a folder for what V8 makes of it. */
export interface Program {
  readonly file: string;
  readonly cache: string;
}

/** A child process: booted when it is made, begun when it is told its job. */
export class Victim {
  readonly ended: Promise<End>;
  /** How often it came to each point. */
  readonly visits: Map<string, number> = new Map();
  /** How far it says each partition to be committed. */
  readonly positions: Map<string, number> = new Map();
  /** The point that it came to last. */
  lastPoint: string | undefined;
  isRunning = false;
  readonly #heard = new Map<string, number>();
  #end: End | undefined;
  #target: { readonly point: string; readonly visits: number } | undefined;
  #stderr = "";
  readonly #child: ChildProcess;
  readonly #waiting = new Set<{ readonly holds: () => boolean; readonly resolve: () => void }>();

  constructor({ file, cache }: Program) {
    const env = { ...process.env, NODE_COMPILE_CACHE: cache, NODE_OPTIONS: "--disable-warning=ExperimentalWarning", FLOW_STREAMING_ENABLED: "true" };
    const child = spawn(process.execPath, [file], { stdio: ["pipe", "pipe", "pipe"], env });
    this.#child = child;
    // What it has not read when it is killed.
    child.stdin.on("error", () => undefined);
    child.stderr.on("data", (text: Buffer) => (this.#stderr += text.toString()));
    createInterface({ input: child.stdout }).on("line", (line) => this.#take(line));
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        this.#end = { code, signal };
        this.#look();
        resolve(this.#end);
      });
    });
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  get errorText(): string {
    return this.#stderr;
  }

  begin(job: Job): void {
    this.#tell({ job });
  }

  /** Waits for the `visit`-th time from now that it comes to a point. With a signal, it raises that itself. */
  aim({ point, visit, signal }: Omit<Aim, "signal"> & { readonly signal: Aim["signal"] | undefined }): void {
    this.#target = { point, visits: this.#visitsOf(point) + visit };
    if (signal !== undefined) this.#tell({ aim: { point, visit, signal } });
  }

  /** Whether it has come to where it was aimed at. */
  get isStruck(): boolean {
    return this.#target !== undefined && this.#visitsOf(this.#target.point) >= this.#target.visits;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when the process processes records, or has ended. */
  async running(): Promise<void> {
    await this.#until(() => this.isRunning);
  }

  /** Resolves when it has come to where it was aimed at, or has ended. */
  async struck(): Promise<void> {
    await this.#until(() => this.isStruck);
  }

  /** How often it has said something else. */
  heard(line: string): number {
    return this.#heard.get(line) ?? 0;
  }

  /** Tells it to do something, and resolves when it says that it has, or has ended. */
  async does(command: Command, answer: string): Promise<void> {
    const times = this.heard(answer);
    this.#tell(command);
    await this.#until(() => this.heard(answer) > times);
  }

  /** Resolves when it processes records, or has been struck on the way there, or has ended. */
  async underWay(): Promise<void> {
    await this.#until(() => this.isRunning || this.isStruck);
  }

  #visitsOf(point: string): number {
    return this.visits.get(point) ?? 0;
  }

  async #until(holds: () => boolean): Promise<void> {
    if (holds() || this.hasEnded) return;
    await new Promise<void>((resolve) => this.#waiting.add({ holds, resolve }));
  }

  #take(line: string): void {
    if (line.startsWith("p ")) {
      const point = line.slice(2);
      this.lastPoint = point;
      this.visits.set(point, this.#visitsOf(point) + 1);
    } else if (line === "running") this.isRunning = true;
    else if (line.startsWith("at ")) this.#isAt(line);
    else this.#heard.set(line, this.heard(line) + 1);
    this.#look();
  }

  #isAt(line: string): void {
    const [, partition = "", position] = line.split(" ");
    this.positions.set(partition, Number(position));
  }

  #look(): void {
    for (const waiting of this.#waiting) {
      if (!this.hasEnded && !waiting.holds()) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }

  #tell(command: Command): void {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
  }
}

/** What a promise answers; undefined where that takes longer. */
export async function within<T>(ms: number, answer: Promise<T>): Promise<T | undefined> {
  const patience = new AbortController();
  const late = pause(ms, undefined, { signal: patience.signal }).catch(() => undefined);
  try {
    return await Promise.race([answer, late]);
  } finally {
    patience.abort();
  }
}
