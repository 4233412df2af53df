import { expect, test } from "vitest";
import { murmur2, partitionOf } from "./murmur2.ts";

const text = new TextEncoder();

// Values of Utils.murmur2 as the tests of the Java client have them.
test.each([
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
])("murmur2 of %s is Java's", (key, hash) => {
  expect(murmur2(text.encode(key))).toBe(hash);
});

test("a partition is never negative", () => {
  for (const count of [1, 2, 3, 7, 64]) {
    for (let i = 0; i < 500; i++) {
      const partition = partitionOf(text.encode(`key-${i}`), count);
      expect(partition).toBeGreaterThanOrEqual(0);
      expect(partition).toBeLessThan(count);
    }
  }
});
