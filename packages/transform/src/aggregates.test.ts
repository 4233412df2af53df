import type { DataType, FunctionTable } from "@streamflow/core";
import { OperatorHarness } from "@streamflow/core/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Aggregate, AggregateFunction } from "./aggregate-function.ts";
import { AggregateSet } from "./aggregate-set.ts";
import { aggregateTable, aggregateWith, avg, collect, count, first, last, max, min, quantile, sum, topN } from "./aggregates.ts";
import { windowOperator } from "./window.ts";
import { tumbling } from "./windows/assigners.ts";

const functions: FunctionTable = { get: () => undefined, names: () => [] };
const self = (v: unknown): unknown => v;
const field = (name: string) => ({ kind: "field", path: [name] }) as const;

/** The result over values in order of arrival. */
function over(aggregate: Aggregate, values: readonly unknown[], of?: DataType): unknown {
  const set = new AggregateSet({ x: aggregate }, of === undefined ? undefined : { type: "struct", fields: [{ name: "v", type: of }] }, functions);
  const accumulators = set.create();
  values.forEach((value, at) => set.add(accumulators, set.inputs(of === undefined ? value : { v: value }), at));
  return set.results(accumulators, {})["x"];
}

const typed = { sum: sum(field("v") as never), avg: avg(field("v") as never), min: min(field("v")), max: max(field("v")) } as const;

