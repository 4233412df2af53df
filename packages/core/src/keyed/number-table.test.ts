// NUM-1 to NUM-3 against the table of Maps: the same keys, the same order, the same behind a checkpoint.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NumberSpace } from "../contracts/number-table.ts";
import { keyOf } from "../types/key.ts";
import { keyGroupCount, keyGroupOfCanonical } from "./key-group.ts";
import { type KeyRules, MemoryTable } from "./keyed-table.ts";
import { MemoryNumberTable } from "./number-table.ts";
import { readTable } from "./read-table.ts";
import { plainSerializer, StateWriter } from "./state-codec.ts";
import { type TablePart, wholePart, written } from "./table-part.ts";
import { TableSet } from "./table-set.ts";

const canonical = keyOf();
const rules: readonly KeyRules[] = [{ canonical, groups: 1 }, { canonical, group: keyGroupOfCanonical, groups: keyGroupCount }];
const options = { columns: 2, format: "test" };

const key = fc.oneof(
  fc.constantFrom<unknown>(0, -0, NaN, 1, 1n, 2n ** 60n, null, undefined, "", "\0", "1", true, [1], ["1"], { a: 1 }, Infinity, -Infinity, 0.5, 1e300, 2 ** 31, 2 ** 32, 2 ** 52 + 1),
  fc.constantFrom<unknown>("é\"", "abcdefg\\", "tab\t", "\x1f7890", "\x7f ~[]", "é", "Ã©", "\ud800", "日本語", "x".repeat(100), "é".repeat(100), "a", "b", "c", "d", "e", "f"),
  fc.integer({ min: -5, max: 5 }),
  fc.double({ noNaN: true }),
);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("remove" as const), namespace: fc.integer({ min: -1, max: 1 }), key, by: fc.nat(1) }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant("add" as const), namespace: fc.integer({ min: -1, max: 1 }), key, by: fc.integer() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("drop" as const, "restore" as const), namespace: fc.integer({ min: -1, max: 1 }), key, by: fc.constant(0) }) },
);

/** A key that is a text arrives as bytes among others; every other key as it is. */
function arriving<T>(arrived: unknown, asText: (bytes: DataView, start: number, end: number) => T, asKey: (key: unknown) => T): T {
  if (typeof arrived !== "string" || arrived.startsWith("\0") || !arrived.isWellFormed()) return asKey(arrived);
  const own = new TextEncoder().encode(arrived);
  const all = new Uint8Array(own.length + 11).fill(0x31);
  all.set(own, 3);
  return asText(new DataView(all.buffer), 3, 3 + own.length);
}

function slotForBytes(space: NumberSpace, arrived: unknown): number {
  return arriving(arrived, (bytes, start, end) => space.slotForText(bytes, start, end), (one) => space.slotFor(one));
}

function slotOfBytes(space: NumberSpace, arrived: unknown): number {
  return arriving(arrived, (bytes, start, end) => space.slotOfText(bytes, start, end), (one) => space.slotOf(one));
}

function contentOf(table: MemoryNumberTable): unknown {
  return table.namespaces().flatMap((namespace) => {
    const seen: unknown[] = [];
    const space = table.get(namespace);
    const slots = space?.slots().slice();
    const keyAt = space?.keyReader();
    space?.forEach((k, slot) => {
      expect([space.slotOf(k), slots?.[seen.length], keyAt?.(slot), space.keyAt(slot)]).toEqual([slot, slot, k, k]);
      seen.push([namespace, k, space.columns[0]?.[slot], space.columns[1]?.[slot], space.extras.get(slot)]);
    });
    if (space !== undefined && slots !== undefined) expectTexts(space, slots, seen.map((one) => (one as [number, unknown])[1]));
    return seen;
  });
}

