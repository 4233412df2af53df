// Numbers in columns answer what the functions answer: added one by one, and merged.
import type { NumberTable, OperatorContext } from "@streamflow/core";
import { OperatorHarness } from "@streamflow/core/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { AggregateSet } from "./aggregate-set.ts";
import { avg, count, max, min, sum } from "./aggregates.ts";
import type { NumericAggregates } from "./numeric-aggregates.ts";

const functions = { get: () => undefined, names: () => [] };
const self = (value: unknown): unknown => value;

function tableOf(numbers: NumericAggregates): NumberTable {
  let context: OperatorContext | undefined;
  const shape = { outputs: {}, reads: [], forwards: false, deterministic: true, stateful: true, summary: "" };
  new OperatorHarness({ type: "holder", shape: () => shape, create: (_config: object, given) => ((context = given), { inputs: [] }) }, {});
  return numbers.table(context!, "numbers");
}

/** Adds to some keys in turn, then merges all into one. */
function bothWays(set: AggregateSet, parts: readonly (readonly unknown[])[]): readonly [unknown[], unknown[]] {
  const numbers = set.numeric()!;
  const table = tableOf(numbers);
  const merged = { space: table.open(1), slot: table.open(1).slotFor("all") };
  const accumulators = set.create();
  let ordinal = 0;
  for (const [at, values] of parts.entries()) {
    const part = { space: table.open(0), slot: table.open(0).slotFor(at) };
    const own = set.create();
    for (const value of values) {
      const inputs = set.inputs(value);
      set.add(own, inputs, ++ordinal);
      numbers.add(part.space, part.slot, inputs);
    }
    set.merge(accumulators, own);
    numbers.merge(merged, part);
  }
  return [numbers.finishers.map((finish) => finish(merged)), set.finishers.map((finish, at) => finish(accumulators[at]))];
}

const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom<unknown>(0, -0, NaN, Infinity, -Infinity, null, undefined, 5n, 2n ** 62n, -3n));
const anything = fc.oneof(number, fc.string(), fc.boolean(), fc.constantFrom<unknown>(new Uint8Array([1]), [0], [-0]));

it("counts, sums, means and extremes of numbers and int64 are those of the functions, bit for bit (property)", () => {
  const set = new AggregateSet({ all: count(), some: count(self), mean: avg(self as never), low: min(self), high: max(self) }, undefined, functions);
  fc.assert(fc.property(fc.array(fc.array(number)), (parts) => expectSame(...bothWays(set, parts))));
  const sums = new AggregateSet({ total: sum(self as never) }, undefined, functions);
  const small = fc.array(fc.array(fc.oneof(fc.double(), fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n }), fc.constant(null))));
  fc.assert(fc.property(small, (parts) => expectSame(...bothWays(sums, parts))));
});

it("extremes of any values are those of the functions (property)", () => {
  const set = new AggregateSet({ low: min(self), high: max(self) }, undefined, functions);
  fc.assert(fc.property(fc.array(fc.array(anything)), (parts) => expectSame(...bothWays(set, parts))), { numRuns: 500 });
});

function expectSame(columns: readonly unknown[], accumulators: readonly unknown[]): void {
  expect(columns.map((value) => value ?? null)).toEqual(accumulators.map((value) => value ?? null));
}
