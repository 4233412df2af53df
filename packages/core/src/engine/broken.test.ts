// Each guarantee switched off on purpose must be noticed: a check that cannot fail proves nothing. The list: docs/guarantees.md.
import { describe, expect, it } from "vitest";
import { Pipeline } from "../pipeline.ts";
import { PipelineDriver } from "../testing/driver.ts";
import { ScriptedFaults } from "../testing/fault-plan.ts";
import { type Guarantee, withBroken } from "./broken.ts";
import { runScenario, type Setting, sinkSets } from "./exactly-once.fixture.ts";

/** Crash points at which the switched-off guarantee shows. */
const cases: readonly { readonly guarantee: Guarantee; readonly sinks: string; readonly point: string }[] = [
  { guarantee: "barrier", sinks: "sink-first", point: "checkpoint.after-committed" },
  { guarantee: "commit-after-publish", sinks: "store-first", point: "checkpoint.before-publish" },
  { guarantee: "sink-decides", sinks: "sink-first", point: "checkpoint.after-publish" },
  { guarantee: "positions-in-transaction", sinks: "two sink-first", point: "test-sink.committed" },
];

describe("a guarantee that is switched off", () => {
  for (const { guarantee, sinks, point } of cases) {
    it(`${guarantee} is missed by a crash at ${point}`, async () => {
      const setting: Setting = { kinds: sinkSets[sinks] ?? [], mode: "sync", coPartitioned: true };
      const expected = await runScenario(setting);
      const crashed = (visit: number) => runScenario(setting, new ScriptedFaults({ at: { point, visit } }));
      for (const visit of [1, 2, 3]) expect((await crashed(visit)).outputs).toEqual(expected.outputs);
      const differing = await withBroken(guarantee, async () => {
        let differing = 0;
        for (const visit of [1, 2, 3]) {
          const outputs = await crashed(visit).then((run) => run.outputs, () => undefined);
          if (JSON.stringify(outputs) !== JSON.stringify(expected.outputs)) differing++;
        }
        return differing;
      });
      expect(differing).toBeGreaterThan(0);
    });
  }

  it("fence is missed when a process that was stopped wakes up", async () => {
    const outcome = async (): Promise<object> => {
      const driver = new PipelineDriver({
        build: (ends) => new Pipeline({ name: "taken", checkpoint: { everyMs: 100 } }).from(ends.source()).to(ends.sink()),
      });
      driver.broker().give("0", "a");
      await driver.start("a");
      await driver.start("b");
      driver.push([1, 2]);
      await driver.settle();
      driver.freeze("a");
      await driver.broker().takeSilently("0", "b");
      await driver.thaw("a").catch(() => undefined);
      await driver.advance(500).catch(() => undefined);
      return { values: driver.values(), oldOwnerGoesOn: driver.isAlive("a"), newOwnerGoesOn: driver.isAlive("b") };
    };
    expect(await outcome()).toEqual({ values: [1, 2], oldOwnerGoesOn: false, newOwnerGoesOn: true });
    expect(await withBroken("fence", outcome)).toMatchObject({ newOwnerGoesOn: false });
  });
});
