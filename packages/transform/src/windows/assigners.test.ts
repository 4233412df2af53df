import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { floorMod, gcd, session, sliding, tumbling } from "./assigners.ts";

const invalid = expect.objectContaining({ code: "SF_WINDOW_INVALID" }) as unknown;

describe("assigners", () => {
  it("tumbling: half-open, aligned, also below zero", () => {
    const windows = tumbling({ sizeMs: 60_000 });
    expect(windows.assign(119_999)).toEqual([{ startMs: 60_000, endMs: 120_000 }]);
    expect(windows.assign(120_000)).toEqual([{ startMs: 120_000, endMs: 180_000 }]);
    expect(windows.assign(-1)).toEqual([{ startMs: -60_000, endMs: 0 }]);
    expect(windows.assign(0)).toEqual([{ startMs: 0, endMs: 60_000 }]);
  });

  it("an offset moves windows; only its remainder matters", () => {
    expect(tumbling({ sizeMs: 10, offsetMs: 3 }).assign(2)).toEqual([{ startMs: -7, endMs: 3 }]);
    expect(tumbling({ sizeMs: 10, offsetMs: -17 })).toEqual(tumbling({ sizeMs: 10, offsetMs: 3 }));
  });

  it("sliding: every window that contains the time, ascending; none in a gap", () => {
    expect(sliding({ sizeMs: 10, slideMs: 5 }).assign(7)).toEqual([{ startMs: 0, endMs: 10 }, { startMs: 5, endMs: 15 }]);
    expect(sliding({ sizeMs: 5, slideMs: 10 }).assign(4)).toEqual([{ startMs: 0, endMs: 5 }]);
    expect(sliding({ sizeMs: 5, slideMs: 10 }).assign(5)).toEqual([]);
  });

  it("floorMod and gcd", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 1_000 }), (value, divisor) => {
        const remainder = floorMod(value, divisor);
        expect(remainder >= 0 && remainder < divisor && Number.isInteger((value - remainder) / divisor)).toBe(true);
        expect(Object.is(remainder, -0)).toBe(false);
      }),
    );
    expect([gcd(12, 18), gcd(7, 3), gcd(5, 5)]).toEqual([6, 1, 5]);
  });

  it("refuse bounds that are not whole and positive", () => {
    for (const bad of [0, -5, 1.5, NaN, Infinity]) {
      expect(() => tumbling({ sizeMs: bad })).toThrow(invalid);
      expect(() => sliding({ sizeMs: 1, slideMs: bad })).toThrow(invalid);
      expect(() => tumbling({ count: bad })).toThrow(invalid);
      expect(() => sliding({ count: 1, every: bad })).toThrow(invalid);
      expect(() => session({ gapMs: bad })).toThrow(invalid);
      expect(() => session({ gapMs: 1, maxCount: bad })).toThrow(invalid);
    }
    expect(() => tumbling({ sizeMs: 1, offsetMs: 0.5 })).toThrow(invalid);
  });
});
