import { describe, expect, it } from "vitest";
import { whyNoMeasuring } from "../measure.ts";
import { densityStudy } from "./density.ts";
import { withSources } from "./sources.fixture.ts";

describe.skipIf(whyNoMeasuring() !== undefined)("W9", () => {
  withSources();

  it("measures what pipelines hold beside none; as many as there are records for", async () => {
    const notes: string[] = [];
    const rows = await densityStudy({ counts: [0, 20, 1_000], idleMs: 100 }).measure({ records: 4_000, rounds: 1, note: (line) => void notes.push(line) });
    expect(notes).toEqual([]);
    expect(rows.map((row) => [row.variant, row.records, row.void])).toEqual([["pipelines-0", 0, false], ["pipelines-20", 20, false]]);
    expect(rows[0]!.measures["heapBytes"]).toBeGreaterThan(1e6);
    expect(rows[1]!.measures).toMatchObject({ heapBytesPerPipeline: expect.any(Number), idleCpuPercent: expect.any(Number) });
    const { startMs, startMsPer10000 } = rows[1]!.measures;
    expect(startMs).toBeGreaterThan(0);
    expect(startMsPer10000! / startMs!).toBeCloseTo(500, 0);
  }, 60_000);
});
