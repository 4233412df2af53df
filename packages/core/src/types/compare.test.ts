import fc from "fast-check";
import { expect, it } from "vitest";
import { compareValues } from "./compare.ts";
import { t } from "./constructors.ts";

const leaf = fc.oneof(fc.constant(null), fc.boolean(), fc.double(), fc.bigInt(), fc.string(), fc.uint8Array({ maxLength: 3 }));
const value = fc.letrec((tie) => ({ any: fc.oneof({ maxDepth: 2 }, leaf, fc.array(tie("any"), { maxLength: 3 }), fc.dictionary(fc.constantFrom("a", "b"), tie("any")), fc.array(fc.tuple(leaf, tie("any")), { maxLength: 2 }).map((pairs) => new Map(pairs))) })).any;

it("is a total order: antisymmetric and transitive", () => {
  fc.assert(
    fc.property(value, value, value, (a, b, c) => {
      expect(Math.sign(compareValues(a, b)) + 0).toBe(-Math.sign(compareValues(b, a)) + 0);
      expect(compareValues(a, a)).toBe(0);
      const [x, y, z] = [a, b, c].sort((l, r) => compareValues(l, r));
      expect(compareValues(x, y)).toBeLessThanOrEqual(0);
      expect(compareValues(x, z)).toBeLessThanOrEqual(0);
    }),
    { numRuns: 1000 },
  );
});

it("orders decimals by value where it knows the type", () => {
  expect(compareValues("9.50", "10.00", t.decimal(5, 2))).toBe(-1);
  expect(compareValues("9.50", "10.00")).toBe(1);
  expect(compareValues("-2.0", "-10.0", t.decimal(5, 1))).toBe(1);
  expect(compareValues({ a: ["9.5"] }, { a: ["10.5"] }, t.struct({ a: t.list(t.decimal(5, 1)) }))).toBe(-1);
  expect(compareValues(new Map([["9.5", 1]]), new Map([["10.5", 1]]), t.map(t.decimal(5, 1), t.int32()))).toBe(-1);
});

it("orders fields in the order of the type, and missing as null", () => {
  const type = t.struct({ z: t.int32(), a: t.int32() });
  expect(compareValues({ z: 1, a: 9 }, { z: 2, a: 0 }, type)).toBe(-1);
  expect(compareValues({ z: 1 }, { z: 1, a: 0 }, type)).toBeLessThan(0);
  expect(compareValues({}, Object.create({ a: 1 }), type)).toBe(0);
});
