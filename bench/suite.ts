// Measures one variant: a warm-up, then rounds in which every system runs once, each as processes of its own.
//   I1. A row's output is the oracle's in every round, by the MD5 of its sorted lines, or the row is void.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./gen.ts";
import { measure, median, type Usage } from "./measure.ts";
import type { Row } from "./report.ts";
import { filesOf, ResultDigests } from "./result-digest.ts";
import { type Job, oracle, type System } from "./systems.ts";
import type { Variant } from "./workloads.ts";

/** How much is measured. */
export interface SuiteOptions {
  readonly records: number;
  /** Behind the warm-up. */
  readonly rounds: number;
  /** For systems that can use them. */
  readonly threads: number;
  /** Of 1, for disordered variants. */
  readonly disorder: number;
  /** Also a fifth of the records, for steady figures. */
  readonly steady: boolean;
  /** Told what goes wrong. */
  readonly note: (line: string) => void;
}

/** A size of the input: its file, and what must come out. */
interface Size {
  readonly records: number;
  readonly input: string;
  readonly expected: string;
}

const steadyShare = 5;

/** The rows of one variant, in the order of the systems. */
export async function measureVariant(variant: Variant, systems: readonly System[], options: SuiteOptions): Promise<readonly Row[]> {
  const counts = options.steady ? [options.records, Math.floor(options.records / steadyShare)] : [options.records];
  const inputs = counts.map((records) => variant.input({ records, ...(variant.isDisordered === true ? { disorder: options.disorder } : {}) }));
  using work = new WorkFolder(statSync(inputs[0]!).size);
  const run = new Run(variant, work.path, options.threads);
  const sizes: Size[] = [];
  for (const [i, input] of inputs.entries()) sizes.push({ records: counts[i]!, input, expected: (await run.once(oracle, input)).digest });
  const able = systems.filter((system) => isAble(system, variant, options));
  const results = able.map((system) => new Result(system, sizes));
  for (let round = 0; round <= options.rounds; round++) {
    for (const result of results) await result.round(run, { counts: round > 0, note: options.note });
  }
  const limit = results.find(({ system, isVoid }) => system.name === "c" && !isVoid)?.cpuSeconds();
  return results.map((result) => ({
    workload: variant.workload,
    variant: variant.variant,
    system: result.system.name,
    threads: threadsOf(result.system, options.threads),
    ...result.figures(limit),
  }));
}

function isAble(system: System, variant: Variant, { note }: SuiteOptions): boolean {
  if (!system.runs(variant)) return false;
  const whyNot = system.whyNot?.();
  if (whyNot !== undefined) note(`${system.name} is left out: ${whyNot}`);
  return whyNot === undefined;
}

function threadsOf(system: System, threads: number): number {
  return system.hasThreads === true ? threads : 1;
}

/** Runs systems on a variant. */
class Run {
  readonly variant: Variant;
  readonly #folder: string;
  readonly #threads: number;
  readonly #digests = new ResultDigests();

  constructor(variant: Variant, folder: string, threads: number) {
    this.variant = variant;
    this.#folder = folder;
    this.#threads = threads;
  }