/** As bytes where JSON writes them as they are, else as they are. */
function expectTexts(space: NumberSpace, slots: Int32Array, keys: readonly unknown[]): void {
  const texts = space.textsOf(slots);
  const isText = (one: unknown): boolean => typeof one === "string" && !one.startsWith("\0") && one.isWellFormed();
  if (texts === undefined) return expect(keys.some(isText)).toBe(false);
  expect(keys.map((_, i) => texts.at(i))).toEqual(keys);
  const areBytes = Array.from(texts.starts, (start) => start >= 0);
  expect(areBytes).toEqual(keys.map((one) => isText(one) && JSON.stringify(one) === `"${one as string}"`));
}

/** All of them to be written. */
function partsOf(table: MemoryNumberTable): readonly TablePart[] {
  return table.parts().filter((part) => "write" in part);
}

function copyOf(table: MemoryNumberTable, rule: KeyRules): MemoryNumberTable {
  const copy = new MemoryNumberTable("t", options, rule);
  for (const { group, write } of partsOf(table)) copy.restore(group, written(write()), 1);
  return copy;
}

/** The parts of a table, written a step at a time; those that `known` has the bytes of come from there. */
class Writing {
  readonly #writing: readonly { readonly group: number; readonly content: object | undefined; readonly write: Generator<undefined, Uint8Array> }[];
  readonly #done: [number, Uint8Array][] = [];
  /** By content. */
  readonly #bytes = new Map<object, Uint8Array>();
  readonly reused: number;

  constructor(table: MemoryNumberTable, known: ReadonlyMap<object, Uint8Array> = new Map()) {
    const parts = table.parts((content) => known.has(content));
    this.#writing = parts.map((part) => ({ group: part.group, content: part.content, write: ("write" in part ? part : wholePart(part.group, known.get(part.content)!)).write() }));
    this.reused = parts.filter((part) => !("write" in part)).length;
  }

  step(count: number): void {
    for (let i = 0; i < count; i++) {
      const one = this.#writing[this.#done.length];
      const step = one?.write.next();
      if (one === undefined || step?.done !== true) continue;
      this.#done.push([one.group, step.value]);
      if (one.content !== undefined) this.#bytes.set(one.content, step.value.slice());
    }
  }

  finish(): readonly (readonly [number, Uint8Array])[] {
    while (this.#done.length < this.#writing.length) this.step(1);
    return this.#done;
  }

  /** What the next one may take from here. */
  get known(): ReadonlyMap<object, Uint8Array> {
    return this.#bytes;
  }
}

/** All of a table as text: `toEqual` would take minutes over so many entries. */
function textOf(table: MemoryNumberTable): string {
  const lines: string[] = [];
  const space = table.get(0);
  // Nothing is asked for: whoever visits an entry may change it.
  for (const slot of space?.slots() ?? []) {
    const k = space!.keyAt(slot);
    lines.push(`${typeof k} ${String(k)} ${space!.columns[0]![slot]} ${space!.columns[1]![slot]} ${String(space!.extras.get(slot))}`);
  }
  return lines.join("\n");
}

for (const rule of rules) {
  it(`NUM-1, NUM-3: holds and visits what a table of Maps does, in ${rule.groups} groups, also behind a restore`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let table = new MemoryNumberTable("t", options, rule);
        const model = new MemoryTable("t", plainSerializer<number[]>(), rule);
        for (const one of steps) {
          if (one.do === "restore") {
            table = copyOf(table, rule);
            continue;
          }
          if (one.do === "drop") {
            table.drop(one.namespace);
            model.drop(one.namespace);
            continue;
          }
          const space = table.open(one.namespace);
          if (one.do === "remove") {
            const known = one.by === 0 ? slotOfBytes(space, one.key) : space.slotOf(one.key);
            if (known >= 0) space.remove(known);
            expect(model.delete(one.namespace, one.key)).toBe(known >= 0);
            continue;
          }
          const slot = one.by % 2 === 0 ? slotForBytes(space, one.key) : space.slotFor(one.key);
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
        const shown = partsOf(table).flatMap(({ write }) => [...readTable(written(write()))]).map(({ namespace, key: k, parts }) => [namespace, k, ...parts, undefined]);
        expect(shown).toHaveLength(expected.length);
        expect(expected).toEqual(expect.arrayContaining(shown));
        expect(table.size).toBe(expected.length);
      }),
      { numRuns: 600 },
    );
  });
}

