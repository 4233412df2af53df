// Hunts for: checkpoints of pipelines that were new when they were fenced, and appear or are lost against the fence.
import { expect, it } from "vitest";
import { type Checkpoint, type CheckpointStore, StreamFlowError } from "@streamflow/core";
import { type TestEnvironment, testEnvironment } from "@streamflow/core/testing";
import { openFencedCheckpointFiles } from "./file-checkpoint-store.ts";
import { folderNameOf } from "./pipeline-folders.ts";
import { SqliteDatabase } from "./sqlite-database.ts";
import { SqliteFences } from "./sqlite-fences.ts";

const folder = "/data/checkpoints";

interface Made {
  readonly parts: TestEnvironment;
  readonly database: SqliteDatabase;
}

const made = (): Made => ({ parts: testEnvironment(), database: new SqliteDatabase(":memory:") });

/** A store of one process. */
function open({ parts, database }: Made, seed: number): Promise<CheckpointStore> {
  const { environment } = testEnvironment({ disk: parts.disk, seed });
  return openFencedCheckpointFiles(folder, environment, new SqliteFences(database, environment));
}

function checkpoint(epoch: number, generation: number): Checkpoint {
  const manifest = { formatVersion: 1, shard: "k:0", epoch, generation, positions: {}, progress: {}, state: [] } as const;
  return { epoch, createdMs: 0, plan: {}, manifests: [manifest], prepared: {} };
}

const fence = (generation: number, shard = "k:0"): { readonly shard: string; readonly generation: number } => ({ shard, generation });
const epochs = async (store: CheckpointStore): Promise<readonly number[]> => (await store.list("p")).map((entry) => entry.epoch);

it("F5: a new pipeline is fenced and listed without a change of the disk, many of them in one transaction", async () => {
  const parts = made();
  const store = await open(parts, 1);
  let transactions = 0;
  const write = parts.database.write.bind(parts.database);
  parts.database.write = (work) => {
    transactions++;
    return write(work);
  };
  const before = parts.parts.disk.changes;
  await Promise.all(Array.from({ length: 200 }, (_, i) => store.fence(`p${i}`, [fence(1), fence(1, "k:1")])));
  expect(await store.list("p7")).toEqual([]);
  expect(parts.parts.disk.changes).toBe(before);
  expect(transactions).toBe(1);
});

it("F5: whoever publishes for a pipeline that was new when it was fenced is refused, wherever it stood, and its file is never seen", async () => {
  // Every turn of the queue at which the fence can fall into the publishing.
  let refused = 0;
  let published = 0;
  for (let turns = 0; turns < 120; turns++) {
    const parts = made();
    const zombie = await open(parts, 1);
    const successor = await open(parts, 2);
    await zombie.fence("p", [fence(1)]);
    const publish = zombie.publish("p", checkpoint(1, 1)).then(
      () => true,
      (error: unknown) => {
        if (!StreamFlowError.is(error, "SF_CHECKPOINT_FENCED")) throw error;
        return false;
      },
    );
    for (let i = 0; i < turns; i++) await Promise.resolve();
    await successor.fence("p", [fence(2)]);
    const seen = await epochs(successor);
    const isPublished = await publish;
    // What was reported as done is there for whoever recovers after the fence; what is refused may have been seen only where it stood before the fence.
    if (isPublished) expect(seen, `after ${turns} turns`).toEqual([1]);
    else refused++;
    expect(await epochs(successor), `after ${turns} turns`).toEqual(seen);
    expect(await epochs(zombie)).toEqual(seen);
    if (isPublished) published++;
  }
  expect(refused).toBeGreaterThan(5);
  expect(published).toBeGreaterThan(5);
});

it("a new pipeline's fence refuses an older generation, lets its own and a newer one pass, and knows shards apart", async () => {
  const parts = made();
  const store = await open(parts, 1);
  await store.fence("p", [fence(3)]);
  await store.fence("p", [fence(3)]);
  await expect(store.fence("p", [fence(2)])).rejects.toMatchObject({ code: "SF_CHECKPOINT_FENCED" });
  await store.fence("p", [fence(1, "k:1")]);
  await store.fence("p", [fence(4)]);
  await expect(store.publish("p", checkpoint(1, 3))).rejects.toMatchObject({ code: "SF_CHECKPOINT_FENCED" });
  await store.publish("p", checkpoint(1, 4));
  expect(await epochs(store)).toEqual([1]);
});

it("checkpoints that were put into the folder behind the database's back are found", async () => {
  const parts = made();
  const first = await open(parts, 1);
  await first.fence("p", [fence(1)]);
  await first.publish("p", checkpoint(5, 1));
  // As after a backup of the files alone.
  const restored = { parts: parts.parts, database: new SqliteDatabase(":memory:") };
  const store = await open(restored, 2);
  expect(await epochs(store)).toEqual([5]);
  await expect(store.fence("p", [fence(0)])).rejects.toMatchObject({ code: "SF_CHECKPOINT_FENCED" });
  await store.fence("p", [fence(2)]);
  expect(await epochs(store)).toEqual([5]);
});

it("a folder that was noted and never made is an empty one", async () => {
  const parts = made();
  const { environment } = parts.parts;
  const fences = new SqliteFences(parts.database, environment);
  await fences.noteFolder(folderNameOf("p"));
  await fences.noteFolder(folderNameOf("p"));
  const store = await open(parts, 1);
  await store.fence("p", [fence(1)]);
  expect(await epochs(store)).toEqual([]);
  await store.publish("p", checkpoint(1, 1));
  await store.fence("p", [fence(2)]);
  expect(await epochs(store)).toEqual([1]);
});
