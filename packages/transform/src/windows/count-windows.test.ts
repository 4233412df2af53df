import { OperatorHarness } from "@streamflow/core/testing";
import { expect, it } from "vitest";
import { count } from "../aggregates.ts";
import { windowOperator } from "../window.ts";
import { sliding } from "./assigners.ts";

it("a window over counts spans the event times of its records, whichever of them have none", () => {
  const spans = (...times: readonly number[]): readonly unknown[] => {
    const harness = new OperatorHarness(windowOperator, { window: sliding({ count: 3, every: 2 }), aggregate: { n: count() } });
    for (const timestampMs of times) harness.push({}, { timestampMs, key: "a" });
    return harness.take().map(({ value, timestampMs }) => ({ ...(value as object), timestampMs }));
  };
  expect(spans(5, 9, 7)).toEqual([{ windowStart: 5, windowEnd: 10, key: "a", n: 3, timestampMs: 9 }]);
  expect(spans(5, NaN, 7)).toEqual([{ windowStart: 5, windowEnd: 8, key: "a", n: 3, timestampMs: 7 }]);
  expect(spans(NaN, NaN, NaN)).toEqual([{ windowStart: null, windowEnd: null, key: "a", n: 3, timestampMs: NaN }]);
});
