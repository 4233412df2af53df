import { expect, it } from "vitest";
import { phases } from "./phases.ts";
import { reportOf, reportText } from "./report.ts";
import type { Death, RoundResult } from "./round.ts";

const names = Object.keys(phases);

/** A round of so many kills, spread over the phases. */
function round(kills: number, changed: Partial<RoundResult> = {}, death: (at: number) => Partial<Death> = () => ({})): RoundResult {
  const deaths = Array.from({ length: kills }, (_, at): Death => ({ phase: names[at % names.length] ?? "", point: undefined, aimed: true, how: "alone", amidOutput: true, ...death(at) }));
  return { spec: { seed: 1, sink: "sqlite", store: "files", kills, folder: "f", serverUrl: "", storeUrl: "" }, deaths, visits: new Map([["p", kills]]), rows: 10, lost: 0, doubled: 0, differing: 0, examples: [], ...changed };
}

const about = { seed: 7, seconds: 30, planned: 1 };

it("sums rounds up, and says the result in its last line", () => {
  const report = reportOf([round(60), round(40)], about);
  expect(report).toMatchObject({ kills: 100, amidOutput: 100, aimed: 100, rows: 20, visits: { p: 100 }, problems: [] });
  expect(reportText(report).split("\n").at(-1)).toBe("kills=100 lost=0 doubled=0 differing=0");
});

it("finds what differs, kills that fell before or behind the output, and a run without any", () => {
  expect(reportOf([round(10, { lost: 1, examples: ["x: expected 1 times, found 0 times"] })], about).problems).toEqual(["f: x: expected 1 times, found 0 times"]);
  expect(reportOf([round(10, {}, (at) => ({ amidOutput: at > 0 }))], about).problems).toEqual([]);
  expect(reportOf([round(10, {}, (at) => ({ amidOutput: at > 1 }))], about).problems).toEqual(["8 of 10 kills fell between the first and the last output: fewer than 90 %"]);
  expect(reportOf([round(10)], { ...about, planned: 2 }).problems).toEqual(["1 of 2 rounds came to their end"]);
  expect(reportOf([round(0)], about).problems).toEqual(["nothing was killed"]);
});

it("wants every phase to be struck once there are many kills", () => {
  const [first = "", second = ""] = names;
  const missing = (at: number) => (at % names.length === 0 ? { phase: second } : {});
  expect(reportOf([round(199, {}, missing)], about).problems).toEqual([]);
  expect(reportOf([round(200, {}, missing)], about).problems).toEqual([`phase "${first}" saw 0 of 200 kills: fewer than 2 %`]);
});
