// The clauses CKP-1 to CKP-13 as checks.
import assert from "node:assert/strict";
import type { Checkpoint, CheckpointStore, SegmentRef, ShardManifest } from "../../contracts/checkpoint-store.ts";
import { StreamFlowError } from "../../errors.ts";
import { mustFail, SuiteBuilder, type ConformanceCase } from "./case.ts";
import { crashes, range, sameBytes, sampleBytes, StoreTrial, type StoreHarness } from "./store-trial.ts";

/** What the suite needs of a checkpoint store. */
export interface CheckpointStoreHarness<Storage> extends StoreHarness<CheckpointStore, Storage> {
  /** Changes the stored bytes of a segment. */
  damageSegment?(storage: Storage, pipeline: string, ref: SegmentRef): void | Promise<void>;
  /** Makes the stored checkpoint of an epoch unreadable. */
  damageCheckpoint?(storage: Storage, pipeline: string, epoch: number): void | Promise<void>;
}

type Trial<Storage> = StoreTrial<CheckpointStore, Storage>;

/** Names that a careless store would confuse with each other, or with paths. */
const awkwardNames = ["a", "A", "a/b", "a\\b", "..", ".", "a b", "ä", "a\u0308", "con", "a:b*?", "%61", "x".repeat(300), "\u{1f4a7}", "a\n", "a.checkpoint"];

/** Checks that a store keeps the promises of {@link CheckpointStore}. */
export function checkpointStoreConformance<Storage>(harness: CheckpointStoreHarness<Storage>): readonly ConformanceCase[] {
  const suite = new SuiteBuilder<Trial<Storage>>(() => StoreTrial.begin(harness));
  addPublishing(suite);
  addFencing(suite);
  addPruning(suite);
  addSegments(suite, harness);
  addDropping(suite);
  addNames(suite);
  addDamage(suite, harness);
  addCrashes(suite, harness);
  return suite.cases;
}

function addPublishing<Storage>(suite: SuiteBuilder<Trial<Storage>>): void {
  suite.add(["CKP-1", "nothing is listed before it is published, and a published checkpoint comes back as it was, in another process too"], async (t) => {
    const store = await t.open();
    const segment = await store.writeSegment("p", sampleBytes(100));
    assert.deepEqual(await store.list("p"), []);
    const checkpoint = sampleCheckpoint({ epoch: 1, segment });
    await store.publish("p", checkpoint);
    assert.deepEqual(await listed(store, "p"), [checkpoint]);
    assert.ok(((await store.list("p"))[0]?.byteLength ?? 0) > 0, "a checkpoint has a size");
    assert.deepEqual(await listed(await t.open(), "p"), [checkpoint]);
  });

  suite.add(["CKP-3", "the newest checkpoint is listed first, also after a reopen"], async (t) => {
    const store = await t.open();
    for (const epoch of [1, 2, 3, 10, 11]) await store.publish("p", sampleCheckpoint({ epoch }));
    assert.deepEqual(await epochs(store, "p"), [11, 10, 3, 2, 1]);
    assert.deepEqual(await epochs(await t.open(), "p"), [11, 10, 3, 2, 1]);
  });

  suite.add(["CKP-3", "checkpoints of different shards are ordered by epoch, however they were published"], async (t) => {
    const store = await t.open();
    await store.publish("p", sampleCheckpoint({ epoch: 5, shards: ["p:s/0"] }));
    await store.publish("p", sampleCheckpoint({ epoch: 2, shards: ["p:s/1"] }));
    await store.publish("p", sampleCheckpoint({ epoch: 4, shards: ["p:s/1"] }));
    assert.deepEqual(await epochs(store, "p"), [5, 4, 2]);
  });
}

