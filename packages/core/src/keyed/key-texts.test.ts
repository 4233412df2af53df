import fc from "fast-check";
import { expect, it } from "vitest";
import { hashCanonical } from "../types/hash.ts";
import { GroupTexts } from "./group-texts.ts";
import { KeyTexts, quickHash, type TextBytes } from "./key-texts.ts";
import { TextScratch } from "./text-scratch.ts";

const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ maxLength: 5 }), fc.constantFrom("", "é", "Ã©", "日本語", "abc", "abcd", "abce", "abcde", "x".repeat(200))).filter((one) => one.isWellFormed());

/** Somewhere among other bytes. */
function bytesOf(one: string, before = one.length % 5): TextBytes {
  const own = new TextEncoder().encode(one);
  const all = new Uint8Array(before + own.length + 8).fill(0x7a);
  all.set(own, before);
  return { bytes: new DataView(all.buffer), start: before, end: before + own.length };
}

function find(texts: KeyTexts, one: string, before?: number): number {
  const { bytes, start, end } = bytesOf(one, before);
  return texts.find(bytes, start, end);
}

/** Gives the text its slot; it may have had another one, whose key was removed. */
function give(texts: KeyTexts, one: string, slot: number): void {
  const lying = bytesOf(one);
  texts.find(lying.bytes, lying.start, lying.end);
  texts.give(slot, lying);
}

it("X1, X2: finds what a Map does, wherever the bytes lie, also what was given another slot", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, fc.nat(5), fc.boolean()), { maxLength: 300 }), fc.array(text), (steps, others) => {
      const texts = new KeyTexts();
      const model = new Map<string, number>();
      let slots = 0;
      for (const [one, before, isNew] of steps) {
        expect(find(texts, one, before)).toBe(model.get(one) ?? -1);
        if (model.has(one) && !isNew) continue;
        // Slots of keys that are no texts lie between.
        slots += before;
        give(texts, one, slots);
        model.set(one, slots++);
      }
      for (const one of [...model.keys(), ...others]) expect(find(texts, one)).toBe(model.get(one) ?? -1);
      const read = texts.reader();
      for (const [one, slot] of model) expect([texts.has(slot), texts.at(slot), read(slot), texts.lengthOf(slot), texts.hashOf(slot) >>> 0]).toEqual([true, one, one, Buffer.byteLength(one), hashCanonical(one)]);
      expect([texts.has(slots), texts.lengthOf(slots), texts.isEmpty]).toEqual([false, -1, model.size === 0]);
      texts.clear();
      for (const one of model.keys()) expect(find(texts, one)).toBe(-1);
      expect([texts.isEmpty, texts.has(0)]).toEqual([true, false]);
    }),
  );
});

it("finds what was stored by group, and nothing else", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.oneof(text, fc.constant(undefined)), { maxLength: 40, comparator: "SameValue" }), fc.array(text), (keys, others) => {
      const texts = new KeyTexts();
      keys.forEach((one, slot) => (one === undefined ? undefined : give(texts, one, slot)));
      // Every second slot is in the other group.
      const counts = Int32Array.of(Math.ceil(keys.length / 2), Math.floor(keys.length / 2));
      const grouped = new GroupTexts(texts, counts);
      keys.forEach((_, slot) => (texts.has(slot) ? grouped.add(slot % 2, slot >> 1, slot) : undefined));
      for (const group of [0, 1]) {
        const own = keys.filter((_, slot) => slot % 2 === group);
        const stored = grouped.stored(group);
        const ints = new Int32Array(Uint8Array.from(stored.subarray(0, 8 * own.length)).buffer);
        const back = new KeyTexts();
        expect(find(back, "")).toBe(-1);
        // Behind others, which have none.
        back.append(3, { lengths: ints.subarray(0, own.length), hashes: ints.subarray(own.length), bytes: stored.subarray(8 * own.length) });
        back.index();
        for (const one of [...keys, ...others]) if (one !== undefined) expect(find(back, one)).toBe(own.includes(one) ? 3 + own.indexOf(one) : -1);
        give(back, "one more", 3 + own.length);
        expect([find(back, "one more"), back.has(0)]).toEqual([3 + own.length, false]);
      }
    }),
  );
});

