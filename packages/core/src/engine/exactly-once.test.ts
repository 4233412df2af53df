// Hunts for output that is lost or doubled: a crash at every named point, at its first visits, for every way in which sinks commit.
import { describe, expect, it } from "vitest";
import { ScriptedFaults } from "../testing/fault-plan.ts";
import { runScenario, type Setting, sinkSets } from "./exactly-once.fixture.ts";

/** Also behind calls under way, where sinks replay. */
const settings: readonly (readonly [name: string, Setting])[] = Object.entries(sinkSets).flatMap(([name, kinds]) =>
  (["sync", "async"] as const).flatMap((mode) =>
    [true, false].flatMap((coPartitioned) =>
      (name === "two sink-first" ? [false, true] : [false]).map((isAsynchronous): [string, Setting] => [
        `${name}, ${mode}, ${coPartitioned ? "input partitions" : "key groups"}${isAsynchronous ? ", behind calls under way" : ""}`, { kinds, mode, coPartitioned, isAsynchronous },
      ]))));

for (const [name, setting] of settings) {
  describe(name, () => {
    it("I2: output after a crash at any named point equals the fault-free run", async () => {
      const watch = new ScriptedFaults();
      const expected = await runScenario(setting, watch);
      expect(expected.outputs[0]).toHaveLength(72);
      expect([...watch.visits.keys()].length).toBeGreaterThan(8);
      for (const [point, visits] of watch.visits) {
        for (const visit of [1, 2, visits].filter((v, i, all) => v <= visits && all.indexOf(v) === i)) {
          const { outputs } = await runScenario(setting, new ScriptedFaults({ at: { point, visit } }));
          expect(outputs, `crash at visit ${visit} of ${point}`).toEqual(expected.outputs);
        }
      }
    }, 60_000);
  });
}