function addFencing<Storage>(suite: SuiteBuilder<Trial<Storage>>): void {
  suite.add(["CKP-4", "an older generation than one that has published cannot publish, and changes nothing"], async (t) => {
    const store = await t.open();
    await store.publish("p", sampleCheckpoint({ epoch: 1, generation: 2 }));
    const error = await mustFail("SF_CHECKPOINT_FENCED", () => store.publish("p", sampleCheckpoint({ epoch: 2, generation: 1 })));
    assert.equal(error.retryable, false);
    assert.deepEqual(await epochs(store, "p"), [1]);
  });

  suite.add(["CKP-4", "an equal or older epoch cannot be published under the same generation, also after a reopen"], async (t) => {
    let store = await t.open();
    await store.publish("p", sampleCheckpoint({ epoch: 3, generation: 1 }));
    await mustFail("SF_CHECKPOINT_FENCED", () => store.publish("p", sampleCheckpoint({ epoch: 3, generation: 1 })));
    store = await t.open();
    await mustFail("SF_CHECKPOINT_FENCED", () => store.publish("p", sampleCheckpoint({ epoch: 2, generation: 1 })));
    assert.deepEqual(await epochs(store, "p"), [3]);
  });

  suite.add(["CKP-4", "one fenced shard of several refuses the whole checkpoint"], async (t) => {
    const store = await t.open();
    await store.fence("p", [{ shard: "p:s/1", generation: 5 }]);
    await mustFail("SF_CHECKPOINT_FENCED", () => store.publish("p", sampleCheckpoint({ epoch: 1, generation: 4, shards: ["p:s/0", "p:s/1"] })));
    assert.deepEqual(await store.list("p"), []);
    await store.publish("p", sampleCheckpoint({ epoch: 1, generation: 4, shards: ["p:s/0"] }));
    assert.deepEqual(await epochs(store, "p"), [1]);
  });

  suite.add(["CKP-8", "a fence stops older generations, lets its own publish, and outlives a reopen"], async (t) => {
    let store = await t.open();
    await store.publish("p", sampleCheckpoint({ epoch: 1, generation: 1 }));
    await store.fence("p", [{ shard: "k:0", generation: 2 }]);
    await mustFail("SF_CHECKPOINT_FENCED", () => store.publish("p", sampleCheckpoint({ epoch: 2, generation: 1 })));
    store = await t.open();
    await mustFail("SF_CHECKPOINT_FENCED", () => store.publish("p", sampleCheckpoint({ epoch: 2, generation: 1 })));
    await store.publish("p", sampleCheckpoint({ epoch: 2, generation: 2 }));
    assert.deepEqual(await epochs(store, "p"), [2, 1]);
  });

  suite.add(["CKP-8", "fencing with an older generation than known is refused; with the same one it is harmless"], async (t) => {
    const store = await t.open();
    await store.fence("p", [{ shard: "k:0", generation: 7 }]);
    await store.fence("p", [{ shard: "k:0", generation: 7 }]);
    await mustFail("SF_CHECKPOINT_FENCED", () => store.fence("p", [{ shard: "k:0", generation: 6 }]));
    await store.publish("p", sampleCheckpoint({ epoch: 1, generation: 7 }));
  });
}

function addPruning<Storage>(suite: SuiteBuilder<Trial<Storage>>): void {
  suite.add(["CKP-5", "pruning keeps the newest of every shard, and the named epochs"], async (t) => {
    const store = await t.open();
    await store.publish("p", sampleCheckpoint({ epoch: 1, shards: ["p:s/9"] }));
    for (const epoch of [2, 3, 4, 5, 6]) await store.publish("p", sampleCheckpoint({ epoch }));
    await store.prune("p", 2, [3]);
    assert.deepEqual(await epochs(store, "p"), [6, 5, 3, 1], "1 is the only checkpoint of its shard, 3 is named");
    assert.deepEqual(await epochs(await t.open(), "p"), [6, 5, 3, 1]);
  });

  suite.add(["CKP-5", "a segment goes with its last reference, not before"], async (t) => {
    const store = await t.open();
    const [shared, old] = [await store.writeSegment("p", sampleBytes(50, 1)), await store.writeSegment("p", sampleBytes(50, 2))];
    await store.publish("p", sampleCheckpoint({ epoch: 1, segment: old, prepared: shared }));
    await store.publish("p", sampleCheckpoint({ epoch: 2, segment: shared }));
    await store.prune("p", 1, []);
    sameBytes(await store.readSegment("p", shared), sampleBytes(50, 1), "a segment");
    await mustFail("SF_STATE_CORRUPT", () => store.readSegment("p", old));
  });

  suite.add(["CKP-5", "pruning leaves the segments of a checkpoint that is being written"], async (t) => {
    const store = await t.open();
    for (const epoch of [1, 2]) await store.publish("p", sampleCheckpoint({ epoch }));
    const segment = await store.writeSegment("p", sampleBytes(50));
    await store.prune("p", 1, []);
    const checkpoint = sampleCheckpoint({ epoch: 3, segment });
    await store.publish("p", checkpoint);
    sameBytes(await store.readSegment("p", segment), sampleBytes(50), "a segment");
  });

  suite.add(["CKP-5", "pruning does not lower a fence or an epoch"], async (t) => {
    let store = await t.open();
    for (const epoch of [1, 2, 3]) await store.publish("p", sampleCheckpoint({ epoch, generation: epoch }));
    await store.prune("p", 1, []);
    store = await t.open();
    await mustFail("SF_CHECKPOINT_FENCED", () => store.publish("p", sampleCheckpoint({ epoch: 9, generation: 2 })));
    await mustFail("SF_CHECKPOINT_FENCED", () => store.publish("p", sampleCheckpoint({ epoch: 3, generation: 3 })));
  });
}

