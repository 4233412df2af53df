import { expect, it } from "vitest";
import { generatedNodeId, nodeIdPattern } from "./node-id.ts";

it("names by type, then by the first free number", () => {
  const taken = new Set<string>();
  const ids = ["filter", "map", "filter", "filter"].map((type) => {
    const id = generatedNodeId(type, taken);
    taken.add(id);
    return id;
  });
  expect(ids).toEqual(["filter", "map", "filter-2", "filter-3"]);
});

it("steps over ids that a user gave", () => {
  expect(generatedNodeId("filter", new Set(["filter", "filter-2"]))).toBe("filter-3");
  expect(generatedNodeId("filter", new Set(["filter-2"]))).toBe("filter");
});

it("allows what can stand in file names, topics and labels", () => {
  for (const id of ["a", "by-route_2"]) expect(nodeIdPattern.test(id)).toBe(true);
  for (const id of ["", "2a", "a.b", "a b", "a/b", "é", "a".repeat(101)]) expect(nodeIdPattern.test(id)).toBe(false);
});
