// Writes the checkpoints of one pipeline into any CheckpointStore, as the owner of some shards. Every host gives this to its executors.
//
//   bytes of states ──writeStates──▶ segments ─┐
//   bytes of sinks ──writePrepared─▶ segments ─┼─publish──▶ one checkpoint, atomically visible ──▶ retention
//   positions, progress ───────────────────────┘
//
// Invariants
//   I1. A checkpoint is visible only after everything that it names is durable.
//   I2. A checkpoint that was abandoned, or that failed or crashed before it was published, is never visible, and its segments are given back.
//   I3. Epochs only grow: an epoch is above every epoch that the store knows, and above those that this manager has begun.
//   I4. A writer that has been replaced publishes nothing: the store refuses it by generation (SF_CHECKPOINT_FENCED), and from then on the manager refuses by itself.
//   I5. A manifest is written only for shards that this manager owns, under the generation that it owns them with.
//   I6. Retention keeps the newest `keep` checkpoints of every shard, and every epoch that a sink may still name.
//   I7. Checkpoints are published in the order of their epochs, one after another.
// Deliberately not here: when to take a checkpoint, barriers, and the order of sink commits (the engine; docs/adr/0001); what to restore
// (recovery.ts); how bytes become durable (stores/).
import { StreamFlowError } from "@streamflow/core";
import type {
  Checkpoint, CheckpointContent, CheckpointDraft, Checkpointing, CheckpointStore, CheckpointWriter, CheckpointWriterOptions, Fence, ListedCheckpoint, Logger, SegmentRef, ShardDraft, ShardId, ShardManifest,
  StateBytes, StateSegment,
} from "@streamflow/core";
import { recover } from "./recovery.ts";
import { packStates } from "./segment-packer.ts";
import { Serial } from "./serial.ts";

/** Options of {@link CheckpointManager.open}. */
export interface CheckpointManagerOptions extends CheckpointWriterOptions {
  /** States are packed into segments of about this size, in bytes. @defaultValue 64 MiB */
  readonly maxSegmentBytes?: number;
}

const defaultKeep = 3;
const defaultSegmentBytes = 64 * 1024 * 1024;

/** The checkpoints of one pipeline, written by the owner of some of its shards. */
export class CheckpointManager implements CheckpointWriter {
  readonly pipeline: string;
  readonly #store: CheckpointStore;
  readonly #logger: Logger;
  readonly #keep: number;
  readonly #maxSegmentBytes: number;
  readonly #generations = new Map<ShardId, number>();
  readonly #named = new Map<string, readonly number[]>();
  readonly #serial = new Serial();
  #newestEpoch = 0;
  #publishedEpoch = 0;
  #refusal: StreamFlowError | undefined;

  private constructor(options: CheckpointManagerOptions) {
    this.pipeline = options.pipeline;
    this.#store = options.store;
    this.#logger = options.logger;
    this.#keep = positive("checkpoints to keep", options.keep ?? defaultKeep);
    this.#maxSegmentBytes = positive("maxSegmentBytes", options.maxSegmentBytes ?? defaultSegmentBytes);
  }

  /**
   * Takes the shards over: from when this resolves, no older generation can publish anything for them.
   * @throws {@link StreamFlowError} SF_CHECKPOINT_FENCED when a newer generation owns one of them already; SF_CONFIG_INVALID; what the store throws.
   */
  static async open(options: CheckpointManagerOptions): Promise<CheckpointManager> {
    const manager = new CheckpointManager(options);
    await manager.takeOver(options.fences);
    return manager;
  }

  /** The newest epoch that is known: in the store, damaged ones too, or begun here. */
  get newestEpoch(): number {
    return this.#newestEpoch;
  }