function addSegments<Storage>(suite: SuiteBuilder<Trial<Storage>>, harness: CheckpointStoreHarness<Storage>): void {
  for (const length of [0, 1, 1_048_576]) {
    suite.add(["CKP-6", `a segment of ${length} bytes comes back unchanged, also in another process once it is published`], async (t) => {
      let store = await t.open();
      const bytes = sampleBytes(length);
      const segment = await store.writeSegment("p", bytes);
      assert.equal(segment.byteLength, length);
      // The store may not rely on the caller's buffer.
      bytes.fill(0xee);
      sameBytes(await store.readSegment("p", segment), sampleBytes(length), "a segment");
      await store.publish("p", sampleCheckpoint({ epoch: 1, segment }));
      store = await t.open();
      sameBytes(await store.readSegment("p", segment), sampleBytes(length), "a segment");
    });
  }

  suite.add(["CKP-6", "the checksum of a segment is CRC-32C"], async (t) => {
    const store = await t.open();
    const check = await store.writeSegment("p", new TextEncoder().encode("123456789"));
    assert.equal(check.checksum, "e3069283");
  });

  suite.add(["CKP-7", "a segment that is not what the reference says is refused, and named"], async (t) => {
    const store = await t.open();
    const ref = await store.writeSegment("p", sampleBytes(100));
    const wrong = [{ ...ref, byteLength: 99 }, { ...ref, checksum: "00000000" }, { ...ref, name: `${ref.name}-missing` }];
    for (const one of wrong) {
      const error = await mustFail("SF_STATE_CORRUPT", () => store.readSegment("p", one));
      assert.ok(error.message.includes(one.name), `the message names the segment: ${error.message}`);
    }
    sameBytes(await store.readSegment("p", ref), sampleBytes(100), "a segment");
  });

  suite.add(
    ["CKP-7", "a damaged segment is never handed out"],
    async (t) => {
      const store = await t.open();
      const ref = await store.writeSegment("p", sampleBytes(100));
      await harness.damageSegment?.(t.storage, "p", ref);
      const error = await mustFail("SF_STATE_CORRUPT", () => store.readSegment("p", ref));
      assert.ok(error.message.includes(ref.name), `the message names the segment: ${error.message}`);
    },
    { name: "damageSegment", isMet: harness.damageSegment !== undefined },
  );

  suite.add(["CKP-11", "discard removes given-up segments, and none that a checkpoint names"], async (t) => {
    const store = await t.open();
    if (store.discard === undefined) return;
    const [used, unused] = [await store.writeSegment("p", sampleBytes(50, 1)), await store.writeSegment("p", sampleBytes(50, 2))];
    await store.publish("p", sampleCheckpoint({ epoch: 1, segment: used }));
    await store.discard("p", [used, unused]);
    sameBytes(await store.readSegment("p", used), sampleBytes(50, 1), "a segment");
    await mustFail("SF_STATE_CORRUPT", () => store.readSegment("p", unused));
  });
}

function addDropping<Storage>(suite: SuiteBuilder<Trial<Storage>>): void {
  suite.add(["CKP-13", "drop removes everything of a pipeline, and nothing of another one; the name can be used from the beginning"], async (t) => {
    let store = await t.open();
    if (store.drop === undefined) return;
    const [own, other] = [await store.writeSegment("p", sampleBytes(50, 1)), await store.writeSegment("q", sampleBytes(50, 2))];
    for (const epoch of [7, 8]) await store.publish("p", sampleCheckpoint({ epoch, generation: 5, segment: own }));
    await store.publish("q", sampleCheckpoint({ epoch: 1, segment: other }));
    await store.fence("p", [{ shard: "k:0", generation: 6 }]);
    await store.drop("p");
    await store.drop("p");
    await mustBeGone(store, { own, other });
    store = await t.open();
    await mustBeGone(store, { own, other });
    const segment = await store.writeSegment("p", sampleBytes(20));
    const anew = sampleCheckpoint({ epoch: 1, segment });
    await store.publish("p", anew);
    store = await t.open();
    assert.deepEqual(await listed(store, "p"), [anew]);
    sameBytes(await store.readSegment("p", segment), sampleBytes(20), "a segment");
  });
}

