import { describe, expect, it } from "vitest";
import { encodeFrames } from "../engine/backlog-frames.ts";
import type { Setting } from "../engine/exactly-once.fixture.ts";
import { SavepointWorld } from "./savepoint.fixture.ts";
import { takeSavepoint } from "./take-savepoint.ts";

const setting: Setting = { kinds: ["sink-first"], mode: "async", coPartitioned: true };

async function running(options: Setting = setting): Promise<SavepointWorld> {
  const world = new SavepointWorld(options);
  await world.driver.start();
  await world.feed(2);
  return world;
}

const taking = (world: SavepointWorld, committed: ReadonlyMap<string, number>): ReturnType<typeof takeSavepoint> =>
  takeSavepoint({ stores: world.stores, environment: world.driver.world.environment, pipeline: "sums", committed });

describe("takeSavepoint", () => {
  it("holds the epoch of the checkpoint that was taken for it, and marks of no pipeline", async () => {
    const world = await running();
    const savepoint = await world.take();
    const [newest] = await world.epochs();
    expect(savepoint.shards.map(({ shard, epoch }) => [shard, epoch])).toEqual([["p:broker/0", newest], ["p:broker/1", newest], ["p:broker/2", newest]]);
    expect(savepoint.shards.map(({ progress }) => Object.keys(progress))).toEqual(Array.from({ length: 3 }, () => ["ordinal", "ended"]));
    expect([...savepoint.backlog]).toEqual([]);
  });

  it("is taken of a paused pipeline too, which stays paused", async () => {
    const world = await running();
    const pausing = world.driver.run().pause();
    await world.driver.settle();
    await pausing;
    const savepoint = await world.take();
    expect(savepoint.shards).toHaveLength(3);
    expect(world.driver.run().state).toBe("paused");
  });

  it("does not keep epochs for longer than it takes, and keeps them for so long", async () => {
    const world = await running();
    let end = (): void => undefined;
    let held: ReadonlyMap<string, number> = new Map();
    void world.driver.run().withCommitted((committed) => new Promise<void>((resolve) => ([held, end] = [committed, resolve])));
    await world.driver.settle();
    const [epoch = 0] = held.values();
    await world.feed(8);
    expect(await world.epochs()).toContain(epoch);
    expect((await taking(world, held)).shards).toHaveLength(3);
    end();
    await world.feed(4);
    expect(await world.epochs()).not.toContain(epoch);
    await expect(taking(world, held)).rejects.toMatchObject({ code: "SF_CHECKPOINT_FAILED", retryable: true });
  });

  it("is legal at the end of a run, and while none runs it is not", async () => {
    const world = new SavepointWorld(setting);
    let ended: ReadonlyMap<string, number> | undefined;
    await world.driver.start("main", { atEnd: async (committed) => void (ended = committed) });
    await world.feed(2);
    expect(ended).toBeUndefined();
    await world.driver.stop();
    expect((await taking(world, ended ?? new Map())).shards).toHaveLength(3);
    await expect(world.driver.run().withCommitted(async () => undefined)).rejects.toMatchObject({ code: "SF_LIFECYCLE_ILLEGAL" });
  });

  it("holds shards of other processes as of the epoch that is known to be committed there", async () => {
    const world = await running();
    await world.driver.start("other");
    await world.driver.move("2", "other");
    await world.feed(3);
    const savepoint = await world.take();
    const others = savepoint.shards.filter(({ shard }) => shard === "p:broker/2");
    expect(others).toHaveLength(1);
    const known = world.driver.target("out0").commits.get("p:broker/2")?.epoch ?? 0;
    expect(others[0]?.epoch).toBeLessThanOrEqual(known);
    expect(savepoint.shards).toHaveLength(3);
  });

  it("refuses output that several processes hold back for one sink", async () => {
    const world = await running();
    const frames = encodeFrames([{ epoch: 1, shard: "p:broker/0", shards: [], output: Uint8Array.of(1), isPrepared: false, isNew: true }]);
    const store = world.stores.checkpoints;
    world.driver.crash();
    for (const [epoch, shard] of [[70, "p:broker/0"], [71, "p:broker/1"]] as const) {
      const segment = await store.writeSegment("sums", frames);
      await store.publish("sums", { epoch, createdMs: 0, plan: {}, prepared: { out0: segment }, manifests: [{ formatVersion: 1, shard, epoch, generation: 9, positions: {}, progress: {}, state: [] }] });
    }
    await expect(taking(world, new Map([["p:broker/0", 70], ["p:broker/1", 71]]))).rejects.toMatchObject({ code: "SF_LIFECYCLE_ILLEGAL" });
    const one = await taking(world, new Map([["p:broker/0", 70]]));
    expect([...one.backlog]).toEqual([["out0", frames]]);
  });
});
