import fc from "fast-check";
import { expect, it } from "vitest";
import { canonicalDecimal, compareDecimals, formatDecimal, parseDecimal, rescale } from "./decimal.ts";

const units = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });

it("reads back what it writes", () => {
  fc.assert(fc.property(units, fc.integer({ min: 0, max: 20 }), (n, scale) => {
    const text = formatDecimal(n, scale);
    expect(parseDecimal(text)).toEqual({ units: n, scale });
    expect(canonicalDecimal(text, 38, scale)).toBe(text);
    expect(text).toMatch(scale === 0 ? /^-?(0|[1-9]\d*)$/ : /^-?(0|[1-9]\d*)\.\d+$/);
  }), { examples: [[0n, 2], [-1n, 2], [5n, 0]] });
});

it("compares as numbers do, whatever the scale", () => {
  fc.assert(fc.property(fc.bigInt({ min: -9999n, max: 9999n }), fc.bigInt({ min: -9999n, max: 9999n }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), (a, b, s, r) => {
    expect(compareDecimals(formatDecimal(a, s), formatDecimal(b, r))).toBe(Math.sign(Number(a) / 10 ** s - Number(b) / 10 ** r) + 0);
  }));
});

it.each([["1e3", "1000.00"], ["1.5E-1", "0.15"], ["+.5", "0.50"], ["5.", "5.00"], ["-0.00", "0.00"], ["0012", "12.00"], ["1.230", "1.23"]])("reads %s as %s", (text, canonical) => {
  expect(canonicalDecimal(text, 10, 2)).toBe(canonical);
});

it.each(["", ".", "-", "1e", "e5", "0x1", "1_000", "1,5", "NaN", "Infinity", " 1", "1.234", "123456789.00", "1e99999", "9".repeat(500), "1e9999"])("refuses %j", (text) => {
  expect(canonicalDecimal(text, 10, 2)).toBeUndefined();
});

it("takes zero whatever its exponent", () => {
  expect(canonicalDecimal("0e9999", 10, 2)).toBe("0.00");
  expect(rescale({ units: 15n, scale: 1 }, 0)).toBeUndefined();
});
