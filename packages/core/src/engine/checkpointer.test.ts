import { expect, it } from "vitest";
import { Pipeline } from "../pipeline.ts";
import { PipelineDriver } from "../testing/driver.ts";
import { ScriptedFaults } from "../testing/fault-plan.ts";

it("I7: a process does not prune what a sink still names for the shard of another", async () => {
  const faults = new ScriptedFaults({ at: { point: "checkpoint.before-commit-transaction", visit: 2 } });
  const driver = new PipelineDriver({
    brokers: { in: { partitions: ["0", "1"] } },
    faults: { reach: (point) => (faults.crashedAt === undefined ? faults.reach(point) : undefined) },
    build: (ends) => {
      const pipeline = new Pipeline({ name: "pruned", checkpoint: { everyMs: 3_600_000, mode: "sync", keep: 1 } }).from(ends.source());
      return pipeline.to(ends.sink("first", "sink-first"), { id: "first" }).to(ends.sink("second", "store-first"), { id: "second" });
    },
  });
  driver.broker().give("0", "a");
  driver.broker().give("1", "b");
  await driver.start("a");
  await driver.start("b");
  driver.push(["x"], "0");
  await driver.checkpoint("a");
  driver.push(["y"], "0");
  // Published, not yet committed by the sink: "a" is to go on from the checkpoint before.
  await driver.checkpoint("a");
  expect(driver.isAlive("a")).toBe(false);
  driver.push(["z"], "1");
  for (let epoch = 1; epoch <= 4; epoch++) await driver.checkpoint("b");
  await driver.restart("a");
  await driver.checkpoint("a");
  expect([...driver.values("first")].sort()).toEqual(["x", "y", "z"]);
  expect([...driver.values("second")].sort()).toEqual(["x", "y", "z"]);
});
