import { describe, expect, it } from "vitest";
import { memoryBudget } from "../async/memory-budget.ts";
import { Pipeline } from "../pipeline.ts";
import { PipelineDriver } from "../testing/driver.ts";
import { testRecords } from "../testing/test-item.ts";
import { TestSource } from "../testing/test-source.ts";
import { failing, ToldSink, world } from "./executor.fixture.ts";
import { HeldMemory } from "./held-memory.ts";

describe("held memory", () => {
  it("refuses a batch beside held output when the budget is spent, and never one alone", () => {
    const budget = memoryBudget(100);
    const memory = new HeldMemory(budget);
    expect(memory.take(80)).toBe(true);
    memory.hold(80);
    expect(memory.take(30)).toBe(false);
    memory.free();
    expect(memory.take(300)).toBe(true);
    memory.give(300);
    expect(budget.usedBytes).toBe(0);
  });

  it("a batch that fails in the middle is given back too, at every restart", async () => {
    const { start, clock, environment } = world();
    const sink = new ToldSink();
    sink.onWrite = failing(Infinity);
    const { end } = start(new Pipeline({ name: "held", restart: { maxRestarts: 3 } }).from(new TestSource({ "0": testRecords([1, 2, 3]) })).to(sink));
    await clock.advanceAsync(60_000);
    expect([await end, environment.budget.usedBytes]).toEqual(["SF_RESTART_EXHAUSTED", 0]);
  });

  it("reading waits while a sink commits and the budget is spent; everything is given back", async () => {
    const driver = new PipelineDriver({
      budgetBytes: 1_000,
      build: (ends) => new Pipeline({ name: "held", checkpoint: { everyMs: 100 }, batch: { maxRecords: 4 } }).from(ends.source()).to(ends.sink()),
    });
    await driver.start();
    driver.push([1]);
    await driver.settle();
    const open = driver.target().stall();
    driver.world.clock.advance(100);
    driver.push(Array.from({ length: 100 }, (_, i) => i));
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    expect(driver.world.environment.budget.usedBytes).toBeLessThanOrEqual(1_000 + 4 * 64);
    open();
    await driver.checkpoint();
    expect(driver.values()).toHaveLength(101);
    expect(driver.world.environment.budget.usedBytes).toBe(0);
  });
});
