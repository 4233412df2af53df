// Fences as files: what makes a replaced writer harmless without any lock, so that a stopped process can block nobody.
//
// A fence is two files. `<n>-<token>.fence` says which generations now own which shards. `<n>-<token>.seal`, written after it, lists the
// checkpoint files that stood then. A checkpoint file of an older generation that is not in the seal came too late: it is invisible.
//   F1. A publisher renames its file into place and only then looks for fences. Either it sees the fence and reports SF_CHECKPOINT_FENCED, or
//       the fence came after and its seal lists the file: a publish that was reported as done is never hidden.
//   F2. A fence file is never changed. One that covers the shards of an older fence, at newer generations, replaces it.
//   F3. A fence without seal (its writer died, or is just there) hides nothing: nobody has recovered under it yet.
//   F4. A damaged fence lets nobody publish until the next `fence` has set it aside.
import { StreamFlowError } from "@streamflow/core";
import type { Checkpoint, Fence, ShardId } from "@streamflow/core";
import { seal, unseal } from "../checkpoint-codec.ts";
import type { ShardHead } from "./shard-heads.ts";
import { laterHead } from "./shard-heads.ts";
import type { StoreEnvironment } from "./store-environment.ts";
import { uniqueName } from "./store-environment.ts";
import { readIfThere, writeAtomically } from "./whole-file.ts";

/** A fence as read from a folder. */
export interface FileFence {
  /** Name without ending. */
  readonly stem: string;
  readonly generations: ReadonlyMap<ShardId, number>;
  /** Names of the checkpoint files that stood when it was made. */
  readonly sealed: ReadonlySet<string> | undefined;
}

const fenceEnding = ".fence";
const sealEnding = ".seal";

/** The fences of one pipeline's folder. Files that were read or written once are remembered: they never change (F2). */
export class FileFences {
  readonly #folder: string;
  readonly #environment: StoreEnvironment;
  readonly #read = new Map<string, unknown>();

  constructor(folder: string, environment: StoreEnvironment) {
    this.#folder = folder;
    this.#environment = environment;
  }

  /**
   * Reads the fences among these file names.
   * @throws {@link StreamFlowError} SF_STATE_CORRUPT for a damaged one.
   */
  async read(names: readonly string[]): Promise<readonly FileFence[]> {
    const fences: FileFence[] = [];
    for (const name of names.filter((candidate) => candidate.endsWith(fenceEnding))) {
      const stem = name.slice(0, -fenceEnding.length);
      const generations = (await this.#load(name)) as readonly (readonly [ShardId, number])[] | undefined;
      if (generations === undefined) continue;
      const sealed = names.includes(stem + sealEnding) ? ((await this.#load(stem + sealEnding)) as readonly string[] | undefined) : undefined;
      fences.push({ stem, generations: new Map(generations), sealed: sealed === undefined ? undefined : new Set(sealed) });
    }
    return fences;
  }

  /** Like `read`, but leaves out damaged fences, and says so. With `setAside` it renames them, so that they are out of everybody's way (F4). */
  async readUsable(names: readonly string[], setAside: boolean): Promise<readonly FileFence[]> {
    const { disk, logger } = this.#environment;
    const usable: FileFence[] = [];
    for (const name of names.filter((candidate) => candidate.endsWith(fenceEnding))) {
      const pair = [name, name.replace(fenceEnding, sealEnding)].filter((file) => names.includes(file));
      try {
        usable.push(...(await this.read(pair)));
      } catch (error) {
        if (!StreamFlowError.is(error, "SF_STATE_CORRUPT")) throw error;
        logger.warn(`${error.message}; it fences nobody`, { path: `${this.#folder}/${name}`, setAside });
        if (setAside) for (const file of pair) await disk.rename(`${this.#folder}/${file}`, `${this.#folder}/${file}.damaged`);
      }
    }
    return usable;
  }

  /** Writes the first half of a fence, durably. Answers its stem. */
  async announce(fences: readonly Fence[], known: readonly string[]): Promise<string> {
    const newest = Math.max(0, ...known.filter((name) => name.endsWith(fenceEnding)).map((name) => Number.parseInt(name, 10) || 0));
    const stem = `${String(newest + 1).padStart(8, "0")}-${uniqueName(this.#environment)}`;
    await this.#write(stem + fenceEnding, fences.map((fence) => [fence.shard, fence.generation]));
    return stem;
  }

  /** Writes the second half. What it lists is durable with it: it syncs the folder. */
  async seal(stem: string, checkpointFiles: readonly string[]): Promise<void> {
    await this.#write(stem + sealEnding, checkpointFiles);
  }

  /** Removes the fences that these generations replace. */
  async removeReplaced(fences: readonly FileFence[], by: readonly Fence[]): Promise<void> {
    const { disk } = this.#environment;
    const newer = new Map(by.map((fence) => [fence.shard, fence.generation]));
    const replaced = fences.filter((fence) => [...fence.generations].every(([shard, generation]) => (newer.get(shard) ?? -1) > generation));
    for (const { stem } of replaced) {
      await disk.remove(`${this.#folder}/${stem}${fenceEnding}`);
      await disk.remove(`${this.#folder}/${stem}${sealEnding}`);
    }
  }

  /** Undefined: removed by somebody else since it was listed. */
  async #load(name: string): Promise<unknown> {
    const known = this.#read.get(name);
    if (known !== undefined) return known;
    const path = `${this.#folder}/${name}`;
    const bytes = await readIfThere(this.#environment.disk, path);
    if (bytes === undefined) return undefined;
    const value = unseal(bytes, `fence ${path}`);
    this.#read.set(name, value);
    return value;
  }

  async #write(name: string, value: unknown): Promise<void> {
    const temporary = `${uniqueName(this.#environment)}.tmp`;
    await writeAtomically(this.#environment.disk, this.#folder, { name, temporary, bytes: seal(value) });
    this.#read.set(name, value);
  }
}

/** Whether a checkpoint file counts under these fences. */
export function isVisible(file: string, checkpoint: Checkpoint, fences: readonly FileFence[]): boolean {
  return fences.every((fence) => fence.sealed === undefined || fence.sealed.has(file) || !isOlder(checkpoint, fence));
}

function isOlder(checkpoint: Checkpoint, fence: FileFence): boolean {
  return checkpoint.manifests.some((manifest) => (fence.generations.get(manifest.shard) ?? -1) > manifest.generation);
}

/** Adds what fences say of shards to what checkpoints say. */
export function addFences(heads: Map<ShardId, ShardHead>, fences: readonly FileFence[]): void {
  for (const fence of fences) {
    for (const [shard, generation] of fence.generations) heads.set(shard, laterHead(heads.get(shard), { generation, epoch: -1 }));
  }
}
