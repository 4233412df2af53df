import { OperatorHarness } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { avg, collect, count, sum } from "./aggregates.ts";
import { type WindowConfig, windowOperator } from "./window.ts";
import { global, session, tumbling } from "./windows/assigners.ts";

const value = (row: { readonly value: number }): number => row.value;
const hour = 3_600_000;

describe("window", () => {
  const flights = { type: "struct", fields: [{ name: "carrier", type: { type: "string" } }, { name: "delay", type: { type: "int32" } }] } as const;
  const inputShapes = [{ schema: flights, key: { type: { type: "string" }, fields: ["carrier"], coPartitioned: true }, time: true, changes: "insert" }] as const;
  const delay = { kind: "field", path: ["delay"] } as const;
  const config: WindowConfig = { window: tumbling({ sizeMs: hour }), aggregate: { flights: count(), mean: avg(delay) } };

  it("gives bounds, the key under its field's name, and the aggregates, with their types", () => {
    const harness = new OperatorHarness(windowOperator, config, { inputShapes });
    harness.push({ delay: 4 }, { timestampMs: 5, key: "UA" }).push({ delay: 6 }, { timestampMs: 6 }).advanceWatermark(hour - 2);
    expect(harness.values()).toEqual([]);
    harness.advanceWatermark(hour - 1);
    expect(harness.take()).toEqual([{ value: { windowStart: 0, windowEnd: hour, carrier: "UA", flights: 2, mean: 5 }, timestampMs: hour - 1, key: "UA", change: 0 }]);
    expect(harness.shape.outputs["main"]?.schema).toEqual({
      type: "struct",
      fields: [
        { name: "windowStart", type: { type: "timestamp" } },
        { name: "windowEnd", type: { type: "timestamp" } },
        { name: "carrier", type: { type: "string" } },
        { name: "flights", type: { type: "float64" } },
        { name: "mean", type: { type: "float64", nullable: true } },
      ],
    });
    expect(harness.shape).toMatchObject({ reads: [[["delay"]]], needsKey: true, needsTime: true, stateful: true, deterministic: true, forwards: ["late"] });
  });

  it("spreads a key of several fields, and names one that was computed `key`", () => {
    const results = (key: unknown, fields: readonly string[] | undefined): unknown => {
      const shapes = [{ ...inputShapes[0], key: { type: undefined, fields, coPartitioned: true } }];
      return new OperatorHarness(windowOperator, { window: tumbling({ sizeMs: 10 }), aggregate: { n: count() } }, { inputShapes: shapes }).push({}, { timestampMs: 0, key }).end().values()[0];
    };
    expect(results({ a: 1, b: null }, ["a", "b"])).toEqual({ windowStart: 0, windowEnd: 10, a: 1, b: null, n: 1 });
    expect(results("x", undefined)).toEqual({ windowStart: 0, windowEnd: 10, key: "x", n: 1 });
    expect(() => new OperatorHarness(windowOperator, { ...config, aggregate: { carrier: count() } }, { inputShapes })).toThrow(expect.objectContaining({ code: "SF_PLAN_INVALID" }));
  });

  it("hands a late record to `late` as it came, and one without event time to the dead letters", () => {
    const harness = new OperatorHarness(windowOperator, { ...config, allowedLatenessMs: 10 }, { inputShapes });
    const record = { delay: 1 };
    harness.advanceWatermark(hour - 1 + 9).push(record, { timestampMs: hour - 1, key: "UA" });
    expect(harness.values()).toHaveLength(1);
    harness.advanceWatermark(hour - 1 + 10).push(record, { timestampMs: hour - 1 });
    expect(harness.take("late")).toEqual([{ value: record, timestampMs: hour - 1, key: "UA", change: 0 }]);
    harness.push(record, { timestampMs: NaN });
    expect(harness.rejected.map(({ error }) => error.code)).toEqual(["SF_TIME_MISSING"]);
  });

  it("rejects a record that one aggregate cannot take, and counts it in none", () => {
    const harness = new OperatorHarness(windowOperator, { ...config, aggregate: { n: count(), total: sum(delay) } });
    harness.push({ delay: "x" }, { timestampMs: 0, key: 1 }).push({ delay: 2 }, { timestampMs: 0 }).end();
    expect(harness.rejected.map(({ error }) => error.code)).toEqual(["SF_TYPE_MISMATCH"]);
    expect(harness.values()).toEqual([{ windowStart: 0, windowEnd: hour, key: 1, n: 1, total: 2 }]);
  });

  it("fires by processing time for keys with something new, once per interval, and is then not deterministic", () => {
    for (const kind of [tumbling({ sizeMs: hour }), session({ gapMs: hour }), global()]) {
      const early = { everyProcessingMs: 100 };
      let harness = new OperatorHarness(windowOperator, { ...config, window: kind, early }, { inputShapes });
      expect(harness.shape.deterministic).toBe(false);
      harness.push({ delay: 1 }, { timestampMs: 0, key: "UA" }).advanceClock(99);
      expect(harness.values()).toEqual([]);
      harness = new OperatorHarness(windowOperator, { ...config, window: kind, early }, { inputShapes, from: harness.snapshot() });
      harness.advanceClock(199);
      expect(harness.values()).toMatchObject([{ carrier: "UA", flights: 1 }]);
      harness.advanceClock(10_000);
      expect(harness.values()).toEqual([]);
      harness.push({ delay: 1 }, { timestampMs: 1, key: "UA" }).advanceClock(10_100);
      expect(harness.values()).toMatchObject([{ flights: 2 }]);
      harness.end();
      expect(harness.values()).toMatchObject([{ flights: 2 }]);
    }
  });

  it("refuses options that would do nothing, and bounds that make no sense", () => {
    const of = (partial: Partial<WindowConfig>): (() => unknown) => () => new OperatorHarness(windowOperator, { ...config, ...partial });
    for (const partial of [{ ttlMs: 1 }, { emitPartial: true }, { window: global(), allowedLatenessMs: 1 }, { window: tumbling({ count: 2 }), mode: "discarding" }, { window: tumbling({ count: 2 }), early: { count: 1 } }, { allowedLatenessMs: -1 }, { aggregate: {} }] as Partial<WindowConfig>[]) {
      expect(of(partial)).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
    }
    expect(of({ early: { count: 0 } })).toThrow(expect.objectContaining({ code: "SF_WINDOW_INVALID" }));
    expect(() => new OperatorHarness(windowOperator, config, { inputShapes: [{ ...inputShapes[0], changes: "all" }] })).toThrow(expect.objectContaining({ code: "SF_PLAN_INVALID" }));
  });
});

