import fc from "fast-check";
import { expect, it } from "vitest";
import type { Serializer } from "../contracts/operator.ts";
import { keyOf } from "../types/key.ts";
import { MemoryTable, type KeyRules } from "./keyed-table.ts";
import { readTable } from "./read-table.ts";
import { plainSerializer, StateWriter } from "./state-codec.ts";

const rules: KeyRules = { canonical: keyOf(), groups: 1 };
/** Writes as many values as it has. */
const several: Serializer<readonly number[]> = {
  name: "several",
  version: 1,
  write: (values, out) => values.forEach((value) => out.number(value)),
  read: () => [],
};

function stored<V>(serializer: Serializer<V>, entries: readonly (readonly [number, string, V])[]): Uint8Array {
  const table = new MemoryTable<V>("t", serializer, rules);
  for (const [namespace, key, value] of entries) table.set(namespace, key, value);
  const out = new StateWriter();
  table.snapshot(0, out);
  return out.finish();
}

it("reads what a table has stored, whatever its serializer writes", () => {
  const entry = fc.tuple(fc.integer(), fc.string(), fc.array(fc.double(), { maxLength: 4 }));
  const entries = fc.uniqueArray(entry, { maxLength: 20, selector: ([namespace, key]) => JSON.stringify([namespace, key]) });
  fc.assert(
    fc.property(entries, (given) => {
      const found = [...readTable(stored(several, given))].map(({ namespace, key, parts }) => [namespace, key, parts]);
      const namespaces = [...new Set(given.map(([namespace]) => namespace))].sort((a, b) => a - b);
      expect(found).toEqual(namespaces.flatMap((namespace) => given.filter((one) => one[0] === namespace)));
    }),
  );
});

it("answers a plain value as one part", () => {
  const value = { list: [1n, null, "x"], map: new Map([["k", new Uint8Array([1])]]) };
  expect([...readTable(stored(plainSerializer<unknown>(), [[0, "key", value]]))]).toEqual([{ namespace: 0, key: "key", parts: [value] }]);
});

it("refuses bytes that are cut", () => {
  const bytes = stored(plainSerializer<unknown>(), [[7, "key", "value"]]);
  for (let length = 1; length < bytes.length; length++) {
    expect(() => [...readTable(bytes.subarray(0, length))]).toThrow(expect.objectContaining({ code: "SF_STATE_CORRUPT" }));
  }
});

it("a restore notices a serializer that leaves a part of an entry unread", () => {
  const table = new MemoryTable("t", several, rules);
  expect(() => table.restore(0, stored(several, [[0, "key", [1]]]), 1)).toThrow(expect.objectContaining({ code: "SF_STATE_CORRUPT" }));
});