  /** The shards owned now, with their generations. */
  get fences(): readonly Fence[] {
    return [...this.#generations].map(([shard, generation]) => ({ shard, generation }));
  }

  /** Owns more shards, or known ones under a newer generation. Throws as `open` does. */
  async takeOver(fences: readonly Fence[]): Promise<void> {
    this.#checkNotRefused();
    if (fences.length === 0) return;
    await this.#guard(() => this.#store.fence(this.pipeline, fences));
    for (const { shard, generation } of fences) this.#generations.set(shard, generation);
    // After the fence: now nothing newer of an earlier owner can appear.
    for (const { epoch } of await this.#store.list(this.pipeline)) this.#newestEpoch = Math.max(this.#newestEpoch, epoch);
  }

  /** Owns these shards no longer: nothing of them is published any more. */
  letGo(shards: readonly ShardId[]): void {
    for (const shard of shards) this.#generations.delete(shard);
  }

  /**
   * Says which epochs a sink may still name when it recovers. They are kept until it names others.
   * @param sink the sink's node id
   */
  keepFor(sink: string, epochs: readonly number[]): void {
    this.#named.set(sink, [...epochs]);
  }

  /** Makes the next epoch lie above one that is known elsewhere, for example to a sink. */
  noteEpoch(epoch: number): void {
    this.#newestEpoch = Math.max(this.#newestEpoch, epoch);
  }

  /**
   * Begins the checkpoint of the next epoch. It ends with `publish` or `abandon`.
   * @throws {@link StreamFlowError} SF_CHECKPOINT_FENCED when this manager was refused before.
   */
  begin(): CheckpointDraft {
    this.#checkNotRefused();
    this.#newestEpoch++;
    return new Draft(this.#newestEpoch, {
      maxSegmentBytes: this.#maxSegmentBytes,
      write: (bytes) => this.#guard(() => this.#store.writeSegment(this.pipeline, bytes)),
      publish: (epoch, content) => this.#serial.run("publish", () => this.#publish(epoch, content)),
      discard: (segments) => this.#discard(segments),
    });
  }

  /** What the store holds, newest first; damaged checkpoints are left out here, and reported by `recover`. */
  async candidates(): Promise<readonly Checkpoint[]> {
    const listed: readonly ListedCheckpoint[] = await this.#store.list(this.pipeline);
    return listed.flatMap((entry) => ("checkpoint" in entry ? [entry.checkpoint] : []));
  }

  async #publish(epoch: number, content: CheckpointContent): Promise<Checkpoint> {
    this.#checkNotRefused();
    if (epoch <= this.#publishedEpoch) {
      throw new StreamFlowError("SF_CHECKPOINT_FAILED", `epoch ${epoch} of pipeline "${this.pipeline}" comes after epoch ${this.#publishedEpoch}, which is published`, { retryable: false });
    }
    const manifests = content.shards.map((draft) => this.#manifest(epoch, draft));
    const checkpoint: Checkpoint = { epoch, createdMs: content.createdMs, plan: content.plan, manifests, prepared: content.prepared ?? {} };
    await this.#guard(() => this.#store.publish(this.pipeline, checkpoint));
    this.#publishedEpoch = epoch;
    await this.#prune();
    return checkpoint;
  }

  #manifest(epoch: number, { shard, positions, progress, state }: ShardDraft): ShardManifest {
    const generation = this.#generations.get(shard);
    if (generation === undefined) {
      throw new StreamFlowError("SF_CHECKPOINT_FAILED", `shard "${shard}" of pipeline "${this.pipeline}" is not owned here; epoch ${epoch} cannot hold it`, { retryable: false });
    }
    return { formatVersion: 1, shard, epoch, generation, positions, progress, state };
  }

