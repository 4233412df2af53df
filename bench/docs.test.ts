import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { describe, expect, it } from "vitest";
import { barChart } from "./chart.ts";
import { generatedDocs } from "./docs.ts";

describe("docs/benchmarks.md and its charts are what the rows of the last run say: node bench/docs.ts", () => {
  const docs = [...generatedDocs()].map(([path, content]) => [relative(process.cwd(), path), content] as const);
  it.each(docs)("%s", (path, content) => expect(readFileSync(path, "utf8")).toBe(content));
});

it("a chart leaves out what is void", () => {
  const row = { workload: "w1", variant: "base", threads: 1, records: 1, recordsPerSecond: 1, megabytesPerSecond: 1, recordsPerCpuSecond: 2e6, steadyRecordsPerCpuSecond: null, peakRssMiB: 1, percentOfC: null, measures: 1 };
  const chart = barChart("a < b", [{ ...row, system: "good", void: false }, { ...row, system: "bad", void: true }]);
  expect(chart).toContain(">good<");
  expect(chart).not.toContain(">bad<");
  expect(chart).toContain("a &lt; b");
});
