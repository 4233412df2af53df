import { expect, it } from "vitest";
import { capacityFor, findPlace, freePlace, hashOf, newPlaces, takePlace } from "./number-places.ts";

it("a capacity is the least power of two that holds so many, and never a small one", () => {
  expect([0, 64, 65, 128, 1_000_000].map(capacityFor)).toEqual([64, 64, 128, 128, 1 << 20]);
});

it("numbers that follow each other, and fractions, spread over all places", () => {
  for (const numberAt of [(i: number) => i, (i: number) => i / 1_024, (i: number) => i * 65_536, (i: number) => 2 ** 40 + i]) {
    const places = new Set(Array.from({ length: 4_096 }, (_, i) => hashOf(numberAt(i)) & 8_191));
    expect(places.size).toBeGreaterThan(1_500);
  }
});

it("numbers are found until their place is freed, integers and fractions", () => {
  // Of a fraction and of the integer that its hash is, the same is compared.
  const fractions = [0.5, 1.25, 2 ** 31, 2 ** 40, -(2 ** 31) - 1, Infinity, -Infinity, Number.MAX_VALUE, Number.MIN_VALUE];
  const numbers = [...new Set([...fractions, ...fractions.map(hashOf), 0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 64, 128, 192, 256])];
  const keys = Float64Array.from(numbers);
  const places = newPlaces(32);
  numbers.forEach((number, slot) => {
    expect(findPlace(places, number, keys)).toBe(-1);
    takePlace(places, number, slot);
  });
  expect(findPlace(places, -0, keys)).toBe(numbers.indexOf(0));
  const left = new Set(numbers.keys());
  for (let turn = 0; left.size > 0; turn++) {
    const slot = [...left][(turn * 7) % left.size]!;
    freePlace(places, numbers[slot]!, slot);
    left.delete(slot);
    numbers.forEach((number, at) => expect(findPlace(places, number, keys), String(number)).toBe(left.has(at) ? at : -1));
  }
  expect(places.every((part) => part === 0)).toBe(true);
});
