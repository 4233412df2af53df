import { expect, it } from "vitest";
import { quantile, studyRow } from "./study.ts";

it("quantile: the least value that has the share at or below it", () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect([0, 0.5, 0.99, 1].map((share) => quantile(values, share))).toEqual([1, 50, 99, 100]);
  expect(quantile([7], 0.99)).toBe(7);
  expect(quantile([], 0.5)).toBeNaN();
});

it("a row of a study has what the study knows, and no rates that it does not", () => {
  const row = studyRow({ workload: "w6", variant: "base" }, { records: 10, rounds: 2, measures: { p50Ms: 0.123456789 }, recordsPerSecond: 5 });
  expect(row).toMatchObject({ workload: "w6", variant: "base", system: "streamflow", records: 10, rounds: 2, recordsPerSecond: 5, recordsPerCpuSecond: null, void: false, measures: { p50Ms: 0.12346 } });
});
