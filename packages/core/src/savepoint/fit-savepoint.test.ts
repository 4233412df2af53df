import { describe, expect, it } from "vitest";
import type { Setting } from "../engine/exactly-once.fixture.ts";
import type { PhysicalPlan } from "../plan/physical-plan.ts";
import { fitSavepoint } from "./fit-savepoint.ts";
import type { Savepoint } from "./savepoint.ts";
import { SavepointWorld } from "./savepoint.fixture.ts";

const setting = (coPartitioned: boolean): Setting => ({ kinds: ["sink-first"], mode: "async", coPartitioned });

async function taken(coPartitioned: boolean): Promise<{ readonly savepoint: Savepoint; readonly plan: PhysicalPlan }> {
  const world = new SavepointWorld(setting(coPartitioned));
  await world.driver.start();
  await world.feed(2);
  return { savepoint: await world.take(), plan: world.plan };
}

const planOf = (coPartitioned: boolean): PhysicalPlan => new SavepointWorld(setting(coPartitioned)).plan;

describe("fitSavepoint", () => {
  it("keeps everything under the same plan", async () => {
    const { savepoint, plan } = await taken(true);
    const { fit, shards } = fitSavepoint(savepoint, plan, false);
    expect(fit).toEqual({ kept: ["sum"], fresh: [], dropped: [] });
    expect(shards).toEqual(savepoint.shards);
  });

  it("names all that has no place in the plan, and leaves exactly that out where it is allowed", async () => {
    const { savepoint, plan } = await taken(true);
    const [first] = savepoint.shards;
    const more: Savepoint = {
      ...savepoint,
      plan: { ...savepoint.plan, gone: "x" },
      shards: [...savepoint.shards, { ...first!, shard: "p:former/0" }].map((shard) => ({ ...shard, states: [...shard.states, { ...shard.states[0]!, node: "gone" }] })),
    };
    const refused = (): unknown => fitSavepoint(more, plan, false);
    expect(refused).toThrow(/"former" is no source of the plan any more.*"gone" is not in the plan any more/);
    const { fit, shards } = fitSavepoint(more, plan, true);
    expect(fit.dropped.map(({ node }) => node)).toEqual(["former", "gone"]);
    expect(shards).toEqual(savepoint.shards);
  });

  it("leaves out a stage that was changed, and starts it empty", async () => {
    const { savepoint, plan } = await taken(true);
    const changed = { ...plan, fingerprints: { sum: "another", late: "new" } };
    expect(() => fitSavepoint(savepoint, changed, false)).toThrow(/"sum" was changed/);
    const { fit, shards } = fitSavepoint(savepoint, changed, true);
    expect(fit).toMatchObject({ kept: [], fresh: ["late", "sum"] });
    expect(shards.every(({ states }) => states.length === 0)).toBe(true);
    expect(shards.map(({ positions }) => positions)).toEqual(savepoint.shards.map(({ positions }) => positions));
  });

  it("does not read state of key groups as state of partitions, nor the other way round", async () => {
    const behind = await taken(false);
    expect(() => fitSavepoint(behind.savepoint, planOf(true), false)).toThrow(/"sum" does not stand behind an exchange any more|"sum" was changed/);
    expect(fitSavepoint(behind.savepoint, planOf(true), true).shards.map(({ shard }) => shard)).toEqual(["p:broker/0", "p:broker/1", "p:broker/2"]);
    const before = await taken(true);
    const { shards } = fitSavepoint(before.savepoint, planOf(false), true);
    expect(shards.filter(({ shard }) => shard.startsWith("k:"))).toHaveLength(128);
    expect(new Set(shards.map(({ epoch }) => epoch)).size).toBe(1);
  });
});
