import { describe, expect, it } from "vitest";
import type { ExecutorProgress } from "@streamflow/core";
import { progressDocument, progressLine, ProgressMeter } from "./run-progress.ts";

const sample = (more: Partial<ExecutorProgress>): ExecutorProgress => ({
  recordsIn: 0, recordsOut: 0, late: 0, rejected: 0, watermarkMs: undefined, stateEntries: 0, epoch: 0, lastCheckpointMs: undefined, fraction: undefined,
  busyMs: 0, backpressuredMs: 0, idleMs: 0, ...more,
});
const at = (monotonicMs: number, nowMs = 0) => ({ monotonicMs, nowMs });

describe("ProgressMeter", () => {
  it("gives the rate since the last sample, also across a restart", () => {
    const meter = new ProgressMeter(at(1_000));
    expect(meter.report(sample({ recordsIn: 500 }), at(2_000)).ratePerSecond).toBe(500);
    expect(meter.report(sample({ recordsIn: 700 }), at(2_500)).ratePerSecond).toBe(400);
    expect(meter.report(sample({ recordsIn: 30 }), at(3_500)).ratePerSecond).toBe(30);
    expect(meter.report(sample({ recordsIn: 30 }), at(3_500)).ratePerSecond).toBe(0);
  });

  it("tells the time left from the pace since the size was known: a resumed run does not start at 0", () => {
    const meter = new ProgressMeter(at(0));
    expect(meter.report(sample({}), at(100)).remainingMs).toBeUndefined();
    expect(meter.report(sample({ fraction: 0.5 }), at(1_000)).remainingMs).toBeUndefined();
    expect(meter.report(sample({ fraction: 0.75 }), at(2_000)).remainingMs).toBe(1_000);
    expect(meter.report(sample({ fraction: 1 }), at(3_000)).remainingMs).toBe(0);
  });

  it("tells how far event time is behind, where there is any", () => {
    const meter = new ProgressMeter(at(0));
    expect(meter.report(sample({ watermarkMs: 4_000 }), at(1, 10_000)).lagMs).toBe(6_000);
    expect(meter.report(sample({ watermarkMs: 40_000 }), at(2, 10_000)).lagMs).toBe(0);
    expect(meter.report(sample({ watermarkMs: -Infinity }), at(3, 10_000)).lagMs).toBeUndefined();
    expect(meter.report(sample({}), at(4, 10_000)).lagMs).toBeUndefined();
  });
});

describe("progressLine", () => {
  it("says everything that is known", () => {
    const report = new ProgressMeter(at(0)).report(
      sample({ recordsIn: 12_345, recordsOut: 7, late: 2, rejected: 1, watermarkMs: Date.UTC(2024, 0, 1), stateEntries: 1_000, epoch: 9, fraction: 0.629 }),
      at(1_000, Date.UTC(2024, 0, 1) + 65_000),
    );
    expect(progressLine("orders", { ...report, remainingMs: 3_000 })).toBe(
      "orders  62 %  12.3 k records/s  12,345 in  7 out  watermark 2024-01-01T00:00:00Z (lag 1m 5s)  state 1,000  checkpoint 9  late 2  rejected 1  ETA 3.0s",
    );
  });

  it("leaves out what is not", () => {
    expect(progressLine("orders", new ProgressMeter(at(0)).report(sample({ watermarkMs: Infinity }), at(0)))).toBe("orders  0 records/s  0 in  0 out  state 0  checkpoint 0");
  });
});

it("progressDocument holds nothing that JSON cannot", () => {
  const document = progressDocument(new ProgressMeter(at(0)).report(sample({ watermarkMs: Infinity, recordsIn: 3 }), at(500)));
  expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  expect(document).toMatchObject({ recordsIn: 3, watermarkMs: null, ratePerSecond: 6, elapsedMs: 500 });
});
