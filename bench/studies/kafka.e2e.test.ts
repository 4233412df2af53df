import { expect, it } from "vitest";
import { kafkaStudies } from "./kafka.ts";

it.each(kafkaStudies.map((study) => [study.variant, study] as const))("%s: every message once, at a rate", { timeout: 180_000 }, async (variant, study) => {
  const notes: string[] = [];
  const rows = await study.measure({ records: 20_000, rounds: 1, note: (line) => notes.push(line) });
  expect(notes).toEqual([]);
  expect(rows).toMatchObject([{ workload: "w7", variant, records: 20_000, void: false, measures: { timesBare: expect.any(Number), timesAtLeastOnce: expect.any(Number) } }]);
});