it("X3: a million texts are found while the table grows, and when it has grown", () => {
  const texts = new KeyTexts();
  const scratch = new TextScratch();
  const look = (one: string): number => texts.find(scratch.bytes, 0, scratch.write(one));
  const name = (i: number): string => `user-${(i * 2_654_435_761) >>> 0}`;
  let wrong = 0;
  for (let i = 0; i < 1_000_000; i++) {
    const one = name(i);
    if (look(one) !== -1) wrong++;
    texts.give(i, { bytes: scratch.bytes, start: 0, end: one.length });
    const known = (i * 7_919) % (i + 1);
    if (i % 16 === 0 && look(name(known)) !== known) wrong++;
  }
  for (let i = 0; i < 1_000_000; i += 7) if (look(name(i)) !== i || look(`${name(i)}x`) !== -1) wrong++;
  expect(wrong).toBe(0);
}, 60_000);

it("X4: texts that were made to have one hash are found, given other slots and restored as all others", () => {
  const names = textsWithOneHash(500);
  expect(new Set(names.map((one) => hashAt(one))).size).toBe(1);
  expect(new Set(names).size).toBe(500);
  const texts = new KeyTexts();
  names.forEach((one, slot) => give(texts, one, slot));
  expect(names.map((one) => find(texts, one))).toEqual(names.map((_, slot) => slot));
  const others = Array.from({ length: 5_000 }, (_, i) => `other ${i}`);
  others.forEach((one, i) => give(texts, one, 500 + i));
  names.forEach((one, i) => (i % 2 === 0 ? give(texts, one, 5_500 + i) : undefined));
  const expected = names.map((_, i) => (i % 2 === 0 ? 5_500 + i : i));
  expect(names.map((one) => find(texts, one))).toEqual(expected);
  expect(others.map((one) => find(texts, one))).toEqual(others.map((_, i) => 500 + i));
  const back = new KeyTexts();
  names.forEach((_, i) => back.adopt(i, texts, expected[i]!));
  back.index();
  expect(names.map((one) => find(back, one))).toEqual(names.map((_, slot) => slot));
});

it("more bytes than one string should hold are read one by one", () => {
  const texts = new KeyTexts();
  const name = (i: number): string => `${i} ${"x".repeat(60_000)}`;
  const scratch = new TextScratch();
  const seen: unknown[] = [];
  for (let slot = 0; slot < 1_150; slot++) {
    const end = scratch.write(name(slot));
    texts.find(scratch.bytes, 0, end);
    texts.give(slot, { bytes: scratch.bytes, start: 0, end });
    if (slot === 1_000 || slot === 1_149) seen.push(texts.of(Int32Array.of(slot), () => "other")?.at(0) === name(slot), texts.reader()(slot) === name(slot));
  }
  expect(seen).toEqual([true, true, false, true]);
});

function hashAt(one: string): number {
  const { bytes, start, end } = bytesOf(one);
  return quickHash(bytes, start, end);
}

/** Eight letters, of which the last four undo what the first four do. */
function textsWithOneHash(count: number): readonly string[] {
  const found: string[] = [];
  const bytes = Buffer.alloc(12);
  for (let i = 0; found.length < count && i < 1e7; i++) {
    bytes.write((i + 0x1000000).toString(36).slice(-4), "latin1");
    const first = Math.imul(((8 << 5) | (8 >>> 27)) ^ bytes.readInt32LE(0), 0x9e3779b1);
    bytes.writeInt32LE(((first << 5) | (first >>> 27)) ^ 0x1234567, 4);
    if (bytes.subarray(4, 8).every((byte) => byte >= 0x20 && byte < 0x7f)) found.push(bytes.toString("latin1", 0, 8));
  }
  return found;
}
