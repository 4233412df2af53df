// Hunts for: generations that are given twice, and leases that two processes hold at once, whatever one of them dies or stops in the middle of.
import { describe, expect, it } from "vitest";
import type { DiskFile, LeaseStore } from "@streamflow/core";
import { leaseStoreConformance, registerConformance, seededRandom, testEnvironment, VirtualDisk } from "@streamflow/core/testing";
import type { TestEnvironment } from "@streamflow/core/testing";
import { openFileLeaseStore } from "./file-lease-store.ts";
import { folderNameOf } from "./pipeline-folders.ts";

const folder = "/data/leases";
const pipelineFolder = `${folder}/${folderNameOf("p")}`;
const request = (owner: string, ttlMs = 10_000, shards: readonly string[] = ["k:0"]): { pipeline: string; owner: string; ttlMs: number; shards: readonly string[] } => ({ pipeline: "p", owner, ttlMs, shards });

/** Lets a store wait for a torn version to become old. */
async function whileTimePasses<T>(parts: TestEnvironment, work: Promise<T>): Promise<T> {
  let isDone = false;
  const watched = work.finally(() => (isDone = true));
  watched.catch(() => undefined);
  while (!isDone) await parts.clock.advanceAsync(10);
  return watched;
}

/** Time passes by itself wherever a store waits. */
function impatient(parts: TestEnvironment, store: LeaseStore): LeaseStore {
  return {
    acquire: (wanted) => whileTimePasses(parts, store.acquire(wanted)),
    renew: (wanted) => whileTimePasses(parts, store.renew(wanted)),
    release: (wanted) => whileTimePasses(parts, store.release(wanted)),
    close: () => store.close(),
  };
}

describe("on a virtual disk", () => {
  registerConformance(
    it,
    leaseStoreConformance<{ parts: TestEnvironment }>({
      create: () => ({ parts: testEnvironment() }),
      open: ({ parts }) => openFileLeaseStore(folder, parts.environment),
      advance: ({ parts }, byMs) => parts.clock.advance(byMs),
      failAfter: ({ parts }, changes) => parts.disk.failAfter(changes),
      crash: (storage, seed) => {
        storage.parts = testEnvironment({ disk: storage.parts.disk.crash(seed), clock: storage.parts.clock, seed: seed + 2 });
      },
    }),
  );
});

describe("power loss", () => {
  it("LSE-2: at any change, generations that were answered are never answered again, and the store goes on", async () => {
    for (let changes = 0; changes < 60; changes++) {
      for (let seed = 0; seed < 3; seed++) {
        let parts = testEnvironment();
        let store = impatient(parts, await openFileLeaseStore(folder, parts.environment));
        let last = 0;
        const acquire = async (): Promise<void> => {
          const [fence] = await store.acquire(request("a"));
          expect(fence?.generation, `after ${changes} changes, seed ${seed}`).toBeGreaterThan(last);
          last = fence?.generation ?? 0;
        };
        await acquire();
        parts.disk.failAfter(changes);
        // Until the disk fails.
        for (let round = 0; round < 8 && (await acquire().then(() => true, () => false)); round++) await store.renew(request("a")).catch(() => undefined);
        parts = testEnvironment({ disk: parts.disk.crash(seed), clock: parts.clock, seed: 9 });
        store = impatient(parts, await openFileLeaseStore(folder, parts.environment));
        parts.clock.advance(10_000);
        await acquire();
        await acquire();
      }
    }
  });
});

