import { expect, it } from "vitest";
import { compareOutputs } from "./compare.ts";

const expected = new Map([["a", 1], ["b", 2]]);

it.each([
  ["nothing", { a: 1, b: 2 }, { lost: 0, doubled: 0, differing: 0 }],
  ["a row that is missing", { b: 2 }, { lost: 1, doubled: 0, differing: 0 }],
  ["one of two equal rows that is missing", { a: 1, b: 1 }, { lost: 1, doubled: 0, differing: 0 }],
  ["a row that is there again", { a: 3, b: 2 }, { lost: 0, doubled: 2, differing: 0 }],
  ["another row in its place", { a: 1, b: 1, c: 1 }, { lost: 1, doubled: 0, differing: 1 }],
])("finds %s", (_name, found, difference) => {
  const { examples, ...counts } = compareOutputs(expected, new Map(Object.entries(found)));
  expect(counts).toEqual(difference);
  expect(examples.length > 0).toBe(counts.lost + counts.doubled + counts.differing > 0);
});
