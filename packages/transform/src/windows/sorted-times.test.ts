import fc from "fast-check";
import { expect, it } from "vitest";
import { SortedTimes } from "./sorted-times.ts";

it("is a set of numbers in order (property)", () => {
  const step = fc.tuple(fc.constantFrom("add", "add", "has", "take"), fc.integer({ min: -30, max: 30 }), fc.nat(10));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const times = new SortedTimes();
      const model = new Set<number>();
      for (const [what, from, length] of steps) {
        const within = [...model].filter((time) => time >= from && time < from + length).sort((a, b) => a - b);
        if (what === "add") {
          expect(times.add(from)).toBe(!model.has(from));
          model.add(from);
        } else if (what === "has") expect(times.hasWithin(from, from + length)).toBe(within.length > 0);
        else {
          expect(times.take(from, from + length)).toEqual(within);
          for (const time of within) model.delete(time);
        }
      }
    }),
  );
});
