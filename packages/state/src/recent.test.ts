import { expect, it } from "vitest";
import { Recent } from "./recent.ts";

it("holds what was used last, and no more than it may", () => {
  const recent = new Recent<number>(3);
  for (const [i, key] of ["a", "b", "c"].entries()) recent.set(key, i);
  expect(recent.get("a")).toBe(0);
  recent.set("d", 3);
  expect([...recent.keys()]).toEqual(["c", "a", "d"]);
  expect(recent.get("b")).toBeUndefined();
  recent.set("c", 9);
  expect([...recent.keys()].map((key) => [key, recent.get(key)])).toEqual([["a", 0], ["d", 3], ["c", 9]]);
});
