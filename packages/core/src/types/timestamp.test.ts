import fc from "fast-check";
import { expect, it } from "vitest";
import { formatTimestamp, isTimestamp, maxTimestampMs, parseTimestamp } from "./timestamp.ts";

it("reads back what it writes, over the whole range", () => {
  fc.assert(fc.property(fc.maxSafeInteger().map((n) => n % (maxTimestampMs + 1)), (ms) => void expect(parseTimestamp(formatTimestamp(ms))).toBe(ms + 0)), { examples: [[maxTimestampMs], [-maxTimestampMs], [-1], [0]] });
});

it("agrees with Date where the text names a zone", () => {
  const two = (n: number): string => String(n).padStart(2, "0");
  const text = fc.tuple(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }), fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }), fc.constantFrom("Z", "+02:00", "-05:30"));
  fc.assert(fc.property(text, ([y, m, d, h, min, zone]) => {
    const iso = `${String(y).padStart(4, "0")}-${two(m)}-${two(d)}T${two(h)}:${two(min)}:07.250${zone}`;
    expect(parseTimestamp(iso)).toBe(Date.parse(iso));
  }));
});

it("the usual form is read as the same text with an offset is, whatever stands in it", () => {
  const change = fc.tuple(fc.nat(22), fc.constantFrom(..."0123456789-:T.Z+ é/".split("")));
  fc.assert(fc.property(fc.integer({ min: 0, max: 4e12 }), fc.boolean(), fc.array(change, { maxLength: 2 }), (ms, withMilliseconds, changes) => {
    let text = new Date(ms).toISOString().slice(0, withMilliseconds ? 23 : 19);
    for (const [at, letter] of changes) if (at < text.length) text = text.slice(0, at) + letter + text.slice(at + 1);
    expect(parseTimestamp(`${text}Z`), text).toBe(parseTimestamp(`${text}+00:00`));
  }), { numRuns: 3000 });
});

it("takes UTC where there is no zone, whatever the machine's", () => {
  expect(parseTimestamp("2024-07-01T12:00")).toBe(Date.UTC(2024, 6, 1, 12));
  expect(parseTimestamp("2024-07-01 12:00:00+0200")).toBe(Date.UTC(2024, 6, 1, 10));
  expect(parseTimestamp("2024-07-01T12:00:00+02")).toBe(Date.UTC(2024, 6, 1, 10));
});

it("cuts off digits beyond milliseconds towards the past, also before 1970", () => {
  expect(parseTimestamp("1969-12-31T23:59:59.9999Z")).toBe(-1);
  expect(parseTimestamp("2024-01-01T00:00:00.123456789123Z")).toBe(Date.UTC(2024, 0, 1, 0, 0, 0, 123));
});

it.each(["", "now", "2024", "2024-13-01", "2024-00-01", "2024-02-30", "1900-02-29", "2024-04-31", "2024-01-01T24:00Z", "2024-01-01T00:60Z", "2024-01-01T00:00:60Z", "2024-01-01T00:00+24:00", "+999999-01-01", "2024-1-1", "2024-01-01Tx"])("refuses %j", (text) => {
  expect(parseTimestamp(text)).toBeUndefined();
});

it("knows what a timestamp is", () => {
  expect([0, -1, maxTimestampMs, -maxTimestampMs].every(isTimestamp)).toBe(true);
  expect([1.5, NaN, Infinity, maxTimestampMs + 1, "0", 0n, null].some(isTimestamp)).toBe(false);
});
