import { expect, it } from "vitest";
import { barChart } from "./chart.ts";

const bar = (label: string, value: number): { label: string; value: number; text: string; isOurs: boolean } => ({ label, value, text: String(value), isOurs: false });
const widths = (chart: string): readonly number[] => [...chart.matchAll(/<rect x="170"[^>]* width="([\d.]+)"/g)].map((match) => Number(match[1]));

it("bars are as long as their values, on one scale or on one for each group", () => {
  const groups = [{ title: "a", bars: [bar("x", 10), bar("y", 5)] }, { title: "b", bars: [bar("z", 1)] }, { title: "empty", bars: [] }];
  expect(widths(barChart({ title: "t", groups, hasOneScale: true }))).toEqual([490, 245, 49]);
  expect(widths(barChart({ title: "t", groups, hasOneScale: false }))).toEqual([490, 245, 490]);
  expect(barChart({ title: "t", groups, hasOneScale: true })).not.toContain("empty");
});

it("a goal is a line, and within the picture; names are escaped; what is below nothing has no bar", () => {
  const chart = barChart({ title: "a < b", groups: [{ title: "g", bars: [bar("x", -3)], atMost: 6 }], hasOneScale: false });
  expect(chart).toContain('<line x1="660.0"');
  expect(chart).toContain("a &lt; b");
  expect(widths(chart)).toEqual([0]);
});
