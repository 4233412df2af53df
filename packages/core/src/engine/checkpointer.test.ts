import { expect, it } from "vitest";
import { StreamFlowError } from "../errors.ts";
import { Pipeline } from "../pipeline.ts";
import { PipelineDriver } from "../testing/driver.ts";

/** Two processes with a partition each; while `isCrashing`, one that is about to commit in its sink ends. */
function twoProcesses(keep: number): { readonly driver: PipelineDriver; readonly crash: { isCrashing: boolean } } {
  const crash = { isCrashing: false };
  const driver = new PipelineDriver({
    brokers: { in: { partitions: ["0", "1"] } },
    faults: {
      reach: (point) => {
        if (crash.isCrashing && point === "checkpoint.before-commit-transaction") throw new StreamFlowError("EXT_SIMULATED_CRASH", point);
      },
    },
    build: (ends) => {
      const pipeline = new Pipeline({ name: "pruned", checkpoint: { everyMs: 3_600_000, mode: "sync", keep } }).from(ends.source());
      return pipeline.to(ends.sink("first", "sink-first"), { id: "first" }).to(ends.sink("second", "store-first"), { id: "second" });
    },
  });
  driver.broker().give("0", "a");
  driver.broker().give("1", "b");
  return { driver, crash };
}

for (const keep of [1, 2, 3]) {
  it(`I7: a process does not prune what a sink still names for the shard of another, ${keep} kept`, async () => {
    const { driver, crash } = twoProcesses(keep);
    await driver.start("a");
    await driver.start("b");
    driver.push(["x"], "0");
    await driver.checkpoint("a");
    driver.push(["y"], "0");
    // Published again and again, and never committed by the sink: "a" goes on from its first checkpoint each time.
    crash.isCrashing = true;
    for (let attempt = 0; attempt < 4; attempt++) {
      await driver.checkpoint("a");
      expect(driver.isAlive("a")).toBe(false);
      await driver.restart("a");
    }
    crash.isCrashing = false;
    driver.push(["z"], "1");
    for (let epoch = 0; epoch < 5; epoch++) await driver.checkpoint("b");
    await driver.restart("a");
    await driver.checkpoint("a");
    for (const sink of ["first", "second"]) expect([...driver.values(sink)].sort()).toEqual(["x", "y", "z"]);
    for (let epoch = 0; epoch < 9; epoch++) {
      await driver.checkpoint("a");
      await driver.checkpoint("b");
    }
    // Of each shard: those that are kept, and the few numbers that sinks name.
    expect((await driver.storedEpochs("pruned")).length).toBeLessThanOrEqual(2 * (keep + 3));
  });
}