async function mustBeGone(store: CheckpointStore, { own, other }: { readonly own: SegmentRef; readonly other: SegmentRef }): Promise<void> {
  assert.deepEqual(await store.list("p"), []);
  assert.deepEqual(await store.pipelines(), ["q"]);
  await mustFail("SF_STATE_CORRUPT", () => store.readSegment("p", own));
  sameBytes(await store.readSegment("q", other), sampleBytes(50, 2), "a segment");
}

function addNames<Storage>(suite: SuiteBuilder<Trial<Storage>>): void {
  suite.add(["CKP-9", "pipelines do not see each other's checkpoints, fences and segments, whatever they are called"], async (t) => {
    let store = await t.open();
    const refs = new Map<string, SegmentRef>();
    for (const [i, name] of awkwardNames.entries()) {
      const segment = await store.writeSegment(name, sampleBytes(20, i));
      refs.set(name, segment);
      await store.publish(name, sampleCheckpoint({ epoch: i + 1, generation: i + 1, segment }));
    }
    store = await t.open();
    assert.deepEqual([...(await store.pipelines())].sort(), [...awkwardNames].sort());
    for (const [i, name] of awkwardNames.entries()) {
      assert.deepEqual(await epochs(store, name), [i + 1], `checkpoints of ${JSON.stringify(name)}`);
      const ref = refs.get(name);
      if (ref !== undefined) sameBytes(await store.readSegment(name, ref), sampleBytes(20, i), "a segment");
    }
  });

  suite.add(["CKP-9", "node, state and shard names may hold any character"], async (t) => {
    const store = await t.open();
    const segment = await store.writeSegment("p", sampleBytes(10));
    const checkpoint = sampleCheckpoint({ epoch: 1, segment, shards: awkwardNames.map((name) => `p:s/${name}`) });
    await store.publish("p", checkpoint);
    assert.deepEqual(await listed(await t.open(), "p"), [checkpoint]);
  });
}

function addDamage<Storage>(suite: SuiteBuilder<Trial<Storage>>, harness: CheckpointStoreHarness<Storage>): void {
  suite.add(
    ["CKP-10", "a damaged checkpoint is reported, and the others are still there"],
    async (t) => {
      let store = await t.open();
      for (const epoch of [1, 2, 3]) await store.publish("p", sampleCheckpoint({ epoch }));
      await harness.damageCheckpoint?.(t.storage, "p", 2);
      store = await t.open();
      const entries = await store.list("p");
      assert.deepEqual(entries.map((entry) => entry.epoch), [3, 2, 1]);
      const damaged = entries[1];
      assert.ok(damaged !== undefined && "damaged" in damaged && damaged.damaged !== "", "the damaged one says what is wrong with it");
      assert.deepEqual(entries.filter((entry) => "checkpoint" in entry).map((entry) => entry.epoch), [3, 1]);
      await store.publish("p", sampleCheckpoint({ epoch: 4 }));
      await store.prune("p", 1, []);
      assert.equal((await epochs(store, "p"))[0], 4);
    },
    { name: "damageCheckpoint", isMet: harness.damageCheckpoint !== undefined },
  );
}

/** More changes than any store makes for one checkpoint. */
const mostChanges = 60;

function addCrashes<Storage>(suite: SuiteBuilder<Trial<Storage>>, harness: CheckpointStoreHarness<Storage>): void {
  suite.add(
    ["CKP-2", "a power loss at any point of a publish leaves the checkpoint whole or not at all, and those before it whole"],
    async () => {
      for (const changes of range(mostChanges)) {
        for (const seed of range(4)) if (await crashAfter(harness, { changes, seed })) return;
      }
      assert.fail(`a publish still fails after ${mostChanges} changes`);
    },
    crashes(harness),
  );

  suite.add(
    ["CKP-13", "a power loss at any point of a drop leaves no checkpoint visible that cannot be read"],
    async () => {
      for (const changes of range(mostChanges)) {
        for (const seed of range(4)) if (await dropAfter(harness, { changes, seed })) return;
      }
      assert.fail(`a drop still fails after ${mostChanges} changes`);
    },
    crashes(harness),
  );

  suite.add(
    ["CKP-8", "a fence that has resolved outlives a power loss"],
    async (t) => {
      for (const seed of range(8)) {
        const store = await t.open();
        await store.fence("p", [{ shard: "k:0", generation: 2 + seed }]);
        const after = await t.crashAndOpen(seed);
        await mustFail("SF_CHECKPOINT_FENCED", () => after.publish("p", sampleCheckpoint({ epoch: 1, generation: 1 + seed })));
      }
    },
    crashes(harness),
  );
}

