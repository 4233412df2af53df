// What is generated does what its plain counterpart does.
import { StreamFlowError } from "@streamflow/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { CompiledAggregate } from "./aggregate-function.ts";
import { generatedSteps, loopedSteps } from "./aggregate-steps.ts";
import { aggregateTable } from "./aggregates.ts";
import { generatedMaker, loopedMaker } from "./result-record.ts";
import { fieldSetter, type FieldFailure, generatedRecordMaker, loopedRecordMaker } from "./record-maker.ts";

const evaluate = (record: unknown): unknown => (record as { value: unknown }).value;
const computed = { evaluate, fields: [["value"]], type: undefined, isExpression: false, isPure: true, code: () => "", explain: (thrown: unknown) => thrown } as const;
const compiled: readonly CompiledAggregate[] = aggregateTable.filter((spec) => spec.minArguments <= 1).map((spec) => spec.compile([computed]));
const value = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(null, undefined, -0));

it("aggregates: create, add, merge", () => {
  fc.assert(
    fc.property(fc.array(value), fc.array(value), (left, right) => {
      const results = [generatedSteps(compiled), loopedSteps(compiled)].map((steps) => {
        const [into, other] = [steps.create(), steps.create()];
        left.forEach((one, ordinal) => steps.add(into, steps.inputs({ value: one }), ordinal));
        right.forEach((one, at) => steps.add(other, steps.inputs({ value: one }), left.length + at));
        steps.merge(into, other);
        return compiled.map((one, at) => one.function.result(into[at]));
      });
      expect(results[0]).toEqual(results[1]);
    }),
  );
});

it("aggregates: a record that one of them refuses is added to none", () => {
  for (const steps of [generatedSteps(compiled), loopedSteps(compiled)]) expect(() => steps.inputs({ value: {} })).toThrow(StreamFlowError);
});

const names = ["a", "b b", '"', "__proto__", "constructor", "\u2028", "${x}"];
const name = fc.constantFrom(...names);

it("result records", () => {
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 3, maxLength: 7 }), fc.boolean(), fc.anything(), (all, isStruct, first) => {
      const [leading, key, ...rest] = all as [string, string, ...string[]];
      const layout = { leading: [leading], keys: [key], isStruct, names: rest, results: rest.map((_, at) => (accumulator: unknown) => (at === 0 ? undefined : accumulator)) };
      const keyValue = isStruct ? Object.fromEntries([[key, 1]]) : "k";
      const accumulators = rest.map((_, at) => at);
      const [a, b] = [generatedMaker(layout), loopedMaker(layout)].map((make) => make(accumulators, keyValue, first));
      expect(Object.entries(a!)).toEqual(Object.entries(b!));
      expect(Object.keys(a!).sort()).toEqual([...all].sort());
      expect(Object.getPrototypeOf(a!)).toBe(Object.prototype);
    }),
  );
});

it("records of fields, and the field that fails", () => {
  fc.assert(
    fc.property(fc.uniqueArray(name), fc.nat({ max: 9 }), (all, failing) => {
      const cause = new Error("no");
      const fields = all.map((one, at) => [one, (record: unknown): unknown => {
        if (at === failing) throw cause;
        return at === 0 ? undefined : [record, at];
      }] as const);
      const [a, b] = [generatedRecordMaker(fields), loopedRecordMaker(fields)].map((make) => {
        try {
          return Object.entries(make("r") as object);
        } catch (thrown) {
          return thrown as FieldFailure;
        }
      });
      expect(a).toEqual(b);
      if (failing < all.length) expect(a).toEqual({ name: all[failing], cause });
    }),
  );
});

it("a field that is set", () => {
  for (const one of names) {
    const record = { x: 1, a: 0 };
    const set = fieldSetter(one)(record, 7);
    expect(Object.entries(set)).toEqual(Object.entries({ ...record, [one]: 7 }));
    expect(record).toEqual({ x: 1, a: 0 });
  }
});
