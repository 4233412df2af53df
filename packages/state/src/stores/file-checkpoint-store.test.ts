// Hunts for: checkpoints that are half there after a crash, damage that is not noticed, and writers that publish after they were replaced.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Checkpoint, CheckpointStore, Disk } from "@streamflow/core";
import { nodeEnvironment } from "@streamflow/core/node";
import { checkpointStoreConformance, registerConformance, ScriptedFaults, testEnvironment } from "@streamflow/core/testing";
import type { TestEnvironment } from "@streamflow/core/testing";
import { openFencedCheckpointFiles, openFileCheckpointStore } from "./file-checkpoint-store.ts";
import { folderNameOf } from "./pipeline-folders.ts";
import { SqliteDatabase } from "./sqlite-database.ts";
import { SqliteFences } from "./sqlite-fences.ts";
import type { StoreEnvironment } from "./store-environment.ts";

interface VirtualStorage {
  parts: TestEnvironment;
  opened: number;
  /** Where the fences are; undefined: in files. What it has committed outlives a crash of the disk. */
  database?: SqliteDatabase;
}

/** By where fences are kept: a disk that nothing was written to. */
const kinds: readonly (readonly [string, () => VirtualStorage])[] = [
  ["fences in files", () => ({ parts: testEnvironment(), opened: 1 })],
  ["fences in a database", () => ({ parts: testEnvironment(), opened: 1, database: new SqliteDatabase(":memory:") })],
];

const openWith = ({ database }: VirtualStorage, environment: StoreEnvironment): Promise<CheckpointStore> =>
  database === undefined ? openFileCheckpointStore("/data/checkpoints", environment) : openFencedCheckpointFiles("/data/checkpoints", environment, fencesOf(database, environment));

/** They may close: the database stays open for those who open the store again. */
function fencesOf(database: SqliteDatabase, environment: StoreEnvironment): SqliteFences {
  database.hold();
  return new SqliteFences(database, environment);
}

const open = (storage: VirtualStorage): Promise<CheckpointStore> => openWith(storage, storage.parts.environment);
const folderOf = (pipeline: string): string => `/data/checkpoints/${folderNameOf(pipeline)}`;

/** The same disk under new random numbers: another process. */
function reseeded(storage: VirtualStorage, disk = storage.parts.disk): void {
  storage.parts = testEnvironment({ disk, clock: storage.parts.clock, seed: ++storage.opened });
}

async function flip(disk: Disk, path: string, at = 0): Promise<void> {
  const file = await disk.openWrite(path);
  const byte = new Uint8Array(1);
  const count = await file.read(byte, 0, 1, at);
  await file.write(Uint8Array.of(count === 0 ? 0 : (byte[0] ?? 0) ^ 1), at);
  await file.sync();
  await file.close();
}

describe.each(kinds)("on a virtual disk, %s", (_, create) => {
  registerConformance(
    it,
    checkpointStoreConformance<VirtualStorage>({
      create,
      open: (storage) => {
        reseeded(storage);
        return open(storage);
      },
      failAfter: (storage, changes) => storage.parts.disk.failAfter(changes),
      crash: (storage, seed) => reseeded(storage, storage.parts.disk.crash(seed)),
      damageSegment: (storage, pipeline, ref) => flip(storage.parts.disk, `${folderOf(pipeline)}/${ref.name}`),
      damageCheckpoint: async ({ parts: { disk } }, pipeline, epoch) => {
        const name = (await disk.list(folderOf(pipeline))).find((file) => file.endsWith(".checkpoint") && Number.parseInt(file, 10) === epoch);
        await flip(disk, `${folderOf(pipeline)}/${name}`, 200);
      },
    }),
  );
});

describe("on the machine's disk", () => {
  registerConformance(
    it,
    checkpointStoreConformance<string>({
      create: () => mkdtemp(join(tmpdir(), "streamflow-state-")),
      open: (folder) => openFileCheckpointStore(folder, nodeEnvironment()),
      damageSegment: (folder, pipeline, ref) => flip(nodeEnvironment().disk, join(folder, folderNameOf(pipeline), ref.name)),
      damageCheckpoint: async (folder, pipeline, epoch) => {
        const directory = join(folder, folderNameOf(pipeline));
        const name = (await readdir(directory)).find((file) => file.endsWith(".checkpoint") && Number.parseInt(file, 10) === epoch) ?? "";
        const bytes = await readFile(join(directory, name));
        await writeFile(join(directory, name), bytes.subarray(0, bytes.length - 1));
      },
      dispose: (folder) => rm(folder, { recursive: true }),
    }),
  );
});

