// What the engine does when partitions are taken from it and given back: PRT-2 and PRT-3 from its side.
import { expect, it } from "vitest";
import { Pipeline } from "../pipeline.ts";
import { PipelineDriver } from "../testing/driver.ts";

function copying(broker: { readonly shared?: boolean } = {}): PipelineDriver {
  return new PipelineDriver({
    build: (ends) => new Pipeline({ name: "copy", checkpoint: { everyMs: 3_600_000 } }).from(ends.source()).to(ends.sink("out"), { id: "out" }),
    brokers: { in: { partitions: ["0", "1"], ...broker } },
  });
}

it("PRT-3: a lost partition commits nothing any more: its new owner alone does", async () => {
  const driver = copying();
  await driver.start();
  await driver.start("other");
  driver.push(["a"]);
  await driver.checkpoint();
  driver.push(["b"]);
  await driver.settle();
  const taken = driver.broker().take("0", "other");
  await driver.advance(60_000);
  await taken;
  expect(driver.values()).toEqual(["a"]);
  driver.push(["c"]);
  await driver.checkpoint("other");
  expect(driver.values()).toEqual(["a", "b", "c"]);
  expect(driver.world.logger.lines.some((line) => JSON.stringify(line).includes("SF_PARTITION_LOST"))).toBe(true);
  // The first process has started again, without it.
  driver.push(["x"], "1");
  await driver.checkpoint();
  expect(driver.values()).toEqual(["a", "b", "c", "x"]);
});

it("PRT-2: a revoked partition is checkpointed before it is let go", async () => {
  const driver = copying();
  await driver.start();
  await driver.start("other");
  driver.push(["a", "b"]);
  await driver.settle();
  expect(driver.values()).toEqual([]);
  await driver.move("0", "other");
  expect(driver.values()).toEqual(["a", "b"]);
  driver.push(["c"]);
  await driver.checkpoint("other");
  expect(driver.values()).toEqual(["a", "b", "c"]);
});

it("a shared source waits at its first assignment for the lease of a process that is gone", async () => {
  const driver = copying({ shared: true });
  await driver.start();
  driver.push(["a"], "0");
  await driver.checkpoint();
  // The group believes that the first is gone.
  driver.broker().give("0", "other");
  await driver.start("other");
  driver.crash();
  await driver.advance(1_000);
  driver.push(["b"], "0");
  await driver.checkpoint("other");
  expect(driver.values()).toEqual(["a", "b"]);
});
