// Checkpoints in memory.
//   M1. Everything outside lives in the storage object: opening a second store on it is what a second process does.
//   M2. Nothing that a caller passes in or gets out is shared with the storage.
import type { Checkpoint, CheckpointStore, Fence, ListedCheckpoint, SegmentRef, ShardId } from "../contracts/checkpoint-store.ts";
import { StreamFlowError } from "../errors.ts";
import { checksumOf } from "../types/crc32c.ts";

/** The newest owner of a shard, and the newest epoch that it has published. */
interface Head {
  readonly generation: number;
  readonly epoch: number;
}

interface Stored {
  readonly checkpoint: Checkpoint;
  readonly byteLength: number;
  damaged?: string;
}

interface Pipeline {
  readonly segments: Map<string, Uint8Array>;
  readonly heads: Map<ShardId, Head>;
  /** Newest first. */
  checkpoints: Stored[];
}

/** What outlives a {@link MemoryCheckpointStore}, with ways to damage it. */
export class MemoryCheckpointStorage {
  readonly #pipelines = new Map<string, Pipeline>();
  #segments = 0;

  /** Names of the pipelines that have a segment, a fence or a checkpoint. */
  get names(): readonly string[] {
    return [...this.#pipelines].filter(([, { segments, heads, checkpoints }]) => segments.size + heads.size + checkpoints.length > 0).map(([name]) => name).sort();
  }

  of(name: string): Pipeline {
    const known = this.#pipelines.get(name);
    if (known !== undefined) return known;
    const made: Pipeline = { segments: new Map(), heads: new Map(), checkpoints: [] };
    this.#pipelines.set(name, made);
    return made;
  }

  forget(name: string): void {
    this.#pipelines.delete(name);
  }

  nextSegmentName(): string {
    return `segment-${++this.#segments}`;
  }

  /** Flips a bit of a segment; of an empty one, adds a byte. */
  damageSegment(pipeline: string, ref: SegmentRef): void {
    const segments = this.of(pipeline).segments;
    const bytes = segments.get(ref.name)?.slice() ?? new Uint8Array();
    const first = bytes[0];
    if (first !== undefined) bytes[0] = first ^ 1;
    segments.set(ref.name, first === undefined ? Uint8Array.of(0) : bytes);
  }

  /** Makes the checkpoints of an epoch unreadable. */
  damageCheckpoint(pipeline: string, epoch: number): void {
    for (const stored of this.of(pipeline).checkpoints) {
      if (stored.checkpoint.epoch === epoch) stored.damaged = `checkpoint ${epoch} was damaged by a test`;
    }
  }
}

/** A checkpoint store in memory. Two stores on one storage see the same, as two processes on one folder do. */
export class MemoryCheckpointStore implements CheckpointStore {
  readonly #storage: MemoryCheckpointStorage;

  constructor(storage: MemoryCheckpointStorage = new MemoryCheckpointStorage()) {
    this.#storage = storage;
  }

  async writeSegment(pipeline: string, bytes: Uint8Array): Promise<SegmentRef> {
    const name = this.#storage.nextSegmentName();
    this.#storage.of(pipeline).segments.set(name, bytes.slice());
    return { name, byteLength: bytes.length, checksum: checksumOf(bytes) };
  }

  async readSegment(pipeline: string, ref: SegmentRef): Promise<Uint8Array> {
    const bytes = this.#storage.of(pipeline).segments.get(ref.name);
    const problem = segmentProblem(bytes, ref);
    if (bytes === undefined || problem !== undefined) {
      throw new StreamFlowError("SF_STATE_CORRUPT", `segment "${ref.name}" of pipeline "${pipeline}" ${problem}`, { context: { pipeline, segment: ref.name } });
    }
    return bytes.slice();
  }

  async fence(pipeline: string, fences: readonly Fence[]): Promise<void> {
    const { heads } = this.#storage.of(pipeline);
    for (const fence of fences) refuseOlder(pipeline, fence, heads.get(fence.shard));
    for (const { shard, generation } of fences) {
      const head = heads.get(shard);
      if (head === undefined || head.generation < generation) heads.set(shard, { generation, epoch: -1 });
    }
  }