describe("windows that event time does not end", () => {
  const config: WindowConfig = { window: global(), aggregate: { values: collect(value) } };
  const push = (harness: OperatorHarness<WindowConfig>, ...rows: readonly (readonly [number, number])[]): OperatorHarness<WindowConfig> => {
    for (const [timestampMs, v] of rows) harness.push({ value: v }, { timestampMs, key: "k" }).advanceWatermark(timestampMs - 1);
    return harness;
  };

  it("global: fires at its ticks of event time and at the end", () => {
    const harness = push(new OperatorHarness(windowOperator, { ...config, early: { everyMs: 10 } }), [5, 1], [8, 2], [12, 3], [15, 4]);
    expect(harness.values()).toEqual([{ windowStart: 5, windowEnd: 13, key: "k", values: [1, 2, 3] }]);
    const all = { windowStart: 5, windowEnd: 16, key: "k", values: [1, 2, 3, 4] };
    expect(harness.end().values()).toEqual([all, all]); // the tick at 19, then the end
    expect(harness.stateSize).toBe(0);
  });

  it("global, discarding: each record is in one firing", () => {
    const harness = push(new OperatorHarness(windowOperator, { ...config, mode: "discarding", early: { count: 2 } }), [5, 1], [8, 2], [12, 3]);
    expect(harness.end().values()).toEqual([
      { windowStart: 5, windowEnd: 9, key: "k", values: [1, 2] },
      { windowStart: 12, windowEnd: 13, key: "k", values: [3] },
    ]);
  });

  it("a key is forgotten when its time to live is over, counted from its newest record", () => {
    for (const [window, expected] of [[global(), [[1, 2], [3]]], [tumbling({ count: 3 }), [[1, 2], [3]]]] as const) {
      const partial = window.kind === "tumblingCount" ? { emitPartial: true } : {};
      let harness = push(new OperatorHarness(windowOperator, { ...config, window, ttlMs: 20, ...partial }), [0, 1], [15, 2]);
      expect(harness.shape.unboundedState).toBeUndefined();
      harness.advanceWatermark(34);
      harness = new OperatorHarness(windowOperator, { ...config, window, ttlMs: 20, ...partial }, { from: harness.snapshot() });
      expect(harness.stateSize).toBe(1);
      harness.advanceWatermark(35);
      expect(harness.stateSize).toBe(0);
      push(harness, [40, 3]).end();
      expect(harness.values().map((out) => (out as { values: unknown }).values)).toEqual(expected);
    }
  });

  it("says that its state could grow for ever without one", () => {
    for (const window of [global(), tumbling({ count: 3 })]) expect(new OperatorHarness(windowOperator, { ...config, window }).shape.unboundedState).toContain("ttl");
  });
});
