import fc from "fast-check";
import { expect, it } from "vitest";
import { keyOf } from "../types/key.ts";
import { keyGroupCount, keyGroupOfCanonical } from "./key-group.ts";
import { type KeyRules, MemoryTable } from "./keyed-table.ts";
import { plainSerializer, StateWriter } from "./state-codec.ts";

const canonical = keyOf();
const rules: readonly KeyRules[] = [{ canonical, groups: 1 }, { canonical, group: keyGroupOfCanonical, groups: keyGroupCount }];

const key = fc.oneof(fc.constantFrom<unknown>(0, -0, NaN, 1, 1n, null, undefined, "", "\0", "1", true, [1], ["1"], { a: 1 }), fc.integer({ min: 0, max: 5 }));
const step = fc.oneof(
  fc.record({ do: fc.constant("set" as const), namespace: fc.integer({ min: -1, max: 1 }), key, value: fc.integer() }),
  fc.record({ do: fc.constant("delete" as const), namespace: fc.integer({ min: -1, max: 1 }), key, value: fc.constant(0) }),
  fc.record({ do: fc.constant("drop" as const), namespace: fc.integer({ min: -1, max: 1 }), key, value: fc.constant(0) }),
);

/** Entries of a namespace in the order of first insertion, found by comparing canonical keys one by one. */
class Model {
  readonly spaces = new Map<number, { key: unknown; value: number }[]>();

  at(namespace: number, wanted: unknown): { key: unknown; value: number } | undefined {
    return this.spaces.get(namespace)?.find((entry) => sameKey(entry.key, wanted));
  }

  apply(one: { do: "set" | "delete" | "drop"; namespace: number; key: unknown; value: number }): void {
    if (one.do === "drop") return void this.spaces.delete(one.namespace);
    const known = this.at(one.namespace, one.key);
    if (one.do === "set" && known !== undefined) known.value = one.value;
    else if (one.do === "set") this.spaces.set(one.namespace, [...(this.spaces.get(one.namespace) ?? []), { key: one.key, value: one.value }]);
    else {
      const rest = (this.spaces.get(one.namespace) ?? []).filter((entry) => entry !== known);
      if (rest.length === 0) this.spaces.delete(one.namespace);
      else this.spaces.set(one.namespace, rest);
    }
  }
}

function sameKey(a: unknown, b: unknown): boolean {
  const [x, y] = [canonical(a), canonical(b)];
  return x === y || (Number.isNaN(x) && Number.isNaN(y));
}

function visited(table: MemoryTable<number>, namespace: number): unknown[] {
  const seen: unknown[] = [];
  table.forEach(namespace, (k, value) => seen.push([k, value]));
  return seen;
}

for (const rule of rules) {
  it(`holds what a plain list of entries holds, in ${rule.groups} groups, also behind a restore`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const table = new MemoryTable("t", plainSerializer<number>(), rule);
        const model = new Model();
        for (const one of steps) {
          if (one.do === "set") table.set(one.namespace, one.key, one.value);
          else if (one.do === "drop") table.drop(one.namespace);
          else expect(table.delete(one.namespace, one.key)).toBe(model.at(one.namespace, one.key) !== undefined);
          model.apply(one);
        }
        const restored = new MemoryTable("t", plainSerializer<number>(), rule);
        for (let group = 0; group < rule.groups; group++) {
          const out = new StateWriter();
          if (table.snapshot(group, out)) restored.restore(group, out.finish(), 1);
        }
        expect(table.namespaces()).toEqual([...model.spaces.keys()].sort((a, b) => a - b));
        for (const [namespace, entries] of model.spaces) {
          const expected = entries.map((entry) => [entry.key, entry.value]);
          const order = rule.group === undefined ? expected : expected.toSorted(([a], [b]) => rule.group!(canonical(a)) - rule.group!(canonical(b)));
          expect(visited(table, namespace)).toEqual(order);
          expect(visited(restored, namespace)).toEqual(order);
          expect(table.count(namespace)).toBe(entries.length);
          for (const entry of entries) expect(table.get(namespace, entry.key)).toBe(entry.value);
        }
      }),
    );
  });
}
