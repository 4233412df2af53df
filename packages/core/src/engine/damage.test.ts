// Damage of stored checkpoints: said aloud, gone back before, and still nothing lost or doubled.
import { describe, expect, it } from "vitest";
import { PipelineDriver } from "../testing/driver.ts";
import { buildScenario, partitions, type Setting, sinkSets } from "./exactly-once.fixture.ts";

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
  for (const name of ["sink-first", "two sink-first"]) {
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
