// The clauses CPT-1 to CPT-11 as checks, over the memory store, whose damage a test can cause.
import assert from "node:assert/strict";
import type { Checkpoint } from "../../contracts/checkpoint-store.ts";
import type { Checkpointing, CheckpointWriter, Recovered, RecoveryRequest } from "../../contracts/checkpointing.ts";
import { MemoryCheckpointStorage, MemoryCheckpointStore } from "../memory-checkpoint-store.ts";
import { recordingLogger } from "../recording-logger.ts";
import { type ConformanceCase, mustFail, SuiteBuilder } from "./case.ts";

const pipeline = "p";

/** One store, and writers and recoveries over it. */
class Trial {
  readonly storage: MemoryCheckpointStorage = new MemoryCheckpointStorage();
  readonly store: MemoryCheckpointStore = new MemoryCheckpointStore(this.storage);
  readonly logger = recordingLogger();
  readonly #checkpointing: Checkpointing;

  constructor(checkpointing: Checkpointing) {
    this.#checkpointing = checkpointing;
  }

  open(generation: number = 1, shards: readonly string[] = ["a", "b"], keep: number = 3): Promise<CheckpointWriter> {
    const fences = shards.map((shard) => ({ shard, generation }));
    return this.#checkpointing.open({ store: this.store, pipeline, fences, logger: this.logger, keep });
  }

  recover(request: Partial<RecoveryRequest> = {}): Promise<Recovered> {
    return this.#checkpointing.recover({ store: this.store, pipeline, shards: ["a", "b"], logger: this.logger, ...request });
  }

  /** A checkpoint of these shards: each state is the shard's name and the epoch. */
  async take(writer: CheckpointWriter, shards: readonly string[] = ["a", "b"]): Promise<Checkpoint> {
    const draft = writer.begin();
    const states = await draft.writeStates(shards.map((shard) => ({ node: "n", state: "s", serializer: "x", version: 1, bytes: Buffer.from(`${shard}${draft.epoch}`) })));
    const sink = await draft.writePrepared(Buffer.from(`prepared ${draft.epoch}`));
    const drafts = shards.map((shard, i) => ({ shard, positions: { "0": String(draft.epoch) }, progress: { ordinal: draft.epoch }, state: states.slice(i, i + 1) }));
    return await draft.publish({ createdMs: 7, plan: { n: "f" }, shards: drafts, prepared: { sink } });
  }

  async epochs(): Promise<readonly number[]> {
    return (await this.store.list(pipeline)).map((entry) => entry.epoch);
  }

  async end(): Promise<void> {
    await this.store.close();
  }
}

/** Checks that checkpoints are written and restored as {@link Checkpointing} promises. */
export function checkpointingConformance(checkpointing: Checkpointing): readonly ConformanceCase[] {
  const suite = new SuiteBuilder<Trial>(async () => new Trial(checkpointing));
  addDrafts(suite);
  addOwnership(suite);
  addRecovery(suite);
  addDamage(suite);
  return suite.cases;
}

function addDrafts(suite: SuiteBuilder<Trial>): void {
  suite.add(["CPT-1", "a checkpoint is invisible until it is published, and then whole"], async (t) => {
    const writer = await t.open();
    const draft = writer.begin();
    await draft.writeStates([{ node: "n", state: "s", serializer: "x", version: 1, bytes: Buffer.from("1") }]);
    assert.deepEqual(await t.epochs(), []);
    await draft.publish({ createdMs: 0, plan: {}, shards: [{ shard: "a", positions: {}, progress: {}, state: [] }] });
    assert.deepEqual(await t.epochs(), [draft.epoch]);
  });
  suite.add(["CPT-2", "states come back as they were written, in the order given, empty ones too, whatever becomes of the bytes"], async (t) => {
    const draft = (await t.open()).begin();
    const texts = ["one", "", "three"];
    const states = texts.map((text, i) => ({ node: "n", state: `s${i}`, serializer: "x", version: 1, bytes: Buffer.from(text) }));
    const placed = await draft.writeStates(states);
    // Whoever made the bytes makes others in their place.
    for (const { bytes } of states) bytes.fill(0xee);
    assert.deepEqual(placed.map(({ state }) => state), ["s0", "s1", "s2"]);
    for (const [i, { segment, start, end }] of placed.entries()) {
      const bytes = await t.store.readSegment(pipeline, segment);
      assert.equal(Buffer.from(bytes.subarray(start, end)).toString(), texts[i]);
    }
  });
  suite.add(["CPT-3", "an abandoned checkpoint is never visible, and the next one is above it"], async (t) => {
    const writer = await t.open();
    const draft = writer.begin();
    await draft.writePrepared(Buffer.from("x"));
    await draft.abandon();
    assert.deepEqual(await t.epochs(), []);
    assert.ok((await t.take(writer)).epoch > draft.epoch);
  });
  suite.add(["CPT-5", "epochs are above everything known: in the store, begun here, named by others"], async (t) => {
    const { epoch } = await t.take(await t.open(1));
    const writer = await t.open(2);
    assert.ok(writer.begin().epoch > epoch);
    writer.noteEpoch(40);
    assert.equal(writer.begin().epoch, 41);
  });
  suite.add(["CPT-7", "retention keeps the newest, and what sinks may name"], async (t) => {
    const writer = await t.open(1, ["a", "b"], 2);
    const first = await t.take(writer);
    writer.keepFor("sink", [first.epoch]);
    for (let i = 0; i < 4; i++) await t.take(writer);
    assert.deepEqual(await t.epochs(), [5, 4, 1]);
    writer.keepFor("sink", []);
    await t.take(writer);
    assert.deepEqual(await t.epochs(), [6, 5]);
  });
}

