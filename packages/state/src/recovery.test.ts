// Hunts for: damage that is not noticed or not said, shards of one checkpoint that are torn apart, and starting over in silence.
import { describe, expect, it } from "vitest";
import type { CheckpointStore, ShardId } from "@streamflow/core";
import { testEnvironment } from "@streamflow/core/testing";
import type { TestEnvironment } from "@streamflow/core/testing";
import { CheckpointManager } from "./checkpoint.ts";
import { recover } from "./recovery.ts";
import type { StateRecovered as Recovered, StateRecoveryRequest as RecoveryRequest } from "./recovery.ts";
import { openFileCheckpointStore } from "./stores/file-checkpoint-store.ts";
import { folderNameOf } from "./stores/pipeline-folders.ts";

const folder = `/data/checkpoints/${folderNameOf("p")}`;

interface Trial {
  readonly parts: TestEnvironment;
  readonly store: CheckpointStore;
  /** Publishes a checkpoint of these shards, whose state is one byte: the epoch. */
  publish(shards?: readonly ShardId[], options?: { plan?: Record<string, string>; generation?: number; maxSegmentBytes?: number }): Promise<number>;
  recover(request?: Partial<RecoveryRequest>): Promise<Recovered>;
  /** Flips a bit, or cuts the end off, of the checkpoint file of an epoch, or of its n-th segment. */
  damage(epoch: number, what: "checkpoint" | "segment" | "prepared", how?: "flip" | "cut" | "remove"): Promise<string>;
  warnings(): readonly string[];
}

async function trial(): Promise<Trial> {
  const parts = testEnvironment();
  const { disk, logger } = parts;
  const store = await openFileCheckpointStore("/data/checkpoints", parts.environment);
  const files = new Map<string, string>();
  return {
    parts,
    store,
    async publish(shards = ["k:0", "k:1"], options = {}) {
      const fences = shards.map((shard) => ({ shard, generation: options.generation ?? 1 }));
      const manager = await CheckpointManager.open({ store, pipeline: "p", logger, fences, keep: 100, maxSegmentBytes: options.maxSegmentBytes ?? 1 });
      const draft = manager.begin();
      const { epoch } = draft;
      const states = await draft.writeStates(shards.map(() => ({ node: "n", state: "s", serializer: "x", version: 1, bytes: Uint8Array.of(epoch) })));
      const prepared = await draft.writePrepared(Uint8Array.of(100 + epoch));
      const drafts = shards.map((shard, i) => ({ shard, positions: {}, progress: {}, state: states.slice(i, i + 1) }));
      await draft.publish({ createdMs: 0, plan: options.plan ?? { n: "f" }, shards: drafts, prepared: { sink: prepared } });
      files.set(`${epoch} segment`, states[0]?.segment.name ?? "");
      files.set(`${epoch} prepared`, prepared.name);
      files.set(`${epoch} checkpoint`, (await disk.list(folder)).find((name) => name.endsWith(".checkpoint") && Number.parseInt(name, 10) === epoch) ?? "");
      return epoch;
    },
    recover: (request) => recover({ store, pipeline: "p", shards: ["k:0", "k:1"], logger, ...request }),
    async damage(epoch, what, how = "flip") {
      const path = `${folder}/${files.get(`${epoch} ${what}`)}`;
      if (how === "remove") {
        await disk.remove(path);
        return path;
      }
      const file = await disk.openWrite(path);
      const size = await file.size();
      const byte = new Uint8Array(1);
      await file.read(byte, 0, 1, size - 1);
      if (how === "cut") await file.truncate(size - 1);
      else await file.write(Uint8Array.of((byte[0] ?? 0) ^ 4), size - 1);
      return path;
    },
    warnings: () => logger.lines.filter((line) => line.level === "warn").map((line) => line.message),
  };
}

/** The epoch that each shard goes on from; its state must be that of the epoch. */
function epochsOf(recovered: Recovered): Record<string, number> {
  for (const { manifest, states } of recovered.shards.values()) for (const { bytes } of states) expect([...bytes]).toEqual([manifest.epoch]);
  return Object.fromEntries([...recovered.shards].map(([shard, { manifest }]) => [shard, manifest.epoch]));
}

