// Where checkpoints live. CKP clauses are proven by testing/conformance/checkpoint-store.ts; the protocol: docs/adr/0001.
import type { Position } from "../record.ts";

/**
 * The unit of ownership, checkpoint, fence and move: an input partition (`p:<source node>/<partition>`)
 * or a key group behind an exchange (`k:<0…127>`).
 */
export type ShardId = string;

/** Bytes that a store keeps for a manifest. */
export interface SegmentRef {
  /** Name inside the store; opaque. */
  readonly name: string;
  readonly byteLength: number;
  /** CRC-32C of the bytes, as 8 hex digits. */
  readonly checksum: string;
}

/** One named state of one node, of one shard. */
export interface StateSegment {
  readonly node: string;
  readonly state: string;
  readonly serializer: string;
  readonly version: number;
  readonly segment: SegmentRef;
  /** The part of the segment that is this state's: `[start, end)`. */
  readonly start: number;
  readonly end: number;
}

/**
 * Everything that one shard needs to go on after an epoch. Plain data.
 */
export interface ShardManifest {
  readonly formatVersion: 1;
  readonly shard: ShardId;
  readonly epoch: number;
  readonly generation: number;
  /** Position after the last record of each partition of this shard; empty for key groups. */
  readonly positions: Readonly<Record<string, Position>>;
  /** Small engine state (watermarks, counts of records, ended partitions), by name. */
  readonly progress: Readonly<Record<string, string | number | boolean>>;
  readonly state: readonly StateSegment[];
}

/** One atomically visible checkpoint: the manifests of all shards that its writer owns, and the sinks' prepared transactions. */
export interface Checkpoint {
  readonly epoch: number;
  readonly createdMs: number;
  /** Fingerprints of the plan's stateful nodes, by node id. */
  readonly plan: Readonly<Record<string, string>>;
  readonly manifests: readonly ShardManifest[];
  /** What store-first sinks need to commit, by sink node. */
  readonly prepared: Readonly<Record<string, SegmentRef>>;
}

/** Ownership of a shard: see LeaseStore. */
export interface Fence {
  readonly shard: ShardId;
  readonly generation: number;
}

/**
 * Stores checkpoints of many pipelines.
 * - CKP-1. Only complete checkpoints are visible: `list` and `read` never show one whose `publish` has not taken effect.
 * - CKP-2. `publish` is atomic and durable: after a crash at any point the checkpoint is there whole or not at all.
 * - CKP-3. `list` answers the newest first: by epoch of its newest manifest.
 * - CKP-4. `publish` throws SF_CHECKPOINT_FENCED, and changes nothing, when for any of its shards a newer generation is known (by `fence` or an
 *   earlier `publish`), or an equal or newer epoch is already published under the same generation.
 * - CKP-5. `prune(pipeline, keep)` removes what is older than the newest `keep` checkpoints of every shard, but never an epoch in `named`; segments go with their last reference.
 * - CKP-6. `writeSegment` resolves when the bytes are durable. A segment without a published reference may be removed when the store is opened.
 * - CKP-7. `readSegment` checks the length and checksum: SF_STATE_CORRUPT where they fail, naming file and segment.
 * - CKP-8. `fence` makes every older generation of these shards unable to publish, durably, before it resolves; an older one than known throws SF_CHECKPOINT_FENCED.
 * - CKP-9. Pipelines do not see each other's checkpoints. Names may hold any character.
 * - CKP-10. A damaged checkpoint does not hide the others: `list` reports it as damaged, with the error, and goes on.
 * - CKP-11. `discard`, where there is one, removes segments of a checkpoint that was given up; those that a published checkpoint names stay.
 * - CKP-13. `drop`, where there is one, removes everything of a pipeline, its fences too: for a name that nobody writes under any more. A crash in the middle
 *   leaves no checkpoint visible that cannot be read whole. No other pipeline changes.
 * - CKP-12. `rest`, where there is one, forgets what is remembered of a pipeline only so that it need not be read again. Nothing that is answered changes.
 */
export interface CheckpointStore {
  writeSegment(pipeline: string, bytes: Uint8Array): Promise<SegmentRef>;
  readSegment(pipeline: string, ref: SegmentRef): Promise<Uint8Array>;
  fence(pipeline: string, fences: readonly Fence[]): Promise<void>;
  publish(pipeline: string, checkpoint: Checkpoint): Promise<void>;
  list(pipeline: string): Promise<readonly ListedCheckpoint[]>;
  discard?(pipeline: string, segments: readonly SegmentRef[]): Promise<void>;
  rest?(pipeline: string): void;
  prune(pipeline: string, keep: number, named: readonly number[]): Promise<void>;
  drop?(pipeline: string): Promise<void>;
  pipelines(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** An entry of `list`. */
export type ListedCheckpoint =
  | { readonly epoch: number; readonly byteLength: number; readonly checkpoint: Checkpoint }
  | { readonly epoch: number; readonly byteLength: number; readonly damaged: string };