it("bytes of version 1, which had no texts, are read as ever", () => {
  const table = new MemoryNumberTable("t", options, rules[0]!);
  const rest = new StateWriter();
  rest.number(1);
  rest.value("text");
  rest.value(undefined);
  const end = rest.finish();
  const bytes = new Uint8Array(2 + 20 + 8 * 2 * 3 + end.length);
  const view = new DataView(bytes.buffer);
  bytes.set([255, 1]);
  view.setFloat64(2, 7, true);
  for (const [at, count] of [[10, 2], [14, 2], [18, end.length]] as const) view.setUint32(at, count, true);
  for (const [i, number] of [5, NaN, 1, 2, 3, 4].entries()) view.setFloat64(22 + 8 * i, number, true);
  bytes.set(end, bytes.length - end.length);
  table.restore(0, bytes, 1);
  expect(contentOf(table)).toEqual([[7, 5, 1, 3, undefined], [7, "text", 2, 4, undefined]]);
  expect(contentOf(copyOf(table, rules[0]!))).toEqual(contentOf(table));
});

it("bytes of version 2, whose columns were all doubles, are read as ever, and written anew", () => {
  const bytes = Buffer.from(
    "/wIAAAAAAADwvwIAAAACAAAAAAAAABQAAAAAAAAAAAAUQAAAAAAAAPh/AAAAAAAA8D8AAAAAAAAEQAAAAAAAAACAAAAAAAAAEED/////BAAAAAAAAAAkriTGdGV4dAAAAAAAABxAAwAAAAIAAAAUAAAAHAAAAAAAAAAAABRAAAAAAAAA+H8A" +
    "AAAAAAD4fwAAAAAAAPA/AAAAAAAABEAAAAAAAAAIQAAAAAAAAACAAAAAAAAAEEAAAAAAAAD4f/////8EAAAA/////wAAAAAkriTGAAAAAHRleHQEAQAAAAsKAAEAAAA5BAIAAAAACw==",
    "base64",
  );
  const table = new MemoryNumberTable("t", options, rules[0]!);
  table.restore(0, bytes, 1);
  expect(table.size).toBe(5);
  const expected = [[-1, 5, 1, -0, undefined], [-1, "text", 2.5, 4, undefined], [7, 5, 1, -0, undefined], [7, "text", 2.5, 4, 9n], [7, null, 3, NaN, undefined]];
  expect(contentOf(copyOf(table, rules[0]!))).toEqual(expected);
  expect(contentOf(table)).toEqual(expected);
});

