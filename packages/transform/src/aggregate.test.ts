import { ChangeKind } from "@streamflow/core";
import { OperatorHarness } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { aggregateOperator, type AggregateConfig } from "./aggregate.ts";
import { count, sum } from "./aggregates.ts";

const config: AggregateConfig = { aggregate: { n: count(), total: sum((v: number) => v) } };
const rows = (harness: OperatorHarness<AggregateConfig>): unknown => harness.take().map(({ value, change }) => [change, value]);

describe("aggregate", () => {
  it("emits the key's results after every record, under the record's time", () => {
    const harness = new OperatorHarness(aggregateOperator, config);
    harness.push(2, { key: "a", timestampMs: 7 }).push(3, { key: "b" }).push(5, { key: "a", timestampMs: 4 });
    expect(harness.take()).toEqual([
      { value: { key: "a", n: 1, total: 2 }, timestampMs: 7, key: "a", change: ChangeKind.insert },
      { value: { key: "b", n: 1, total: 3 }, timestampMs: NaN, key: "b", change: ChangeKind.insert },
      { value: { key: "a", n: 2, total: 7 }, timestampMs: 4, key: "a", change: ChangeKind.insert },
    ]);
  });

  it("emits what each update replaces, and a delete at the end of a key's time to live, across a restore", () => {
    const updates: AggregateConfig = { ...config, changes: "updates", ttlMs: 10 };
    let harness = new OperatorHarness(aggregateOperator, updates);
    expect(harness.shape.outputs["main"]?.changes).toBe("all");
    harness.push(2, { key: "a", timestampMs: 0 });
    expect(rows(harness)).toEqual([[ChangeKind.insert, { key: "a", n: 1, total: 2 }]]);
    harness = new OperatorHarness(aggregateOperator, updates, { from: harness.snapshot() });
    harness.push(3, { key: "a", timestampMs: 1 });
    expect(rows(harness)).toEqual([
      [ChangeKind.updateBefore, { key: "a", n: 1, total: 2 }],
      [ChangeKind.updateAfter, { key: "a", n: 2, total: 5 }],
    ]);
    harness.advanceWatermark(11);
    expect(rows(harness)).toEqual([[ChangeKind.delete, { key: "a", n: 2, total: 5 }]]);
    expect(harness.stateSize).toBe(0);
  });

  it("leaves no trace of a record that it rejects", () => {
    const harness = new OperatorHarness(aggregateOperator, config).push("x", { key: "new" });
    expect([harness.rejected.length, harness.stateSize, harness.values()]).toEqual([1, 0, []]);
  });

  it("rejects while a sum is beyond int64, and has results again when it is not", () => {
    const harness = new OperatorHarness(aggregateOperator, { ...config, changes: "updates" });
    const most = 2n ** 63n - 1n;
    harness.push(most, { key: 1 }).push(1n, { key: 1 }).push(-1n, { key: 1 });
    expect(harness.rejected.map(({ error }) => error.code)).toEqual(["SF_TYPE_MISMATCH"]);
    expect(rows(harness)).toEqual([
      [ChangeKind.insert, { key: 1, n: 1, total: most }],
      [ChangeKind.updateBefore, { key: 1, n: 1, total: most }],
      [ChangeKind.updateAfter, { key: 1, n: 3, total: most }],
    ]);
  });

  it("says that its state could grow for ever, unless it has a time to live", () => {
    expect(new OperatorHarness(aggregateOperator, config).shape.unboundedState).toContain("ttl");
    expect(new OperatorHarness(aggregateOperator, { ...config, ttlMs: 5 }).shape).toMatchObject({ needsTime: true, needsKey: true });
  });
});
