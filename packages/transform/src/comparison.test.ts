import fc from "fast-check";
import { expect, it } from "vitest";
import { comparatorOf, strictOrderOf } from "./comparison.ts";

const value = fc.oneof(fc.constantFrom<unknown>(0, -0, 0n, 1, 1n, NaN, "a", "b", true, [0], [-0], [0n], [-0, 1]), fc.double(), fc.bigInt());
const order = strictOrderOf(undefined);

it("the strict order refines the order of values, and answers 0 for identical values alone (property)", () => {
  fc.assert(
    fc.property(value, value, value, (a, b, c) => {
      const loose = comparatorOf(undefined)(a, b);
      if (loose !== 0) expect(Math.sign(order(a, b))).toBe(Math.sign(loose));
      expect(Math.sign(order(a, b)) + Math.sign(order(b, a))).toBe(0);
      if (!Array.isArray(a)) expect(order(a, b) === 0).toBe(Object.is(a, b));
      if (order(a, b) <= 0 && order(b, c) <= 0) expect(order(a, c)).toBeLessThanOrEqual(0);
    }),
    { numRuns: 2_000 },
  );
});

it("decimals of one value are told apart by their text", () => {
  const decimals = strictOrderOf({ type: "decimal", precision: 10, scale: 2 });
  expect([decimals("9", "10"), decimals("1.0", "1.00"), decimals("1", "1")]).toEqual([-1, -1, 0]);
});
