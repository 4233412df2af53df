import { expect, it } from "vitest";
import { capacityFor, hashOf } from "./number-places.ts";

it("a capacity is the least power of two that holds so many, and never a small one", () => {
  expect([0, 64, 65, 128, 1_000_000].map(capacityFor)).toEqual([64, 64, 128, 128, 1 << 20]);
});

it("numbers that follow each other, and fractions, spread over all places", () => {
  for (const numberAt of [(i: number) => i, (i: number) => i / 1_024, (i: number) => i * 65_536, (i: number) => 2 ** 40 + i]) {
    const places = new Set(Array.from({ length: 4_096 }, (_, i) => hashOf(numberAt(i)) & 8_191));
    expect(places.size).toBeGreaterThan(1_500);
  }
});
