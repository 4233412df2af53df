// W5: what checkpoints cost, and what coming back from one takes. Everything durable, on the disk.
//   I1. With and without checkpoints give the same lines, in every round; and there were checkpoints. Else the row is void.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { keyedFile } from "../gen.ts";
import { median, type Usage } from "../measure.ts";
import type { Row } from "../report.ts";
import { ResultDigests } from "../result-digest.ts";
import { nodeArguments, runProgram, StudyFolder, type StudyProgram } from "./run-program.ts";
import { quantile, type Study, type StudyOptions, studyRow } from "./study.ts";

/** Of a variant. */
interface Scale {
  readonly variant: string;
  readonly keys: number;
  /** How often each key comes, at least. */
  readonly passes: number;
  readonly everyMs: number;
  /** With fewer it says nothing. @defaultValue 0 */
  readonly leastRecords?: number;
}

/** What a run through all of the input reports. */
interface RunReport {
  /** Of the part in which all keys are there. */
  readonly recordsPerSecond: number;
  readonly recordsPerCpuSecond: number;
  readonly pausesMs: readonly number[];
  readonly durationsMs: readonly number[];
}

interface Measured {
  readonly usage: Usage;
  readonly report: RunReport;
  readonly digest: string;
}

interface Pair {
  readonly without: Measured;
  readonly checkpointed: Measured;
}

/** A return from a checkpoint, in milliseconds from the start of the process; `restoreMs` from where the pipeline begins to start. */
interface Return {
  readonly restoreMs: number;
  readonly restoredMs: number;
  readonly firstOutputMs: number;
  readonly keys: number;
}

const program = "streamflow/checkpoints";
const neverMs = 1e9;
const tailLines = 100_000;
const mostMs = 120_000;

/** A study of a number of keys: with fewer records than twice as many, of half as many keys as records. */
export function checkpointStudy(scale: Scale): Study {
  const millions = scale.keys / 1e6;
  const study: Study = {
    workload: "w5",
    variant: scale.variant,
    summary: `count and sum of ${scale.keys.toLocaleString("en")} number keys that are all open, a durable checkpoint each ${scale.everyMs / 1_000} s against none`,
    goals: [
      ...(millions === 1 ? [{ measure: "lossPercent", atMost: 3 }, { measure: "firstOutputMs", atMost: 300 }] : []),
      { measure: "pauseP99Ms", atMost: 5 * millions },
      { measure: "restoreMs", atMost: 100 * millions },
    ],
    measure: async (options) => {
      const least = scale.leastRecords ?? 0;
      if (options.records >= least) return await measureCheckpoints(study, scale, options);
      options.note(`w5/${scale.variant} is left out: it takes ${least.toLocaleString("en")} records`);
      return [];
    },
  };
  return study;
}

/** In the order in which they are measured. */
export const checkpointStudies: readonly Study[] = [
  checkpointStudy({ variant: "base", keys: 1_000_000, passes: 10, everyMs: 1_000 }),
  checkpointStudy({ variant: "10m-keys", keys: 10_000_000, passes: 3, everyMs: 1_000, leastRecords: 20_000_000 }),
];

async function measureCheckpoints(study: Study, { keys: most, passes, everyMs }: Scale, { records: asked, rounds, note }: StudyOptions): Promise<readonly Row[]> {
  const keys = Math.min(most, Math.floor(asked / 2));
  const records = Math.max(asked, passes * keys);
  using folder = new StudyFolder();
  const input = keyedFile({ keys, records });
  const digests = new ResultDigests();
  const once = (ms: number): Promise<Measured> => runOnce({ everyMs: ms, keys, input, folder, digests });
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round++) {
    // Whoever comes first takes turns.
    const isFirst = round % 2 === 0;
    const first = await once(isFirst ? neverMs : everyMs);
    const second = await once(isFirst ? everyMs : neverMs);
    pairs.push(isFirst ? { without: first, checkpointed: second } : { without: second, checkpointed: first });
  }
  const returns = await measureReturns({ keys, rounds, folder });
  const pauses = pairs.flatMap(({ checkpointed }) => checkpointed.report.pausesMs);
  const isVoid = isWorthless(pairs, pauses, note);
  const whole = pairs.map(({ checkpointed }) => checkpointed.usage);
  const wallSeconds = median(whole.map((usage) => usage.wallSeconds));
  return [studyRow(study, {
    records,
    rounds,
    void: isVoid,
    recordsPerSecond: records / wallSeconds,
    megabytesPerSecond: statSync(input).size / 1e6 / wallSeconds,
    recordsPerCpuSecond: records / median(whole.map((usage) => usage.cpuSeconds)),
    steadyRecordsPerCpuSecond: median(pairs.map(({ checkpointed }) => checkpointed.report.recordsPerCpuSecond)),
    peakRssMiB: median(whole.map((usage) => usage.rssBytes)) / 2 ** 20,
    measures: { keys, ...lossOf(pairs), ...pausesOf(pairs, pauses), ...returnsOf(returns) },
  })];
}

