import { describe, expect, it } from "vitest";
import type { CheckpointContent, CheckpointStore, ShardDraft, StateBytes, StateSegment } from "@streamflow/core";
import { checkpointingConformance, registerConformance, testEnvironment, VirtualDisk } from "@streamflow/core/testing";
import type { TestEnvironment } from "@streamflow/core/testing";
import { CheckpointManager, checkpointing } from "./checkpoint.ts";
import type { CheckpointManagerOptions } from "./checkpoint.ts";

import { openFileCheckpointStore } from "./stores/file-checkpoint-store.ts";
import { folderNameOf } from "./stores/pipeline-folders.ts";

interface Trial {
  readonly parts: TestEnvironment;
  readonly store: CheckpointStore;
  open(options?: Partial<CheckpointManagerOptions>): Promise<CheckpointManager>;
  /** Files of the pipeline with this ending. */
  files(ending: string): Promise<number>;
}

async function trial(disk?: VirtualDisk): Promise<Trial> {
  const parts = testEnvironment(disk === undefined ? {} : { disk, seed: 2 });
  const store = await openFileCheckpointStore("/data/checkpoints", parts.environment);
  return {
    parts,
    store,
    open: (options) => CheckpointManager.open({ store, pipeline: "p", fences: [{ shard: "k:0", generation: 1 }], logger: parts.logger, ...options }),
    files: async (ending) => (await parts.disk.list(`/data/checkpoints/${folderNameOf("p")}`)).filter((name) => name.endsWith(ending)).length,
  };
}

const shard = (state: readonly StateSegment[] = [], name = "k:0"): ShardDraft => ({ shard: name, positions: { "in/0": "5" }, progress: { watermark: -Infinity }, state });
const content = (shards: readonly ShardDraft[] = [shard()]): CheckpointContent => ({ createdMs: 7, plan: { n: "f" }, shards });
const state = (name: string, ...bytes: number[]): StateBytes => ({ node: "n", state: name, serializer: "x", version: 1, bytes: Uint8Array.from(bytes) });
const epochs = async (store: CheckpointStore): Promise<readonly number[]> => (await store.list("p")).map((entry) => entry.epoch);

it("a manager that owns nothing yet asks the store for nothing", async () => {
  const asked: unknown[] = [];
  const store = new Proxy({} as CheckpointStore, { get: (_, name) => asked.push(name) });
  const manager = await CheckpointManager.open({ store, pipeline: "p", fences: [], logger: testEnvironment().logger });
  expect([asked, manager.fences, manager.newestEpoch]).toEqual([[], [], 0]);
});

describe("a checkpoint", () => {
  it("I1: is invisible until it is published, and then whole: states share a segment, each with its own part", async () => {
    const { store, open, files } = await trial();
    const manager = await open();
    const draft = manager.begin();
    const written = await draft.writeStates([state("a", 1, 2), state("b"), state("c", 3)]);
    expect(written.map(({ state: name, start, end }) => [name, start, end])).toEqual([["a", 0, 2], ["b", 2, 2], ["c", 2, 3]]);
    expect(await files(".segment")).toBe(1);
    expect(await manager.candidates()).toEqual([]);
    const prepared = await draft.writePrepared(Uint8Array.of(9));
    const published = await draft.publish({ ...content([shard(written)]), prepared: { sink: prepared } });
    expect(await manager.candidates()).toEqual([published]);
    expect(published.manifests[0]).toMatchObject({ shard: "k:0", generation: 1, epoch: 1, progress: { watermark: -Infinity } });
    expect(await store.readSegment("p", prepared)).toEqual(Uint8Array.of(9));
  });

  it("fills segments up to the bound, and gives a larger state its own", async () => {
    const { open, files } = await trial();
    const draft = (await open({ maxSegmentBytes: 4 })).begin();
    const written = await draft.writeStates([state("a", 1, 2), state("b", 3, 4), state("c", 5), state("d", 1, 2, 3, 4, 5, 6), state("e", 7)]);
    expect(await files(".segment")).toBe(4);
    expect(written.map(({ start, end }) => [start, end])).toEqual([[0, 2], [2, 4], [0, 1], [0, 6], [0, 1]]);
  });

  it("I2: that was abandoned is never visible, its segments are removed, and it cannot be used any more", async () => {
    const { store, open, files } = await trial();
    const manager = await open();
    const draft = manager.begin();
    await draft.writeStates([state("a", 1)]);
    const late = draft.writeStates([state("b", 2)]);
    await draft.abandon();
    await draft.abandon();
    await expect(late).rejects.toMatchObject({ code: "SF_LIFECYCLE_ILLEGAL" });
    await expect(draft.publish(content())).rejects.toMatchObject({ code: "SF_LIFECYCLE_ILLEGAL" });
    expect(await files(".segment")).toBe(0);
    expect(await epochs(store)).toEqual([]);
  });

  it("I2: that failed gives its segments back, and the next one is published", async () => {
    const { parts, store, open, files } = await trial();
    const manager = await open();
    const draft = manager.begin();
    const written = await draft.writeStates([state("a", 1)]);
    parts.disk.quotaBytes = parts.disk.usedBytes;
    await expect(draft.publish(content([shard(written)]))).rejects.toMatchObject({ code: "SF_DISK_FULL" });
    expect(await files(".segment")).toBe(0);
    parts.disk.quotaBytes = Infinity;
    await manager.begin().publish(content());
    expect(await epochs(store)).toEqual([2]);
  });

  it("may keep state that an earlier one has written", async () => {
    const { store, open } = await trial();
    const manager = await open({ keep: 1 });
    const first = manager.begin();
    const written = await first.writeStates([state("a", 4, 2)]);
    await first.publish(content([shard(written)]));
    for (let i = 0; i < 3; i++) await manager.begin().publish(content([shard(written)]));
    expect(await epochs(store)).toEqual([4]);
    expect(await store.readSegment("p", written[0]!.segment)).toEqual(Uint8Array.of(4, 2));
  });
});

