import fc from "fast-check";
import { expect, it } from "vitest";
import { isNewer, packHeads, unpackHeads } from "./packed-heads.ts";

it("heads come out as they went in, each shard once", () => {
  const number = fc.integer({ min: 1, max: 3 });
  const heads = fc.uniqueArray(fc.record({ shard: fc.string(), generation: number, epoch: number, positions: fc.dictionary(fc.string(), fc.constantFrom("1", "9007199254740993")) }), { selector: ({ shard }) => shard });
  const sorted = (all: readonly { readonly shard: string }[]): readonly unknown[] => all.toSorted((a, b) => (a.shard < b.shard ? -1 : 1));
  fc.assert(fc.property(heads, (given) => void expect(sorted(unpackHeads(packHeads(given)))).toEqual(sorted(given))));
});

it("key groups that say the same are written once", () => {
  const heads = Array.from({ length: 128 }, (_, i) => ({ shard: `k:${i}`, generation: 4, epoch: 1_000_000, positions: {} }));
  expect(packHeads(heads).length).toBeLessThan(1200);
});

it("generations count before epochs", () => {
  const head = (generation: number, epoch: number): Parameters<typeof isNewer>[0] => ({ shard: "k:0", generation, epoch, positions: {} });
  expect(isNewer(head(2, 1), head(1, 9))).toBe(true);
  expect(isNewer(head(1, 9), head(2, 1))).toBe(false);
  expect(isNewer(head(2, 3), head(2, 2))).toBe(true);
  expect(isNewer(head(2, 2), head(2, 2))).toBe(false);
});
