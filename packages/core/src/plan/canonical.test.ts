import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalPlan, hashText, plainOf, stateFingerprint } from "./canonical.ts";
import { edges, fakeOperator, logicalPlan, sinkNode, sourceNode, stageNode } from "./plan.fixture.ts";

describe("plain data", () => {
  it("a source inside a configuration is its type and its own configuration, wherever its code lies", () => {
    const source = (path: string, open: () => Promise<never>): object => ({ type: "file", config: { path }, capabilities: { replayable: true, bounded: true, deterministic: true }, decoder: { module: "file:///somewhere" }, open });
    const known = plainOf({ source: source("a", () => Promise.reject(new Error("one"))), as: "x" });
    expect(known).toEqual({ as: "x", source: { type: "file", config: { path: "a" } } });
    expect(plainOf({ source: source("b", () => Promise.reject(new Error("one"))), as: "x" })).not.toEqual(known);
  });

  it("is what JSON keeps, for any JSON value", () => {
    fc.assert(fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const plain = plainOf(value);
      expect(plainOf(JSON.parse(JSON.stringify(plain)))).toEqual(plain);
    }));
  });

  it("does not depend on the order of names, but on that of lists", () => {
    expect(JSON.stringify(plainOf({ b: 1, a: { d: 1, c: 2 } }))).toBe(JSON.stringify(plainOf({ a: { c: 2, d: 1 }, b: 1 })));
    expect(plainOf([1, 2])).not.toEqual(plainOf([2, 1]));
  });

  it("keeps apart what JSON would make equal", () => {
    const odd: readonly unknown[] = [
      null, 0, -0, NaN, Infinity, "0", 0n, "", [], {}, new Map(), new Set(), new Set([1]), new Uint8Array(), new Uint8Array([0]),
      new Date(0), new Date(1), new Date(NaN), /a/, /a/i, () => 1, () => 2,
    ];
    expect(new Set(odd.map((value) => JSON.stringify(plainOf(value)))).size).toBe(odd.length);
  });

  it("a missing name is one that is undefined; __proto__ is a name like any other", () => {
    expect(plainOf({ a: undefined, b: 1 })).toEqual({ b: 1 });
    expect(JSON.stringify(plainOf(JSON.parse('{"__proto__":{"x":1}}')))).toBe('{"__proto__":{"x":1}}');
  });
});

it("hashes have published vectors: stored fingerprints depend on them", () => {
  expect(["", "a", "ab", "streamflow", "\ud83d\ude00"].map(hashText)).toEqual(vectors);
});

it("the canonical form of a plan does not depend on the order in which nodes were added", () => {
  const nodes = [sourceNode("in"), stageNode("a", fakeOperator("map")), sinkNode("out")];
  const line = edges("in > a", "a > out");
  expect(canonicalPlan(logicalPlan(nodes.toReversed(), line.toReversed()))).toEqual(canonicalPlan(logicalPlan(nodes, line)));
});

describe("what stored state depends on", () => {
  const node = (config: object, version?: number) => stageNode("s", fakeOperator("reduce", {}, version === undefined ? {} : { stateVersion: version }), { config: { ...config } });

  it("is the type, the version of its state and its configuration", () => {
    const fingerprint = stateFingerprint(node({ ttlMs: 5 }));
    expect(stateFingerprint(node({ ttlMs: 5 }, 1))).toBe(fingerprint);
    expect(stateFingerprint(node({ ttlMs: 6 }))).not.toBe(fingerprint);
    expect(stateFingerprint(node({ ttlMs: 5 }, 2))).not.toBe(fingerprint);
    expect(stateFingerprint({ ...node({ ttlMs: 5 }), type: "other" })).not.toBe(fingerprint);
  });

  it("is not the text of functions, nor the id of the node", () => {
    expect(stateFingerprint(node({ reducer: (a: number) => a }))).toBe(stateFingerprint(node({ reducer: (b: number) => b + 1 })));
    expect(stateFingerprint({ ...node({}), id: "other" })).toBe(stateFingerprint(node({})));
  });
});

const vectors: readonly string[] = ["9e3779b9811c9dc5", "8e5a4907e40c292c", "ac40148f4d2505ca", "2a2a66d20c84aa35", "094f9547cb31c4b8"];
