import { expect, it } from "vitest";
import { ratePerSecond, totalOf, type MetricsSnapshot } from "./snapshot.ts";

function at(atMs: number, values: Readonly<Record<string, number>>): MetricsSnapshot {
  const series = Object.entries(values).map(([node, value]) => ({ labels: { pipeline: "p", node }, value }));
  return { atMs, families: [{ name: "in_total", kind: "counter", help: "In.", series }] };
}

it("adds up the series that carry the labels", () => {
  const snapshot = at(0, { a: 1, b: 2 });
  expect(totalOf(snapshot, "in_total")).toBe(3);
  expect(totalOf(snapshot, "in_total", { node: "b" })).toBe(2);
  expect(totalOf(snapshot, "in_total", { node: "c" })).toBe(0);
  expect(totalOf(snapshot, "other_total")).toBe(0);
});

it("gives the growth per second, over all series or some", () => {
  const [before, after] = [at(1000, { a: 10, b: 100 }), at(3000, { a: 30, b: 100, c: 4 })];
  expect(ratePerSecond({ before, after, name: "in_total" })).toBe(12);
  expect(ratePerSecond({ before, after, name: "in_total", labels: { node: "a" } })).toBe(10);
});

it("counts from 0 after a restart, and says nothing where no time has passed", () => {
  expect(ratePerSecond({ before: at(0, { a: 500 }), after: at(1000, { a: 3 }), name: "in_total" })).toBe(3);
  expect(ratePerSecond({ before: at(5, { a: 1 }), after: at(5, { a: 2 }), name: "in_total" })).toBeUndefined();
});