function checkpoint(epoch: number, generation = 1, extra: Partial<Checkpoint> = {}): Checkpoint {
  const manifest = { formatVersion: 1, shard: "k:0", epoch, generation, positions: {}, progress: {}, state: [] } as const;
  return { epoch, createdMs: 0, plan: {}, manifests: [manifest], prepared: {}, ...extra };
}

const epochs = async (store: CheckpointStore, pipeline = "p"): Promise<readonly number[]> => (await store.list(pipeline)).map((entry) => entry.epoch);

describe.each(kinds)("crashes, %s", (kind, create) => {
  // The whole life of a checkpoint: taking over, writing, publishing, pruning, collecting.
  async function life(store: CheckpointStore, generation: number, from: number, done: (epoch: number) => void): Promise<void> {
    await store.fence("p", [{ shard: "k:0", generation }]);
    for (let epoch = from; epoch < from + 3; epoch++) {
      const segment = await store.writeSegment("p", new Uint8Array(3000).fill(epoch));
      const state = [{ node: "n", state: "s", serializer: "x", version: 1, segment, start: 0, end: 3000 }];
      await store.publish("p", checkpoint(epoch, generation, { manifests: [{ ...checkpoint(epoch, generation).manifests[0]!, state }] }));
      done(epoch);
      await store.prune("p", 2, []);
    }
  }

  it("CKP-1, CKP-2: a crash at any change leaves every published checkpoint whole, nothing else, and a store that goes on", async () => {
    let crashes = 0;
    for (let changes = 0; ; changes++) {
      let finished = false;
      for (let seed = 0; seed < 8; seed++) {
        const storage = create();
        await life(await open(storage), 1, 1, () => {});
        let published = 3;
        reseeded(storage);
        const second = await open(storage);
        storage.parts.disk.failAfter(changes);
        finished = await life(second, 2, 4, (epoch) => (published = epoch)).then(() => true, () => false);
        reseeded(storage, storage.parts.disk.crash(seed));
        const after = await open(storage);
        const found = await after.list("p");
        expect(found[0]?.epoch, `after ${changes} changes, seed ${seed}`).toBeGreaterThanOrEqual(published);
        expect(found[0]?.epoch).toBeLessThanOrEqual(published + 1);
        for (const entry of found) {
          if (!("checkpoint" in entry)) throw new Error(`after ${changes} changes, seed ${seed}: ${entry.damaged}`);
          for (const { segment } of entry.checkpoint.manifests[0]?.state ?? []) expect((await after.readSegment("p", segment))[0]).toBe(entry.epoch);
        }
        await life(after, 3, 10, () => {});
        expect(await epochs(after)).toEqual([12, 11]);
        crashes++;
      }
      if (finished) break;
    }
    // A fence in the database is no change of the disk.
    expect(crashes, kind).toBeGreaterThan(60);
  });

  for (const point of ["store.segment.written", "store.publish.written", "store.publish.renamed", "store.publish.durable", "store.fence.announced", "store.fence.sealed"]) {
    it(`a crash at ${point} leaves a store that goes on`, async () => {
      const storage = create();
      await life(await open(storage), 1, 1, () => {});
      const faults = new ScriptedFaults({ at: { point, visit: 1 } });
      const environment = { ...testEnvironment({ disk: storage.parts.disk, seed: 77 }).environment, faults };
      await expect(life(await openWith(storage, environment), 2, 4, () => {})).rejects.toThrow(point);
      reseeded(storage, storage.parts.disk.crash(1));
      const after = await open(storage);
      expect((await epochs(after))[0]).toBe(point === "store.publish.durable" || (point === "store.publish.renamed" && (await epochs(after)).length === 3) ? 4 : 3);
      await life(after, 3, 10, () => {});
      expect(await epochs(after)).toEqual([12, 11]);
    });
  }
});

