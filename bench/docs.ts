// Writes the tables of docs/benchmarks.md, and the charts beside it, from the rows of a dated run.
//   node bench/docs.ts
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { barChart } from "./chart.ts";
import type { Row } from "./report.ts";
import { variants } from "./workloads.ts";

const root = join(import.meta.dirname, "..");
const results = join(import.meta.dirname, "results");
const page = join(root, "docs/benchmarks.md");
const charts = join(root, "docs/benchmarks");
const [begin, end] = ["<!-- results: generated -->", "<!-- /results -->"];
const titles: Readonly<Record<string, string>> = { w1: "W1: stateless", w2: "W2: windows", w3: "W3: Nexmark" };

/** Files by their paths, as they should be. */
export function generatedDocs(): ReadonlyMap<string, string> {
  const date = readdirSync(results).sort().at(-1)!;
  const read = (name: string): unknown => JSON.parse(readFileSync(join(results, date, name), "utf8"));
  const rows = read("rows.json") as readonly Row[];
  const machine = read("machine.json") as Readonly<Record<string, string>>;
  const workloads = [...new Set(rows.map((row) => row.workload))];
  const text = readFileSync(page, "utf8");
  const block = [about(date, machine), ...workloads.map((workload) => section(workload, rows.filter((row) => row.workload === workload)))].join("\n\n");
  return new Map([
    [page, `${text.slice(0, text.indexOf(begin) + begin.length)}\n${block}\n${text.slice(text.indexOf(end))}`],
    ...workloads.map((workload): [string, string] => [join(charts, `${workload}.svg`), barChart(`${titles[workload]}, M records per CPU-second, whole process`, rows.filter((row) => row.workload === workload))]),
  ]);
}

function about(date: string, machine: Readonly<Record<string, string>>): string {
  const lines = Object.entries(machine).map(([name, value]) => `| ${name} | ${value} |`);
  return [`Measured on ${date}.`, "", "| | |", "| --- | --- |", ...lines].join("\n");
}

function section(workload: string, rows: readonly Row[]): string {
  const tables = [...new Set(rows.map((row) => row.variant))].map((variant) => table(variant, rows.filter((row) => row.variant === variant)));
  return [`## ${titles[workload]}`, `![${titles[workload]}](benchmarks/${workload}.svg)`, ...tables].join("\n\n");
}

function table(variant: string, rows: readonly Row[]): string {
  const [{ workload, records, measures }] = rows as readonly [Row];
  const summary = variants.find((one) => one.workload === workload && one.variant === variant)?.summary ?? "";
  const ours = rows.find((row) => row.system === "streamflow");
  const lines = rows.map((row) => (row.void ? `| ${row.system} | void |  |  |  |  |  |  |` : `| ${[row.system, ...cells(row, ours)].join(" | ")} |`));
  return [
    `**${variant}**: ${summary}. ${records.toLocaleString("en")} records, ${measures} rounds.`,
    "",
    "| System | M rec/CPU-s | steady | M rec/s | MB/s | % of C | RSS MiB | streamflow does |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...lines,
  ].join("\n");
}

function cells(row: Row, ours: Row | undefined): readonly string[] {
  const million = (value: number | null): string => (value === null ? "–" : (value / 1e6).toFixed(2));
  const ratio = ours === undefined || ours.void || row.system.startsWith("streamflow") ? "" : `${(ours.recordsPerCpuSecond / row.recordsPerCpuSecond).toFixed(2)}×`;
  return [million(row.recordsPerCpuSecond), million(row.steadyRecordsPerCpuSecond), million(row.recordsPerSecond), row.megabytesPerSecond.toFixed(0), row.percentOfC?.toFixed(0) ?? "–", row.peakRssMiB.toFixed(0), ratio];
}

if (import.meta.main) {
  mkdirSync(charts, { recursive: true });
  for (const [path, content] of generatedDocs()) writeFileSync(path, content);
}
