// Who is measured: how each system is started, and what it can do.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./gen.ts";
import type { Command } from "./measure.ts";
import { optionalPeers } from "./peers.ts";
import { programPath } from "./programs.ts";
import type { Variant } from "./workloads.ts";

/** One run of a job. */
export interface Job {
  readonly variant: Variant;
  readonly input: string;
  /** A file or a folder; it is not there yet. */
  readonly output: string;
  /** Folder for what else a system keeps; it is not there yet. */
  readonly data: string;
  readonly threads: number;
}

/** What has to be there while a system runs: what it uses meanwhile counts as well. */
export interface Service {
  /** Where the system finds it. */
  readonly address: string;
  /** Since it was started. */
  usage(): { readonly cpuSeconds: number; readonly rssBytes: number };
  /** Ends it. */
  close(): Promise<void>;
}

/** A system that runs jobs. */
export interface System {
  readonly name: string;
  /** Runs only where it is asked for by name. */
  readonly isOptional?: boolean;
  /** Why it cannot run here; undefined where it can. */
  readonly whyNot?: () => string | undefined;
  /** Whether it has a program for the variant. */
  readonly runs: (variant: Variant) => boolean;
  /** Uses the threads that it is given; else it is a program of one. */
  readonly hasThreads?: boolean;
  /** Made ready before the time of a run begins. */
  readonly service?: (job: Job) => Promise<Service>;
  readonly command: (job: Job, service?: Service) => Omit<Command, "name">;
  /** What sed does with each line of the output, where the system cannot write just what is asked for. It does not count. */
  readonly tidy?: string;
}

const here = import.meta.dirname;
const isBids = ({ workload }: Variant): boolean => workload === "w1" || workload === "w2";

function node(path: string, ...arguments_: readonly string[]): Omit<Command, "name"> {
  return { program: process.execPath, arguments: ["--disable-warning=ExperimentalWarning", path, ...arguments_] };
}

function streamflow(name: string, form: "functions" | "expressions"): System {
  return {
    name,
    runs: () => true,
    hasThreads: true,
    command: ({ variant, input, output, data, threads }) => node(programPath("streamflow/main"), variant.job, form, input, output, data, String(threads)),
  };
}

const yaml: System = {
  name: "streamflow-yaml",
  runs: ({ job }) => existsSync(join(here, `streamflow/yaml/${job}.yaml`)),
  hasThreads: true,
  command: ({ variant, input, output, data, threads }) =>
    node(join(here, "node_modules/@streamflow/cli/dist/bin.js"), "run", join(here, `streamflow/yaml/${variant.job}.yaml`), "--set", `input=${input}`, "--set", `out=${output}`, "--set", `threads=${threads}`, "--data", data, "--progress", "0"),
};

const plainNode: System = {
  name: "node",
  runs: ({ job }) => existsSync(join(here, `node/${job}.ts`)),
  command: ({ variant, input, output }) => node(programPath(`node/${variant.job}`), input, output),
};

const duckdb: System = {
  name: "duckdb",
  runs: () => true,
  hasThreads: true,
  command: ({ variant, input, output, threads }) => node(programPath("duckdb/main"), variant.job, input, output, String(threads)),
};

const limitProgram = join(cacheFolder, "c-job");
let compiled: { readonly whyNot?: string } | undefined;

/** Compiles the program in C, once. */
function compileLimit(): { readonly whyNot?: string } {
  mkdirSync(cacheFolder, { recursive: true });
  const { error, status, stderr } = spawnSync("cc", ["-O3", "-march=native", "-o", limitProgram, join(here, "c/job.c")], { encoding: "utf8" });
  if (error !== undefined) return { whyNot: "there is no C compiler (cc)" };
  return status === 0 ? {} : { whyNot: `cc failed: ${stderr}` };
}

const limit: System = {
  name: "c",
  whyNot: () => (compiled ??= compileLimit()).whyNot,
  runs: isBids,
  command: ({ variant, input, output }) => ({ program: limitProgram, arguments: [variant.job, input, output] }),
};

/** In the order in which they run. */
export const systems: readonly System[] = [limit, ...optionalPeers, duckdb, plainNode, streamflow("streamflow", "functions"), streamflow("streamflow-expressions", "expressions"), yaml];

const names = (): string => systems.map(({ name }) => name).join(", ");

/**
 * StreamFlow, and the peers that are asked for: all that are always there where none are named.
 *
 * @throws for a name that is not known.
 */
export function chosenSystems(peers: readonly string[] | undefined): readonly System[] {
  const unknown = peers?.find((peer) => !systems.some(({ name }) => name === peer));
  if (unknown !== undefined) throw new Error(`there is no peer ${unknown}; known: ${names()}`);
  return systems.filter(({ name, isOptional }) => name.startsWith("streamflow") || (peers?.includes(name) ?? isOptional !== true));
}

/** The system whose results are right by definition. */
export const oracle: System = duckdb;
