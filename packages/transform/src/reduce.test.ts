import { OperatorHarness } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { type ReduceConfig, reduceOperator } from "./reduce.ts";

const by = (a: number, b: number): number => a + b;

describe("reduce", () => {
  it("emits the running value of each key after every record", () => {
    const harness = new OperatorHarness(reduceOperator, { by });
    harness.push(1, { key: "a", timestampMs: 9 }).push(2, { key: "b" }).push(3, { key: "a" });
    expect(harness.take().map(({ key, value }) => [key, value])).toEqual([["a", 1], ["b", 2], ["a", 4]]);
  });

  it("goes on from its checkpoint", () => {
    const before = new OperatorHarness(reduceOperator, { by }).push(1, { key: "a" }).push(2, { key: null });
    const after = new OperatorHarness(reduceOperator, { by }, { from: before.snapshot() }).push(10, { key: "a" }).push(10, { key: null });
    expect(after.values()).toEqual([11, 12]);
  });

  it("keeps the value when the function throws, and rejects the record", () => {
    const harness = new OperatorHarness(reduceOperator, { by: (a: number, b: number) => (b < 0 ? (undefined as never as { x: number }).x : a + b) });
    harness.push(1, { key: "a" }).push(-1, { key: "a" }).push(2, { key: "a" });
    expect(harness.values()).toEqual([1, 3]);
    expect(harness.rejected.map(({ value }) => value)).toEqual([-1]);
  });

  it("forgets a key when event time has passed its newest record by the time to live, to the millisecond", () => {
    const config: ReduceConfig = { by: by as ReduceConfig["by"], ttlMs: 10 };
    let harness = new OperatorHarness(reduceOperator, config);
    harness.push(1, { key: "a", timestampMs: 100 }).push(2, { key: "a", timestampMs: 105 }).push(3, { key: "a", timestampMs: 95 }).advanceWatermark(114);
    harness = new OperatorHarness(reduceOperator, config, { from: harness.snapshot() });
    expect(harness.stateSize).toBe(1);
    harness.advanceWatermark(115);
    expect(harness.stateSize).toBe(0);
    expect(harness.push(5, { key: "a", timestampMs: 116 }).values()).toEqual([5]);
  });

  it("says that its state could grow for ever, unless it has a time to live", () => {
    expect(new OperatorHarness(reduceOperator, { by }).shape).toMatchObject({ unboundedState: expect.stringContaining("ttl") as string, needsKey: true, needsTime: false });
    expect(new OperatorHarness(reduceOperator, { by, ttlMs: 1 }).shape.unboundedState).toBeUndefined();
    expect(() => new OperatorHarness(reduceOperator, { by, ttlMs: -1 })).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
  });
});