describe("aggregates", () => {
  it("leave out null and missing values; of none, the result is null, and the count 0", () => {
    const values = [null, 3, undefined, 1];
    expect([count(self), sum(self as never), min(self), max(self), avg(self as never), first(self), last(self), quantile(self as never, 0.5)].map((one) => over(one, values))).toEqual([2, 4, 1, 3, 2, 3, 1, 2]);
    expect([sum(self as never), min(self), max(self), avg(self as never), first(self), last(self), quantile(self as never, 0.5)].map((one) => over(one, [null]))).toEqual([null, null, null, null, null, null, null]);
    expect([over(count(), [null, 1]), over(count(self), [null]), over(collect(), [null])]).toEqual([2, 0, []]);
  });

  it("sum: compensated for floats, exact for bigints and decimals", () => {
    expect(over(sum(self as never), [1e100, 1, -1e100])).toBe(1);
    expect(over(sum(self as never), Array.from({ length: 10 }, () => 0.1))).toBe(1);
    expect(over(sum(self as never), [2n ** 62n, 2n ** 62n - 1n])).toBe(2n ** 63n - 1n);
    expect(() => over(sum(self as never), [2n ** 62n, 2n ** 62n])).toThrow(expect.objectContaining({ code: "SF_TYPE_MISMATCH" }));
    expect(over(sum(self as never), [Infinity, 1])).toBe(Infinity);
    expect(over(sum(self as never), [Infinity, -Infinity])).toBeNaN();
    const decimal = { type: "decimal", precision: 10, scale: 2 } as const;
    expect(over(typed.sum, ["0.10", "0.20", "-1.00"], decimal)).toBe("-0.70");
    expect(over(typed.avg, ["0.10", "0.20"], decimal)).toBeCloseTo(0.15, 12);
    expect([over(typed.min, ["9.00", "10.00"], decimal), over(typed.max, ["9.00", "10.00"], decimal)]).toEqual(["9.00", "10.00"]);
  });

  it("sum: within Neumaier's bound of the exact sum, also in merged parts", () => {
    const scale = 2 ** 60;
    const values = fc.array(fc.tuple(fc.integer({ min: -(2 ** 31), max: 2 ** 31 }), fc.integer({ min: -60, max: 60 })).map(([n, exponent]) => n * 2 ** exponent), { maxLength: 60 });
    const unitsOf = (v: number): bigint => (Math.abs(v) < 1 ? BigInt(v * scale) : BigInt(v) * BigInt(scale) + BigInt((v % 1) * scale) - BigInt(Math.trunc(v % 1)) * BigInt(scale));
    fc.assert(
      fc.property(values.filter((vs) => vs.every((v) => Number.isInteger(v) || Math.abs(v) < 1)), fc.nat(60), (vs, cut) => {
        const set = new AggregateSet({ x: sum(self as never) }, undefined, functions);
        const parts = [vs.slice(0, cut), vs.slice(cut)].map((part) => {
          const accumulators = set.create();
          for (const v of part) set.add(accumulators, set.inputs(v), 0);
          return accumulators;
        });
        set.merge(parts[0]!, parts[1]!);
        const got = set.results(parts[0]!, {})["x"] as number | null;
        const exact = Number(vs.reduce((total, v) => total + unitsOf(v), 0n)) / scale;
        const magnitude = vs.reduce((total, v) => total + Math.abs(v), 0);
        const bound = 2 ** -52 * Math.abs(exact) + (vs.length + 2) ** 2 * 2 ** -104 * magnitude;
        expect(Math.abs((got ?? 0) - exact)).toBeLessThanOrEqual(bound);
      }),
      { numRuns: 300 },
    );
  });

  it("quantile: R-7, exact", () => {
    expect([0, 0.25, 0.5, 0.9, 1].map((q) => over(quantile(self as never, q), [4, 1, 3, 2]))).toEqual([1, 1.75, 2.5, 3.7, 4]);
    expect(over(quantile(self as never, 0.95), [7])).toBe(7);
    expect(over(quantile(self as never, 0.5), [-1.7e308, 1.7e308])).toBe(0);
    expect(over(quantile(self as never, 0.5), [Infinity, Infinity])).toBe(Infinity);
    expect(() => over(quantile(self as never, 1.5), [1])).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
  });

  it("first and last go by arrival, or by what is given; ties by arrival", () => {
    const rows = [{ v: "a", by: 2 }, { v: "b", by: 1 }, { v: "c", by: 1 }, { v: "d", by: 2 }, { v: "e", by: null }];
    expect([first(field("v")), last(field("v")), first(field("v"), field("by")), last(field("v"), field("by"))].map((one) => over(one, rows))).toEqual(["a", "e", "b", "d"]);
  });

  it("topN: greatest first, ties by arrival", () => {
    const rows = [{ v: "a", by: 1 }, { v: "b", by: 3 }, { v: "c", by: 3 }, { v: "d", by: 2 }, { v: "e", by: null }];
    expect(over(topN(3, field("by"), field("v")), rows)).toEqual(["b", "c", "d"]);
    expect(over(topN(1, field("by")), rows)).toEqual([rows[1]]);
    expect(() => over(topN(0, field("by")), rows)).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
  });

  it("are found by name, with the number of arguments checked", () => {
    const call = (name: string, ...arguments_: Aggregate["arguments"]): Aggregate => ({ kind: "aggregate", function: name, arguments: arguments_ });
    expect(over(call("max", field("v")), [{ v: 1 }, { v: 2 }])).toBe(2);
    expect(() => over(call("maxx", field("v")), [])).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID", hint: 'did you mean "max"?' }));
    expect(() => over(call("sum"), [])).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
    expect(() => over(typed.sum, [], { type: "string" })).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
    expect(aggregateTable.map(({ name }) => name)).toEqual(["count", "sum", "min", "max", "avg", "first", "last", "quantile", "collect", "topN"]);
  });

  it("of one's own run like the built-in ones", () => {
    const product: AggregateFunction<number, number, string> = {
      name: "product",
      serializer: { name: "number", version: 1, write: (n, out) => out.number(n), read: (from) => from.number() },
      type: { type: "string" },
      create: () => 1,
      add: (product_, value) => product_ * value,
      merge: (a, b) => a * b,
      result: (n) => `=${n}`,
    };
    const config = { window: tumbling({ sizeMs: 10 }), aggregate: { p: aggregateWith(product, (r: { v: number }) => r.v) } };
    const before = new OperatorHarness(windowOperator, config).push({ v: 3 }, { timestampMs: 1, key: 0 });
    const after = new OperatorHarness(windowOperator, config, { from: before.snapshot() }).push({ v: 5 }, { timestampMs: 2, key: 0 }).end();
    expect(after.values()).toEqual([{ windowStart: 0, windowEnd: 10, key: 0, p: "=15" }]);
    const other = { ...config, aggregate: { p: aggregateWith({ ...product, serializer: { ...product.serializer, version: 2 } }, (r: { v: number }) => r.v) } };
    expect(() => new OperatorHarness(windowOperator, other, { from: before.snapshot() })).toThrow(expect.objectContaining({ code: "SF_STATE_INCOMPATIBLE" }));
  });
});
