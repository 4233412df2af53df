// docs/adr/0012: what is started from a savepoint gives what the pipeline would have given, once.
import { describe, expect, it } from "vitest";
import { once, type Setting, sinkSets } from "../engine/exactly-once.fixture.ts";
import { ScriptedFaults } from "../testing/fault-plan.ts";
import { MemoryStorage } from "../testing/memory-stores.ts";
import { SavepointWorld } from "./savepoint.fixture.ts";
import { Savepoints } from "./savepoints.ts";
import { readSavepointFile, writeSavepointFile } from "./savepoint-file.ts";

const settings = Object.entries(sinkSets).flatMap(([name, kinds]) => [true, false].map((coPartitioned): [string, Setting] => [`${name}, ${coPartitioned ? "input partitions" : "key groups"}`, { kinds, mode: "async", coPartitioned }]));

/** Six rounds without a savepoint. */
async function wholeRun(setting: Setting): Promise<readonly (readonly string[])[]> {
  const world = new SavepointWorld(setting);
  await world.driver.start();
  await world.feed(6);
  await world.driver.advance(300);
  return world.outputs();
}

describe.each(settings)("%s", (_name, setting) => {
  it("goes on under its name with other stores, each record once, through a crash", async () => {
    const world = new SavepointWorld(setting);
    await world.driver.start();
    await world.feed(3);
    const savepoint = await world.take();
    await world.driver.stop();
    world.storage = new MemoryStorage();
    expect(await world.start(savepoint)).toEqual({ kept: ["sum"], fresh: [], dropped: [], isRepeated: false });
    await world.driver.start();
    await world.feed(1);
    await world.driver.restart();
    await world.feed(2);
    await world.driver.advance(300);
    expect(world.outputs()).toEqual(await wholeRun(setting));
  });

  it("gives a fork what follows, and leaves the pipeline alone", async () => {
    const world = new SavepointWorld(setting);
    await world.driver.start();
    await world.feed(3);
    const before = world.outputs();
    const savepoint = await world.take();
    const atSavepoint = world.outputs();
    await world.feed(3);
    await world.driver.advance(300);
    const all = world.outputs();
    expect(all).toEqual(await wholeRun(setting));
    expect(before[0]?.length).toBeGreaterThan(0);
    world.driver.crash();
    world.setting = { ...setting, name: "fork", target: "fork" };
    await world.start(savepoint);
    await world.driver.start();
    await world.driver.restart();
    await world.driver.advance(300);
    world.outputs().forEach((output, sink) => expect([...output, ...(atSavepoint[sink] ?? [])].sort(), `sink ${sink}`).toEqual(all[sink]));
    expect(world.outputs("out")).toEqual(all);
  });

  it("does not make again what sinks that know their commits have beyond the savepoint", async () => {
    if (setting.kinds.includes("store-first")) return;
    const world = new SavepointWorld(setting);
    await world.driver.start();
    await world.feed(2);
    const savepoint = await world.take();
    await world.feed(2);
    world.driver.crash();
    world.storage = new MemoryStorage();
    await world.start(savepoint);
    await world.driver.start();
    await world.feed(2);
    await world.driver.advance(300);
    expect(world.outputs()).toEqual(await wholeRun(setting));
  });
});

const plain: Setting = { kinds: ["sink-first"], mode: "async", coPartitioned: true };

async function halfWay(setting: Setting = plain): Promise<{ readonly world: SavepointWorld; readonly savepoint: Awaited<ReturnType<SavepointWorld["take"]>> }> {
  const world = new SavepointWorld(setting);
  await world.driver.start();
  await world.feed(3);
  const savepoint = await world.take();
  await world.driver.stop();
  return { world, savepoint };
}

