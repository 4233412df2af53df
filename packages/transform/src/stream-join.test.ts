import { ChangeKind } from "@streamflow/core";
import { OperatorHarness } from "@streamflow/core/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type StreamJoinConfig, streamJoinOperator } from "./stream-join.ts";

interface Row {
  readonly side: "left" | "right";
  readonly timestampMs: number;
  readonly key: string;
  readonly id: number;
  readonly watermarkAfterMs: number;
  readonly restore: boolean;
}

/** Rows that move ahead by up to two buckets at once, some of them behind the watermark. */
const rowsOf: fc.Arbitrary<readonly Row[]> = fc
  .array(fc.record({ left: fc.boolean(), moveMs: fc.constantFrom(0, 1, 7, 400, 2_999), behindMs: fc.constantFrom(0, 1, 6, 300, 1_500), key: fc.constantFrom("a", "b"), restore: fc.boolean() }), { maxLength: 30 })
  .map((rows) => {
    let nowMs = -2_500;
    let watermarkAfterMs = -Infinity;
    return rows.map(({ left, moveMs, behindMs, key, restore }, id): Row => {
      nowMs += moveMs;
      watermarkAfterMs = Math.max(watermarkAfterMs, nowMs - 301);
      return { side: left ? "left" : "right", timestampMs: nowMs - behindMs, key, id, watermarkAfterMs, restore };
    });
  });

interface Modelled {
  readonly pairs: readonly string[];
  readonly late: readonly number[];
}

/** Every pair of records that were not late, by their times alone. */
function model(rows: readonly Row[], { beforeMs, afterMs }: StreamJoinConfig): Modelled {
  const isBounded = beforeMs !== undefined || afterMs !== undefined;
  let watermarkMs = -Infinity;
  const late = new Set<number>();
  for (const { id, timestampMs, watermarkAfterMs } of rows) {
    if (isBounded && timestampMs <= watermarkMs) late.add(id);
    watermarkMs = watermarkAfterMs;
  }
  const isNear = (left: Row, right: Row): boolean => !isBounded || (right.timestampMs >= left.timestampMs - (beforeMs ?? 0) && right.timestampMs <= left.timestampMs + (afterMs ?? 0));
  const pairs = rows.flatMap((left) => rows.flatMap((right) => {
    if (left.side !== "left" || right.side !== "right" || left.key !== right.key || late.has(left.id) || late.has(right.id) || !isNear(left, right)) return [];
    return [`${left.key} ${left.id} ${right.id} @${Math.max(left.timestampMs, right.timestampMs)}`];
  }));
  return { pairs: pairs.sort(), late: [...late] };
}

const boundMs = fc.constantFrom(0, 1, 5, 300, 1_000, 5_200);
const boundsOf: fc.Arbitrary<StreamJoinConfig> = fc.oneof(fc.constant({}), fc.record({ beforeMs: boundMs }), fc.record({ afterMs: boundMs }), fc.record({ beforeMs: boundMs, afterMs: boundMs }));

