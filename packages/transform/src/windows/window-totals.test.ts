import { field, nullable, t } from "@streamflow/core";
import { OperatorHarness } from "@streamflow/core/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { avg, count, max, min, sum } from "../aggregates.ts";
import { type WindowConfig, windowOperator } from "../window.ts";
import { tumbling } from "./assigners.ts";

const schema = t.struct({ n: nullable(t.int32()), f: nullable(t.float64()), s: t.any() });
const shape = { schema, key: { type: t.int32(), fields: ["k"], coPartitioned: true }, time: true, changes: "insert" } as const;
const n = field("n");
const numbers: WindowConfig = { window: tumbling({ sizeMs: 10 }), allowedLatenessMs: 7, aggregate: { count: count(), present: count(field("f")), sum: sum(n), mean: avg(n), least: min(field("f")), most: max(field("f")) } };

interface Row {
  readonly key: number;
  readonly timestampMs: number;
  readonly value: { readonly n: number | null; readonly f: number | null };
}

const harness = (config: WindowConfig = numbers): OperatorHarness<WindowConfig> => new OperatorHarness(windowOperator, config, { inputShapes: [shape] });

function pushAll(into: OperatorHarness<WindowConfig>, rows: readonly Row[]): OperatorHarness<WindowConfig> {
  for (const { key, timestampMs, value } of rows) into.push(value, { key, timestampMs });
  return into;
}

const row: fc.Arbitrary<Row> = fc.record({
  key: fc.constantFrom(1, 2, 3, 0, -0, -7, 2 ** 31 - 1),
  timestampMs: fc.integer({ min: -30, max: 60 }),
  value: fc.record({ n: fc.option(fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.constantFrom(-0, 1, -1))), f: fc.option(fc.constantFrom(-0, 0, 1.5, 0.1, -3e300, Infinity)) }),
});

it("TOT-1: what was added up elsewhere gives the state that its records give, byte for byte, and the same results", () => {
  let took = 0;
  fc.assert(fc.property(fc.array(fc.tuple(fc.array(row, { maxLength: 12 }), fc.integer({ min: 0, max: 12 })), { maxLength: 12 }), (parts) => {
    const [single, added, elsewhere] = [harness(), harness(), harness()];
    let watermarkMs = -100;
    for (const [rows, stepMs] of parts) {
      const totals = pushAll(elsewhere, rows).totals!.take()!;
      expect(elsewhere.stateSize).toBe(0);
      pushAll(single, rows);
      if (watermarkMs < totals.dueMs && added.totals!.add({ ...totals, watermarkMs: -Infinity })) took++;
      else pushAll(added, rows);
      expect(added.snapshot().tables).toEqual(single.snapshot().tables);
      watermarkMs += stepMs;
      for (const one of [single, added]) one.advanceWatermark(watermarkMs);
      expect(added.take()).toEqual(single.take());
      expect(added.take("late")).toEqual(single.take("late"));
    }
    for (const one of [single, added]) one.end();
    expect(added.take()).toEqual(single.take());
  }), { numRuns: 200 });
  expect(took).toBeGreaterThan(100);
});

it("says when the first of its windows is due", () => {
  const elsewhere = harness();
  expect(elsewhere.totals!.take()).toEqual({ dueMs: Infinity, content: new Float64Array(0) });
  pushAll(elsewhere, [{ key: 1, timestampMs: 25, value: { n: 1, f: 2 } }, { key: 1, timestampMs: 14, value: { n: 1, f: 2 } }]);
  expect(elsewhere.totals!.take()?.dueMs).toBe(19);
});

it("TOT-2: refuses what adding might round, and the records that follow find everything as it was", () => {
  const near = 2 ** 53 - 2 ** 31;
  const large: readonly Row[] = [{ key: 1, timestampMs: 5, value: { n: near, f: 1 } }];
  const one: readonly Row[] = [{ key: 2, timestampMs: 5, value: { n: 1, f: 1 } }, { key: 1, timestampMs: 5, value: { n: 1, f: 1 } }];
  const [elsewhere, within, beyond] = [harness(), pushAll(harness(), large), pushAll(harness(), [...large, ...one])];
  const taken = { ...pushAll(elsewhere, one).totals!.take()!, watermarkMs: 0 };
  expect(within.totals!.add(taken)).toBe(true);
  expect(within.snapshot()).toEqual(beyond.snapshot());
  expect(beyond.totals!.add(taken)).toBe(false);
  expect(pushAll(beyond, one).snapshot()).toEqual(pushAll(harness(), [...large, ...one, ...one]).snapshot());
});

it.each([0.5, 0.1])("TOT-2: refuses %d, which is no int32 whatever its schema says", (value) => {
  const rows: readonly Row[] = [{ key: 1, timestampMs: 5, value: { n: value, f: 1 } }];
  const taken = pushAll(harness(), rows).totals!.take()!;
  expect(harness().totals!.add({ ...taken, watermarkMs: 0 })).toBe(false);
});

it("has no totals of keys or values that are no numbers, and has forgotten them", () => {
  const texts = harness({ ...numbers, aggregate: { most: max(field("s")) } });
  texts.push({ s: "text" }, { key: 1, timestampMs: 1 });
  expect([texts.totals!.take(), texts.stateSize]).toEqual([undefined, 0]);
  const keyed = pushAll(harness(), [{ key: "k" as never, timestampMs: 1, value: { n: 1, f: 1 } }]);
  expect([keyed.totals!.take(), keyed.stateSize]).toEqual([undefined, 0]);
});

it.each([
  ["numbers that are exact in any order", numbers, shape, true],
  ["floats, whose sum depends on their order", { ...numbers, aggregate: { sum: sum(field("f")) } }, shape, false],
  ["keys that are texts", numbers, { ...shape, key: { ...shape.key, type: t.string() } }, false],
  ["windows that overlap", { ...numbers, window: tumbling({ count: 3 }), allowedLatenessMs: undefined }, shape, false],
  ["firings by count", { ...numbers, early: { count: 2 } }, shape, false],
] as const)("adds up or not: %s", (_what, config, input, isExpected) => {
  const { allowedLatenessMs, ...rest } = config as WindowConfig;
  const given = allowedLatenessMs === undefined ? rest : { ...rest, allowedLatenessMs };
  expect(windowOperator.shape(given, [input], { node: "w", functions: { get: () => undefined, names: () => [] } }).addsUp === true).toBe(isExpected);
});
