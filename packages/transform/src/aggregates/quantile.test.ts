import fc from "fast-check";
import { expect, it } from "vitest";
import { quantileOf, quantileSpec } from "./quantile.ts";

const computed = { fields: [], type: undefined, isExpression: false, isPure: true, code: () => "", explain: (thrown: unknown) => thrown } as const;

it("takes few values and many in the order of typed arrays: −0 before 0, NaN last", () => {
  const number = fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, 1, Infinity), fc.integer({ min: -3, max: 3 }));
  fc.assert(
    fc.property(fc.array(number, { maxLength: 80 }), fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
      const { function: quantile } = quantileSpec.compile([{ ...computed, evaluate: (x) => x }, { ...computed, evaluate: () => q }]);
      const accumulator = values.reduce<unknown>((acc, value, at) => quantile.add(acc, value, at), quantile.create());
      expect(quantile.result(accumulator)).toBe(quantileOf(Float64Array.from(values).sort(), q));
    }),
  );
});