describe.each(kinds)("fencing between processes, %s", (_, create) => {
  /** Two stores on one disk; the first one's next rename of a checkpoint waits for `resume`. */
  async function stoppedPublisher(): Promise<{ zombie: CheckpointStore; successor: CheckpointStore; stopped: Promise<void>; resume: () => void; parts: TestEnvironment }> {
    const storage = create();
    const { parts } = storage;
    let resume = (): void => {};
    let arrived = (): void => {};
    const stopped = new Promise<void>((resolve) => (arrived = resolve));
    const gate = new Promise<void>((resolve) => (resume = resolve));
    const disk: Disk = Object.assign(Object.create(parts.disk) as Disk, {
      list: (path: string) => parts.disk.list(path),
      stat: (path: string) => parts.disk.stat(path),
      openRead: (path: string) => parts.disk.openRead(path),
      createExclusive: (path: string) => parts.disk.createExclusive(path),
      makeFolder: (path: string) => parts.disk.makeFolder(path),
      syncFolder: (path: string) => parts.disk.syncFolder(path),
      remove: (path: string) => parts.disk.remove(path),
      rename: async (from: string, to: string) => {
        if (/0000000005-[0-9a-f]+\.checkpoint$/.test(to)) {
          arrived();
          await gate;
        }
        return parts.disk.rename(from, to);
      },
    });
    const zombie = await openWith(storage, { ...parts.environment, disk });
    const successor = await openWith(storage, testEnvironment({ disk: parts.disk, seed: 2 }).environment);
    return { zombie, successor, stopped, resume, parts };
  }

  it("CKP-4, CKP-8: a publisher that is stopped before its rename and replaced meanwhile is fenced, and its checkpoint is never seen", async () => {
    const { zombie, successor, stopped, resume } = await stoppedPublisher();
    await zombie.fence("p", [{ shard: "k:0", generation: 1 }]);
    await zombie.publish("p", checkpoint(4));
    const late = zombie.publish("p", checkpoint(5));
    await stopped;
    await successor.fence("p", [{ shard: "k:0", generation: 2 }]);
    expect(await epochs(successor)).toEqual([4]);
    resume();
    await expect(late).rejects.toMatchObject({ code: "SF_CHECKPOINT_FENCED" });
    expect(await epochs(successor)).toEqual([4]);
    expect(await epochs(zombie)).toEqual([4]);
    await successor.publish("p", checkpoint(5, 2));
    await successor.prune("p", 5, []);
    expect(await epochs(successor)).toEqual([5, 4]);
    await successor.fence("p", [{ shard: "k:0", generation: 3 }]);
    expect(await epochs(successor)).toEqual([5, 4]);
  });

  it("CKP-2: a publish that was done before the fence is never hidden by it", async () => {
    const { zombie, successor, stopped, resume } = await stoppedPublisher();
    const publish = zombie.publish("p", checkpoint(5));
    await stopped;
    resume();
    await publish;
    await successor.fence("p", [{ shard: "k:0", generation: 2 }]);
    await successor.fence("p", [{ shard: "k:0", generation: 3 }]);
    expect(await epochs(successor)).toEqual([5]);
  });

  it("a fence of other shards leaves a stopped publisher alone", async () => {
    const { zombie, successor, stopped, resume } = await stoppedPublisher();
    const late = zombie.publish("p", checkpoint(5));
    await stopped;
    await successor.fence("p", [{ shard: "k:1", generation: 2 }]);
    resume();
    await late;
    expect(await epochs(successor)).toEqual([5]);
  });

  it("fences do not pile up", async () => {
    const storage = create();
    // With files and without.
    await (await open(storage)).fence("q", [{ shard: "k:0", generation: 1 }]);
    await (await open(storage)).publish("p", checkpoint(1));
    for (let generation = 1; generation < 8; generation++) {
      reseeded(storage);
      for (const pipeline of ["p", "q"]) await (await open(storage)).fence(pipeline, [{ shard: "k:0", generation }, { shard: "k:1", generation }]);
    }
    for (const pipeline of ["p", "q"]) {
      const names = await storage.parts.disk.list(folderOf(pipeline));
      const rows = storage.database?.all("SELECT sealed FROM fences WHERE pipeline = ?", pipeline);
      expect(rows ?? names.filter((name) => name.endsWith(".fence"))).toHaveLength(1);
      expect(rows ?? names.filter((name) => name.endsWith(".seal"))).toHaveLength(1);
    }
  });
});

