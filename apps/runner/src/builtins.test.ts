import { expect, it } from "vitest";
import { builtinRegistry } from "./builtins.ts";

it("has an operator for every stage that pipelines may name", () => {
  const registry = builtinRegistry();
  const stages = registry.components("stage").map(({ type }) => type);
  expect(stages).toContain("route");
  for (const type of stages) expect(registry.operator(type).type).toBe(type);
});