describe("startFromSavepoint", () => {
  it("changes nothing where it is repeated, and refuses a pipeline with checkpoints of its own", async () => {
    const { world, savepoint } = await halfWay();
    await expect(world.start(savepoint)).rejects.toMatchObject({ code: "SF_CONFIG_INVALID", message: expect.stringContaining("checkpoints of its own") });
    world.setting = { ...plain, name: "fork", target: "fork" };
    expect((await world.start(savepoint)).isRepeated).toBe(false);
    expect((await world.start(savepoint)).isRepeated).toBe(true);
    expect(await world.epochs()).toHaveLength(1);
    await expect(world.start({ ...savepoint, createdMs: 1 })).rejects.toMatchObject({ code: "SF_CONFIG_INVALID" });
  });

  it("is refused while the pipeline runs without checkpoints", async () => {
    const { world, savepoint } = await halfWay();
    world.setting = { ...plain, name: "fork", target: "fork" };
    await world.stores.leases.acquire({ pipeline: "fork", shards: ["p:broker/0"], owner: "other", ttlMs: 10_000 });
    await expect(world.start(savepoint)).rejects.toMatchObject({ code: "SF_LEASE_HELD" });
    expect(await world.stores.checkpoints.list("fork")).toEqual([]);
  });

  it("reads all again from the savepoint for a sink that has committed nothing, also later", async () => {
    const { world, savepoint } = await halfWay();
    world.storage = new MemoryStorage();
    world.setting = { ...plain, target: "new" };
    await world.start(savepoint);
    await world.driver.start();
    await world.feed(3);
    await world.driver.advance(300);
    const all = await wholeRun(plain);
    const old = world.outputs("out")[0] ?? [];
    expect([...old, ...(world.outputs("new")[0] ?? [])].sort()).toEqual(all[0]);
    await world.feed(6);
    await world.driver.advance(300);
    // Now that the seed is gone, another sink is added: what it would be given first is not known any more.
    world.driver.crash();
    world.setting = { ...plain, kinds: ["sink-first", "sink-first"], target: "new" };
    await expect(world.driver.start()).rejects.toThrow(/is not kept any more/);
  });

  it("refuses a sink that was set back behind the savepoint", async () => {
    const { world, savepoint } = await halfWay();
    world.storage = new MemoryStorage();
    await world.start(savepoint);
    for (const [shard, commit] of world.driver.target("out0").commits) world.driver.target("out0").commits.set(shard, { ...commit, epoch: 1 });
    await expect(world.driver.start()).rejects.toThrow(/what lies between is not in the sink/);
  });

  it("has an owner above every generation that the sinks know", async () => {
    const { world, savepoint } = await halfWay();
    const high = { ...savepoint, shards: savepoint.shards.map((shard) => ({ ...shard, generation: 41 })) };
    world.storage = new MemoryStorage();
    await world.start(high);
    const [entry] = await world.stores.checkpoints.list("sums");
    expect(entry !== undefined && "checkpoint" in entry && entry.checkpoint.manifests.every(({ generation }) => generation === 42)).toBe(true);
    world.setting = { ...plain, name: "fork" };
    await world.start(high);
    const [fork] = await world.stores.checkpoints.list("fork");
    expect(fork !== undefined && "checkpoint" in fork && fork.checkpoint.manifests[0]?.generation).toBe(1);
  });

  it("asks what becomes of a backlog where the name is another", async () => {
    const { world, savepoint } = await halfWay();
    const waiting = { ...savepoint, backlog: new Map([["out0", Uint8Array.of(1)]]) };
    world.setting = { ...plain, name: "fork" };
    await expect(world.start(waiting)).rejects.toMatchObject({ code: "SF_CONFIG_INVALID", hint: expect.stringContaining("--backlog") });
    expect(await world.stores.checkpoints.list("fork")).toEqual([]);
    const prepared = async (): Promise<readonly string[]> => {
      const [entry] = await world.stores.checkpoints.list(world.name);
      return entry !== undefined && "checkpoint" in entry ? Object.keys(entry.checkpoint.prepared) : ["nothing is stored"];
    };
    await world.start(waiting, { backlog: "drop" });
    expect(await prepared()).toEqual([]);
    world.setting = { ...plain, name: "heir" };
    await world.start(waiting, { backlog: "send" });
    expect(await prepared()).toEqual(["out0"]);
    world.setting = plain;
    world.storage = new MemoryStorage();
    await expect(world.start({ ...waiting, backlog: new Map([["gone", Uint8Array.of(1)]]) })).rejects.toMatchObject({ code: "SF_STATE_INCOMPATIBLE" });
    await world.start(waiting);
    expect(await prepared()).toEqual(["out0"]);
  });
});

describe("crashes", () => {
  /** Taken, named, copied to a file and back, started in other stores; whatever dies is done again by the same command. */
  async function scenario(faults: ScriptedFaults): Promise<{ readonly outputs: readonly (readonly string[])[]; readonly seen: readonly number[] }> {
    const world = new SavepointWorld(plain);
    await world.driver.start();
    await world.feed(3);
    const savepoint = await world.take();
    const { environment } = world.driver.world;
    const mortal = { ...environment, faults: once(faults) };
    const savepoints = new Savepoints(world.stores, mortal);
    const seen: number[] = [];
    const again = async (step: () => Promise<unknown>): Promise<void> => {
      await step().catch(async (error: unknown) => {
        if (faults.crashedAt === undefined) throw error;
        seen.push((await savepoints.list()).length);
        await world.driver.world.clock.advanceAsync(60_000);
        await step().catch((repeated: unknown) => expect(repeated).toMatchObject({ message: expect.stringMatching(/already|no savepoint/) }));
      });
    };
    await again(() => savepoints.add("s", savepoint));
    const path = "/copies/s.savepoint";
    await again(async () => writeSavepointFile(await savepoints.get("s"), path, mortal));
    const copy = await readSavepointFile(path, environment.disk);
    await again(() => savepoints.remove("s"));
    expect(await savepoints.list()).toEqual([]);
    world.driver.crash();
    world.storage = new MemoryStorage();
    await again(() => world.start(copy, { environment: mortal }));
    await world.driver.start();
    await world.feed(3);
    await world.driver.advance(300);
    return { outputs: world.outputs(), seen };
  }

  it("at every named point leave a savepoint that is there whole or not at all, and lose nothing", async () => {
    const watch = new ScriptedFaults();
    const expected = await scenario(watch);
    expect(expected.outputs).toEqual(await wholeRun(plain));
    const points = [...watch.visits].filter(([point]) => point.startsWith("savepoint."));
    expect(points.map(([point]) => point).sort()).toEqual([
      "savepoint.after-name", "savepoint.after-origin", "savepoint.after-publish", "savepoint.after-remove", "savepoint.after-seed", "savepoint.after-write", "savepoint.file-written",
    ]);
    for (const [point, visits] of points) {
      for (let visit = 1; visit <= visits; visit++) {
        const { outputs, seen } = await scenario(new ScriptedFaults({ at: { point, visit } }));
        expect(outputs, `visit ${visit} of ${point}`).toEqual(expected.outputs);
        if (point === "savepoint.after-publish") expect(seen, "it has no name yet").toEqual([0]);
      }
    }
  }, 60_000);
});
