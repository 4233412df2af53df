import { describe, expect, it } from "vitest";
import { whyNoMeasuring } from "../measure.ts";
import { type Curve, curveStudies, curveStudy } from "./curves.ts";
import { withSources } from "./sources.fixture.ts";

const curve = (variant: string, points: readonly number[], recordsPerUnit: number): Curve => ({ variant, points, recordsPerUnit, summary: "", goal: { measure: "ratioToFirst", atMost: 1_000 } });

describe.skipIf(whyNoMeasuring() !== undefined)("W10", () => {
  withSources();

  it.each([["keys", [10, 1_000]], ["overlap", [3]], ["functions", [5]], ["expressions", [5]], ["pipelines", [3]]] as const)("%s: the results of every point are right; a point without enough records is left out", async (variant, points) => {
    const notes: string[] = [];
    const rows = await curveStudy(curve(variant, [...points, 40_000], 2)).measure({ records: 4_000, rounds: 1, note: (line) => void notes.push(line) });
    expect(notes).toEqual([]);
    expect(rows.map((row) => [row.variant, row.void])).toEqual(points.map((point) => [`${variant}-${point}`, false]));
    expect(rows[0]!.measures["ratioToFirst"]).toBe(1);
    for (const row of rows) expect(row.measures["nsPerRecord"]).toBeGreaterThan(0);
  }, 60_000);
});

it("the curves are those that have goals, from their first point on", () => {
  expect(curveStudies.map((study) => [study.variant, study.goals])).toEqual([
    ["keys", [{ measure: "ratioToFirst", atMost: 6 }]], ["overlap", [{ measure: "ratioToFirst", atMost: 2 }]], ["functions", [{ measure: "nsPerAddedStage", atMost: 2 }]],
    ["expressions", [{ measure: "nsPerAddedStage", atMost: 2 }]], ["pipelines", [{ measure: "ratioToFirst", atMost: 1.5 }]],
  ]);
});
