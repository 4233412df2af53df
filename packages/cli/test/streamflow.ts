// Runs the real command in a child process, in a folder of its own.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "../../..");
/** The Node that runs the tests may be another one. */
export const node: string = join(root, "node_modules/.bin/node");
/** How the command is started from its sources. */
export const flags: readonly string[] = ["--conditions=streamflow-source", "--disable-warning=ExperimentalWarning", join(root, "packages/cli/src/bin.ts")];

/** Every process loads the same sources: they are compiled once. */
const compiled = join(root, "node_modules/.cache/compiled");

/** The host of the tests: the real one, named by path. */
export const runnerHost: string = join(root, "apps/runner/src/index.ts");

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when standard output or error holds `text`; rejects when the command ends before. */
  until(text: string): Promise<void>;
}

/** A folder that is removed at the end of the test. */
export class Workspace implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "streamflow-cli-"));
  /** What commands find in their environment beside what they need. */
  variables: Readonly<Record<string, string>> = { SECRET: "hunter2-hunter2" };

  write(name: string, content: string): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** Runs a command to its end. */
  run(...arguments_: readonly string[]): Promise<Ended> {
    const { child, ended } = this.start(...arguments_);
    child.stdin?.end();
    return ended;
  }

  /** Starts a command; its standard input stays open. */
  start(...arguments_: readonly string[]): Running {
    const child = spawn(node, [...flags, ...arguments_], { cwd: this.folder, env: { PATH: process.env["PATH"], NODE_COMPILE_CACHE: compiled, ...this.variables } });
    const text = { stdout: "", stderr: "" };
    const waiting: (() => void)[] = [];
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (chunk: string) => {
        text[name] += chunk;
        for (const look of waiting) look();
      });
    }
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => resolve({ code, signal, ...text }));
    });
    const until = (wanted: string): Promise<void> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (`${text.stdout}${text.stderr}`.includes(wanted)) resolve();
        };
        waiting.push(look);
        look();
        void ended.then((end) => reject(new Error(`ended before "${wanted}": ${JSON.stringify(end)}`)));
      });
    return { child, ended, until };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The lines of NDJSON. */
export function jsonLines(text: string): readonly Readonly<Record<string, unknown>>[] {
  return text.trim().split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}