  async publish(pipeline: string, checkpoint: Checkpoint): Promise<void> {
    const stored = this.#storage.of(pipeline);
    for (const manifest of checkpoint.manifests) {
      const head = stored.heads.get(manifest.shard);
      refuseOlder(pipeline, manifest, head);
      if (head !== undefined && head.generation === manifest.generation && head.epoch >= manifest.epoch) {
        throw fenced(pipeline, manifest.shard, `epoch ${manifest.epoch} is not newer than epoch ${head.epoch}, which generation ${head.generation} has published`);
      }
    }
    for (const { shard, generation, epoch } of checkpoint.manifests) stored.heads.set(shard, { generation, epoch });
    const copy = structuredClone(checkpoint);
    stored.checkpoints = [{ checkpoint: copy, byteLength: JSON.stringify(copy).length }, ...stored.checkpoints].sort((a, b) => newestEpoch(b) - newestEpoch(a));
  }

  async list(pipeline: string): Promise<readonly ListedCheckpoint[]> {
    return this.#storage.of(pipeline).checkpoints.map(({ checkpoint, byteLength, damaged }) =>
      damaged === undefined ? { epoch: checkpoint.epoch, byteLength, checkpoint: structuredClone(checkpoint) } : { epoch: checkpoint.epoch, byteLength, damaged },
    );
  }

  async discard(pipeline: string, segments: readonly SegmentRef[]): Promise<void> {
    const stored = this.#storage.of(pipeline);
    const named = referenced(stored.checkpoints);
    for (const { name } of segments) if (!named.has(name)) stored.segments.delete(name);
  }

  async prune(pipeline: string, keep: number, named: readonly number[]): Promise<void> {
    if (!Number.isSafeInteger(keep) || keep < 1) throw new StreamFlowError("SF_CONFIG_INVALID", `checkpoints to keep must be an integer >= 1, got ${keep}`);
    const stored = this.#storage.of(pipeline);
    const before = referenced(stored.checkpoints);
    const seen = new Map<ShardId, number>();
    stored.checkpoints = stored.checkpoints.filter(({ checkpoint }) => {
      const places = checkpoint.manifests.map(({ shard }) => {
        const place = (seen.get(shard) ?? 0) + 1;
        seen.set(shard, place);
        return place;
      });
      return named.includes(checkpoint.epoch) || places.some((place) => place <= keep);
    });
    const after = referenced(stored.checkpoints);
    // Segments that nothing named yet belong to a checkpoint that is being written.
    for (const name of before) if (!after.has(name)) stored.segments.delete(name);
  }

  async drop(pipeline: string): Promise<void> {
    this.#storage.forget(pipeline);
  }

  async pipelines(): Promise<readonly string[]> {
    return this.#storage.names;
  }

  async close(): Promise<void> {}
}

function segmentProblem(bytes: Uint8Array | undefined, ref: SegmentRef): string | undefined {
  if (bytes === undefined) return "is missing";
  if (bytes.length !== ref.byteLength) return `has ${bytes.length} bytes, expected ${ref.byteLength}`;
  const checksum = checksumOf(bytes);
  return checksum === ref.checksum ? undefined : `has the checksum ${checksum}, expected ${ref.checksum}`;
}

function refuseOlder(pipeline: string, fence: Fence, head: Head | undefined): void {
  if (head === undefined || head.generation <= fence.generation) return;
  throw fenced(pipeline, fence.shard, `generation ${fence.generation} was replaced by generation ${head.generation}`);
}

function fenced(pipeline: string, shard: ShardId, why: string): StreamFlowError {
  return new StreamFlowError("SF_CHECKPOINT_FENCED", `shard "${shard}" of pipeline "${pipeline}": ${why}`, { context: { pipeline, shard } });
}

function newestEpoch({ checkpoint }: Stored): number {
  return Math.max(checkpoint.epoch, ...checkpoint.manifests.map((manifest) => manifest.epoch));
}

function referenced(checkpoints: readonly Stored[]): Set<string> {
  const names = new Set<string>();
  for (const { checkpoint } of checkpoints) {
    for (const manifest of checkpoint.manifests) for (const { segment } of manifest.state) names.add(segment.name);
    for (const { name } of Object.values(checkpoint.prepared)) names.add(name);
  }
  return names;
}
