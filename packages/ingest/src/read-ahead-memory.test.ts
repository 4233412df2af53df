import { memoryBudget } from "@streamflow/core";
import { expect, it } from "vitest";
import { ReadAheadMemory } from "./read-ahead-memory.ts";

it("M1: reads ahead where there is room for a batch like the one before, and always what is waited for", () => {
  const budget = memoryBudget(100);
  const [memory, other] = [new ReadAheadMemory(budget), new ReadAheadMemory(budget)];
  expect(memory.tryBegin(true)).toBe(true);
  memory.arrived(60);
  expect([budget.usedBytes, other.tryBegin(true)]).toEqual([60, true]);
  other.arrived(70);
  expect(budget.usedBytes).toBe(130);
  memory.handOver(60);
  expect([budget.usedBytes, memory.tryBegin(false), budget.usedBytes]).toEqual([70, false, 70]);
  expect([memory.tryBegin(true), budget.usedBytes]).toEqual([true, 130]);
  other.free();
  memory.arrived(10);
  expect(budget.usedBytes).toBe(10);
  memory.handOver(4);
  expect(budget.usedBytes).toBe(6);
  memory.free();
  memory.free();
  expect(budget.usedBytes).toBe(0);
});

it("M2: room is taken before reading, and set right when the batch is there", () => {
  const budget = memoryBudget(100);
  const memory = new ReadAheadMemory(budget);
  memory.arrived(40);
  memory.handOver(40);
  expect([memory.tryBegin(false), budget.usedBytes]).toEqual([true, 40]);
  memory.arrived(30);
  expect(budget.usedBytes).toBe(30);
});