describe("damage", () => {
  it("CKP-7, CKP-10: a cut or missing segment makes its checkpoint damaged in the list, and a changed one fails to read, naming the file", async () => {
    const { disk, environment } = testEnvironment();
    const store = await openFileCheckpointStore("/data/checkpoints", environment);
    const refs = await Promise.all([1, 2, 3].map((n) => store.writeSegment("p", new Uint8Array(100).fill(n))));
    for (const [i, segment] of refs.entries()) await store.publish("p", checkpoint(i + 1, 1, { prepared: { sink: segment } }));
    const paths = refs.map((ref) => `${folderOf("p")}/${ref.name}`);
    const file = await disk.openWrite(paths[0] ?? "");
    await file.truncate(99);
    await file.close();
    await disk.remove(paths[1] ?? "");
    await flip(disk, paths[2] ?? "", 50);
    const [third, second, first] = await store.list("p");
    expect(first).toMatchObject({ epoch: 1, damaged: expect.stringContaining(`${paths[0]} has 99 bytes, expected 100`) });
    expect(second).toMatchObject({ epoch: 2, damaged: expect.stringContaining(`${paths[1]} is missing`) });
    expect(third).toMatchObject({ epoch: 3, checkpoint: {} });
    await expect(store.readSegment("p", refs[2]!)).rejects.toThrow(paths[2]);
  });

  it("every single flipped bit of a checkpoint file is noticed", async () => {
    const { disk, environment } = testEnvironment();
    const store = await openFileCheckpointStore("/data/checkpoints", environment);
    await store.publish("p", checkpoint(1));
    const name = (await disk.list(folderOf("p"))).find((file) => file.endsWith(".checkpoint"));
    const path = `${folderOf("p")}/${name}`;
    const size = (await disk.stat(path))?.sizeBytes ?? 0;
    for (let at = 0; at < size; at++) {
      await flip(disk, path, at);
      expect(await store.list("p"), `byte ${at}`).toEqual([{ epoch: 1, byteLength: 0, damaged: expect.any(String) }]);
      await flip(disk, path, at);
    }
    expect(await store.list("p")).toMatchObject([{ checkpoint: { epoch: 1 } }]);
  });

  it("F4: a damaged fence stops publishing until the next owner sets it aside, and hides nothing", async () => {
    const storage: VirtualStorage = { parts: testEnvironment(), opened: 1 };
    const first = await open(storage);
    await first.fence("p", [{ shard: "k:0", generation: 1 }]);
    await first.publish("p", checkpoint(1));
    const { disk } = storage.parts;
    const name = (await disk.list(folderOf("p"))).find((file) => file.endsWith(".fence"));
    await flip(disk, `${folderOf("p")}/${name}`, 80);
    reseeded(storage);
    const second = await open(storage);
    await expect(second.publish("p", checkpoint(2))).rejects.toMatchObject({ code: "SF_STATE_CORRUPT" });
    expect(await epochs(second)).toEqual([1]);
    expect(storage.parts.logger.lines.map((line) => line.level)).toContain("warn");
    await second.fence("p", [{ shard: "k:0", generation: 2 }]);
    await second.publish("p", checkpoint(2, 2));
    expect(await epochs(second)).toEqual([2, 1]);
  });

  it("a damaged name file is written anew, and its pipeline is still known", async () => {
    const storage: VirtualStorage = { parts: testEnvironment(), opened: 1 };
    await (await open(storage)).publish("p", checkpoint(1));
    await flip(storage.parts.disk, `${folderOf("p")}/pipeline.json`, 60);
    reseeded(storage);
    const store = await open(storage);
    expect(await store.pipelines()).toEqual([]);
    await store.publish("p", checkpoint(2));
    expect(await store.pipelines()).toEqual(["p"]);
    expect(await epochs(store)).toEqual([2, 1]);
  });
});

