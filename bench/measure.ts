// Runs a program as a process of its own and reports what it and its children used: user and system time as bash's `time` knows them after it has
// waited for all of them, and the most memory, looked at every few milliseconds.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";

/** What is run: a program and its arguments. */
export interface Command {
  readonly name: string;
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** What one run used, from its start to its end. */
export interface Usage {
  /** User and system time of all processes and threads. */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** The most resident memory of all its processes together. */
  readonly rssBytes: number;
}

const lookEveryMs = 5;
const mostMs = 600_000;
/** Of what a program that fails has said, in its error. */
const mostChars = 4_000;
// The report of `time` goes to descriptor 3, what the program says to where it belongs.
const script = 'TIMEFORMAT="%3R %3U %3S"; { time "$@" 2>&4; } 4>&2 2>&3';

/** Why nothing can be measured here; undefined where it can. */
export function whyNoMeasuring(): string | undefined {
  return existsSync("/proc/self/status") ? undefined : "measuring needs Linux: memory is read from /proc, time by bash";
}

/** @throws when the program fails, or has not ended after ten minutes. */
export async function measure(command: Command): Promise<Usage> {
  const { name, program, environment } = command;
  const child = spawn("bash", ["-c", script, "bash", program, ...command.arguments], {
    // A group of its own, so that all of it can be ended.
    detached: true,
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment, LC_ALL: "C" },
  });
  const end = (): void => void (child.pid !== undefined && child.exitCode === null && process.kill(-child.pid, "SIGKILL"));
  process.on("exit", end);
  let report = "";
  let said = "";
  child.stdio[3]?.on("data", (chunk: Buffer) => (report += chunk.toString()));
  child.stdio[2]?.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-mostChars)));
  let rssBytes = 0;
  const look = setInterval(() => (rssBytes = Math.max(rssBytes, residentBelow(child.pid ?? 0))), lookEveryMs);
  const limit = setTimeout(end, mostMs);
  try {
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    if (code !== 0) throw new Error(`${name} ended with ${signal ?? `code ${code}`}\n${said}`);
  } finally {
    clearInterval(look);
    clearTimeout(limit);
    process.off("exit", end);
  }
  const [wall = NaN, user = NaN, system = NaN] = report.trim().split(" ").map(Number);
  return { wallSeconds: wall, cpuSeconds: user + system, rssBytes };
}

/** The high-water marks of all processes that descend from this one, in bytes. */
function residentBelow(pid: number): number {
  let sum = 0;
  for (const child of readOrNothing(`/proc/${pid}/task/${pid}/children`).split(" ").filter((id) => id !== "")) {
    sum += Number(/VmHWM:\s+(\d+) kB/.exec(readOrNothing(`/proc/${child}/status`))?.[1] ?? 0) * 1_024 + residentBelow(Number(child));
  }
  return sum;
}

/** A process may be gone before it is looked at. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** The middle of some numbers; of an even count, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
