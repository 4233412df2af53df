// NUM-1 to NUM-3 against the table of Maps: the same keys, the same order, the same behind a checkpoint.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyOf } from "../types/key.ts";
import { keyGroupCount, keyGroupOfCanonical } from "./key-group.ts";
import { type KeyRules, MemoryTable } from "./keyed-table.ts";
import { MemoryNumberTable } from "./number-table.ts";
import { plainSerializer, StateWriter } from "./state-codec.ts";

const canonical = keyOf();
const rules: readonly KeyRules[] = [{ canonical, groups: 1 }, { canonical, group: keyGroupOfCanonical, groups: keyGroupCount }];
const options = { columns: 2, format: "test" };

const key = fc.oneof(
  fc.constantFrom<unknown>(0, -0, NaN, 1, 1n, 2n ** 60n, null, undefined, "", "\0", "1", true, [1], ["1"], { a: 1 }, Infinity, -Infinity, 0.5, 1e300, 2 ** 31, 2 ** 32, 2 ** 52 + 1),
  fc.integer({ min: -5, max: 5 }),
  fc.double({ noNaN: true }),
);
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant("add" as const), namespace: fc.integer({ min: -1, max: 1 }), key, by: fc.integer() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("drop" as const), namespace: fc.integer({ min: -1, max: 1 }), key, by: fc.constant(0) }) },
);

function contentOf(table: MemoryNumberTable): unknown {
  return table.namespaces().flatMap((namespace) => {
    const seen: unknown[] = [];
    const space = table.get(namespace);
    space?.forEach((k, slot) => {
      expect(space.slotOf(k)).toBe(slot);
      seen.push([namespace, k, space.columns[0]?.[slot], space.columns[1]?.[slot], space.extras.get(slot)]);
    });
    return seen;
  });
}

function copyOf(table: MemoryNumberTable, rule: KeyRules): MemoryNumberTable {
  const copy = new MemoryNumberTable("t", options, rule);
  for (let group = 0; group < rule.groups; group++) {
    const out = new StateWriter();
    if (table.snapshot(group, out)) copy.restore(group, out.finish(), 1);
  }
  return copy;
}

for (const rule of rules) {
  it(`NUM-1, NUM-3: holds and visits what a table of Maps does, in ${rule.groups} groups, also behind a restore`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = new MemoryNumberTable("t", options, rule);
        const model = new MemoryTable("t", plainSerializer<number[]>(), rule);
        for (const one of steps) {
          if (one.do === "drop") {
            table.drop(one.namespace);
            model.drop(one.namespace);
            continue;
          }
          const space = table.open(one.namespace);
          const slot = space.slotFor(one.key);
          space.columns[0]![slot]! += one.by;
          space.columns[1]![slot]!++;
          const [sum = 0, count = 0] = model.get(one.namespace, one.key) ?? [];
          model.set(one.namespace, one.key, [sum + one.by, count + 1]);
        }
        const expected = model.namespaces().flatMap((namespace) => {
          const seen: unknown[] = [];
          model.forEach(namespace, (k, [sum, count]) => seen.push([namespace, k, sum, count, undefined]));
          return seen;
        });
        expect(contentOf(table)).toEqual(expected);
        expect(contentOf(copyOf(table, rule))).toEqual(expected);
        expect(table.size).toBe(expected.length);
      }),
      { numRuns: 300 },
    );
  });
}

describe("growth", () => {
  it("NUM-2: keeps everything while it grows, and forgets everything when it is dropped, small or large", () => {
    const table = new MemoryNumberTable("t", options, rules[1]!);
    for (const count of [50_000, 10, 3_000]) {
      const space = table.open(7);
      for (let i = 0; i < count; i++) {
        const slot = space.slotFor(i * 3 - 1_000);
        space.columns[0]![slot] = i;
      }
      for (let i = 0; i < count; i++) expect(space.columns[0]![space.slotOf(i * 3 - 1_000)]).toBe(i);
      expect(space.slotOf(count * 3)).toBe(-1);
      expect(space.size).toBe(count);
      table.drop(7);
      expect(table.open(7).size).toBe(0);
      expect(table.open(7).slotOf(-1_000)).toBe(-1);
      const again = table.open(7);
      const slots = Array.from({ length: count }, (_, i) => again.slotFor(-i - 1));
      expect(slots.some((slot) => again.columns[0]![slot] !== 0)).toBe(false);
      table.drop(7);
    }
  });

  it("keeps what stands beside the numbers", () => {
    const table = new MemoryNumberTable("t", options, rules[0]!);
    const space = table.open(0);
    space.extras.set(space.slotFor("a"), 5n);
    expect(contentOf(copyOf(table, rules[0]!))).toEqual([[0, "a", 0, 0, 5n]]);
  });
});
