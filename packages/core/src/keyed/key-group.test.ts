import { expect, it } from "vitest";
import { keyOf } from "../types/key.ts";
import { keyGroupCount, keyGroupOf, keyGroupOfCanonical } from "./key-group.ts";

it("keeps its published vectors: stored state depends on them", () => {
  expect(keyGroupCount).toBe(128);
  expect(["", "a", "LAX", "user-1", 0, 1, -1, 1.5, null, true].map(keyGroupOf)).toEqual(vectors);
});

it("puts equal keys of different declared types into one group", () => {
  const int64 = keyOf({ type: "int64" });
  for (const value of [0n, 7n, -1n, 2n ** 53n, 2n ** 62n]) expect(keyGroupOfCanonical(int64(value))).toBe(keyGroupOf(Number(value)));
});

it("spreads consecutive and textual keys evenly", () => {
  const counts = [new Array<number>(keyGroupCount).fill(0), new Array<number>(keyGroupCount).fill(0)];
  for (let i = 0; i < 128_000; i++) {
    counts[0]![keyGroupOf(i)]!++;
    counts[1]![keyGroupOf(`user-${i}`)]!++;
  }
  for (const count of counts.flat()) expect(Math.abs(count - 1000)).toBeLessThan(170);
});

const vectors: readonly number[] = [0, 50, 36, 99, 124, 15, 113, 91, 55, 31];