/** Publishes two checkpoints, the second on storage that dies after some changes. Answers whether the second got through. */
async function crashAfter<Storage>(harness: CheckpointStoreHarness<Storage>, at: { readonly changes: number; readonly seed: number }): Promise<boolean> {
  const trial = await StoreTrial.begin(harness);
  try {
    const before = await trial.open();
    const first = sampleCheckpoint({ epoch: 1, segment: await before.writeSegment("p", sampleBytes(5000, 1)) });
    await before.publish("p", first);
    harness.failAfter?.(trial.storage, at.changes);
    const second = await publishSecond(before);
    const after = await trial.crashAndOpen(at.seed);
    const found = await listed(after, "p");
    const where = `(crash after ${at.changes} changes, seed ${at.seed})`;
    if (second.isPublished) assert.deepEqual(found, [second.checkpoint, first], `a publish that resolved is durable ${where}`);
    else if (found.length > 1) assert.equal(found[0]?.epoch, 2, `a publish that failed is there whole or not at all ${where}`);
    else assert.deepEqual(found, [first], `what was published before is still there ${where}`);
    for (const checkpoint of found) await readAll(after, checkpoint);
    return second.isPublished;
  } finally {
    await trial.end();
  }
}

/** Drops a pipeline on storage that dies after some changes. Answers whether that got through. */
async function dropAfter<Storage>(harness: CheckpointStoreHarness<Storage>, at: { readonly changes: number; readonly seed: number }): Promise<boolean> {
  const trial = await StoreTrial.begin(harness);
  try {
    const before = await trial.open();
    if (before.drop === undefined) return true;
    const checkpoint = sampleCheckpoint({ epoch: 1, segment: await before.writeSegment("p", sampleBytes(5000, 1)) });
    await before.publish("p", checkpoint);
    harness.failAfter?.(trial.storage, at.changes);
    const isDropped = await before.drop("p").then(() => true, (error: unknown) => !StreamFlowError.is(error));
    const after = await trial.crashAndOpen(at.seed);
    const found = await listed(after, "p");
    if (isDropped) assert.deepEqual(found, [], "what was dropped stays so");
    for (const one of found) await readAll(after, one);
    return isDropped;
  } finally {
    await trial.end();
  }
}

async function publishSecond(store: CheckpointStore): Promise<{ readonly isPublished: boolean; readonly checkpoint?: Checkpoint }> {
  try {
    const checkpoint = sampleCheckpoint({ epoch: 2, segment: await store.writeSegment("p", sampleBytes(5000, 2)) });
    await store.publish("p", checkpoint);
    return { isPublished: true, checkpoint };
  } catch (thrown) {
    if (!StreamFlowError.is(thrown)) throw thrown;
    return { isPublished: false };
  }
}

async function readAll(store: CheckpointStore, checkpoint: Checkpoint): Promise<void> {
  for (const manifest of checkpoint.manifests) {
    for (const { segment } of manifest.state) sameBytes(await store.readSegment("p", segment), sampleBytes(5000, checkpoint.epoch), "a segment");
  }
}

async function epochs(store: CheckpointStore, pipeline: string): Promise<readonly number[]> {
  return (await store.list(pipeline)).map((entry) => entry.epoch);
}

async function listed(store: CheckpointStore, pipeline: string): Promise<readonly Checkpoint[]> {
  const entries = await store.list(pipeline);
  return entries.map((entry) => ("checkpoint" in entry ? entry.checkpoint : assert.fail(`checkpoint ${entry.epoch} is damaged: ${entry.damaged}`)));
}

interface SampleOptions {
  readonly epoch: number;
  readonly generation?: number;
  readonly shards?: readonly string[];
  readonly segment?: SegmentRef;
  readonly prepared?: SegmentRef;
}

/** A checkpoint with a value of every kind that a manifest may hold. */
export function sampleCheckpoint(options: SampleOptions): Checkpoint {
  const { epoch, segment, prepared } = options;
  const manifest = (shard: string): ShardManifest => ({
    formatVersion: 1,
    shard,
    epoch,
    generation: options.generation ?? 1,
    positions: { "source/0": `${epoch}00`, "ä/\"1\"": "9007199254740993" },
    progress: { "watermark:window": -1.5, "ended:0": true, "note": "x\u0000y" },
    state: segment === undefined ? [] : [{ node: "per-minute", state: "windows", serializer: "sum/1", version: 3, segment, start: 0, end: segment.byteLength }],
  });
  return {
    epoch,
    createdMs: 1_767_225_600_000 + epoch,
    plan: { "per-minute": "f00d" },
    manifests: (options.shards ?? ["k:0"]).map(manifest),
    prepared: prepared === undefined ? {} : { files: prepared },
  };
}
