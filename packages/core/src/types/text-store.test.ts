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
      new Uint8Array(bytes.buffer).fill(0x58);
      const from = values.length >> 1;
      expect(held.column("t", values.length).values).toEqual(values);
      if (values.length > 0) expect(held.column("t", values.length).texts?.slice(from, values.length).slice(0, 1).at(0)).toEqual(values[from]);
      held.clear();
    }
  }), { numRuns: 300 });
});
