// W6: how long a record takes from when it was due to be written into a pipe, until it is read from the pipe behind the job.
//   Three processes: one writes lines on a schedule that waits for nobody, one runs the job, one reads. A line that could not be written in time counts from
//   when it was due: no coordinated omission. The same with `cat` in place of the job says what the rest takes.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { monotonicUs } from "../load/schedule.ts";
import { median } from "../measure.ts";
import type { Row } from "../report.ts";
import { nodeArguments, StudyFolder } from "./run-program.ts";
import { type Goal, type Study, type StudyOptions, studyRow } from "./study.ts";

/** What the reader reports. */
interface Latencies {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  readonly lines: number;
  readonly wrong?: string;
}

interface JobReport {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

/** Until all three processes have started. */
const startMs = 2_500;
const usualWarmUpSeconds = 3;
const [leastSeconds, mostSeconds] = [2, 10];
/** Beyond what the schedule takes. */
const mostLateMs = 60_000;

/** A study of a rate, in lines a second. `--records` says for how many lines it is measured, within 2 and 10 seconds. */
export function latencyStudy(variant: string, rate: number, goals: readonly Goal[] = []): Study {
  const study: Study = {
    workload: "w6",
    variant,
    summary: `${rate.toLocaleString("en")} lines a second through pipes: filter, key, running count; from when a line was due to where its result is read`,
    goals,
    measure: (options) => measureLatency(study, rate, options),
  };
  return study;
}

/** In the order in which they are measured. */
export const latencyStudies: readonly Study[] = [
  latencyStudy("base", 100_000, [{ measure: "p50Ms", atMost: 1 }, { measure: "p99Ms", atMost: 5 }]),
  latencyStudy("10k", 10_000),
  latencyStudy("500k", 500_000),
];

async function measureLatency(study: Study, rate: number, { records, rounds, note }: StudyOptions): Promise<readonly Row[]> {
  using folder = new StudyFolder();
  const warmUpSeconds = usualWarmUpSeconds;
  const seconds = warmUpSeconds + Math.min(mostSeconds, Math.max(leastSeconds, records / rate));
  const [bare, jobs]: [Latencies[], (Latencies & JobReport)[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    bare.push(await runPipe({ rate, seconds: warmUpSeconds + leastSeconds, warmUpSeconds, folder, hasJob: false }));
    const latencies = await runPipe({ rate, seconds, warmUpSeconds, folder, hasJob: true });
    jobs.push({ ...latencies, ...(JSON.parse(readFileSync(jobReport(folder), "utf8")) as JobReport) });
  }
  const wrong = [...bare, ...jobs].find((one) => one.wrong !== undefined)?.wrong;
  if (wrong !== undefined) note(`${study.workload}/${study.variant} is void: ${wrong}`);
  const middle = (from: readonly Latencies[], of: (one: Latencies) => number): number => median(from.map(of));
  return [studyRow(study, {
    records: Math.floor(rate * seconds),
    rounds,
    void: wrong !== undefined,
    recordsPerCpuSecond: (rate * seconds) / median(jobs.map(({ cpuSeconds }) => cpuSeconds)),
    peakRssMiB: median(jobs.map(({ rssBytes }) => rssBytes)) / 2 ** 20,
    measures: {
      p50Ms: middle(jobs, ({ p50Ms }) => p50Ms),
      p99Ms: middle(jobs, ({ p99Ms }) => p99Ms),
      p999Ms: middle(jobs, ({ p999Ms }) => p999Ms),
      maxMs: Math.max(...jobs.map(({ maxMs }) => maxMs)),
      catP50Ms: middle(bare, ({ p50Ms }) => p50Ms),
      catP99Ms: middle(bare, ({ p99Ms }) => p99Ms),
      catMaxMs: Math.max(...bare.map(({ maxMs }) => maxMs)),
    },
  })];
}

const jobReport = (folder: StudyFolder): string => `${folder.path}/job.json`;

/** One run. */
export interface PipeOptions {
  readonly rate: number;
  /** With the warm-up. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly folder: StudyFolder;
  /** Else `cat` stands in its place. */
  readonly hasJob: boolean;
}

/** Writes, runs and reads. @throws where one of the three fails */
export async function runPipe({ rate, seconds, warmUpSeconds, folder, hasJob }: PipeOptions): Promise<Latencies> {
  const report = `${folder.path}/latencies.json`;
  rmSync(report, { force: true });
  const schedule = [rate, seconds, Math.ceil(monotonicUs() + startMs * 1_000)].map(String);
  const job = hasJob ? command("streamflow/latency", folder.fresh("data"), jobReport(folder)) : "cat";
  const parts = [command("load/writer", ...schedule), job, command("load/reader", String(warmUpSeconds), hasJob ? "counted" : "raw", ...schedule, report)];
  await runShell(`set -o pipefail; ${parts.join(" | ")}`, startMs + seconds * 1_000 + mostLateMs);
  return JSON.parse(readFileSync(report, "utf8")) as Latencies;
}

function command(program: string, ...given: readonly string[]): string {
  return [process.execPath, ...nodeArguments({ program, arguments: given })].map((part) => `'${part.replaceAll("'", String.raw`'\''`)}'`).join(" ");
}

/** Real pipes are the shell's: those of Node's child processes are sockets. */
async function runShell(script: string, mostMs: number): Promise<void> {
  const child = spawn("bash", ["-c", script], { detached: true, stdio: ["ignore", "inherit", "inherit"] });
  const end = (): void => void (child.pid !== undefined && child.exitCode === null && process.kill(-child.pid, "SIGKILL"));
  const limit = setTimeout(end, mostMs);
  process.on("exit", end);
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  clearTimeout(limit);
  process.off("exit", end);
  if (code !== 0) throw new Error(`the pipe ended with ${signal ?? `code ${code}`}`);
}
