import { expect, it } from "vitest";
import { fitsInt64, maxInt64, minInt64, toInt64 } from "./int64.ts";

it("knows the bounds", () => {
  expect([minInt64, maxInt64, 0n].every(fitsInt64)).toBe(true);
  expect([minInt64 - 1n, maxInt64 + 1n].some(fitsInt64)).toBe(false);
});

it("converts what is exact and nothing else", () => {
  expect(["12", "+12", "-9223372036854775808", 12, -0, 5n].map(toInt64)).toEqual([12n, 12n, minInt64, 12n, 0n, 5n]);
  expect(["9223372036854775808", "1.0", "", "0x1", "1e3", " 1", "1".repeat(40), 1.5, 2 ** 53, NaN, Infinity, 2n ** 63n].map(toInt64)).toEqual(new Array(12).fill(undefined));
});
