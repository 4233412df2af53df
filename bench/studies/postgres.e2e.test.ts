import { expect, it } from "vitest";
import { postgresStudies } from "./postgres.ts";

it.each(postgresStudies.map((study) => [study.variant, study] as const))("%s: the same rows as by COPY alone, at a rate", { timeout: 120_000 }, async (variant, study) => {
  const notes: string[] = [];
  const rows = await study.measure({ records: 20_000, rounds: 2, note: (line) => notes.push(line) });
  expect(notes).toEqual([]);
  expect(rows).toMatchObject([{ workload: "w8", variant, records: 20_000, void: false, measures: { timesBare: expect.any(Number), microsecondsPerRow: expect.any(Number) } }]);
  for (const value of Object.values(rows[0]?.measures ?? {})) expect(value).toBeGreaterThan(0);
});
