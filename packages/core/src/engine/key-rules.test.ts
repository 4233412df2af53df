import { expect, it } from "vitest";
import { keyGroupCount, keyGroupOf } from "../keyed/key-group.ts";
import { MemoryTable } from "../keyed/keyed-table.ts";
import { plainSerializer, StateWriter } from "../keyed/state-codec.ts";
import type { PhysicalNode } from "../plan/physical-plan.ts";
import type { DataType } from "../schema.ts";
import { t } from "../types/constructors.ts";
import { keyRules } from "./key-rules.ts";

const keys: readonly unknown[] = ["LAX", "", "\0", "\0{", 7, 7n, 1.5, NaN, null, true, new Uint8Array([1, 2]), ["a", 1], { carrier: "UA", from: "LAX" }, { from: "LAX", carrier: "UA", to: null }];

function keyedBy(type: DataType | undefined): PhysicalNode {
  return { inputShapes: [{ schema: undefined, key: { type, fields: undefined, coPartitioned: false }, time: false, changes: "insert" }] } as unknown as PhysicalNode;
}

it("behind an exchange state lies in the key group that keyGroupOf names, whatever the kind of key", () => {
  for (const key of keys) {
    const table = new MemoryTable<string>("state", plainSerializer(), keyRules(keyedBy(undefined), "shared"));
    table.set(0, key, "here");
    const filled = Array.from({ length: keyGroupCount }, (_, group) => group).filter((group) => table.snapshot(group, new StateWriter()));
    expect(filled, String(key)).toEqual([keyGroupOf(key)]);
  }
});

it("a struct key of a declared type has the same group as one of unknown type", () => {
  const rules = keyRules(keyedBy(t.struct({ carrier: t.string(), from: t.string() })), "shared");
  const key = { carrier: "UA", from: "LAX" };
  expect(rules.group?.(rules.canonical(key))).toBe(keyGroupOf(key));
});

it("in the scope of a partition all keys share one group", () => {
  expect(keyRules(keyedBy(undefined), "partition")).toMatchObject({ groups: 1 });
  expect(keyRules(keyedBy(undefined), "partition").group).toBeUndefined();
});