describe("streamJoin", () => {
  it("N1, N2: gives each pair of records that were in time once, whatever the order and wherever restored; N3: nothing is left", () => {
    fc.assert(
      fc.property(rowsOf, boundsOf, (rows, bounds) => {
        const config: StreamJoinConfig = { ...bounds, select: (left: number, right: number) => [left, right] };
        let harness = new OperatorHarness(streamJoinOperator, config);
        const pairs: string[] = [];
        const late: unknown[] = [];
        for (const { side, timestampMs, key, id, watermarkAfterMs, restore } of rows) {
          harness.push(id, { input: side, timestampMs, key }).advanceWatermark(watermarkAfterMs);
          for (const { value, key: under, timestampMs: atMs, change } of harness.take()) {
            expect(change).toBe(ChangeKind.insert);
            pairs.push(`${String(under)} ${(value as readonly number[]).join(" ")} @${atMs}`);
          }
          late.push(...harness.values("lateLeft"), ...harness.values("lateRight"));
          if (restore) harness = new OperatorHarness(streamJoinOperator, config, { from: harness.snapshot() });
        }
        const expected = model(rows, bounds);
        expect(pairs.sort()).toEqual(expected.pairs);
        expect(late).toEqual(expected.late);
        harness.end();
        expect(harness.stateSize === 0).toBe(Object.keys(bounds).length > 0 || rows.length === 0);
      }),
      { numRuns: 400 },
    );
  });

  it("N3: forgets a record when its last partner can have come, and not before", () => {
    const harness = new OperatorHarness(streamJoinOperator, { beforeMs: 500, afterMs: 3_500 });
    harness.push("l", { input: "left", timestampMs: 1_000, key: 1 }).push("r", { input: "right", timestampMs: 3_999, key: 2 });
    harness.advanceWatermark(4_498);
    expect(harness.stateSize).toBe(2);
    harness.advanceWatermark(4_499);
    expect(harness.stateSize).toBe(1);
    harness.advanceWatermark(5_498);
    expect(harness.stateSize).toBe(1);
    harness.advanceWatermark(5_499);
    expect(harness.stateSize).toBe(0);
  });

  it("N3: a bucket is a quarter of the span where that is more than a second", () => {
    const harness = new OperatorHarness(streamJoinOperator, { afterMs: 40_000 });
    harness.push("l", { input: "left", timestampMs: 10_000, key: 1 }).advanceWatermark(59_998);
    expect(harness.push("r", { input: "right", timestampMs: 59_999, key: 1 }).values()).toEqual([]);
    expect(harness.stateSize).toBe(2);
    harness.advanceWatermark(59_999);
    expect(harness.stateSize).toBe(0);
  });

  it("without bounds needs no event time, and pairs what comes at any distance", () => {
    const harness = new OperatorHarness(streamJoinOperator, {});
    harness.push("a", { input: "left", key: 1 }).push("x", { input: "right", key: 1 }).push("b", { input: "left", key: 1 });
    expect(harness.take()).toEqual(["a", "b"].map((left) => ({ value: { left, right: "x" }, timestampMs: NaN, key: 1, change: ChangeKind.insert })));
    expect(harness.shape).toMatchObject({ needsTime: false, unboundedState: expect.any(String) as string });
  });

  it("rejects a pair whose select throws, and a record without event time where there are bounds", () => {
    const select = (left: string, right: string): string => {
      if (right === "bad") throw new RangeError("bad");
      return left + right;
    };
    const harness = new OperatorHarness(streamJoinOperator, { afterMs: 10, select });
    harness.push("bad", { input: "right", timestampMs: 5, key: 1 }).push("good", { input: "right", timestampMs: 5, key: 1 }).push("a", { input: "left", timestampMs: 1, key: 1 }).push("b", { input: "left", key: 1 });
    expect(harness.values()).toEqual(["agood"]);
    expect(harness.rejected.map(({ error, value }) => [error.code, value])).toEqual([["SF_STAGE_FAILED", { left: "a", right: "bad" }], ["SF_TIME_MISSING", "b"]]);
  });

  it("refuses bounds that are none, changes, and sides that can never have equal keys", () => {
    const shape = (type: "string" | "int32", changes: "insert" | "all" = "insert") => ({ schema: undefined, key: { type: { type }, fields: undefined, coPartitioned: true }, time: true, changes }) as const;
    const of = (config: StreamJoinConfig, right = shape("string")) => (): unknown => new OperatorHarness(streamJoinOperator, config, { inputShapes: [shape("string"), right] });
    expect(of({ afterMs: 1 })).not.toThrow();
    for (const config of [{ beforeMs: -1 }, { afterMs: 0.5 }, { beforeMs: Infinity }]) expect(of(config)).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
    expect(of({}, shape("int32"))).toThrow(expect.objectContaining({ code: "SF_PLAN_INVALID" }));
    expect(of({}, shape("string", "all"))).toThrow(expect.objectContaining({ code: "SF_PLAN_INVALID" }));
  });
});
