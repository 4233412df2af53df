import { expect, it } from "vitest";
import type { Serializer } from "../contracts/operator.ts";
import { keyOf } from "../types/key.ts";
import { keyGroupCount, keyGroupOf, keyGroupOfCanonical } from "./key-group.ts";
import type { KeyRules } from "./keyed-table.ts";
import { plainSerializer } from "./state-codec.ts";
import { TableSet } from "./table-set.ts";

const one: KeyRules = { canonical: keyOf(), groups: 1 };
const spread: KeyRules = { canonical: keyOf(), group: keyGroupOfCanonical, groups: keyGroupCount };
const versioned = (name: string, version: number): Serializer<number> => ({ name, version, write: (value, out) => out.number(value), read: (from, written) => from.number() * (written === version ? 1 : 10) });

it("holds tables by name, each once", () => {
  const set = new TableSet("node", one);
  expect([set.isEmpty, set.size]).toEqual([true, 0]);
  set.table<number>("a", plainSerializer()).set(0, "k", 1);
  set.table<number>("b", plainSerializer()).set(3, "k", 1);
  expect([set.isEmpty, set.size]).toEqual([false, 2]);
  expect(() => set.table("a", plainSerializer())).toThrow(expect.objectContaining({ code: "SF_INTERNAL" }));
});

it("is stored by table and key group, without empty parts, and comes back", () => {
  const set = new TableSet("node", spread);
  const counts = set.table<number>("counts", plainSerializer());
  set.table("empty", plainSerializer());
  const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);
  for (const key of keys) counts.set(0, key, key.length);
  const stored = set.snapshot();
  expect(stored.map(({ state }) => state)).not.toContain("empty");
  expect(stored.map(({ group }) => group)).toEqual([...new Set(keys.map(keyGroupOf))].sort((a, b) => a - b));
  const back = new TableSet("node", spread);
  const restored = back.table<number>("counts", plainSerializer());
  back.table("empty", plainSerializer());
  for (const part of stored.toReversed()) back.restore(part);
  for (const key of keys) expect(restored.get(0, key)).toBe(key.length);
  expect(back.snapshot()).toEqual(stored);
});

it("a newer serializer reads what an older version of it has written", () => {
  const old = new TableSet("node", one);
  old.table("t", versioned("sum", 1)).set(0, "k", 7);
  const now = new TableSet("node", one);
  const table = now.table("t", versioned("sum", 2));
  for (const part of old.snapshot()) now.restore(part);
  expect(table.get(0, "k")).toBe(70);
});

it("SF_STATE_INCOMPATIBLE: names the state and both serializers", () => {
  const old = new TableSet("node", one);
  old.table("t", versioned("sum", 2)).set(0, "k", 7);
  const [part] = old.snapshot();
  const into = (name: string, serializer: Serializer<number>) => () => {
    const set = new TableSet("node", one);
    set.table(name, serializer);
    set.restore(part!);
  };
  const refused = (message: string) => expect.objectContaining({ code: "SF_STATE_INCOMPATIBLE", message: expect.stringContaining(message) as string });
  expect(into("other", versioned("sum", 2))).toThrow(refused('state "t" of node "node" is in the checkpoint'));
  expect(into("t", versioned("mean", 2))).toThrow(refused("written by serializer sum v2; this one is mean v2"));
  expect(into("t", versioned("sum", 1))).toThrow(refused("written by serializer sum v2; this one is sum v1"));
});