function addOwnership(suite: SuiteBuilder<Trial>): void {
  suite.add(["CPT-4", "an owner that was replaced publishes nothing, also for shards that it still owns in the same checkpoint"], async (t) => {
    const old = await t.open(1);
    await t.open(2, ["b"]);
    await mustFail("SF_CHECKPOINT_FENCED", () => t.take(old));
    await mustFail("SF_CHECKPOINT_FENCED", () => t.open(1, ["b"]));
    assert.deepEqual(await t.epochs(), []);
  });
  suite.add(["CPT-6", "only shards that are owned are published, under their generation"], async (t) => {
    const writer = await t.open(3, ["a"]);
    await mustFail("SF_CHECKPOINT_FAILED", () => t.take(writer));
    await writer.takeOver([{ shard: "b", generation: 5 }]);
    const { manifests } = await t.take(writer);
    assert.deepEqual(manifests.map(({ shard, generation }) => [shard, generation]), [["a", 3], ["b", 5]]);
    writer.letGo(["b"]);
    await mustFail("SF_CHECKPOINT_FAILED", () => t.take(writer));
  });
}

function addRecovery(suite: SuiteBuilder<Trial>): void {
  suite.add(["CPT-8", "every shard gets its newest acceptable checkpoint, with its own bytes"], async (t) => {
    const writer = await t.open();
    await t.take(writer);
    await t.take(writer, ["a"]);
    const { shards, newestEpoch, prepared } = await t.recover();
    const texts = [...shards].map(([shard, { states }]) => [shard, Buffer.from(states[0]!.bytes).toString()]);
    assert.deepEqual(texts.toSorted(([a], [b]) => (a! < b! ? -1 : 1)), [["a", "a2"], ["b", "b1"]]);
    assert.equal(newestEpoch, 2);
    assert.deepEqual([...prepared].map(([epoch, bySink]) => [epoch, Buffer.from(bySink.get("sink")!).toString()] as const).toSorted(([a], [b]) => a - b), [[1, "prepared 1"], [2, "prepared 2"]]);
  });
  suite.add(["CPT-8", "epochs that are not acceptable are passed over and answered as orphans; a shard that nothing holds is left out"], async (t) => {
    const writer = await t.open();
    await t.take(writer);
    await t.take(writer);
    const { shards, orphans } = await t.recover({ shards: ["a", "never"], acceptEpochs: (epoch) => epoch <= 1 });
    assert.deepEqual([...shards].map(([shard, { manifest }]) => [shard, manifest.epoch]), [["a", 1]]);
    assert.deepEqual(orphans.map(({ epoch }) => epoch), [2]);
    assert.equal((await t.recover({ acceptEpochs: () => false })).shards.size, 0);
  });
  suite.add(["CPT-11", "state that does not fit the plan is refused by name, and nothing is changed"], async (t) => {
    await t.take(await t.open());
    assert.equal((await t.recover({ plan: { fingerprints: { n: "f", added: "g" } } })).shards.size, 2);
    for (const fingerprints of [{ n: "other" }, {}]) {
      const error = await mustFail("SF_STATE_INCOMPATIBLE", () => t.recover({ plan: { fingerprints } }));
      assert.match(error.message, /"n"/);
    }
    assert.deepEqual(await t.epochs(), [1]);
  });
}

function addDamage(suite: SuiteBuilder<Trial>): void {
  suite.add(["CPT-9", "a damaged checkpoint is said aloud, and the one before is used"], async (t) => {
    const writer = await t.open();
    await t.take(writer);
    await t.take(writer);
    t.storage.damageCheckpoint(pipeline, 2);
    const { shards, newestEpoch } = await t.recover();
    assert.deepEqual([...shards.values()].map(({ manifest }) => manifest.epoch), [1, 1]);
    assert.equal(newestEpoch, 2);
    assert.ok(t.logger.lines.some(({ level, message }) => level === "warn" && message.includes("2")), "the damage is said aloud");
  });
  suite.add(["CPT-9", "where only damaged checkpoints are left, recovery fails"], async (t) => {
    await t.take(await t.open());
    t.storage.damageCheckpoint(pipeline, 1);
    await mustFail("SF_STATE_CORRUPT", () => t.recover());
  });
  suite.add(["CPT-10", "damage of one shard's bytes sends all shards of the checkpoint back"], async (t) => {
    const writer = await t.open();
    await t.take(writer);
    const { manifests } = await t.take(writer);
    t.storage.damageSegment(pipeline, manifests[0]!.state[0]!.segment);
    const { shards } = await t.recover();
    assert.deepEqual([...shards.values()].map(({ manifest }) => manifest.epoch), [1, 1]);
  });
}
