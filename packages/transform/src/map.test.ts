import { ChangeKind, StreamFlowError } from "@streamflow/core";
import { OperatorHarness } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { map, mapOperator } from "./map.ts";

describe("map", () => {
  it("turns each record into another, keeping event time, key and change kind", () => {
    const harness = new OperatorHarness(mapOperator, { to: (n: number) => n * 2 });
    harness.push(21, { timestampMs: 5, key: "a", change: ChangeKind.delete });
    expect(harness.take()).toEqual([{ value: 42, timestampMs: 5, key: "a", change: ChangeKind.delete }]);
  });

  it("rejects a record for which the function throws, and goes on", () => {
    const harness = new OperatorHarness(mapOperator, { to: (n: number) => (n === 2 ? fail() : n) });
    harness.push(1).push(2).push(3);
    expect(harness.values()).toEqual([1, 3]);
    expect(harness.rejected.map(({ value, error }) => [value, error.code])).toEqual([[2, "SF_STAGE_FAILED"]]);
  });

  it("rejects undefined, and fails on a promise", () => {
    const harness = new OperatorHarness(mapOperator, { to: (n: number) => (n === 1 ? undefined : Promise.resolve(n)) });
    harness.push(1);
    expect(harness.rejected[0]?.error.code).toBe("SF_TYPE_MISMATCH");
    expect(() => harness.push(2)).toThrow(expect.objectContaining({ code: "SF_STAGE_PROMISE" }));
  });

  it("takes the declared schema for its output, and keeps the key's shape", () => {
    const key = { type: { type: "string" }, fields: ["id"], coPartitioned: true } as const;
    const { shape } = new OperatorHarness(mapOperator, { to: (n: number) => n, schema: { type: "int32" } }, { inputShapes: [{ schema: undefined, key, time: true, changes: "all" }] });
    expect(shape.outputs["main"]).toEqual({ schema: { type: "int32" }, key, time: true, changes: "all" });
    expect(shape).toMatchObject({ reads: ["all"], forwards: false, stateful: false, deterministic: true });
  });

  it("is described as data, with its id", () => {
    const to = { kind: "field", path: ["a"] } as const;
    expect(map(to, { id: "just-a" }).operator?.description).toEqual({ type: "map", id: "just-a", config: { to } });
  });
});

function fail(): never {
  throw new StreamFlowError("SF_STAGE_FAILED", "no");
}
