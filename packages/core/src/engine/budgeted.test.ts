import { describe, expect, it } from "vitest";
import { memoryBudget } from "../async/memory-budget.ts";
import { Budgeted } from "./budgeted.ts";

describe("Budgeted", () => {
  it("holds what its owner has, as far as there is room, and gives it back", () => {
    const budget = memoryBudget(100);
    const [a, b] = [new Budgeted(budget), new Budgeted(budget)];
    expect(a.hold(60)).toBe(true);
    expect(b.hold(70)).toBe(true); // It held nothing.
    expect(budget.usedBytes).toBe(130);
    expect(a.hold(61)).toBe(false);
    expect(budget.usedBytes).toBe(130);
    expect(b.hold(10)).toBe(true);
    expect(a.hold(90)).toBe(true);
    expect(a.hold(0)).toBe(true);
    expect(b.hold(0)).toBe(true);
    expect(budget.usedBytes).toBe(0);
  });

  it("calls once when bytes came back, however often it was asked", async () => {
    const budget = memoryBudget(100);
    const [a, b] = [new Budgeted(budget), new Budgeted(budget)];
    let calls = 0;
    a.hold(60);
    b.hold(40);
    for (let i = 0; i < 3; i++) a.onFree(() => void calls++);
    b.hold(0);
    await Promise.resolve();
    expect(calls).toBe(1);
    a.onFree(() => void calls++);
    a.hold(0);
    await Promise.resolve();
    expect(calls).toBe(2);
  });
});
