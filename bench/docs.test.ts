import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { describe, expect, it } from "vitest";
import { docsOf, generatedDocs, mergedRows } from "./docs.ts";
import type { Row } from "./report.ts";
import { studyRow } from "./studies/study.ts";

describe("docs/benchmarks.md and its charts are what the rows of the last run say: node bench/docs.ts", () => {
  const docs = [...generatedDocs()].map(([path, content]) => [relative(process.cwd(), path), content] as const);
  it.each(docs)("%s", (path, content) => expect(readFileSync(path, "utf8")).toBe(content));
});

const row = (system: string, recordsPerCpuSecond: number, parts: Partial<Row> = {}): Row => ({
  workload: "w1", variant: "base", system, threads: 1, records: 1_000, recordsPerSecond: 1, megabytesPerSecond: 1, recordsPerCpuSecond,
  steadyRecordsPerCpuSecond: null, peakRssMiB: 1, percentOfC: null, rounds: 2, measures: {}, void: false, ...parts,
});

/** The page and the charts of some rows. */
function drawn(rows: readonly Row[]): { readonly page: string; readonly charts: string } {
  const [page = "", ...charts] = docsOf({ date: "2030-01-01", rows, machine: {}, text: "above\n<!-- results: generated -->\nold\n<!-- /results -->\nbelow" }).values();
  return { page, charts: charts.join("\n") };
}

describe("docsOf", () => {
  it("replaces what stands between the marks; a chart leaves out what is void", () => {
    const { page, charts } = drawn([row("good", 2e6), row("bad", 2e6, { void: true })]);
    expect(page).toMatch(/^above\n<!-- results: generated -->\nMeasured on 2030-01-01\.[^]*<!-- \/results -->\nbelow$/);
    expect(page).not.toContain("old");
    expect(page).toContain("| bad | void |");
    expect(charts).toContain(">good<");
    expect(charts).not.toContain(">bad<");
  });

  it("says where StreamFlow loses: to whom, by how much, and which goals it misses", () => {
    const { page } = drawn([
      row("streamflow", 1e6), row("faster", 2e6), row("slower", 0.5e6),
      studyRow({ workload: "w5", variant: "base" }, { records: 10, rounds: 1, measures: { lossPercent: 7, pauseP99Ms: 2 } }),
    ]);
    expect(page).toContain("| w1/base, 1,000 records | records per CPU-second | faster 0.50× |");
    expect(page).toContain("| w5/base | lossPercent 7 | at most 3 |");
    expect(page).not.toContain("pauseP99Ms 2 |");
    expect(drawn([row("streamflow", 1e6), row("slower", 0.5e6)]).page).toContain("Nothing falls short");
  });

  it("a study has a table of its measures, missed goals in bold, and a chart with its goals", () => {
    const { page, charts } = drawn([studyRow({ workload: "w5", variant: "base" }, { records: 10, rounds: 1, measures: { lossPercent: 7, pauseP99Ms: 2 } })]);
    expect(page).toContain("| lossPercent | **7** | 3 |");
    expect(page).toContain("| pauseP99Ms | 2 | 5 |");
    expect(charts).toContain("lossPercent, at most 3");
    expect(charts).toContain("<line ");
  });

  it("many points of a study stand below each other, each with the goal that it misses", () => {
    const points = [1_000, 10_000, 100_000].map((keys, i) => studyRow({ workload: "w10", variant: `keys-${keys}` }, { records: 10 + i, rounds: 1, measures: { nsPerRecord: 10, ratioToFirst: 4 * i } }));
    const { page, charts } = drawn(points);
    expect(page).toContain("| keys-10000 | 10 | 4 |\n| keys-100000 | 10 | **8** (at most 6) |");
    expect(page).toContain("**keys**: count and sum of number keys");
    expect(page).toContain("Up to 12 records");
    expect(charts).toContain("keys: ratioToFirst, at most 6");
  });
});

it("rows of several files: what is measured again counts as the last one says; each size is compared for itself", () => {
  const files = [[row("streamflow", 1e6), row("slow", 1), row("streamflow", 9, { variant: "other" })], [row("slow", 5e5), row("streamflow", 2e5, { records: 200 }), row("late", 3e5, { records: 200 })]];
  const merged = mergedRows(files);
  expect(merged.map(({ system, variant, records, recordsPerCpuSecond }) => [system, variant, records, recordsPerCpuSecond])).toEqual([
    ["streamflow", "base", 1_000, 1e6], ["slow", "base", 1_000, 5e5], ["streamflow", "other", 1_000, 9], ["streamflow", "base", 200, 2e5], ["late", "base", 200, 3e5],
  ]);
  const { page, charts } = drawn(merged);
  expect(page).toMatch(/\*\*base\*\*.* 1,000 records[^*]*\| slow \| 0\.50 \|.*\| 2\.00× \|/);
  expect(page).toMatch(/\*\*base\*\*.* 200 records[^*]*\| late \| 0\.30 \|.*\| 0\.67× \|/);
  expect(page).toContain("| w1/base, 200 records | records per CPU-second | late 0.67× |");
  expect(charts).toContain(">base, 200 records<");
});

it("with more threads a system is compared with those that have as many", () => {
  const { page } = drawn([row("streamflow", 1e6), row("faster", 2e6, { threads: 2 })]);
  expect(page).toContain("| faster, 2 threads | 2.00 |");
  expect(page).toContain("Nothing falls short");
  expect(drawn([row("streamflow", 1e6, { threads: 2 }), row("faster", 2e6, { threads: 2 })]).page).toContain("| w1/base, 1,000 records, 2 threads | records per CPU-second | faster 0.50× |");
});
