import { expect, it } from "vitest";
import { randomOf } from "../random.ts";
import { Histogram } from "./histogram.ts";

it("quantiles are those of the values, up to 1.6 %", () => {
  const random = randomOf(5);
  const values = Array.from({ length: 20_000 }, () => Math.floor(10 ** (random() * 8)));
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  const sorted = values.toSorted((a, b) => a - b);
  for (const share of [0, 0.01, 0.5, 0.9, 0.99, 0.999, 1]) {
    const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]!;
    const found = histogram.quantile(share);
    expect(found).toBeGreaterThanOrEqual(exact);
    expect(found).toBeLessThanOrEqual(exact * 1.016);
  }
  expect(histogram.count).toBe(20_000);
  expect(histogram.max).toBe(sorted.at(-1));
});

it("small values are exact; what is below nothing counts as nothing; of nothing there is no quantile", () => {
  const histogram = new Histogram();
  expect(histogram.quantile(0.5)).toBeNaN();
  for (const value of [-5, 1, 63, 64, 2 ** 31 - 1]) histogram.add(value);
  expect([0, 0.4, 0.6, 0.8, 1].map((share) => histogram.quantile(share))).toEqual([0, 1, 63, 64, 2 ** 31 - 1]);
});