  /** A checkpoint that was published stays published: what fails here is tried again with the next one. */
  async #prune(): Promise<void> {
    try {
      await this.#store.prune(this.pipeline, this.#keep, [...new Set([...this.#named.values()].flat())]);
    } catch (error) {
      this.#logger.warn(`old checkpoints of pipeline "${this.pipeline}" could not be removed`, { pipeline: this.pipeline, error: String(error) });
    }
  }

  async #discard(segments: readonly SegmentRef[]): Promise<void> {
    if (segments.length === 0) return;
    try {
      await this.#store.discard?.(this.pipeline, segments);
    } catch (error) {
      this.#logger.warn(`segments of an abandoned checkpoint of pipeline "${this.pipeline}" could not be removed`, { pipeline: this.pipeline, error: String(error) });
    }
  }

  /** Remembers that a newer owner exists: whoever has been replaced once stays so (I4). */
  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (StreamFlowError.is(error, "SF_CHECKPOINT_FENCED")) this.#refusal = error;
      throw error;
    }
  }

  #checkNotRefused(): void {
    if (this.#refusal === undefined) return;
    throw new StreamFlowError("SF_CHECKPOINT_FENCED", this.#refusal.message, { cause: this.#refusal });
  }
}

/** What a draft may do with its manager. */
interface DraftHost {
  readonly maxSegmentBytes: number;
  write(bytes: Uint8Array): Promise<SegmentRef>;
  publish(epoch: number, content: CheckpointContent): Promise<Checkpoint>;
  discard(segments: readonly SegmentRef[]): Promise<void>;
}

/** A checkpoint that is being written. Invisible until `publish` resolves. */
class Draft implements CheckpointDraft {
  readonly epoch: number;
  readonly #host: DraftHost;
  readonly #written: SegmentRef[] = [];
  #isEnded = false;

  constructor(epoch: number, host: DraftHost) {
    this.epoch = epoch;
    this.#host = host;
  }

  /**
   * Writes states, several to a segment. Resolves when they are durable; answers where each of them is, in the order given.
   * The bytes may be changed again after that. Throws what the store throws, SF_DISK_FULL for example: then the draft is to be abandoned.
   */
  async writeStates(states: readonly StateBytes[]): Promise<readonly StateSegment[]> {
    const placed: StateSegment[] = [];
    for (const { bytes, parts } of packStates(states, this.#host.maxSegmentBytes)) {
      const segment = await this.#write(bytes);
      for (const { state, start, end } of parts) {
        placed.push({ node: state.node, state: state.state, serializer: state.serializer, version: state.version, segment, start, end });
      }
    }
    return placed;
  }

  /** Writes what a store-first sink needs for its commit. Resolves when it is durable. */
  writePrepared(bytes: Uint8Array): Promise<SegmentRef> {
    return this.#write(bytes);
  }

  /**
   * Makes the checkpoint visible, atomically and durably, and lets retention remove old ones. On failure the draft is abandoned.
   * @throws {@link StreamFlowError} SF_CHECKPOINT_FENCED when a newer owner has one of the shards; SF_CHECKPOINT_FAILED when a shard is not owned
   * here, or a newer epoch is published; SF_LIFECYCLE_ILLEGAL when the draft has ended; what the store throws.
   */
  async publish(content: CheckpointContent): Promise<Checkpoint> {
    this.#end();
    try {
      return await this.#host.publish(this.epoch, content);
    } catch (error) {
      await this.#host.discard(this.#written);
      throw error;
    }
  }

  /** Gives the checkpoint up. What was written for it is removed. Harmless when the draft has ended. */
  async abandon(): Promise<void> {
    if (this.#isEnded) return;
    this.#end();
    await this.#host.discard(this.#written);
  }

  async #write(bytes: Uint8Array): Promise<SegmentRef> {
    this.#checkOpen();
    const segment = await this.#host.write(bytes);
    this.#written.push(segment);
    // Abandoned while it was written: nobody else will remove it.
    if (this.#isEnded) await this.#host.discard([segment]);
    this.#checkOpen();
    return segment;
  }

  #end(): void {
    this.#checkOpen();
    this.#isEnded = true;
  }

  #checkOpen(): void {
    if (this.#isEnded) throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `the checkpoint of epoch ${this.epoch} has ended already`);
  }
}

function positive(what: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new StreamFlowError("SF_CONFIG_INVALID", `${what} must be an integer >= 1, got ${value}`);
}

/** What executors write and restore checkpoints with: {@link CheckpointManager} and {@link recover}. */
export const checkpointing: Checkpointing = { open: (options) => CheckpointManager.open(options), recover };