describe("what was restored", () => {
  /** Three namespaces of ten keys. */
  const filled = (rule: KeyRules): MemoryNumberTable => {
    const table = new MemoryNumberTable("t", options, rule);
    for (const namespace of [1, 2, 3]) {
      for (let k = 0; k < 10; k++) {
        const slot = table.open(namespace).slotFor(`${namespace} ${k}`);
        table.open(namespace).columns[0]![slot] = k / 2;
      }
    }
    return table;
  };

  for (const rule of rules) {
    it(`goes into the next checkpoint as it is, beside what was asked for since, in ${rule.groups} groups`, () => {
      const table = copyOf(filled(rule), rule);
      expect([table.size, table.namespaces()]).toEqual([30, [1, 2, 3]]);
      const parts = partsOf(table);
      // Asked for while it is being written, changed, and dropped: the copy is of before.
      table.get(2)!.columns[0]!.fill(7);
      table.drop(3);
      const writes = new MemoryNumberTable("t", options, rule);
      for (const { group, write } of parts) writes.restore(group, written(write()), 1);
      expect(contentOf(writes)).toEqual(contentOf(filled(rule)));
      expect([table.size, table.namespaces(), table.get(3)]).toEqual([20, [1, 2], undefined]);
      table.open(2).slotFor("2 new");
      const next = copyOf(table, rule);
      expect(next.size).toBe(21);
      expect([...next.get(1)!.columns[0]!.subarray(0, 10)].sort()).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5]);
      expect(contentOf(next)).toEqual(contentOf(table));
      expect(next.get(2)!.columns[0]![next.get(2)!.slotOf("2 3")]).toBe(7);
    });
  }

  it("is read into a space that was dropped, of which nothing is left", () => {
    const [table, stored] = [filled(rules[0]!), new MemoryNumberTable("t", options, rules[0]!)];
    stored.open(9).slotFor(0);
    for (const namespace of [1, 2, 3]) for (let k = 1; k < 99; k++) table.open(namespace).columns[1]![table.open(namespace).slotFor(k)] = k;
    for (const namespace of [1, 2, 3]) table.drop(namespace);
    for (const { group, write } of partsOf(stored)) table.restore(group, written(write()), 1);
    expect(contentOf(table)).toEqual([[9, 0, 0, 0, undefined]]);
  });

  it("grows, and forgets, as all else does", () => {
    const table = copyOf(filled(rules[0]!), rules[0]!);
    const space = table.open(1);
    for (let k = 0; k < 1_000; k++) {
      const slot = space.slotFor(`1 ${k}`);
      space.columns[1]![slot]!++;
    }
    expect([space.size, space.columns[0]![space.slotOf("1 9")], space.columns[1]![space.slotOf("1 999")]]).toEqual([1_000, 4.5, 1]);
    const other = table.open(2);
    other.remove(other.slotOf("2 5"));
    expect([other.size, other.slotOf("2 5"), table.size]).toEqual([9, -1, 1_019]);
    table.drop(2);
    expect(table.open(2).size).toBe(0);
  });
});

it("the bytes of a copy are those of the next one when nobody needs them any more, and not before", () => {
  const table = new MemoryNumberTable("t", options, rules[0]!);
  const write = (): { readonly bytes: Uint8Array; readonly free: () => void } => {
    for (let k = 0; k < 1_000; k++) {
      const slot = table.open(0).slotFor(k);
      table.open(0).columns[0]![slot]! += k;
    }
    const [part] = partsOf(table);
    return { bytes: written(part!.write()), free: () => part!.free?.() };
  };
  const content = (bytes: Uint8Array): unknown => {
    const restored = new MemoryNumberTable("t", options, rules[0]!);
    restored.restore(0, bytes, 1);
    return restored.get(0)!.columns[0]!.slice(0, 1_000).reduce((sum, one) => sum + one);
  };
  const sum = (999 * 1_000) / 2;
  const [first, second] = [write(), write()];
  expect([first.bytes.buffer === second.bytes.buffer, content(first.bytes), content(second.bytes)]).toEqual([false, sum, 2 * sum]);
  second.free();
  const third = write();
  expect([third.bytes.buffer === second.bytes.buffer, content(first.bytes), content(third.bytes)]).toEqual([true, sum, 3 * sum]);
});

it("very many texts are found behind a restore, and are the same in the next checkpoint", () => {
  for (const rule of rules) {
    let table = new MemoryNumberTable("t", options, rule);
    const name = (i: number): string => (i % 10 === 0 ? `ключ-${i}` : `user-${i * 7_919}`);
    for (let round = 1; round <= 3; round++) {
      const space = table.open(0);
      for (let i = 0; i < 5_000 * round; i++) {
        const slot = i % 2 === 0 ? slotForBytes(space, name(i)) : space.slotFor(name(i));
        space.columns[0]![slot]!++;
      }
      const content = textOf(table);
      table = copyOf(table, rule);
      expect(textOf(table) === content).toBe(true);
    }
    const space = table.open(0);
    expect([space.size, space.slotOf("user-1")]).toEqual([15_000, -1]);
    for (let i = 0; i < 15_000; i++) expect(space.columns[0]![space.slotOf(name(i))]).toBe(i < 5_000 ? 3 : i < 10_000 ? 2 : 1);
  }
});

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

