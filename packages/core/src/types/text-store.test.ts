import fc from "fast-check";
import { expect, it } from "vitest";
import { textColumn } from "../testing/text-column.ts";
import { TextStore } from "./text-store.ts";

/** The longest characters, and the byte of most bits behind them, at every place of eight. */
const lengths = Array.from({ length: 8 }, (_, length) => length);

it("keeps texts when their bytes have been overwritten, and values beside them, through growth and clearing (property)", () => {
  const value = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: "binary", maxLength: 5 }), fc.constantFrom<unknown>(null, "", "\ufeff", "x".repeat(3_000), "x".repeat(12), "x".repeat(13), "é".repeat(6), "é".repeat(7), ...lengths.map((length) => "x".repeat(length) + "\u{10ffff}\u007f\ud7ff\u007f"), 7));
  fc.assert(fc.property(fc.array(fc.array(value, { maxLength: 30 }), { maxLength: 4 }), (rounds) => {
    const held = new TextStore(1);
    let capacity = 1;
    for (const values of rounds) {
      const { bytes, starts, ends } = textColumn("t", values).texts!;
      values.forEach((one, i) => {
        if (i === capacity) held.grow((capacity *= 2));
        if (starts[i]! < 0) held.put(i, one);
        else held.copy(i, bytes, starts[i]!, ends[i]!);
      });
      overwrite(bytes);
      const from = values.length >> 1;
      expect(held.column("t", values.length).values).toEqual(values);
      if (values.length > 0) expect(held.column("t", values.length).texts?.slice(from, values.length).slice(0, 1).at(0)).toEqual(values[from]);
      held.clear(values.length);
    }
  }), { numRuns: 300 });
});

function overwrite(bytes: DataView): void {
  new Uint8Array(bytes.buffer).fill(0x58);
}

it("leaves texts where they lie while they are of one piece of memory, and copies them when it is told to, or others come (property)", () => {
  const value = fc.oneof(fc.string({ maxLength: 50 }), fc.string({ unit: "binary", maxLength: 5 }), fc.constantFrom<unknown>(null, "", "x".repeat(3_000), "é".repeat(40)));
  const part = fc.record({ values: fc.array(value, { maxLength: 20 }), way: fc.constantFrom("place", "place", "take", "copy"), isOwned: fc.boolean() });
  fc.assert(fc.property(fc.array(fc.array(part, { maxLength: 4 }), { maxLength: 3 }), (rounds) => {
    const held = new TextStore(200);
    for (const parts of rounds) {
      const all: unknown[] = [];
      const inUse: DataView[] = [];
      for (const { values, way, isOwned } of parts) {
        const { bytes, starts, ends } = textColumn("t", values).texts!;
        for (const [i, one] of values.entries()) {
          if (starts[i]! < 0) held.put(all.length, one);
          else held[way as "place" | "take" | "copy"](all.length, bytes, starts[i]!, ends[i]!);
          all.push(one);
        }
        inUse.push(bytes);
        if (!isOwned) continue;
        held.own(all.length);
        inUse.splice(0).forEach(overwrite);
      }
      expect(held.column("t", all.length).values).toEqual(all);
      held.clear(all.length);
      inUse.forEach(overwrite);
    }
  }), { numRuns: 300 });
});

it("leaves long texts, once there were some, and copies short ones", () => {
  const isLeft = (...texts: readonly string[]): readonly boolean[] => {
    const held = new TextStore(8);
    return texts.map((text) => {
      const { bytes, starts, ends } = textColumn("t", [text]).texts!;
      held.take(0, bytes, starts[0]!, ends[0]!);
      const isSame = held.column("t", 1).texts?.bytes === bytes;
      held.clear(1);
      return isSame;
    });
  };
  const [long, short] = ["x".repeat(32), "x".repeat(31)];
  expect(isLeft(long, long, short, long, long, short, short)).toEqual([false, true, true, false, true, true, false]);
});