describe("choosing", () => {
  it("R1: takes the newest checkpoint of every shard, and nothing for shards that no checkpoint holds", async () => {
    const { publish, recover: run, warnings } = await trial();
    await publish(["k:0", "k:1"]);
    await publish(["k:0"]);
    const recovered = await run({ shards: ["k:0", "k:1", "k:2"] });
    expect(epochsOf(recovered)).toEqual({ "k:0": 2, "k:1": 1 });
    expect(recovered).toMatchObject({ fresh: ["k:2"], skipped: [], newestEpoch: 2, orphans: [], plan: undefined });
    expect(warnings()).toEqual([]);
  });

  it("answers what sinks prepared in what is used", async () => {
    const { publish, recover: run } = await trial();
    for (let i = 0; i < 3; i++) await publish();
    const { prepared } = await run();
    expect([...prepared]).toEqual([[3, new Map([["sink", Uint8Array.of(103)]])]]);
  });

  it("of two checkpoints of one epoch it takes the one of the later owner", async () => {
    const { parts, publish, store, recover: run } = await trial();
    await publish();
    await store.fence("p", ["k:0", "k:1"].map((shard) => ({ shard, generation: 2 })));
    const other = await openFileCheckpointStore("/data/checkpoints", testEnvironment({ disk: parts.disk, seed: 3 }).environment);
    const manifests = ["k:0", "k:1"].map((shard) => ({ formatVersion: 1, shard, epoch: 1, generation: 2, positions: {}, progress: {}, state: [] }) as const);
    await other.publish("p", { epoch: 1, createdMs: 0, plan: {}, manifests, prepared: {} });
    expect([...(await run()).shards.values()].map(({ manifest }) => manifest.generation)).toEqual([2, 2]);
  });

  it("an empty store starts everything from the beginning", async () => {
    expect(await (await trial()).recover()).toMatchObject({ fresh: ["k:0", "k:1"], newestEpoch: 0, skipped: [] });
  });

  it("passes over epochs that are not accepted", async () => {
    const { publish, recover: run } = await trial();
    for (let i = 0; i < 4; i++) await publish();
    expect(epochsOf(await run({ acceptEpochs: (epoch) => epoch <= 2 }))).toEqual({ "k:0": 2, "k:1": 2 });
  });
});

describe("a demanded epoch", () => {
  it("R4: is given exactly, and what is newer is answered as orphans", async () => {
    const { publish, recover: run } = await trial();
    for (let i = 0; i < 4; i++) await publish();
    const recovered = await run({ atEpoch: 2 });
    expect(epochsOf(recovered)).toEqual({ "k:0": 2, "k:1": 2 });
    expect(recovered.orphans.map(({ epoch }) => epoch)).toEqual([4, 3]);
    expect(recovered.newestEpoch).toBe(4);
    const mixed = await run({ atEpoch: new Map([["k:0", 3], ["k:1", 0]]) });
    expect(epochsOf(mixed)).toEqual({ "k:0": 3 });
    expect(mixed.fresh).toEqual(["k:1"]);
    expect(mixed.orphans.map(({ epoch }) => epoch)).toEqual([4, 3, 2, 1]);
  });

  it("R4: 0 is the very beginning, whatever is published", async () => {
    const { publish, recover: run } = await trial();
    await publish();
    const recovered = await run({ atEpoch: 0 });
    expect(recovered).toMatchObject({ fresh: ["k:0", "k:1"], newestEpoch: 1 });
    expect(recovered.orphans).toHaveLength(1);
  });

  it("R4: that is not there or damaged is refused, never replaced by another", async () => {
    const { publish, recover: run, damage } = await trial();
    for (let i = 0; i < 3; i++) await publish();
    await expect(run({ atEpoch: 9 })).rejects.toMatchObject({ code: "SF_CHECKPOINT_NONE", message: expect.stringContaining("epoch 9") });
    const path = await damage(2, "segment");
    await expect(run({ atEpoch: 2 })).rejects.toMatchObject({ code: "SF_STATE_CORRUPT", message: expect.stringContaining(path) });
  });
});