describe("copies", () => {
  const numbersOf = (table: MemoryNumberTable): MemoryNumberTable => copyOf(table, rules[1]!);

  it("a copy holds what was there, whatever is added, removed, dropped or copied before it is written", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(400), fc.constantFrom("add", "add", "remove", "drop", "copy")), { maxLength: 300 }), (steps) => {
        const table = new MemoryNumberTable("t", options, rules[1]!);
        const copies: { readonly parts: readonly TablePart[]; readonly content: unknown }[] = [];
        const check = (): void => {
          for (const { parts, content } of copies.splice(0)) {
            const restored = new MemoryNumberTable("t", options, rules[1]!);
            for (const { group, write } of parts) restored.restore(group, written(write()), 1);
            expect(contentOf(restored)).toEqual(content);
          }
        };
        for (const [n, what] of steps) {
          if (what === "copy") {
            // One copy at a time: the arrays of the one before are used again.
            check();
            // In this order: looking at a slot makes a copy that is under way keep it.
            const content = contentOf(table);
            copies.push({ parts: partsOf(table), content });
            continue;
          }
          if (what === "drop" && n < 20) table.drop(0);
          const space = table.open(0);
          const one = n % 2 === 0 ? `text ${n}` : n;
          if (what === "remove") {
            const slot = space.slotOf(one);
            if (slot >= 0) space.remove(slot);
          } else {
            const slot = n % 4 === 0 ? slotForBytes(space, one) : space.slotFor(one);
            space.columns[0]![slot]! += n;
            if (n % 7 === 0) space.extras.set(slot, BigInt(n));
          }
        }
        check();
      }),
    );
  });

  for (const rule of rules) {
    it(`L1, L3: a copy of many keys holds what was there, however its writing and changes come in turns, with what is stored already, in ${rule.groups} groups`, () => {
      const change = fc.record({
        do: fc.constantFrom("add", "add", "grow", "remove", "visit", "drop", "extra", "text", "copy"), from: fc.nat(30_000), count: fc.nat(600), by: fc.integer({ min: 1, max: 1_000 }), steps: fc.nat(3),
      });
      let [whole, reused] = [0, 0];
      fc.assert(
        fc.property(fc.array(change, { minLength: 5, maxLength: 25 }), fc.integer({ min: 15_000, max: 25_000 }), (changes, first) => {
          const table = new MemoryNumberTable("t", options, rule);
          const fill = (from: number, count: number, by: number): void => {
            const space = table.open(0);
            for (let i = from; i < from + count; i++) {
              const slot = i % 2 === 0 ? space.slotForNumber(i * 7) : space.slotFor(i * 7);
              space.columns[0]![slot]! += by;
              space.columns[1]![slot]!++;
            }
          };
          fill(0, first, 1);
          let content = textOf(table);
          let writing = new Writing(table);
          reused += writing.reused;
          const finish = (): void => {
            const restored = new MemoryNumberTable("t", options, rule);
            for (const [group, bytes] of writing.finish()) restored.restore(group, bytes, 1);
            expect(textOf(restored) === content).toBe(true);
            whole++;
          };
          for (const one of changes) {
            const { from, count, by } = one;
            const space = table.open(0);
            if (one.do === "add") fill(from, count, by);
            else if (one.do === "grow") fill(100_000 + from, 20 * count, by);
            else if (one.do === "drop" && by < 100) table.drop(0);
            else if (one.do === "text") slotForBytes(space, `text ${from}`);
            else if (one.do === "extra") space.extras.set(space.slotFor(from), BigInt(by));
            else if (one.do === "visit") space.forEach((_, slot) => space.columns[1]![slot]! += by);
            else if (one.do === "remove") {
              for (let i = from; i < from + count; i++) {
                const slot = space.slotOf(i * 7);
                if (slot >= 0) space.remove(slot);
              }
            } else if (one.do === "copy") {
              finish();
              // Twice without a change in between.
              if (by < 500) writing = new Writing(table, writing.known);
              writing.finish();
              const next = new Writing(table, writing.known);
              reused += next.reused;
              content = textOf(table);
              writing = next;
            }
            writing.step(one.steps);
          }
          finish();
        }),
        { numRuns: 15 },
      );
      expect(whole).toBeGreaterThan(15);
      expect(reused).toBeGreaterThan(0);
    }, 60_000);
  }

  it("L3: what changed since the copy before is written, and nothing else", () => {
    const rewritten = (rule: KeyRules, change: (table: MemoryNumberTable, space: NumberSpace) => void): number => {
      const table = new MemoryNumberTable("t", options, rule);
      for (const namespace of [1, 2]) for (let i = 0; i < 50_000; i++) table.open(namespace).slotFor(i);
      const first = new Writing(table);
      first.finish();
      change(table, table.open(1));
      const next = new Writing(table, first.known);
      const parts = next.finish();
      const back = new MemoryNumberTable("t", options, rule);
      for (const [group, bytes] of parts) back.restore(group, bytes, 1);
      expect([back.get(1)?.columns[0]![back.get(1)!.slotOf(40_000)], back.size]).toEqual([table.get(1)?.columns[0]![table.get(1)!.slotOf(40_000)], table.size]);
      return parts.length - next.reused;
    };
    const one = (_: MemoryNumberTable, space: NumberSpace): void => {
      const slot = space.slotFor(40_000);
      space.columns[0]![slot]!++;
    };
    const [alone, spread] = [rules[0]!, rules[1]!];
    // Four chunks in each of two namespaces; or 128 groups in each.
    expect([rewritten(alone, () => undefined), rewritten(spread, () => undefined)]).toEqual([0, 0]);
    expect([rewritten(alone, one), rewritten(spread, one)]).toEqual([1, 128]);
    expect(rewritten(alone, (_, space) => space.remove(space.slotFor(5)))).toBe(1);
    expect(rewritten(alone, (_, space) => void space.slotFor(-1))).toBe(1);
    expect(rewritten(alone, (_, space) => space.forEach(() => undefined))).toBe(4);
    expect(rewritten(alone, (table) => table.drop(1))).toBe(0);
    // Their arrays are others.
    expect(rewritten(alone, (_, space) => { for (let i = 1; i < 20_000; i++) space.slotFor(-i); })).toBe(5);
  });

  it("what was restored is named again as long as nobody asks for it", () => {
    const table = new MemoryNumberTable("t", options, rules[0]!);
    for (let i = 0; i < 50_000; i++) table.open(1).slotFor(i);
    const back = copyOf(table, rules[0]!);
    const first = new Writing(back);
    first.finish();
    expect([first.reused, new Writing(back, first.known).reused]).toEqual([0, 4]);
    back.open(1);
    expect(new Writing(back, first.known).reused).toBe(0);
    expect([back.get(1)!.slots().length, back.get(1)!.keyAt(49_999)]).toEqual([50_000, 49_999]);
    expect([...new Writing(back).finish()].length).toBe(4);
  });

  it("L2: a copy that is not written to its end before the next is right, too", () => {
    const table = new MemoryNumberTable("t", options, rules[1]!);
    const space = table.open(0);
    const add = (): void => {
      for (let i = 0; i < 20_000; i++) {
        const slot = space.slotFor(i);
        space.columns[0]![slot]!++;
      }
    };
    add();
    const first = new Writing(table);
    first.step(1);
    const second = new Writing(table);
    add();
    for (const writing of [second, first]) {
      const restored = new MemoryNumberTable("t", options, rules[1]!);
      for (const [group, bytes] of writing.finish()) restored.restore(group, bytes, 1);
      const back = restored.get(0)!;
      expect(Array.from({ length: 20_000 }, (_, i) => back.columns[0]![back.slotOf(i)]).every((n) => n === 1)).toBe(true);
    }
  });

  it("NUM-4: keys that come and go keep little, in order, and are found", () => {
    const table = new MemoryNumberTable("t", options, rules[1]!);
    const model = new MemoryTable("t", plainSerializer<number>(), rules[1]!);
    const space = table.open(0);
    for (let i = 0; i < 20_000; i++) {
      const name = i % 3 === 0 ? `k${i}` : i * 7;
      space.columns[0]![slotForBytes(space, name)] = i;
      model.set(0, name, i);
      const gone = i - 100;
      const old = gone % 3 === 0 ? `k${gone}` : gone * 7;
      if (gone < 0 || gone % 50 === 0) continue;
      space.remove(space.slotOf(old));
      model.delete(0, old);
    }
    const seen: unknown[] = [];
    space.forEach((name, slot) => seen.push([name, space.columns[0]![slot]]));
    const expected: unknown[] = [];
    model.forEach(0, (name, i) => expected.push([name, i]));
    expect(seen).toEqual(expected);
    expect([space.size, space.columns[0]!.length < 4_096]).toEqual([expected.length, true]);
    expect(contentOf(numbersOf(table))).toEqual(contentOf(table));
    const slots = expected.map((entry) => space.slotOf((entry as [unknown])[0]));
    expect(space.inOrder([...slots].reverse())).toEqual(slots);
  });

  it("NUM-4: keys that were removed and come again are new ones, as bytes or as strings", () => {
    const table = new MemoryNumberTable("t", options, rules[1]!);
    const model = new MemoryTable("t", plainSerializer<number>(), rules[1]!);
    const space = table.open(0);
    space.slotFor("stays");
    model.set(0, "stays", 0);
    for (let i = 0; i < 4_000; i++) {
      // Each of 300 names comes and goes by turns, while others come for good.
      const name = i % 11 === 0 ? `more ${i}` : `name ${(i * 7) % 300}`;
      const [one, other] = i % 2 === 0 ? [slotOfBytes, slotForBytes] : [(of: NumberSpace, key: unknown) => of.slotOf(key), (of: NumberSpace, key: unknown) => of.slotFor(key)];
      const known = one(space, name);
      expect(known >= 0).toBe(model.get(0, name) !== undefined);
      if (known >= 0) {
        space.remove(known);
        model.delete(0, name);
        expect([space.slotOf(name), slotOfBytes(space, name)]).toEqual([-1, -1]);
      } else {
        const slot = other(space, name);
        expect([space.columns[0]![slot], space.slotOf(name), slotOfBytes(space, name)]).toEqual([0, slot, slot]);
        space.columns[0]![slot] = i;
        model.set(0, name, i);
      }
    }
    const expected: unknown[] = [];
    model.forEach(0, (name, i) => expected.push([0, name, i, 0, undefined]));
    expect(contentOf(table)).toEqual(expected);
    expect(contentOf(numbersOf(table))).toEqual(expected);
  });

  it("a derived table is not stored", () => {
    const set = new TableSet("node", rules[0]!);
    set.numbers("made", { ...options, isDerived: true }).open(0).slotFor(1);
    expect([set.size, set.snapshot()]).toEqual([0, []]);
  });

  it("SF_STATE_CORRUPT: bytes that are cut, or of another table", () => {
    const table = new MemoryNumberTable("t", options, rules[0]!);
    table.open(0).extras.set(table.open(0).slotFor("a"), 5n);
    table.open(0).slotFor(3);
    const bytes = written(partsOf(table)[0]!.write());
    const corrupt = expect.objectContaining({ code: "SF_STATE_CORRUPT" });
    for (let length = 0; length < bytes.length; length++) {
      if (length !== 8) expect(() => new MemoryNumberTable("t", options, rules[0]!).restore(0, bytes.subarray(0, length), 1), String(length)).toThrow(corrupt);
    }
    expect(() => new MemoryNumberTable("t", { ...options, columns: 3 }, rules[0]!).restore(0, bytes, 1)).toThrow(corrupt);
  });
});
