// Windows over numbers are a function of the records alone, to the bit and in order, wherever the operator was restored (T2 of pane-totals.ts, S5 of
// numeric-sessions.ts).
import { type Emitted, forbidCodeGeneration, OperatorHarness } from "@streamflow/core/testing";
import fc from "fast-check";
import { afterEach, expect, it } from "vitest";
import { avg, count, max, min, sum } from "../aggregates.ts";
import { type WindowConfig, windowOperator } from "../window.ts";
import { session, sliding, tumbling, type Windows } from "./assigners.ts";

interface Row {
  readonly moveMs: number;
  readonly behindMs: number;
  readonly key: string;
  readonly value: unknown;
  readonly restore: boolean;
}

const value = (row: unknown): never => (row as Row).value as never;
const aggregate = { n: count(), total: sum(value), mean: avg(value), low: min(value), high: max(value) };
const row: fc.Arbitrary<Row> = fc.record({
  moveMs: fc.oneof(fc.nat(3), fc.nat(3), fc.nat(60)),
  behindMs: fc.oneof(fc.nat(4), fc.nat(40)),
  key: fc.constantFrom("a", "b", "c", "d", "e"),
  value: fc.oneof(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), fc.constantFrom<unknown>(0.1, 1e300, -1e300, NaN, null, 3n, -0)),
  restore: fc.boolean(),
});
const slides = fc.tuple(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 1, max: 9 })).map(([sizeMs, slideMs]) => sliding({ sizeMs: Math.max(sizeMs, slideMs + 1), slideMs }));
const others = fc.oneof(fc.integer({ min: 1, max: 9 }).map((gapMs) => session({ gapMs })), fc.constantFrom(tumbling({ sizeMs: 10 }), session({ gapMs: 7, maxCount: 4 })));
const latenesses = fc.constantFrom(0, 0, 12);
const config = (windows: fc.Arbitrary<Windows>): fc.Arbitrary<WindowConfig> => fc.record({ window: windows, aggregate: fc.constant(aggregate), allowedLatenessMs: latenesses });

function run(options: WindowConfig, rows: readonly Row[], { restores, bound }: { readonly restores: boolean; readonly bound: number }): readonly Emitted[] {
  let harness = new OperatorHarness(windowOperator, options);
  let [nowMs, newestMs] = [0, -Infinity];
  const out: Emitted[] = [];
  for (const one of rows) {
    nowMs += one.moveMs;
    const timestampMs = nowMs - one.behindMs;
    newestMs = Math.max(newestMs, timestampMs);
    harness.push(one, { timestampMs, key: one.key }).advanceWatermark(newestMs - bound - 1);
    out.push(...harness.take());
    if (restores && one.restore) harness = new OperatorHarness(windowOperator, options, { from: harness.snapshot() });
  }
  out.push(...harness.end().take());
  return out;
}

afterEach(() => forbidCodeGeneration(false));

it.each([["sliding", slides], ["other", others]] as const)("results of %s windows are the same to the bit, and in the same order, by generated code and without (property)", (_name, windows) => {
  fc.assert(
    fc.property(config(windows), fc.array(row, { maxLength: 80 }), fc.nat(10), (options, rows, bound) => {
      const generated = run(options, rows, { restores: false, bound });
      forbidCodeGeneration(true);
      const plain = run(options, rows, { restores: false, bound });
      forbidCodeGeneration(false);
      expect(generated).toEqual(plain);
    }),
    { numRuns: 300 },
  );
});

it.each([["sliding", slides], ["other", others]] as const)("results of %s windows are the same to the bit, and in the same order, wherever the operator was restored (property)", (_name, windows) => {
  fc.assert(
    fc.property(config(windows), fc.array(row, { maxLength: 80 }), fc.nat(10), (options, rows, bound) => {
      expect(run(options, rows, { restores: true, bound })).toEqual(run(options, rows, { restores: false, bound }));
    }),
    { numRuns: 500 },
  );
});

it("sums of many panes do not drift: large values that have left leave nothing behind", () => {
  const records = Array.from({ length: 400 }, (_, at): Row => ({ moveMs: 1, behindMs: 0, key: "a", value: at < 200 ? 1e18 : 0.1, restore: false }));
  const results = run({ window: sliding({ sizeMs: 50, slideMs: 1 }), aggregate: { total: sum(value), n: count() } }, records, { restores: false, bound: 0 });
  const small = results.filter(({ timestampMs }) => timestampMs >= 251 && timestampMs <= 400).map((one) => one.value as { total: number; n: number });
  expect(small).toHaveLength(150);
  for (const { total, n } of small) expect([total, n]).toEqual([5, 50]);
});

it("crowds of keys come and go: windows that slide hold whoever is there, before and after", () => {
  const crowd = (from: number, count: number): Row[] => Array.from({ length: count }, (_, at) => ({ moveMs: at % 200 === 0 ? 1 : 0, behindMs: 0, key: `${from + at}`, value: at, restore: false }));
  const few = Array.from({ length: 60 }, (_, at): Row => ({ moveMs: 1, behindMs: 0, key: `${at % 3}`, value: at, restore: at === 20 }));
  const rows = [...few, ...crowd(0, 3_000), ...few, ...crowd(1_000, 3_000), ...few];
  const aggregates = { n: count(), total: sum(value), high: max(value) };
  const options = { window: sliding({ sizeMs: 12, slideMs: 3 }), aggregate: aggregates };
  const results = run(options, rows, { restores: false, bound: 0 });
  expect(results).toEqual(run(options, rows, { restores: true, bound: 0 }));
  expect(sorted(results)).toEqual(sorted(expectedOf(rows, 12, 3)));
});

/** By definition: each window by itself. */
function expectedOf(rows: readonly Row[], sizeMs: number, slideMs: number): readonly Pick<Emitted, "value">[] {
  const cells = new Map<string, { windowStart: number; windowEnd: number; key: string; n: number; total: number; high: number }>();
  let timestampMs = 0;
  for (const { moveMs, key, value: added } of rows) {
    timestampMs += moveMs;
    for (let windowStart = Math.floor(timestampMs / slideMs) * slideMs; windowStart > timestampMs - sizeMs; windowStart -= slideMs) {
      const cell = cells.get(`${windowStart} ${key}`) ?? { windowStart, windowEnd: windowStart + sizeMs, key, n: 0, total: 0, high: -Infinity };
      cells.set(`${windowStart} ${key}`, { ...cell, n: cell.n + 1, total: cell.total + Number(added), high: Math.max(cell.high, Number(added)) });
    }
  }
  return [...cells.values()].map((cell) => ({ value: cell }));
}

function sorted(results: readonly Pick<Emitted, "value">[]): readonly string[] {
  return results.map(({ value: result }) => JSON.stringify(result, ["windowStart", "windowEnd", "key", "n", "total", "high"])).sort();
}