describe("damage", () => {
  for (const what of ["checkpoint", "segment", "prepared"] as const) {
    for (const how of ["flip", "cut", "remove"] as const) {
      if (what === "checkpoint" && how === "remove") continue;
      it(`R2, R3: ${what} (${how}): all shards go back to the checkpoint before, which is said aloud with file and epochs, and answered`, async () => {
        const { publish, recover: run, damage, warnings, parts } = await trial();
        for (let i = 0; i < 3; i++) await publish();
        const path = await damage(3, what, how);
        const recovered = await run();
        expect(epochsOf(recovered)).toEqual({ "k:0": 2, "k:1": 2 });
        expect(recovered.skipped).toEqual([{ epoch: 3, reason: expect.stringContaining(path) }]);
        expect(recovered.newestEpoch).toBe(3);
        const said = parts.logger.lines.filter((line) => line.level === "warn");
        expect(said).toHaveLength(1);
        expect(said[0]?.fields).toMatchObject({ pipeline: "p", epoch: 3, instead: [2] });
        expect(warnings()[0]).toContain(path);
        expect(warnings()[0]).toContain("going on from epoch 2");
      });
    }
  }

  it("R3: falls back again and again, and refuses when nothing usable is left", async () => {
    const { publish, recover: run, damage } = await trial();
    for (let i = 0; i < 3; i++) await publish();
    await damage(3, "checkpoint");
    await damage(2, "segment", "cut");
    const recovered = await run();
    expect(epochsOf(recovered)).toEqual({ "k:0": 1, "k:1": 1 });
    expect(recovered.skipped.map(({ epoch }) => epoch)).toEqual([3, 2]);
    await damage(1, "segment");
    await expect(run()).rejects.toMatchObject({ code: "SF_STATE_CORRUPT", message: expect.stringContaining("epoch 1") });
  });

  it("R3: one unreadable checkpoint alone is no reason to start over in silence", async () => {
    const { publish, recover: run, damage } = await trial();
    await publish();
    await damage(1, "checkpoint");
    await expect(run()).rejects.toMatchObject({ code: "SF_STATE_CORRUPT" });
  });

  it("R3: a shard that appeared with the unreadable checkpoint starts from the beginning, which is said", async () => {
    const { publish, recover: run, damage, warnings } = await trial();
    await publish(["k:0"]);
    await publish(["k:0", "k:1"]);
    await damage(2, "checkpoint");
    const recovered = await run();
    expect(epochsOf(recovered)).toEqual({ "k:0": 1 });
    expect(recovered.fresh).toEqual(["k:1"]);
    expect(warnings().some((message) => message.includes("k:1"))).toBe(true);
  });

  it("R2: a segment of another shard makes the whole checkpoint unusable", async () => {
    const { publish, recover: run, damage } = await trial();
    for (let i = 0; i < 2; i++) await publish();
    await damage(2, "segment");
    expect(epochsOf(await run({ shards: ["k:1"] }))).toEqual({ "k:1": 1 });
  });

  it("a failure that is no damage does not send anybody back to an older state", async () => {
    const { parts, publish, recover: run } = await trial();
    for (let i = 0; i < 2; i++) await publish();
    const { disk } = parts;
    const broken = new Proxy(disk, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (name !== "openRead") return typeof member === "function" ? member.bind(target) : member;
        return async (path: string) => (path.endsWith(".segment") ? Promise.reject(Object.assign(new Error("EIO"), { code: "EIO" })) : target.openRead(path));
      },
    });
    const store = await openFileCheckpointStore("/data/checkpoints", { ...parts.environment, disk: broken });
    await expect(run({ store })).rejects.toMatchObject({ code: "EIO" });
  });
});

describe("the plan", () => {
  it("is compared with the checkpoint that is used, before anything starts", async () => {
    const { publish, recover: run } = await trial();
    await publish(undefined, { plan: { n: "old" } });
    await publish(undefined, { plan: { n: "f", m: "g" } });
    expect((await run({ plan: { fingerprints: { n: "f", m: "g", o: "h" } } })).plan).toEqual({ kept: ["m", "n"], migrated: [], new: ["o"], dropped: [] });
    await expect(run({ plan: { fingerprints: { n: "f" } } })).rejects.toMatchObject({ code: "SF_STATE_INCOMPATIBLE", context: { nodes: ["m"] } });
    expect((await run({ plan: { fingerprints: { n: "f" }, allowDropped: true } })).plan).toMatchObject({ kept: ["n"], dropped: ["m"] });
    expect((await run({ atEpoch: 1, plan: { fingerprints: { n: "f" }, migrates: () => true } })).plan).toMatchObject({ migrated: ["n"] });
  });

  it("puts together what the checkpoints of different shards say", async () => {
    const { publish, recover: run } = await trial();
    await publish(["k:1"], { plan: { n: "old" } });
    await publish(["k:0"], { plan: { n: "f", m: "g" } });
    const { plan } = await run({ plan: { fingerprints: { n: "f", m: "g" }, migrates: () => true } });
    expect(plan).toEqual({ kept: ["m"], migrated: ["n"], new: [], dropped: [] });
  });
});