  async once(system: System, input: string): Promise<{ readonly usage: Usage; readonly digest: string }> {
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true });
    const [output, data] = [join(this.#folder, "out"), join(this.#folder, "data")];
    const job: Job = { variant: this.variant, input, output, data, threads: threadsOf(system, this.#threads) };
    const usage = await measureWith(system, job);
    if (system.tidy !== undefined) tidy(output, system.tidy);
    return { usage, digest: await this.#digests.of(output) };
  }
}

async function measureWith(system: System, job: Job): Promise<Usage> {
  const service = await system.service?.(job);
  try {
    const before = service?.usage();
    const usage = await measure({ name: system.name, ...system.command(job, service) });
    if (service === undefined || before === undefined) return usage;
    const { cpuSeconds, rssBytes } = service.usage();
    return { ...usage, cpuSeconds: usage.cpuSeconds + cpuSeconds - before.cpuSeconds, rssBytes: usage.rssBytes + rssBytes };
  } finally {
    await service?.close();
  }
}

function tidy(output: string, script: string): void {
  for (const file of filesOf(output)) {
    const { status, stderr } = spawnSync("sed", ["-E", "-i", script, file], { encoding: "utf8" });
    if (status !== 0) throw new Error(`sed failed on ${file}: ${stderr}`);
  }
}

/** What a system did in all rounds. */
class Result {
  readonly system: System;
  isVoid = false;
  readonly #sizes: readonly Size[];
  readonly #usages: Usage[][];

  constructor(system: System, sizes: readonly Size[]) {
    this.system = system;
    this.#sizes = sizes;
    this.#usages = sizes.map(() => []);
  }

  /** A system that has failed does not run again. */
  async round(run: Run, { counts, note }: { readonly counts: boolean; readonly note: (line: string) => void }): Promise<void> {
    for (const [i, { input, expected }] of this.#sizes.entries()) {
      if (this.isVoid) return;
      try {
        const { usage, digest } = await run.once(this.system, input);
        if (counts) this.#usages[i]!.push(usage);
        if (digest === expected) continue;
        note(`${this.system.name} is void: its output is ${digest}, the oracle's ${expected}`);
      } catch (thrown) {
        note(`${this.system.name} is void: ${String(thrown)}`);
      }
      this.isVoid = true;
    }
  }

  cpuSeconds(size = 0): number {
    return this.#median(size, (usage) => usage.cpuSeconds);
  }

  figures(limitCpuSeconds: number | undefined): Omit<Row, "workload" | "variant" | "system" | "threads"> {
    const [whole, part] = this.#sizes as readonly [Size, Size?];
    const [wallSeconds, cpuSeconds] = [this.#median(0, (usage) => usage.wallSeconds), this.cpuSeconds()];
    return {
      records: whole.records,
      recordsPerSecond: whole.records / wallSeconds,
      megabytesPerSecond: statSync(whole.input).size / 1e6 / wallSeconds,
      recordsPerCpuSecond: whole.records / cpuSeconds,
      steadyRecordsPerCpuSecond: part === undefined ? null : steadyRate(whole.records - part.records, cpuSeconds - this.cpuSeconds(1)),
      peakRssMiB: this.#median(0, (usage) => usage.rssBytes) / 2 ** 20,
      percentOfC: limitCpuSeconds === undefined ? null : (100 * limitCpuSeconds) / cpuSeconds,
      rounds: this.#usages[0]!.length,
      measures: {},
      void: this.isVoid,
    };
  }

  #median(size: number, of: (usage: Usage) => number): number {
    return median(this.#usages[size]!.map(of));
  }
}

/** Nothing where start-up varied by more than the rest took. */
function steadyRate(records: number, cpuSeconds: number): number | null {
  return cpuSeconds > 0 ? records / cpuSeconds : null;
}

/** A folder for output: in memory where there is room, so that no disk is measured. */
class WorkFolder {
  readonly path: string;
  readonly #remove = (): void => rmSync(this.path, { recursive: true, force: true });
  // A signal would end the process before it can tidy up.
  readonly #exit = (): void => process.exit(130);

  constructor(inputBytes: number) {
    const memory = "/dev/shm";
    const hasRoom = existsSync(memory) && statfsSync(memory).bavail * statfsSync(memory).bsize > 4 * inputBytes;
    mkdirSync(cacheFolder, { recursive: true });
    this.path = mkdtempSync(join(hasRoom ? memory : cacheFolder, "streamflow-bench-"));
    process.on("exit", this.#remove).on("SIGINT", this.#exit).on("SIGTERM", this.#exit);
  }

  [Symbol.dispose](): void {
    process.off("exit", this.#remove).off("SIGINT", this.#exit).off("SIGTERM", this.#exit);
    this.#remove();
  }
}