describe("space", () => {
  it("a full disk fails with SF_DISK_FULL, leaves nothing behind, and the earlier checkpoints as they were", async () => {
    const { disk, environment } = testEnvironment();
    const store = await openFileCheckpointStore("/data/checkpoints", environment);
    const segment = await store.writeSegment("p", new Uint8Array(1000));
    await store.publish("p", checkpoint(1, 1, { prepared: { sink: segment } }));
    const names = await disk.list(folderOf("p"));
    disk.quotaBytes = disk.usedBytes + 100;
    await expect(store.writeSegment("p", new Uint8Array(1000))).rejects.toMatchObject({ code: "SF_DISK_FULL", retryable: true });
    await expect(store.publish("p", checkpoint(2, 1, { prepared: { sink: segment } }))).rejects.toMatchObject({ code: "SF_DISK_FULL" });
    expect(await disk.list(folderOf("p"))).toEqual(names);
    expect(await epochs(store)).toEqual([1]);
    disk.quotaBytes = Infinity;
    await store.publish("p", checkpoint(2, 1, { prepared: { sink: segment } }));
    expect(await epochs(store)).toEqual([2, 1]);
  });

  it("I4: segments and temporary files that nobody names go when they are old, not before", async () => {
    const storage: VirtualStorage = { parts: testEnvironment(), opened: 1 };
    const segments = async (): Promise<number> => (await storage.parts.disk.list(folderOf("p"))).filter((name) => /segment|tmp/.test(name)).length;
    const dead = await open(storage);
    await dead.writeSegment("p", new Uint8Array(10));
    await (await storage.parts.disk.createExclusive(`${folderOf("p")}/x.tmp`)).close();
    reseeded(storage);
    const store = await open(storage);
    await store.fence("p", [{ shard: "k:0", generation: 1 }]);
    expect(await segments()).toBe(2);
    storage.parts.clock.advance(3_600_001);
    await store.publish("p", checkpoint(1));
    await store.prune("p", 1, []);
    expect(await segments()).toBe(0);
  });

  it("a checkpoint that names a segment which is not there is refused", async () => {
    const { environment } = testEnvironment();
    const store = await openFileCheckpointStore("/data/checkpoints", environment);
    const segment = { name: "0000000000000000.segment", byteLength: 1, checksum: "00000000" };
    await expect(store.publish("p", checkpoint(1, 1, { prepared: { sink: segment } }))).rejects.toMatchObject({ code: "SF_CHECKPOINT_FAILED" });
    expect(await epochs(store)).toEqual([]);
  });

  it.each(kinds)("CKP-12: what is remembered of a pipeline that rests is read again, and answers are the same (%s)", async (_, create) => {
    const storage = create();
    const { disk, environment } = storage.parts;
    const store = await openWith(storage, environment);
    await store.fence("p", [{ shard: "k:0", generation: 2 }]);
    await store.publish("p", checkpoint(1, 2));
    const opened: string[] = [];
    const openRead = disk.openRead.bind(disk);
    disk.openRead = (path) => {
      opened.push(path.replace(/.*\./, ""));
      return openRead(path);
    };
    await store.publish("p", checkpoint(2, 2));
    expect(opened).toEqual([]);
    store.rest?.("p");
    await expect(store.publish("p", checkpoint(2, 2))).rejects.toMatchObject({ code: "SF_CHECKPOINT_FENCED" });
    expect(opened.filter((ending) => ending === "checkpoint")).toHaveLength(2);
    expect(opened).toContain("json");
    store.rest?.("p");
    await store.fence("p", [{ shard: "k:0", generation: 3 }]);
    await expect(store.publish("p", checkpoint(3, 2))).rejects.toMatchObject({ code: "SF_CHECKPOINT_FENCED" });
    expect(await epochs(store)).toEqual([2, 1]);
  });

  it("a publish syncs a segment, a checkpoint and two folders, no more", async () => {
    const { disk, environment } = testEnvironment();
    const store = await openFileCheckpointStore("/data/checkpoints", environment);
    await store.publish("p", checkpoint(1));
    const before = disk.changes;
    const segment = await store.writeSegment("p", new Uint8Array(10));
    await store.publish("p", checkpoint(2, 1, { prepared: { sink: segment } }));
    // create, write, sync; create, write, sync, sync folder, rename, sync folder.
    expect(disk.changes - before).toBe(9);
  });
});
