import fc from "fast-check";
import { expect, it } from "vitest";
import { GroupTexts } from "./group-texts.ts";
import { KeyTexts } from "./key-texts.ts";

const key = fc.oneof(fc.string({ unit: "binary" }), fc.string({ maxLength: 5 }), fc.constantFrom<unknown>("\ud800", "\0a", "", 5, null, undefined, "é", "Ã©", "x".repeat(200)));

function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed() && !value.startsWith("\0");
}

it("keeps texts by slot, as they are; everything else is left to others", () => {
  fc.assert(
    fc.property(fc.uniqueArray(key), (keys) => {
      const texts = new KeyTexts();
      for (const _ of texts.encode(keys, keys.length)) continue;
      expect(keys.map((_, slot) => (texts.has(slot) ? texts.at(slot) : undefined))).toEqual(keys.map((one) => (isText(one) ? one : undefined)));
      expect([texts.slots, texts.isEmpty, texts.has(keys.length), texts.lengthOf(keys.length)]).toEqual([keys.length, !keys.some(isText), false, -1]);
    }),
  );
});

it("X2: finds what was stored by group, and nothing else", () => {
  fc.assert(
    fc.property(fc.uniqueArray(key, { maxLength: 40 }), fc.array(key), (keys, others) => {
      const texts = new KeyTexts();
      for (const one of keys) texts.add(one);
      // Every second slot is in the other group.
      const counts = Int32Array.of(Math.ceil(keys.length / 2), Math.floor(keys.length / 2));
      const grouped = new GroupTexts(texts, counts);
      keys.forEach((_, slot) => (texts.has(slot) ? grouped.add(slot % 2, slot >> 1, slot) : undefined));
      for (const group of [0, 1]) {
        const own = keys.filter((_, slot) => slot % 2 === group);
        const stored = grouped.stored(group);
        const ints = new Int32Array(Uint8Array.from(stored.subarray(0, 8 * own.length)).buffer);
        const back = new KeyTexts();
        expect(back.find("")).toBe(-1);
        back.append({ lengths: ints.subarray(0, own.length), hashes: ints.subarray(own.length), bytes: stored.subarray(8 * own.length) });
        back.index();
        for (const one of [...keys, ...others]) if (typeof one === "string") expect(back.find(one)).toBe(isText(one) ? own.indexOf(one) : -1);
      }
    }),
  );
});

it("X1: a text becomes bytes once, in pieces", () => {
  const texts = new KeyTexts();
  const keys = Array.from({ length: 20_000 }, (_, i) => `key ${i}`);
  expect([...texts.encode(keys, 10_000)]).toHaveLength(1);
  // What was there is not looked at again.
  expect([...texts.encode([...keys.slice(0, 10_000).fill("other"), ...keys.slice(10_000)], 20_000)]).toHaveLength(1);
  expect([texts.at(0), texts.at(9_999), texts.at(10_000), texts.at(19_999)]).toEqual(["key 0", "key 9999", "key 10000", "key 19999"]);
});
