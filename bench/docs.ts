// Writes the tables of docs/benchmarks.md, and the charts beside it, from the rows of a dated run.
//   node bench/docs.ts
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { barChart, type BarGroup, type Chart } from "./chart.ts";
import type { Row } from "./report.ts";
import { studies, studyOf } from "./studies/studies.ts";
import { studyChart, studySection } from "./studies/study-docs.ts";
import { shortfalls } from "./shortfalls.ts";
import { variants } from "./workloads.ts";

const root = join(import.meta.dirname, "..");
const results = join(import.meta.dirname, "results");
const page = join(root, "docs/benchmarks.md");
const charts = join(root, "docs/benchmarks");
const [begin, end] = ["<!-- results: generated -->", "<!-- /results -->"];
const titles: Readonly<Record<string, string>> = {
  w1: "W1: stateless",
  w2: "W2: windows",
  w3: "W3: Nexmark",
  w5: "W5: checkpoints",
  w6: "W6: latency",
  w7: "W7: Kafka",
  w8: "W8: Postgres",
  w9: "W9: idle pipelines",
  w10: "W10: how cost grows",
};

/** Files by their paths, as they should be. */
export function generatedDocs(): ReadonlyMap<string, string> {
  const date = readdirSync(results).sort().at(-1)!;
  const read = (name: string): unknown => JSON.parse(readFileSync(join(results, date, name), "utf8"));
  const files = readdirSync(join(results, date)).filter((name) => name.endsWith(".json") && name !== "machine.json").sort();
  const rows = mergedRows(files.map((name) => read(name) as readonly Row[]));
  return docsOf({ date, rows, machine: read("machine.json") as Readonly<Record<string, string>>, text: readFileSync(page, "utf8") });
}

/**
 * The rows of several files of one date: what is slow is measured with fewer records, in a run of its own. What is measured twice counts as the last file says, in the place of the first; rows that
 * are compared, of one variant and size, stand together.
 */
export function mergedRows(files: readonly (readonly Row[])[]): readonly Row[] {
  const groups = new Map<string, Map<string, Row>>();
  for (const row of files.flat()) {
    const name = isStudied(row.workload) ? `${row.workload}/${row.variant}` : `${row.workload}/${sizeOf(row)}`;
    const systems = groups.get(name) ?? new Map<string, Row>();
    systems.set(`${row.system} ${row.threads}`, row);
    groups.set(name, systems);
  }
  return [...groups.values()].flatMap((systems) => [...systems.values()]);
}

/** What is compared with each other. */
const sizeOf = ({ variant, records }: Row): string => `${variant}, ${records.toLocaleString("en")} records`;

/** A dated run, and the page as it is. */
export interface DatedRun {
  readonly date: string;
  readonly rows: readonly Row[];
  readonly machine: Readonly<Record<string, string>>;
  readonly text: string;
}

/** The page and its charts, by their paths. */
export function docsOf({ date, rows, machine, text }: DatedRun): ReadonlyMap<string, string> {
  const workloads = [...new Set(rows.map((row) => row.workload))];
  const of = (workload: string): readonly Row[] => rows.filter((row) => row.workload === workload);
  const block = [about(date, machine), shortfalls(rows), ...workloads.map((workload) => section(workload, of(workload)))].join("\n\n");
  return new Map([
    [page, `${text.slice(0, text.indexOf(begin) + begin.length)}\n${block}\n${text.slice(text.indexOf(end))}`],
    ...workloads.map((workload): [string, string] => [join(charts, `${workload}.svg`), barChart(chartOf(workload, of(workload)))]),
  ]);
}

function about(date: string, machine: Readonly<Record<string, string>>): string {
  const lines = Object.entries(machine).map(([name, value]) => `| ${name} | ${value} |`);
  return [`Measured on ${date}.`, "", "| | |", "| --- | --- |", ...lines].join("\n");
}

const isStudied = (workload: string): boolean => studies.some((study) => study.workload === workload);

function chartOf(workload: string, rows: readonly Row[]): Chart {
  const title = titles[workload] ?? workload;
  if (isStudied(workload)) return studyChart(title, rows);
  const counted = rows.filter((row) => !row.void && row.recordsPerCpuSecond !== null);
  const groups = [...new Set(counted.map(sizeOf))].map((size): BarGroup => ({
    title: size,
    bars: counted.filter((row) => sizeOf(row) === size).map((row) => ({ label: row.threads === 1 ? row.system : `${row.system}, ${row.threads} threads`, value: row.recordsPerCpuSecond ?? 0, text: million(row.recordsPerCpuSecond), isOurs: row.system.startsWith("streamflow") })),
  }));
  return { title: `${title}, M records per CPU-second, whole process`, groups, hasOneScale: true };
}

function section(workload: string, rows: readonly Row[]): string {
  const title = titles[workload] ?? workload;
  const head = [`## ${title}`, `![${title}](benchmarks/${workload}.svg)`];
  if (isStudied(workload)) return [...head, ...studySection(rows, (row) => studyOf(row)?.summary ?? "")].join("\n\n");
  const tables = [...new Set(rows.map(sizeOf))].map((size) => table(rows.filter((row) => sizeOf(row) === size)));
  return [...head, ...tables].join("\n\n");
}

function table(rows: readonly Row[]): string {
  const [{ workload, variant, records, rounds }] = rows as readonly [Row];
  const summary = variants.find((one) => one.workload === workload && one.variant === variant)?.summary ?? "";
  const ours = rows.find((row) => row.system === "streamflow" && row.threads === 1);
  const label = ({ system, threads }: Row): string => (threads === 1 ? system : `${system}, ${threads} threads`);
  const lines = rows.map((row) => (row.void ? `| ${label(row)} | void |  |  |  |  |  |  |` : `| ${[label(row), ...cells(row, ours)].join(" | ")} |`));
  return [
    `**${variant}**: ${summary}. ${records.toLocaleString("en")} records, ${rounds} rounds.`,
    "",
    "| System | M rec/CPU-s | steady | M rec/s | MB/s | % of C | RSS MiB | streamflow does |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...lines,
  ].join("\n");
}

const million = (value: number | null): string => (value === null ? "–" : (value / 1e6).toFixed(2));
const whole = (value: number | null): string => value?.toFixed(0) ?? "–";

function cells(row: Row, ours: Row | undefined): readonly string[] {
  const isCompared = ours !== undefined && !ours.void && row.threads === 1 && !row.system.startsWith("streamflow");
  const ratio = isCompared ? `${((ours.recordsPerCpuSecond ?? NaN) / (row.recordsPerCpuSecond ?? NaN)).toFixed(2)}×` : "";
  return [million(row.recordsPerCpuSecond), million(row.steadyRecordsPerCpuSecond), million(row.recordsPerSecond), whole(row.megabytesPerSecond), whole(row.percentOfC), whole(row.peakRssMiB), ratio];
}

if (import.meta.main) {
  mkdirSync(charts, { recursive: true });
  for (const [path, content] of generatedDocs()) writeFileSync(path, content);
}
