// How an executor writes and restores checkpoints, over any CheckpointStore. The engine decides when; an implementation decides how bytes are packed, what is
// kept, and what can still be used after damage. Clauses are proven by testing/conformance/checkpointing.ts; the protocol: docs/adr/0001.
import type { Position } from "../record.ts";
import type { Checkpoint, CheckpointStore, Fence, SegmentRef, ShardId, ShardManifest, StateSegment } from "./checkpoint-store.ts";
import type { Logger } from "./environment.ts";

/** One state of one node, of one shard, as bytes. */
export interface StateBytes {
  readonly node: string;
  readonly state: string;
  readonly serializer: string;
  readonly version: number;
  readonly bytes: Uint8Array;
}

/** A shard's part of a checkpoint that is to be published. */
export interface ShardDraft {
  readonly shard: ShardId;
  readonly positions: Readonly<Record<string, Position>>;
  readonly progress: ShardManifest["progress"];
  /** From `writeStates` of the same draft, or from an earlier checkpoint of this shard where the state has not changed. */
  readonly state: readonly StateSegment[];
}

/** What `publish` of a draft takes. */
export interface CheckpointContent {
  readonly createdMs: number;
  /** Fingerprints of the plan's stateful nodes, by node id. */
  readonly plan: Checkpoint["plan"];
  readonly shards: readonly ShardDraft[];
  /** What store-first sinks need to commit, by sink node: from `writePrepared`. */
  readonly prepared?: Checkpoint["prepared"];
}

/**
 * A checkpoint that is being written.
 * - CPT-1. It is invisible until `publish` resolves, and then whole.
 * - CPT-2. `writeStates` and `writePrepared` resolve when the bytes are durable, and may be changed again; where each state is, is answered in the order given.
 * - CPT-3. After `abandon`, or a `publish` that failed, it is never visible, and what was written for it is given back.
 */
export interface CheckpointDraft {
  readonly epoch: number;
  writeStates(states: readonly StateBytes[]): Promise<readonly StateSegment[]>;
  writePrepared(bytes: Uint8Array): Promise<SegmentRef>;
  publish(content: CheckpointContent): Promise<Checkpoint>;
  abandon(): Promise<void>;
}

/**
 * Writes the checkpoints of one pipeline, as the owner of some of its shards.
 * - CPT-4. From when `takeOver` resolves, no older generation can publish anything for these shards; a newer one known: SF_CHECKPOINT_FENCED.
 * - CPT-5. `begin` gives an epoch above every one that the store knows, that this writer has begun, or that `noteEpoch` has named.
 * - CPT-6. Only shards that were taken over and not let go can be published, under the generation they were taken over with.
 * - CPT-7. Retention keeps the newest `keep` checkpoints of every shard, and every epoch that `keepFor` has named last for a sink.
 */
export interface CheckpointWriter {
  takeOver(fences: readonly Fence[]): Promise<void>;
  letGo(shards: readonly ShardId[]): void;
  keepFor(sink: string, epochs: readonly number[]): void;
  noteEpoch(epoch: number): void;
  begin(): CheckpointDraft;
}

/** Arguments of `Checkpointing.open`. */
export interface CheckpointWriterOptions {
  readonly store: CheckpointStore;
  readonly pipeline: string;
  /** The shards that this process owns, with the generations of their leases. */
  readonly fences: readonly Fence[];
  readonly logger: Logger;
  /** How many checkpoints of every shard are kept. At least 1. @defaultValue 3 */
  readonly keep?: number;
}

/** Arguments of `Checkpointing.recover`. */
export interface RecoveryRequest {
  readonly store: CheckpointStore;
  readonly pipeline: string;
  readonly shards: readonly ShardId[];
  readonly logger: Logger;
  /** Fingerprints of the present plan's stateful nodes. @defaultValue compatibility is not checked */
  readonly plan?: { readonly fingerprints: Readonly<Record<string, string>> };
  /** Passes over checkpoints, for example those that a sink has not committed. @defaultValue all are acceptable */
  readonly acceptEpochs?: (epoch: number, shard: ShardId) => boolean;
}

/** One stored state, with its bytes: a view of its segment. */
export interface StoredState {
  readonly entry: StateSegment;
  readonly bytes: Uint8Array;
}

/** A shard as it was stored. */
export interface RecoveredShard {
  readonly manifest: ShardManifest;
  readonly states: readonly StoredState[];
  /** The checkpoint that it comes from. */
  readonly checkpoint: Checkpoint;
}

/** What to go on from. */
export interface Recovered {
  /** Shards that are not here start from the very beginning. */
  readonly shards: ReadonlyMap<ShardId, RecoveredShard>;
  /** The newest epoch in the store, damaged ones too. 0 where there is none. */
  readonly newestEpoch: number;
  /** What sinks prepared in the checkpoints that are used, by epoch and sink node: to be committed again. */
  readonly prepared: ReadonlyMap<number, ReadonlyMap<string, Uint8Array>>;
  /** Readable checkpoints of these shards that are newer than what is used: what sinks prepared in them is to be aborted. */
  readonly orphans: readonly Checkpoint[];
}

/**
 * Checkpoints as an executor needs them.
 * - CPT-8. `recover` gives every shard the newest acceptable checkpoint of which every byte can be read, or none where no acceptable one ever held it.
 * - CPT-9. Damage is said aloud (Logger.warn) with what is used instead; where only damaged checkpoints are left, SF_STATE_CORRUPT: it never starts over by itself.
 * - CPT-10. Shards that were stored together are never restored from different epochs because of damage.
 * - CPT-11. State that does not fit the plan is SF_STATE_INCOMPATIBLE, naming the nodes. `recover` changes nothing in the store.
 */
export interface Checkpointing {
  open(options: CheckpointWriterOptions): Promise<CheckpointWriter>;
  recover(request: RecoveryRequest): Promise<Recovered>;
}
