// Fences: what makes a replaced writer of checkpoint files harmless without any lock, so that a stopped process can block nobody.
//
// A fence has two halves. The first says which generations now own which shards. The second, its seal, is written after it and lists the
// checkpoint files that stood then. A checkpoint file of an older generation that is not in the seal came too late: it is invisible.
//   F1. A publisher renames its file into place and only then looks for fences. Either it sees the fence and reports SF_CHECKPOINT_FENCED, or
//       the fence came after and its seal lists the file: a publish that was reported as done is never hidden.
//   F2. A half is never changed once it is there. A fence that covers the shards of an older one, at newer generations, replaces it.
//   F3. A fence without seal (its writer died, or is just there) hides nothing: nobody has recovered under it yet.
//   F4. A damaged fence lets nobody publish until the next `fence` has set it aside.
// Where they are kept: file-fences.ts beside the checkpoints, sqlite-fences.ts in the data folder's database. docs/adr/0008
import type { Checkpoint, Fence, ShardId } from "@streamflow/core";
import type { ShardHead } from "./shard-heads.ts";
import { laterHead } from "./shard-heads.ts";

/** A fence as it was read. */
export interface KeptFence {
  /** Opaque; never used again. */
  readonly id: string;
  readonly generations: ReadonlyMap<ShardId, number>;
  /** Names of the checkpoint files that stood when it was made; undefined: it has no seal. */
  readonly sealed: ReadonlySet<string> | undefined;
}

/** The fences of one pipeline. `names`: what was just listed of its folder, so that those who look there need not list it again. */
export interface PipelineFences {
  /** @throws {@link StreamFlowError} SF_STATE_CORRUPT for a damaged one. */
  read(names?: readonly string[]): Promise<readonly KeptFence[]>;
  /** Like `read`, but leaves out damaged fences, and says so. With `setAside` it puts them out of everybody's way (F4). */
  readUsable(setAside: boolean, names?: readonly string[]): Promise<readonly KeptFence[]>;
  /** Writes the first half of a fence, durably. Answers its id. */
  announce(fences: readonly Fence[], names: readonly string[]): Promise<string>;
  /** Writes the second half, durably. */
  seal(id: string, checkpointFiles: readonly string[]): Promise<void>;
  /** Removes the fences that these generations replace. */
  removeReplaced(fences: readonly KeptFence[], by: readonly Fence[]): Promise<void>;
}

/** Keeps the fences of all pipelines of a host. */
export interface FenceKeeper {
  of(pipeline: string): PipelineFences;
  /** Forgets what can be read again (CKP-12). */
  rest(pipeline: string): void;
  close(): void;
}

/** Whether a checkpoint file counts under these fences. */
export function isVisible(file: string, checkpoint: Checkpoint, fences: readonly KeptFence[]): boolean {
  return fences.every((fence) => fence.sealed === undefined || fence.sealed.has(file) || !isOlder(checkpoint, fence));
}

function isOlder(checkpoint: Checkpoint, fence: KeptFence): boolean {
  return checkpoint.manifests.some((manifest) => (fence.generations.get(manifest.shard) ?? -1) > manifest.generation);
}

/** Adds what fences say of shards to what checkpoints say. */
export function addFences(heads: Map<ShardId, ShardHead>, fences: readonly KeptFence[]): void {
  for (const fence of fences) {
    for (const [shard, generation] of fence.generations) heads.set(shard, laterHead(heads.get(shard), { generation, epoch: -1 }));
  }
}

/** Those of which every shard has a newer generation (F2). */
export function replacedBy(fences: readonly KeptFence[], by: readonly Fence[]): readonly KeptFence[] {
  const newer = new Map(by.map((fence) => [fence.shard, fence.generation]));
  return fences.filter((fence) => [...fence.generations].every(([shard, generation]) => (newer.get(shard) ?? -1) > generation));
}
