import { describe, expect, it } from "vitest";
import { registerConformance } from "../testing/conformance/case.ts";
import { memoryBudgetConformance } from "../testing/conformance/environment.ts";
import { memoryBudget } from "./memory-budget.ts";

describe("memory budget", () => {
  registerConformance(it, memoryBudgetConformance(memoryBudget));

  it("refuses limits and amounts that make no sense", () => {
    for (const limit of [0, -1, NaN]) expect(() => memoryBudget(limit)).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
    const budget = memoryBudget(10);
    for (const bytes of [-1, NaN, Infinity]) expect(() => budget.tryTake(bytes, 0)).toThrow(expect.objectContaining({ code: "SF_INTERNAL" }));
    budget.tryTake(4, 0);
    expect(() => budget.give(5)).toThrow(/only 4 are taken/);
  });
});
