import { expect, it } from "vitest";
import { ShapeLearner } from "./record-shape.ts";

it("learns the fields of records, and which are numbers", () => {
  const learner = new ShapeLearner();
  learner.observe([]);
  learner.observe([{ a: 1, b: "x", c: 2 }, { a: 2, b: 3, c: 2 }, { a: 3, b: 1, c: null }]);
  expect(learner.shape).toEqual({ names: ["a", "b", "c"], areNumbers: [true, false, false] });
});

it.each<[string, readonly unknown[]]>([
  ["other fields", [{ a: 1 }, { a: 1, b: 1 }]],
  ["another order", [{ a: 1, b: 1 }, { b: 1, a: 1 }]],
  ["values that are no plain objects", [[1]]],
  ["objects of a class", [new Date(0)]],
  ["no fields", [{}]],
  ["null", [null]],
  ["a field __proto__", [JSON.parse('{"__proto__":1}')]],
])("learns nothing from %s, and soon stops looking", (_, rows) => {
  const learner = new ShapeLearner();
  for (let i = 0; i < 8; i++) learner.observe(rows);
  learner.observe([{ a: 1 }]);
  expect(learner.shape).toBeUndefined();
});

it("forgets a shape that does not last", () => {
  const learner = new ShapeLearner();
  learner.observe([{ a: 1 }]);
  for (let i = 0; i < 7; i++) learner.missed();
  expect(learner.shape).toBeDefined();
  learner.missed();
  expect(learner.shape).toBeUndefined();
  learner.observe([{ a: 1 }]);
  expect(learner.shape).toBeUndefined();
});
