// Measures StreamFlow beside plain Node: one warm-up, then rounds in which every program runs once, each as a process of its own.
//   pnpm bench w2 [--records N] [--rounds R] [--disorder D] [--json FILE] [--source]
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bidsFile, cacheFolder } from "./gen.ts";
import { measure, median, type Program, type Usage } from "./measure.ts";
import { digestOf } from "./result-digest.ts";

/** One line of the report. */
interface Row {
  readonly name: string;
  readonly recordsPerSecond: number;
  readonly recordsPerCpuSecond: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  /** Records per CPU-second against plain Node's of the same rounds. */
  readonly ratio: number;
  /** Its output is another than plain Node's: the figures mean nothing. */
  readonly isVoid: boolean;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    records: { type: "string", default: "2000000" },
    rounds: { type: "string", default: "5" },
    disorder: { type: "string", default: "0" },
    json: { type: "string" },
    source: { type: "boolean", default: false },
  },
});
if (positionals[0] !== "w2") {
  process.stderr.write("usage: pnpm bench w2 [--records N] [--rounds R] [--disorder D] [--json FILE] [--source]\n");
  process.exit(2);
}
const records = Number(values.records);
const rounds = Number(values.rounds);
const input = bidsFile({ records, disorder: Number(values.disorder) });
const work = join(cacheFolder, "w2");

function outputOf(name: string): string {
  return join(work, `${name.replaceAll(" ", "-")}-out`);
}

const programs: readonly Program[] = [
  { name: "plain node", command: ["plain-node.ts", input, outputOf("plain node")] },
  ...(["lambdas", "expressions"] as const).map((variant) => ({ name: variant, command: ["w2.ts", variant, input, outputOf(variant), join(work, `${variant}-data`)] })),
];

function prepare(): void {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
}

const nodeFlags = values.source ? ["--conditions=streamflow-source"] : [];
const digests = new Map<string, string>();
const usages = new Map<string, Usage[]>(programs.map(({ name }) => [name, []]));
for (let round = 0; round <= rounds; round++) {
  prepare();
  for (const program of programs) {
    const usage = await measure(program, { nodeFlags });
    if (round > 0) usages.get(program.name)?.push(usage);
    const digest = digestOf(outputOf(program.name));
    const known = digests.get(program.name);
    digests.set(program.name, known === undefined || known === digest ? digest : "changes");
  }
}

function middle(name: string, of: (usage: Usage) => number): number {
  return median(usages.get(name)!.map(of));
}

const reference = programs[0]!.name;
const rows: readonly Row[] = programs.map(({ name }) => {
  const cpuSeconds = middle(name, (usage) => usage.cpuSeconds);
  return {
    name,
    cpuSeconds,
    recordsPerSecond: records / middle(name, (usage) => usage.wallSeconds),
    recordsPerCpuSecond: records / cpuSeconds,
    rssBytes: middle(name, (usage) => usage.rssBytes),
    ratio: middle(reference, (usage) => usage.cpuSeconds) / cpuSeconds,
    isVoid: digests.get(name) !== digests.get(reference),
  };
});

process.stdout.write(`W2, ${records} records, medians of ${rounds} interleaved rounds, whole process\n`);
process.stdout.write("              M records/s   M records/CPU-s   CPU s   RSS MB   ratio\n");
for (const row of rows) {
  const cells = [(row.recordsPerSecond / 1e6).toFixed(2).padStart(13), (row.recordsPerCpuSecond / 1e6).toFixed(2).padStart(18), row.cpuSeconds.toFixed(2).padStart(8), (row.rssBytes / 1e6).toFixed(0).padStart(9), row.ratio.toFixed(2).padStart(8)];
  process.stdout.write(`${row.name.padEnd(12)}${cells.join("")}${row.isVoid ? "  VOID: its output differs" : ""}\n`);
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ workload: "w2", records, rounds, rows }, undefined, 2)}\n`);
process.exitCode = rows.some((row) => row.isVoid) ? 1 : 0;
