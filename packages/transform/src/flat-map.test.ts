import { OperatorHarness } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { flatMapOperator } from "./flat-map.ts";

describe("flatMap", () => {
  it("gives each item in order, under the record's event time and key", () => {
    const harness = new OperatorHarness(flatMapOperator, { to: (line: string) => line.split(" ") });
    harness.push("a b", { timestampMs: 7, key: "k" });
    expect(harness.take().map(({ value, timestampMs, key }) => [value, timestampMs, key])).toEqual([["a", 7, "k"], ["b", 7, "k"]]);
  });

  it("takes null, undefined and an empty list for nothing", () => {
    const harness = new OperatorHarness(flatMapOperator, { to: (n: number) => [null, undefined, []][n] });
    harness.push(0).push(1).push(2);
    expect([harness.values(), harness.rejected]).toEqual([[], []]);
  });

  it("keeps what an iterable gave before it threw, and rejects the record", () => {
    const harness = new OperatorHarness(flatMapOperator, {
      *to(n: number) {
        yield n;
        if (n === 1) throw new TypeError("half-way");
        yield -n;
      },
    });
    harness.push(1).push(2);
    expect(harness.values()).toEqual([1, 2, -2]);
    expect(harness.rejected.map(({ value, error }) => [value, error.code])).toEqual([[1, "SF_STAGE_FAILED"]]);
  });

  it("rejects what is no list; a string is none", () => {
    const harness = new OperatorHarness(flatMapOperator, { to: (value: unknown) => value });
    harness.push("text").push(5).push({});
    expect(harness.rejected.map(({ error }) => error.code)).toEqual(["SF_TYPE_MISMATCH", "SF_TYPE_MISMATCH", "SF_TYPE_MISMATCH"]);
  });
});
