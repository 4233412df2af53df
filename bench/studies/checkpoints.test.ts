import { describe, expect, it } from "vitest";
import { whyNoMeasuring } from "../measure.ts";
import { checkpointStudies, checkpointStudy, isWorthless } from "./checkpoints.ts";
import { withSources } from "./sources.fixture.ts";

describe.skipIf(whyNoMeasuring() !== undefined)("W5", () => {
  withSources();

  it("measures loss, pauses and the way back; its output is that without checkpoints", async () => {
    const notes: string[] = [];
    const study = checkpointStudy({ variant: "small", keys: 10_000, passes: 10, everyMs: 20 });
    const [row] = await study.measure({ records: 200_000, rounds: 1, note: (line) => void notes.push(line) });
    expect(notes).toEqual([]);
    expect(row).toMatchObject({ workload: "w5", variant: "small", records: 200_000, void: false, measures: { keys: 10_000, lossPercent: expect.any(Number) } });
    const { checkpoints, pauseP50Ms, pauseP99Ms, pauseMaxMs, restoredKeys, restoreMs, restoredAfterStartMs, firstOutputMs } = row!.measures;
    expect(checkpoints).toBeGreaterThan(0);
    expect(pauseP50Ms).toBeLessThanOrEqual(pauseP99Ms!);
    expect(pauseP99Ms).toBeLessThanOrEqual(pauseMaxMs!);
    expect(restoredKeys).toBeGreaterThan(7_500);
    expect(restoreMs).toBeLessThan(restoredAfterStartMs!);
    expect(restoredAfterStartMs).toBeLessThan(firstOutputMs!);
  }, 120_000);
});

it("isWorthless: where checkpoints change the output, or there was none", () => {
  const notes: string[] = [];
  const note = (line: string): void => void notes.push(line);
  const [one, other] = [{ digest: "1" }, { digest: "2" }];
  expect(isWorthless([{ without: one, checkpointed: one }], [3], note)).toBe(false);
  expect(notes).toEqual([]);
  expect(isWorthless([{ without: one, checkpointed: one }, { without: one, checkpointed: other }], [3], note)).toBe(true);
  expect(isWorthless([{ without: one, checkpointed: one }], [], note)).toBe(true);
  expect(notes).toEqual([expect.stringContaining("change the output: 1, 2"), expect.stringContaining("there was no checkpoint")]);
});

it("ten million keys are not measured with fewer", async () => {
  const notes: string[] = [];
  const study = checkpointStudies.find(({ variant }) => variant === "10m-keys")!;
  expect(await study.measure({ records: 2_000_000, rounds: 1, note: (line) => void notes.push(line) })).toEqual([]);
  expect(notes).toEqual(["w5/10m-keys is left out: it takes 20,000,000 records"]);
});
