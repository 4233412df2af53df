// Runs a program as a process of its own and reports what it used.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** A program to be measured. */
export interface Program {
  readonly name: string;
  /** File of this folder, then its arguments. */
  readonly command: readonly string[];
}

/** What one run of a program used, from its start to its end. */
export interface Usage {
  /** User and system time of all its threads. */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly rssBytes: number;
}

/** Flags for Node that every measured process gets. */
export interface MeasureOptions {
  readonly nodeFlags?: readonly string[];
}

/** @throws when the program fails. */
export async function measure({ name, command }: Program, { nodeFlags = [] }: MeasureOptions = {}): Promise<Usage> {
  const [file = "", ...arguments_] = command;
  const preload = `--import=${join(import.meta.dirname, "report-usage.ts")}`;
  const startMs = performance.now();
  const child = spawn(process.execPath, [...nodeFlags, preload, join(import.meta.dirname, file), ...arguments_], { stdio: ["ignore", "inherit", "inherit", "pipe"] });
  let report = "";
  child.stdio[3]?.on("data", (chunk: Buffer) => (report += chunk.toString()));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (code !== 0) throw new Error(`${name} ended with ${signal ?? `code ${code}`}`);
  return { ...(JSON.parse(report) as Pick<Usage, "cpuSeconds" | "rssBytes">), wallSeconds: (performance.now() - startMs) / 1_000 };
}

/** The middle of some numbers; of an even count, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
