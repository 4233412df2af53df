import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { equalValues } from "./compare.ts";
import { nullable, t } from "./constructors.ts";
import { hashCanonical, hashKey } from "./hash.ts";
import { canonicalKey, keyOf, maxKeyBytes } from "./key.ts";

const invalid = expect.objectContaining({ code: "SF_KEY_INVALID" });
const scalar = fc.oneof(fc.string(), fc.double(), fc.integer(), fc.boolean(), fc.constant(null), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom("", "\0", "\0s0:", 0, -0, 1n, NaN, undefined));
const key = fc.oneof({ weight: 3, arbitrary: scalar }, fc.uint8Array({ maxLength: 5 }), fc.array(scalar, { maxLength: 3 }), fc.dictionary(fc.constantFrom("a", "b", "", "__proto__"), scalar, { maxKeys: 3 }));

describe("canonicalKey", () => {
  it("K1: leaves strings and numbers as they are", () => {
    for (const value of ["LAX", "", 5, -1.5, true]) expect(canonicalKey(value)).toBe(value);
  });

  it("is the same exactly where values are equal, and hashes alike", () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        const same = new Set([canonicalKey(a), canonicalKey(b)]).size === 1;
        expect(same).toBe(equalValues(a ?? null, b ?? null));
        if (same) expect(hashKey(a)).toBe(hashKey(b));
      }),
      { numRuns: 2000, examples: [["\0", ""], [1n, 1], [2n ** 53n + 1n, 2 ** 53], [["a", "b"], ["ab"]], [{ a: 1 }, { a: 1, b: null }], [[], {}], ["\0[]", []], ["\0\0[]", []], [new Uint8Array([1]), [1]]] },
    );
  });

  it("hashes the canonical form like the key", () => {
    fc.assert(fc.property(key, (a) => void expect(hashCanonical(canonicalKey(a))).toBe(hashKey(a))));
  });

  it.each([["a Map", new Map()], ["a Date", new Date(0)], ["an instance", new (class Point {})()], ["a function", () => 1], ["a symbol", Symbol("s")], ["2^63", 2n ** 63n], ["a Map inside", [new Map()]]])("refuses %s", (_, value) => {
    expect(() => canonicalKey(value)).toThrow(invalid);
  });

  it("refuses a key nested without end", () => {
    const loop: unknown[] = [];
    loop.push(loop);
    expect(() => canonicalKey(loop)).toThrow(invalid);
  });

  it("takes 64 KiB of UTF-8 and not a byte more", () => {
    expect(canonicalKey("a".repeat(maxKeyBytes))).toHaveLength(maxKeyBytes);
    expect(() => canonicalKey("a".repeat(maxKeyBytes + 1))).toThrow(invalid);
    expect(canonicalKey("ü".repeat(maxKeyBytes / 2))).toHaveLength(maxKeyBytes / 2);
    expect(() => canonicalKey("ü".repeat(maxKeyBytes / 2 + 1))).toThrow(invalid);
    expect(() => canonicalKey([new Uint8Array(maxKeyBytes)])).toThrow(invalid);
  });
});

describe("keyOf", () => {
  it("refuses types that hold a map", () => {
    expect(() => keyOf(t.map(t.string(), t.string()))).toThrow(invalid);
    expect(() => keyOf(t.struct({ a: t.list(t.map(t.string(), t.string())) }))).toThrow(expect.objectContaining({ code: "SF_KEY_INVALID", hint: expect.any(String) as string }));
  });

  it.each([
    [t.string(), ["a", "", "\0"], [5, {}, true]],
    [t.int32(), [1, -1], [1.5, "1", 1n]],
    [t.int64(), [1n, 1, -(2n ** 63n)], [1.5, "1", 2n ** 63n, NaN]],
    [t.float64(), [1.5, NaN, -0], ["1", 1n]],
    [t.bool(), [true, false], [0, "true"]],
    [t.timestamp(), [0, -1], [1.5, "2024-01-01"]],
    [t.decimal(5, 2), ["1.00"], ["1.0", 1]],
    [t.bytes(), [new Uint8Array([1])], ["AQ==", [1]]],
    [t.struct({ a: t.string() }), [{ a: "x" }], ["x", new Map()]],
    [t.any(), ["a", 1, true], [{}, [], new Uint8Array()]],
  ])("%o takes what is of the type and null, and refuses the rest", (type, good, bad) => {
    const canonical = keyOf(type);
    for (const value of good) expect(canonical(value)).toBe(canonicalKey(value));
    for (const value of [null, undefined]) expect(canonical(value)).toBeNull();
    for (const value of bad) expect(() => canonical(value)).toThrow(invalid);
    expect(keyOf(nullable(type))(null)).toBeNull();
  });
});
