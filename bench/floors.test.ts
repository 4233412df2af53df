import { describe, expect, it } from "vitest";
import { belowCheckpointFloor, belowFloor, checkpointFloor, type Floor, floors } from "./floors.ts";
import type { Row } from "./report.ts";

const floor: Floor = { variant: "w2/base", system: "streamflow", peer: "node", ratio: 2 };
const row = (system: string, recordsPerCpuSecond: number, parts: Partial<Row> = {}): Row => ({
  workload: "w2", variant: "base", system, threads: 1, records: 1, recordsPerSecond: 1, megabytesPerSecond: 1, recordsPerCpuSecond,
  steadyRecordsPerCpuSecond: null, peakRssMiB: 1, percentOfC: null, rounds: 1, measures: {}, void: false, ...parts,
});

describe("belowFloor", () => {
  it("nothing at the floor, a line below it", () => {
    expect(belowFloor([row("streamflow", 4), row("node", 2)], [floor])).toEqual([]);
    expect(belowFloor([row("streamflow", 3.9), row("node", 2)], [floor])).toEqual(["w2/base: streamflow does 1.95 times the records per CPU-second of node, at least 2 are wanted"]);
  });

  it("a void or missing row is a problem, and so is a figure that is no number", () => {
    expect(belowFloor([row("streamflow", 9, { void: true }), row("node", 2)], [floor])).toEqual(["w2/base: streamflow gave no figure that counts"]);
    expect(belowFloor([row("streamflow", 9)], [floor])).toEqual(["w2/base: node gave no figure that counts"]);
    expect(belowFloor([row("streamflow", NaN), row("node", 2)], [floor])).toHaveLength(1);
  });
});

it("W1 and W2 have floors against plain Node and DuckDB", () => {
  for (const variant of ["w1/base", "w2/base"]) {
    for (const peer of ["node", "duckdb"]) expect(floors).toContainEqual(expect.objectContaining({ variant, peer, system: "streamflow" }));
  }
});

it("belowCheckpointFloor: what checkpoints leave of the records per CPU-second", () => {
  const w5 = (lossCpuPercent: number, isVoid = false): Row => row("streamflow", 1, { workload: "w5", measures: { lossCpuPercent }, void: isVoid });
  const atFloor = 100 * (1 - checkpointFloor);
  expect(belowCheckpointFloor(w5(atFloor - 1))).toEqual([]);
  expect(belowCheckpointFloor(w5(atFloor + 1))).toEqual([`w5: with checkpoints streamflow does ${(checkpointFloor - 0.01).toFixed(2)} times the records per CPU-second, at least ${checkpointFloor} are wanted`]);
  expect(belowCheckpointFloor(w5(0, true))).toEqual(["w5: gave no figure that counts"]);
});