/** Whether the figures mean nothing, and says why. */
export function isWorthless(pairs: readonly { readonly [Way in keyof Pair]: Pick<Measured, "digest"> }[], pauses: readonly number[], note: StudyOptions["note"]): boolean {
  const digests = new Set(pairs.flatMap(({ without, checkpointed }) => [without.digest, checkpointed.digest]));
  if (digests.size !== 1) note(`w5 is void: checkpoints change the output: ${[...digests].join(", ")}`);
  if (pauses.length === 0) note("w5 is void: there was no checkpoint but the last one; take more records");
  return digests.size !== 1 || pauses.length === 0;
}

/** Of the steady parts, round by round. */
function lossOf(pairs: readonly Pair[]): Readonly<Record<string, number>> {
  const loss = (rate: (report: RunReport) => number): number => median(pairs.map(({ without, checkpointed }) => 100 * (1 - rate(checkpointed.report) / rate(without.report))));
  return { lossPercent: loss((report) => report.recordsPerSecond), lossCpuPercent: loss((report) => report.recordsPerCpuSecond) };
}

function pausesOf(pairs: readonly Pair[], pauses: readonly number[]): Readonly<Record<string, number>> {
  if (pauses.length === 0) return { checkpoints: 0 };
  const durations = pairs.flatMap(({ checkpointed }) => checkpointed.report.durationsMs);
  return { checkpoints: pauses.length, pauseP50Ms: quantile(pauses, 0.5), pauseP99Ms: quantile(pauses, 0.99), pauseMaxMs: quantile(pauses, 1), durationP50Ms: quantile(durations, 0.5) };
}

function returnsOf(returns: readonly Return[]): Readonly<Record<string, number>> {
  const middle = (of: (one: Return) => number): number => median(returns.map(of));
  return { restoredKeys: middle(({ keys }) => keys), restoreMs: middle(({ restoreMs }) => restoreMs), restoredAfterStartMs: middle(({ restoredMs }) => restoredMs), firstOutputMs: middle(({ firstOutputMs }) => firstOutputMs) };
}

interface RunOptions {
  readonly everyMs: number;
  readonly keys: number;
  readonly input: string;
  readonly folder: StudyFolder;
  readonly digests: ResultDigests;
}

async function runOnce({ everyMs, keys, input, folder, digests }: RunOptions): Promise<Measured> {
  const [output, data] = [folder.fresh("out"), folder.fresh("data")];
  const { usage, report } = await runProgram<RunReport>({ program, arguments: ["run", String(everyMs), String(keys), input, output, data] }, folder.path);
  const digest = await digests.of(output);
  rmSync(output, { recursive: true });
  return { usage, report, digest };
}

/** A process that ends without a word when all keys are in a checkpoint; then, each round, one that comes back from a copy of what it left. */
async function measureReturns({ keys, rounds, folder }: { readonly keys: number; readonly rounds: number; readonly folder: StudyFolder }): Promise<readonly Return[]> {
  const input = keyedFile({ keys, records: keys, tail: tailLines });
  const report = folder.fresh("report.json");
  const left = folder.fresh("left");
  // As the command does it: what V8 has compiled for the process before is there for the next one.
  const env = { ...process.env, NODE_COMPILE_CACHE: folder.fresh("compiled") };
  const start = (mode: "fill" | "restore", data: string): StudyProgram & { readonly env: NodeJS.ProcessEnv } => ({ program, arguments: [mode, "0", String(keys), input, "-", data, report], env });
  await untilOutput(start("fill", left), "end");
  if (!existsSync(report)) throw new Error("the process that was to fill the state failed");
  const returns: Return[] = [];
  for (let round = 0; round < rounds; round++) {
    rmSync(report, { force: true });
    const data = folder.fresh("data");
    cpSync(left, data, { recursive: true });
    const firstOutputMs = await untilOutput(start("restore", data), "first");
    returns.push({ ...(JSON.parse(readFileSync(report, "utf8")) as Omit<Return, "firstOutputMs">), firstOutputMs });
  }
  return returns;
}

/** Runs a program until it writes something, or until it ends; answers how long that took, in milliseconds. */
async function untilOutput(wanted: StudyProgram & { readonly env: NodeJS.ProcessEnv }, until: "first" | "end"): Promise<number> {
  const beganMs = performance.now();
  const child = spawn(process.execPath, nodeArguments(wanted), { env: wanted.env, stdio: ["ignore", "pipe", "inherit"] });
  const limit = setTimeout(() => child.kill("SIGKILL"), mostMs);
  const closed = once(child, "close");
  let ms = NaN;
  child.stdout.on("data", () => {
    if (until === "end" || !Number.isNaN(ms)) return;
    ms = performance.now() - beganMs;
    child.kill("SIGKILL");
  });
  await closed;
  clearTimeout(limit);
  if (until === "first" && Number.isNaN(ms)) throw new Error(`${wanted.program} wrote nothing`);
  return until === "end" ? performance.now() - beganMs : ms;
}