describe("several processes", () => {
  it("LSE-1, LSE-2: however their operations interleave, one holds the lease, and generations only grow", async () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = seededRandom(seed);
      const disk = new VirtualDisk({ beforeOperation: async () => { for (let turns = random.integer(6); turns > 0; turns--) await Promise.resolve(); } });
      const parts = testEnvironment({ disk, seed });
      const stores = await Promise.all([1, 2, 3].map((n) => openFileLeaseStore(folder, testEnvironment({ disk, clock: parts.clock, seed: seed * 10 + n }).environment)));
      const generations: number[] = [];
      let holders = 0;
      const contend = async (store: LeaseStore, owner: string): Promise<void> => {
        for (let round = 0; round < 6; round++) {
          try {
            const [fence] = await store.acquire(request(owner));
            expect(++holders, "holders at once").toBe(1);
            generations.push(fence?.generation ?? 0);
            expect((await store.renew(request(owner))).lost).toEqual([]);
            holders--;
            await store.release(request(owner));
          } catch (error) {
            expect(error).toMatchObject({ code: "SF_LEASE_HELD" });
          }
        }
      };
      await whileTimePasses(parts, Promise.all(stores.map((store, i) => contend(store, `owner-${i}`))));
      expect(generations.length).toBeGreaterThan(0);
      expect(generations).toEqual([...new Set(generations)].sort((a, b) => a - b));
    }
  });

  /** A store whose next write of a version waits until it is let go. */
  async function stoppedWriter(parts: TestEnvironment): Promise<{ store: LeaseStore; stopped: Promise<void>; resume: () => void }> {
    let [resume, arrived] = [(): void => {}, (): void => {}];
    const stopped = new Promise<void>((resolve) => (arrived = resolve));
    const gate = new Promise<void>((resolve) => (resume = resolve));
    const { disk } = parts;
    const createExclusive = async (path: string): Promise<DiskFile> => {
      const file = await disk.createExclusive(path);
      if (!path.endsWith(".leases")) return file;
      const write = file.write.bind(file);
      file.write = async (bytes, position) => {
        arrived();
        await gate;
        return write(bytes, position);
      };
      return file;
    };
    const slow = new Proxy(disk, {
      get: (target, name) => {
        if (name === "createExclusive") return createExclusive;
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    return { store: await openFileLeaseStore(folder, { ...parts.environment, disk: slow }), stopped, resume };
  }

  it("I2, I3: a process that is stopped while it writes is passed over, and finds out", async () => {
    const parts = testEnvironment();
    const { store: zombie, stopped, resume } = await stoppedWriter(parts);
    const successor = await openFileLeaseStore(folder, testEnvironment({ disk: parts.disk, clock: parts.clock, seed: 5 }).environment);
    const late = zombie.acquire(request("zombie"));
    late.catch(() => undefined);
    await stopped;
    const [fence] = await whileTimePasses(parts, successor.acquire(request("successor", 60_000)));
    // The zombie may have been given 1 before it was stopped.
    expect(fence?.generation).toBe(2);
    resume();
    await expect(whileTimePasses(parts, late)).rejects.toMatchObject({ code: "SF_LEASE_HELD" });
    expect((await successor.renew(request("successor"))).lost).toEqual([]);
  });
});

describe("damage", () => {
  it("I4: a damaged table is survived by the one before, without giving a generation twice", async () => {
    const parts = testEnvironment();
    const store = impatient(parts, await openFileLeaseStore(folder, parts.environment));
    for (let round = 0; round < 3; round++) await store.acquire(request("a"));
    await store.acquire(request("a", 10_000, ["k:1"]));
    const newest = (await parts.disk.list(pipelineFolder)).filter((name) => name.endsWith(".leases")).at(-1);
    const file = await parts.disk.openWrite(`${pipelineFolder}/${newest}`);
    await file.write(Uint8Array.of(0), 20);
    parts.clock.advance(10_000);
    expect(await store.acquire(request("b"))).toEqual([{ shard: "k:0", generation: 5 }]);
    expect(await store.acquire(request("b", 10_000, ["k:1"]))).toEqual([{ shard: "k:1", generation: 2 }]);
  });

  it("tables that are all damaged are refused: nobody knows which generations were given", async () => {
    const parts = testEnvironment();
    const store = impatient(parts, await openFileLeaseStore(folder, parts.environment));
    for (let round = 0; round < 3; round++) await store.acquire(request("a"));
    for (const name of await parts.disk.list(pipelineFolder)) {
      if (!name.endsWith(".leases")) continue;
      const file = await parts.disk.openWrite(`${pipelineFolder}/${name}`);
      await file.truncate(10);
    }
    await expect(store.acquire(request("b"))).rejects.toMatchObject({ code: "SF_STATE_CORRUPT" });
  });
});

describe("processes that died", () => {
  it("LSE-6: their leases are taken over at once; those of processes that live or cannot be seen are not", async () => {
    const { environment } = testEnvironment();
    const alive = new Map<string, boolean | undefined>([["process-1", true], ["process-2", undefined]]);
    const as = (id: string): Promise<LeaseStore> => openFileLeaseStore(folder, environment, { process: { id, isAlive: async (other) => alive.get(other) } });
    await (await as("process-1")).acquire(request("a"));
    await (await as("process-2")).acquire(request("b", 10_000, ["k:1"]));
    const third = await as("process-3");
    await expect(third.acquire(request("c"))).rejects.toMatchObject({ code: "SF_LEASE_HELD", context: { owner: "a" } });
    await expect(third.acquire(request("c", 10_000, ["k:1"]))).rejects.toMatchObject({ code: "SF_LEASE_HELD" });
    alive.set("process-1", false);
    expect(await third.acquire(request("c"))).toEqual([{ shard: "k:0", generation: 2 }]);
  });

  it("refuses a time to live that is not positive", async () => {
    const store = await openFileLeaseStore(folder, testEnvironment().environment);
    await expect(store.acquire(request("a", 0))).rejects.toMatchObject({ code: "SF_CONFIG_INVALID" });
  });
});
