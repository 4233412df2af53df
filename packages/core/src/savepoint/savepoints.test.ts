import { describe, expect, it } from "vitest";
import { testEnvironment } from "../testing/environment.ts";
import { MemoryStorage, memoryStores } from "../testing/memory-stores.ts";
import type { Savepoint } from "./savepoint.ts";
import { isSavepointPlace, Savepoints } from "./savepoints.ts";

const state = { node: "sum", state: "sums", serializer: "plain", version: 1 };
const savepoint: Savepoint = {
  pipeline: "orders", createdMs: 5, plan: { sum: "f" },
  shards: [
    { shard: "p:in/0", epoch: 7, generation: 2, positions: { "0": "12" }, progress: { ordinal: 3 }, states: [{ ...state, bytes: Uint8Array.of(1, 2, 3) }] },
    { shard: "p:in/1", epoch: 8, generation: 3, positions: {}, progress: {}, states: [{ ...state, bytes: Uint8Array.of(4) }] },
  ],
  backlog: new Map([["out", Uint8Array.of(9, 9)]]),
};

function setUp() {
  const { environment, clock } = testEnvironment();
  const storage = new MemoryStorage();
  const stores = memoryStores(clock, storage);
  return { environment, clock, storage, stores, savepoints: new Savepoints(stores, environment) };
}

/** Bytes may be views of any kind. */
const plain = ({ shards, ...rest }: Savepoint): Savepoint => ({ ...rest, shards: shards.map((shard) => ({ ...shard, states: shard.states.map((one) => ({ ...one, bytes: new Uint8Array(one.bytes) })) })) });

describe("Savepoints", () => {
  it("keeps them whole, tells of them, and removes them", async () => {
    const { savepoints, stores } = setUp();
    const info = await savepoints.add("v1", savepoint);
    expect(info).toEqual({ name: "v1", pipeline: "orders", createdMs: 5, epoch: 8, byteLength: 6, shards: 2, nodes: ["sum"], backlog: { out: 2 } });
    await savepoints.add("a", { ...savepoint, backlog: new Map() });
    expect((await savepoints.list()).map(({ name }) => name)).toEqual(["a", "v1"]);
    expect(plain(await savepoints.get("v1"))).toEqual(savepoint);
    await savepoints.remove("v1");
    expect(await savepoints.list()).toMatchObject([{ name: "a" }]);
    await expect(savepoints.get("v1")).rejects.toMatchObject({ code: "SF_CONFIG_INVALID", hint: "known: a" });
    expect((await stores.checkpoints.pipelines()).filter(isSavepointPlace)).toHaveLength(1);
    await savepoints.add("v1", savepoint);
  });

  it("refuses a name that is taken, also where two take it at once, and one that cannot be one", async () => {
    const { savepoints, stores } = setUp();
    await savepoints.add("v1", savepoint);
    await expect(savepoints.add("v1", savepoint)).rejects.toMatchObject({ code: "SF_CONFIG_INVALID" });
    const both = await Promise.allSettled([savepoints.add("v2", savepoint), savepoints.add("v2", savepoint)]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect((await stores.checkpoints.pipelines()).filter(isSavepointPlace)).toHaveLength(2);
    for (const name of ["", "a/b", "-a", "a b", "x".repeat(101)]) await expect(savepoints.add(name, savepoint), name).rejects.toMatchObject({ code: "SF_CONFIG_INVALID" });
  });

  it("says what is damaged, and hands out nothing of it", async () => {
    const { savepoints, stores, storage } = setUp();
    await savepoints.add("v1", savepoint);
    const [place = ""] = (await stores.checkpoints.pipelines()).filter(isSavepointPlace);
    const [entry] = await stores.checkpoints.list(place);
    storage.checkpoints.damageSegment(place, entry !== undefined && "checkpoint" in entry ? entry.checkpoint.manifests[0]!.state[0]!.segment : expect.fail("no segment"));
    await expect(savepoints.get("v1")).rejects.toMatchObject({ code: "SF_STATE_CORRUPT", message: expect.stringContaining('savepoint "v1"') });
    storage.checkpoints.damageCheckpoint(place, 1);
    await expect(savepoints.get("v1")).rejects.toMatchObject({ code: "SF_STATE_CORRUPT" });
    storage.checkpoints.forget(place);
    await expect(savepoints.get("v1")).rejects.toMatchObject({ code: "SF_STATE_CORRUPT" });
    expect(await savepoints.list()).toHaveLength(1);
  });

  it("refuses what a later version wrote", async () => {
    const { savepoints, stores } = setUp();
    await stores.metadata.put("savepoints", "v9", { formatVersion: 2, name: "v9" });
    await expect(savepoints.list()).rejects.toMatchObject({ code: "SF_STATE_INCOMPATIBLE" });
  });

  it("sweeps away what a process left that died, and nothing that another is making now", async () => {
    const { savepoints, stores, environment, clock } = setUp();
    const dying = new Savepoints(stores, { ...environment, faults: { reach: (point) => (point === "savepoint.after-publish" ? Promise.reject(new Error("died")) : undefined) } });
    await expect(dying.add("v1", savepoint)).rejects.toThrow("died");
    const places = async (): Promise<number> => (await stores.checkpoints.pipelines()).filter(isSavepointPlace).length;
    await savepoints.add("v1", savepoint);
    expect(await places()).toBe(2);
    clock.advance(86_400_001);
    await savepoints.add("v2", savepoint);
    expect(await places()).toBe(2);
    expect(plain(await savepoints.get("v1"))).toEqual(savepoint);
  });
});
