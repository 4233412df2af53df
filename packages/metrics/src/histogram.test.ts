import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SketchHistogram } from "./histogram.ts";

const positive = fc.double({ min: 1e-6, max: 1e9, noNaN: true });
const values = fc.array(fc.oneof(positive, fc.constant(0), fc.integer({ min: 0, max: 100 })), { minLength: 1, maxLength: 300 });
const share = fc.double({ min: 0, max: 1, noNaN: true });

function sketchOf(recorded: readonly number[], options = {}): SketchHistogram {
  const sketch = new SketchHistogram(options);
  for (const value of recorded) sketch.record(value);
  return sketch;
}

describe("SketchHistogram", () => {
  it("I1: count, min and max are exact, the sum is that of the values in order", () => {
    fc.assert(
      fc.property(values, (recorded) => {
        const sketch = sketchOf(recorded);
        expect(sketch.count).toBe(recorded.length);
        expect(sketch.min).toBe(Math.min(...recorded));
        expect(sketch.max).toBe(Math.max(...recorded));
        expect(sketch.sum).toBe(recorded.reduce((sum, value) => sum + value, 0));
        const { zeros, buckets } = sketch.snapshot();
        expect(zeros + buckets.reduce((sum, amount) => sum + amount, 0)).toBe(recorded.length);
      }),
    );
  });

  it.each([0.01, 0.001, 0.2])("I2: a quantile is within the relative accuracy of the true one (%d)", (relativeAccuracy) => {
    fc.assert(
      fc.property(values, share, (recorded, q) => {
        const sorted = [...recorded].sort((a, b) => a - b);
        const truth = sorted[Math.floor(q * (sorted.length - 1))] ?? 0;
        const estimate = sketchOf(recorded, { relativeAccuracy, maxBuckets: 100_000 }).quantile(q);
        expect(Math.abs(estimate - truth)).toBeLessThanOrEqual(truth * relativeAccuracy * (1 + 1e-9));
      }),
    );
  });

  it("I2: holds for the values in the highest buckets when the lower ones were collapsed", () => {
    const recorded = Array.from({ length: 2000 }, (_, i) => 1.02 ** (i - 1000));
    const sketch = sketchOf(recorded, { maxBuckets: 128 });
    expect(sketch.snapshot().buckets.length).toBeLessThanOrEqual(128);
    for (const q of [0.96, 0.99, 1]) {
      const truth = recorded[Math.floor(q * 1999)] ?? 0;
      expect(Math.abs(sketch.quantile(q) - truth) / truth).toBeLessThanOrEqual(0.0100001);
    }
    expect(sketch.count).toBe(2000);
    expect(sketch.quantile(0)).toBeGreaterThan(recorded[0] ?? 0);
  });

  it("I3: merged parts have the buckets of the whole, in any order, with and without collapsing", () => {
    const parts = fc.array(values, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(parts, fc.constantFrom(2, 7, 64, 2048), (split, maxBuckets) => {
        const whole = sketchOf(split.flat(), { maxBuckets });
        for (const order of [split, [...split].reverse()]) {
          const merged = new SketchHistogram({ maxBuckets });
          for (const part of order) merged.merge(sketchOf(part, { maxBuckets }));
          expect({ ...merged.snapshot(), sum: 0 }).toEqual({ ...whole.snapshot(), sum: 0 });
          expect(merged.sum).toBeCloseTo(whole.sum, -Math.log10(Math.max(1, whole.sum)) + 9);
        }
      }),
    );
  });

  it("goes on from a snapshot that went through JSON", () => {
    fc.assert(
      fc.property(values, values, (before, after) => {
        const restored = SketchHistogram.from(JSON.parse(JSON.stringify(sketchOf(before).snapshot())));
        for (const value of after) restored.record(value);
        expect({ ...restored.snapshot(), sum: 0 }).toEqual({ ...sketchOf([...before, ...after]).snapshot(), sum: 0 });
      }),
    );
  });

  it("counts up to a bound, exactly outside 1 % of it", () => {
    fc.assert(
      fc.property(values, positive, (recorded, bound) => {
        const counted = sketchOf(recorded).countUpTo(bound);
        expect(counted).toBeGreaterThanOrEqual(recorded.filter((value) => value <= bound * 0.98).length);
        expect(counted).toBeLessThanOrEqual(recorded.filter((value) => value <= bound * 1.02).length);
      }),
    );
  });

  it("leaves out what is no measurement", () => {
    const sketch = new SketchHistogram();
    for (const value of [Number.NaN, Infinity, -Infinity, -1]) expect(sketch.record(value)).toBe(false);
    expect(sketch.count).toBe(0);
    expect(sketch.quantile(0.5)).toBe(0);
    expect(sketch.min).toBe(0);
  });

  it("spans the whole range of numbers with a bounded array", () => {
    const sketch = sketchOf([5e-324, 1e-300, 1, 1e300, Number.MAX_VALUE]);
    expect(sketch.snapshot().buckets.length).toBeLessThanOrEqual(2048);
    expect(sketch.quantile(1)).toBe(Number.MAX_VALUE);
    expect(sketch.count).toBe(5);
  });

  it("refuses bounds that cannot work, and sketches of another accuracy", () => {
    expect(() => new SketchHistogram({ relativeAccuracy: 0 })).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
    expect(() => new SketchHistogram({ maxBuckets: 1 })).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
    expect(() => new SketchHistogram().merge(sketchOf([1], { relativeAccuracy: 0.1 }))).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
  });
});
