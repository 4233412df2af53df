import { describe, expect, it } from "vitest";
import type { Checkpoint, StateSegment } from "@streamflow/core";
import { compareWithPlan } from "./compatibility.ts";

function checkpoint(plan: Record<string, string>, states: readonly Partial<StateSegment>[] = []): Checkpoint {
  const segment = { name: "s", byteLength: 0, checksum: "00000000" };
  const state = states.map((part) => ({ node: "n", state: "s", serializer: "x", version: 2, segment, start: 0, end: 0, ...part }));
  const manifest = { formatVersion: 1, shard: "k:0", epoch: 4, generation: 1, positions: {}, progress: {}, state } as const;
  return { epoch: 4, createdMs: 0, plan, manifests: [manifest], prepared: {} };
}

const stored = { node: "n", state: "s", serializer: "x", version: 2 };

describe("nodes", () => {
  it("keep their state under an equal fingerprint, start empty when they are new, and are refused otherwise, all named at once", () => {
    expect(compareWithPlan(checkpoint({ b: "1", a: "2" }), { fingerprints: { a: "2", b: "1", c: "3" } })).toEqual({ kept: ["a", "b"], migrated: [], new: ["c"], dropped: [] });
    const refused = (): unknown => compareWithPlan(checkpoint({ a: "1", b: "2", c: "3" }), { fingerprints: { a: "1", b: "other" } });
    expect(refused).toThrow(expect.objectContaining({ code: "SF_STATE_INCOMPATIBLE", context: { epoch: 4, nodes: ["b", "c"] } }));
    expect(refused).toThrow(/"b" was changed.*"c" is not in the plan any more/);
  });

  it("are migrated where the plan says that they can be", () => {
    const migrates = (node: string, from: string): boolean => node === "a" && from === "1";
    expect(compareWithPlan(checkpoint({ a: "1" }), { fingerprints: { a: "2" }, migrates })).toMatchObject({ kept: [], migrated: ["a"] });
    expect(() => compareWithPlan(checkpoint({ a: "0" }), { fingerprints: { a: "2" }, migrates })).toThrow(expect.objectContaining({ code: "SF_STATE_INCOMPATIBLE" }));
  });

  it("may be called like members of every object", () => {
    expect(compareWithPlan(checkpoint({}), { fingerprints: { constructor: "1" } }).new).toEqual(["constructor"]);
    expect(() => compareWithPlan(checkpoint({ toString: "1" }), { fingerprints: {} })).toThrow(expect.objectContaining({ code: "SF_STATE_INCOMPATIBLE" }));
  });
});

describe("states", () => {
  const compare = (declared: Partial<typeof stored>[], allowDropped = false): unknown =>
    compareWithPlan(checkpoint({ n: "f" }, [stored]), { fingerprints: { n: "f" }, states: declared.map((state) => ({ ...stored, ...state })), allowDropped });

  it("are read by the serializer that wrote them, or by a later version of it", () => {
    expect(compare([{}])).toMatchObject({ kept: ["n"], migrated: [] });
    expect(compare([{ version: 3 }])).toMatchObject({ kept: [], migrated: ["n"] });
    expect(() => compare([{ version: 1 }])).toThrow(/newer than version 1/);
    expect(() => compare([{ serializer: "y" }])).toThrow(/written by serializer "x", expected "y"/);
  });

  it("that are not declared any more are lost only where that is allowed", () => {
    expect(() => compare([])).toThrow(expect.objectContaining({ code: "SF_STATE_INCOMPATIBLE", context: { epoch: 4, nodes: ["n"] } }));
    expect(compare([], true)).toMatchObject({ kept: ["n"] });
  });

  it("of dropped nodes are not asked for", () => {
    expect(compareWithPlan(checkpoint({ n: "f" }, [stored]), { fingerprints: {}, states: [], allowDropped: true })).toMatchObject({ dropped: ["n"] });
  });
});
