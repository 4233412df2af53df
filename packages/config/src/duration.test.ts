import fc from "fast-check";
import { expect, it } from "vitest";
import { formatDuration, parseDuration } from "./duration.ts";

it.each([
  ["0ms", 0],
  ["250ms", 250],
  ["30s", 30_000],
  ["1h30m", 5_400_000],
  ["1.5s", 1500],
  ["0.1s", 100],
  ["7d", 604_800_000],
  ["1d2h3m4s5ms", 93_784_005],
  ["-5s", -5000],
  ["-0s", 0],
])("%s is %d ms", (text, durationMs) => {
  expect(parseDuration(text)).toBe(durationMs);
});

it.each(["", "5", "s", "5 s", "5S", "1m1h", "1s1s", "--5s", "1.5ms", "0.0001s", "1e3s", "9".repeat(20) + "d", "1s".repeat(40), "NaNs", "5sec"])("refuses %j", (text) => {
  expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
});

it("reads back what it writes", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (durationMs) => {
      expect(parseDuration(formatDuration(durationMs))).toBe(durationMs + 0);
    }),
  );
});
