import fc from "fast-check";
import { expect, it } from "vitest";
import { formatSize, parseSize } from "./size.ts";

it.each([
  ["4096", 4096],
  ["1B", 1],
  ["64MiB", 67_108_864],
  ["64 KiB", 65_536],
  ["10MB", 10_000_000],
  ["1.5GiB", 1_610_612_736],
  ["0.001kB", 1],
  ["-1B", -1],
])("%s is %d bytes", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

it.each(["", "MiB", "1 M", "1mib", "1KB", "1e3", "1.5B", "9999999TiB", "1  KiB", "constructor"])("refuses %j", (text) => {
  expect(() => parseSize(text)).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
});

it("reads back what it writes", () => {
  const sizes = fc.oneof(fc.maxSafeNat(), fc.tuple(fc.nat(4000), fc.constantFrom(1, 2 ** 10, 2 ** 20, 2 ** 30, 2 ** 40)).map(([n, unit]) => n * unit));
  fc.assert(
    fc.property(sizes, (bytes) => {
      expect(parseSize(formatSize(bytes))).toBe(bytes);
    }),
  );
});
