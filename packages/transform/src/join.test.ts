import { ChangeKind } from "@streamflow/core";
import { OperatorHarness } from "@streamflow/core/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JoinType, type WindowJoinConfig, windowJoinOperator } from "./join.ts";
import { sliding, tumbling } from "./windows/assigners.ts";

interface Row {
  readonly side: "left" | "right";
  readonly timestampMs: number;
  readonly key: string;
  readonly id: number;
  readonly watermarkAfterMs: number;
  readonly restore: boolean;
}

const rowsOf: fc.Arbitrary<readonly Row[]> = fc
  .array(fc.record({ left: fc.boolean(), moveMs: fc.integer({ min: 0, max: 6 }), behindMs: fc.integer({ min: 0, max: 25 }), key: fc.constantFrom("a", "b"), restore: fc.boolean() }), { maxLength: 25 })
  .map((rows) => {
    let nowMs = -40;
    let watermarkAfterMs = -Infinity;
    return rows.map(({ left, moveMs, behindMs, key, restore }, id): Row => {
      nowMs += moveMs;
      watermarkAfterMs = Math.max(watermarkAfterMs, nowMs - behindMs - 6);
      return { side: left ? "left" : "right", timestampMs: nowMs - behindMs, key, id, watermarkAfterMs, restore };
    });
  });

/** What stands in the end: inserts less deletes, as sorted texts. */
function standing(changes: readonly { readonly value: unknown; readonly change: ChangeKind }[]): readonly string[] {
  const rows: string[] = [];
  for (const { value, change } of changes) {
    const text = JSON.stringify(value);
    if (change === ChangeKind.delete) {
      const at = rows.indexOf(text);
      expect(at).toBeGreaterThanOrEqual(0);
      rows.splice(at, 1);
    } else rows.push(text);
  }
  return rows.sort();
}

/** The join of all records that were not late, window by window. */
function model(rows: readonly Row[], config: { readonly sizeMs: number; readonly slideMs: number; readonly join: JoinType; readonly allowedLatenessMs: number }): { readonly results: readonly string[]; readonly late: readonly number[] } {
  const { sizeMs, slideMs, join, allowedLatenessMs } = config;
  const late: number[] = [];
  const cells = new Map<string, { start: number; key: string; left: number[]; right: number[] }>();
  let watermarkMs = -Infinity;
  for (const { side, timestampMs, key, id, watermarkAfterMs } of rows) {
    let any = false;
    let taken = false;
    for (let start = timestampMs - sizeMs + 1; start <= timestampMs; start++) {
      if (!Number.isInteger(start / slideMs)) continue;
      any = true;
      if (start + sizeMs - 1 + allowedLatenessMs <= watermarkMs) continue;
      taken = true;
      const cell = cells.get(`${key} ${start}`) ?? { start, key, left: [], right: [] };
      cells.set(`${key} ${start}`, cell);
      cell[side].push(id);
    }
    if (any && !taken) late.push(id);
    watermarkMs = watermarkAfterMs;
  }
  const results: string[] = [];
  for (const { start, key, left, right } of cells.values()) {
    const lefts = left.length === 0 && (join === "right" || join === "full") ? [null] : left;
    const rights = right.length === 0 && (join === "left" || join === "full") ? [null] : right;
    for (const one of lefts) for (const other of rights) results.push(JSON.stringify({ windowStart: start, windowEnd: start + sizeMs, key, left: one, right: other }));
  }
  return { results: results.sort(), late };
}

describe("windowJoin", () => {
  it("equals the naive model in the end, whatever the order and wherever restored", () => {
    fc.assert(
      fc.property(rowsOf, fc.integer({ min: 1, max: 15 }), fc.integer({ min: 1, max: 18 }), fc.constantFrom<JoinType>("inner", "left", "right", "full"), fc.constantFrom(0, 0, 5, 30), (rows, sizeMs, slideMs, join, allowedLatenessMs) => {
        const config: WindowJoinConfig = { window: sliding({ sizeMs, slideMs }), join, allowedLatenessMs };
        let harness = new OperatorHarness(windowJoinOperator, config);
        const changes: { value: unknown; change: ChangeKind }[] = [];
        const late: unknown[] = [];
        const drain = (): void => {
          changes.push(...harness.take());
          late.push(...harness.values("lateLeft"), ...harness.values("lateRight"));
        };
        for (const { side, timestampMs, key, id, watermarkAfterMs, restore } of rows) {
          harness.push(id, { input: side, timestampMs, key }).advanceWatermark(watermarkAfterMs);
          drain();
          if (restore) harness = new OperatorHarness(windowJoinOperator, config, { from: harness.snapshot() });
        }
        harness.end();
        drain();
        const expected = model(rows, { sizeMs, slideMs, join, allowedLatenessMs });
        expect(standing(changes)).toEqual(expected.results);
        expect(late).toEqual(expected.late);
        expect(harness.stateSize).toBe(0);
        if (harness.shape.outputs["main"]?.changes === "insert") expect(changes.every(({ change }) => change === ChangeKind.insert)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it("fires when the watermark reaches the end less one, in order of arrival, and late records give their own pairs at once", () => {
    const harness = new OperatorHarness(windowJoinOperator, { window: tumbling({ sizeMs: 10 }), join: "left", allowedLatenessMs: 5, select: (l: string, r: string | null) => `${l}${r}` });
    const push = (input: "left" | "right", value: string): void => void harness.push(value, { input, timestampMs: 3, key: 1 });
    push("left", "a");
    push("left", "b");
    harness.advanceWatermark(8);
    expect(harness.values()).toEqual([]);
    harness.advanceWatermark(9);
    expect(harness.take()).toEqual(["anull", "bnull"].map((value) => ({ value, timestampMs: 9, key: 1, change: ChangeKind.insert })));
    push("right", "x");
    expect(harness.take().map(({ value, change }) => [change, value])).toEqual([[ChangeKind.delete, "anull"], [ChangeKind.delete, "bnull"], [ChangeKind.insert, "ax"], [ChangeKind.insert, "bx"]]);
    push("left", "c");
    expect(harness.values()).toEqual(["cx"]);
    harness.advanceWatermark(14);
    push("right", "y");
    expect(harness.take("lateRight")).toEqual([{ value: "y", timestampMs: 3, key: 1, change: ChangeKind.insert }]);
  });

  it("refuses sides that can never have equal keys, and windows that are not of event time", () => {
    const shape = (type: "string" | "int32") => ({ schema: undefined, key: { type: { type }, fields: undefined, coPartitioned: true }, time: true, changes: "insert" }) as const;
    const of = (config: WindowJoinConfig, right: "string" | "int32") => (): unknown => new OperatorHarness(windowJoinOperator, config, { inputShapes: [shape("string"), shape(right)] });
    expect(of({ window: tumbling({ sizeMs: 1 }) }, "int32")).toThrow(expect.objectContaining({ code: "SF_PLAN_INVALID" }));
    expect(of({ window: tumbling({ sizeMs: 1 }) }, "string")).not.toThrow();
    expect(of({ window: tumbling({ count: 1 }) }, "string")).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
  });
});
