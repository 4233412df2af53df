// Damage of stored checkpoints: said aloud, gone back before, and still nothing lost or doubled.
import { describe, expect, it } from "vitest";
import { PipelineDriver } from "../testing/driver.ts";
import { ScriptedFaults } from "../testing/fault-plan.ts";
import { buildScenario, once, partitions, type Setting, sinkSets } from "./exactly-once.fixture.ts";

const records = (partition: string, from: number): readonly unknown[] => [0, 1, 2].map((i) => ({ k: partition, n: from + i }));

/** Runs three checkpoints, damages the newest of them if asked to, restarts, and goes on to the end. */
async function run(setting: Setting, damage: boolean): Promise<{ outputs: readonly (readonly unknown[])[]; warnings: readonly string[]; epoch: number }> {
  const driver = new PipelineDriver({ build: buildScenario(setting), brokers: { in: { partitions, bounded: true } } });
  await driver.start();
  for (const round of [0, 10, 20]) {
    for (const partition of partitions) driver.push(records(partition, round), partition);
    // Bounded partitions are read in turn: all are ended before anything of the last can be seen.
    if (round === 20) driver.broker().end();
    await driver.checkpoint();
  }
  const listed = [...(await driver.storedEpochs("sums"))];
  const newest = Math.max(...listed);
  driver.crash();
  if (damage) driver.storage.checkpoints.damageCheckpoint("sums", newest);
  await driver.start();
  await driver.advance(500);
  const outputs = setting.kinds.map((_, index) => [...driver.values(`out${index}`)].map(String).sort());
  return { outputs, warnings: driver.world.logger.lines.filter((line) => line.level === "warn").map((line) => line.message), epoch: newest };
}

describe("a damaged checkpoint", () => {
  // A store-first sink that does not know what it has committed gets that output again: guarantees.md.
  for (const name of ["sink-first", "two sink-first", "remembering", "sink-first and remembering"]) {
    for (const coPartitioned of [true, false]) {
      it(`${name}, ${coPartitioned ? "input partitions" : "key groups"}: the one before is used, what the sink already has is not sent again`, async () => {
        const setting: Setting = { kinds: sinkSets[name] ?? [], mode: "sync", coPartitioned };
        const expected = await run(setting, false);
        const damaged = await run(setting, true);
        expect(damaged.outputs).toEqual(expected.outputs);
        expect(damaged.warnings.some((message) => message.includes(`epoch ${damaged.epoch}`) && message.includes("damaged"))).toBe(true);
      });
    }
  }
});

describe("sinks that are ahead by different epochs", () => {
  for (const name of ["two sink-first", "sink-first and remembering"]) {
    for (const [coPartitioned, isAsynchronous] of [[true, false], [false, false], [true, true]] as const) {
      // The last checkpoint reached only the first sink; the one before it is damaged: the replay passes two ends, one of each sink.
      it(`${name}, ${coPartitioned ? "input partitions" : "key groups"}${isAsynchronous ? ", calls under way" : ""}: each gets output again where its own ends`, async () => {
        const setting: Setting = { kinds: sinkSets[name] ?? [], mode: "sync", coPartitioned, keep: 3, isAsynchronous };
        const whole = await torn(setting, undefined);
        const failed = await torn(setting, 5);
        expect(failed.heads).toEqual([3, 2]);
        expect(failed.outputs).toEqual(whole.outputs);
      });
    }
  }
});

/** Three checkpoints of two sinks, the process killed at the n-th commit of any of them; the second checkpoint damaged; then on to the end. */
async function torn(setting: Setting, crashAt: number | undefined): Promise<{ outputs: readonly (readonly unknown[])[]; heads: readonly number[] }> {
  const faults = new ScriptedFaults(crashAt === undefined ? {} : { at: { point: "test-sink.committed", visit: crashAt } });
  const driver = new PipelineDriver({ build: buildScenario(setting), brokers: { in: { partitions, bounded: true } }, faults: once(faults) });
  await driver.start();
  for (const round of [0, 10, 20]) {
    for (const partition of partitions) driver.push(records(partition, round), partition);
    if (setting.isAsynchronous === true) await driver.advance(20);
    await driver.checkpoint().catch(() => undefined);
  }
  const heads = setting.kinds.map((_, index) => Math.max(...[...driver.target(`out${index}`).commits.values()].map(({ epoch }) => epoch)));
  const epochs = await driver.storedEpochs("sums");
  expect(epochs).toEqual([3, 2, 1]);
  for (const epoch of crashAt === undefined ? [] : [2]) driver.storage.checkpoints.damageCheckpoint("sums", epoch);
  await driver.restart();
  for (const partition of partitions) driver.push(records(partition, 30), partition);
  driver.broker().end();
  await driver.advance(500);
  expect(driver.run().state).toBe("finished");
  return { outputs: setting.kinds.map((_, index) => [...driver.values(`out${index}`)].map(String).sort()), heads };
}