describe("epochs", () => {
  it("I3: lie above all that the store knows, damaged ones too, and those that are known elsewhere", async () => {
    const { parts, open, store } = await trial();
    const first = await open();
    for (let i = 0; i < 3; i++) await first.begin().publish(content());
    const folder = `/data/checkpoints/${folderNameOf("p")}`;
    const newest = (await parts.disk.list(folder)).filter((name) => name.endsWith(".checkpoint")).at(-1);
    await (await parts.disk.openWrite(`${folder}/${newest}`)).truncate(5);
    const second = await open({ fences: [{ shard: "k:0", generation: 2 }] });
    expect(second.newestEpoch).toBe(3);
    expect(second.begin().epoch).toBe(4);
    second.noteEpoch(10);
    const draft = second.begin();
    expect(draft.epoch).toBe(11);
    await draft.publish(content());
    expect((await epochs(store))[0]).toBe(11);
  });

  it("I7: are published in order: one that comes after a newer one is refused", async () => {
    const { store, open } = await trial();
    const manager = await open();
    const [older, newer] = [manager.begin(), manager.begin()];
    await newer.publish(content());
    await expect(older.publish(content())).rejects.toMatchObject({ code: "SF_CHECKPOINT_FAILED", retryable: false });
    expect(await epochs(store)).toEqual([2]);
  });
});

describe("ownership", () => {
  it("I4: a writer that was replaced publishes nothing, and stays refused", async () => {
    const { parts, store, open } = await trial();
    const zombie = await open();
    await zombie.begin().publish(content());
    const begun = zombie.begin();
    const successor = await (await trial(parts.disk)).open({ fences: [{ shard: "k:0", generation: 2 }] });
    await expect(begun.publish(content())).rejects.toMatchObject({ code: "SF_CHECKPOINT_FENCED" });
    expect(() => zombie.begin()).toThrow(expect.objectContaining({ code: "SF_CHECKPOINT_FENCED" }));
    await expect(zombie.takeOver([{ shard: "k:1", generation: 9 }])).rejects.toMatchObject({ code: "SF_CHECKPOINT_FENCED" });
    await successor.begin().publish(content());
    expect(await epochs(store)).toEqual([2, 1]);
    await expect(open()).rejects.toMatchObject({ code: "SF_CHECKPOINT_FENCED" });
  });

  it("I5: only shards that are owned are published, under the generation that they are owned with", async () => {
    const { open } = await trial();
    const manager = await open();
    await expect(manager.begin().publish(content([shard([], "k:1")]))).rejects.toMatchObject({ code: "SF_CHECKPOINT_FAILED", message: expect.stringContaining("k:1") });
    await manager.takeOver([{ shard: "k:1", generation: 5 }]);
    expect(manager.fences).toEqual([{ shard: "k:0", generation: 1 }, { shard: "k:1", generation: 5 }]);
    const published = await manager.begin().publish(content([shard(), shard([], "k:1")]));
    expect(published.manifests.map(({ generation }) => generation)).toEqual([1, 5]);
    manager.letGo(["k:0"]);
    await expect(manager.begin().publish(content())).rejects.toMatchObject({ code: "SF_CHECKPOINT_FAILED", message: expect.stringContaining("k:0") });
  });
});

describe("retention", () => {
  it("I6: keeps the newest, and every epoch that some sink may still name", async () => {
    const { store, open } = await trial();
    const manager = await open({ keep: 2 });
    const publish = (): Promise<unknown> => manager.begin().publish(content());
    manager.keepFor("a", [1]);
    manager.keepFor("b", [2]);
    for (let i = 0; i < 5; i++) await publish();
    expect(await epochs(store)).toEqual([5, 4, 2, 1]);
    manager.keepFor("a", [4, 5]);
    await publish();
    expect(await epochs(store)).toEqual([6, 5, 4, 2]);
  });

  it("keeps three where nothing else is said, and refuses to keep none", async () => {
    const { store, open } = await trial();
    const manager = await open();
    for (let i = 0; i < 5; i++) await manager.begin().publish(content());
    expect(await epochs(store)).toEqual([5, 4, 3]);
    await expect(open({ keep: 0 })).rejects.toMatchObject({ code: "SF_CONFIG_INVALID" });
    await expect(open({ maxSegmentBytes: 0.5 })).rejects.toMatchObject({ code: "SF_CONFIG_INVALID" });
  });

  it("that fails does not take the checkpoint back, and is said", async () => {
    const { parts, store, open } = await trial();
    const failing = new Proxy(store, {
      get: (target, name) => (name === "prune" ? () => Promise.reject(new Error("no")) : (Reflect.get(target, name, target) as () => unknown).bind(target)),
    });
    const manager = await open({ store: failing });
    await manager.begin().publish(content());
    expect(await epochs(store)).toEqual([1]);
    expect(parts.logger.lines.filter((line) => line.level === "warn")).toHaveLength(1);
  });
});

describe("the contract", () => registerConformance(it, checkpointingConformance(checkpointing)));
