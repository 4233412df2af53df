// Fences as files beside the checkpoints: for folders that stand alone, and data folders of before ADR 8.
//   `<n>-<token>.fence`, `<n>-<token>.seal`: the two halves of fences.ts. Neither is ever changed.
import { StreamFlowError } from "@streamflow/core";
import type { Fence, ShardId } from "@streamflow/core";
import { seal, unseal } from "../checkpoint-codec.ts";
import { Recent } from "../recent.ts";
import { type FenceKeeper, type KeptFence, type PipelineFences, replacedBy } from "./fences.ts";
import type { PipelineFolders } from "./pipeline-folders.ts";
import type { StoreEnvironment } from "./store-environment.ts";
import { uniqueName } from "./store-environment.ts";
import { readIfThere, writeAtomically } from "./whole-file.ts";

const fenceEnding = ".fence";
const sealEnding = ".seal";

/** What was read is remembered of so many folders: a host may have very many pipelines. */
const maxFolders = 1_024;

/** Fences in the pipelines' folders. */
export class FileFences implements FenceKeeper {
  readonly #folders: PipelineFolders;
  readonly #environment: StoreEnvironment;
  readonly #known = new Recent<FolderFences>(maxFolders);

  constructor(folders: PipelineFolders, environment: StoreEnvironment) {
    this.#folders = folders;
    this.#environment = environment;
  }

  of(pipeline: string): PipelineFences {
    const known = this.#known.get(pipeline) ?? new FolderFences(pipeline, this.#folders, this.#environment);
    this.#known.set(pipeline, known);
    return known;
  }

  rest(pipeline: string): void {
    this.#known.delete(pipeline);
  }

  /** Nothing is open. */
  close(): void {}
}

/** The fences of one pipeline's folder. Files that were read or written once are remembered: they never change (F2). */
class FolderFences implements PipelineFences {
  readonly #pipeline: string;
  readonly #folders: PipelineFolders;
  readonly #folder: string;
  readonly #environment: StoreEnvironment;
  readonly #read = new Map<string, unknown>();

  constructor(pipeline: string, folders: PipelineFolders, environment: StoreEnvironment) {
    this.#pipeline = pipeline;
    this.#folders = folders;
    this.#folder = folders.pathOf(pipeline);
    this.#environment = environment;
  }

  async read(given?: readonly string[]): Promise<readonly KeptFence[]> {
    const names = given ?? (await this.#environment.disk.list(this.#folder));
    const fences: KeptFence[] = [];
    for (const name of names.filter((candidate) => candidate.endsWith(fenceEnding))) {
      const stem = name.slice(0, -fenceEnding.length);
      const generations = (await this.#load(name)) as readonly (readonly [ShardId, number])[] | undefined;
      if (generations === undefined) continue;
      const sealed = names.includes(stem + sealEnding) ? ((await this.#load(stem + sealEnding)) as readonly string[] | undefined) : undefined;
      fences.push({ id: stem, generations: new Map(generations), sealed: sealed === undefined ? undefined : new Set(sealed) });
    }
    return fences;
  }

  async readUsable(setAside: boolean, given?: readonly string[]): Promise<readonly KeptFence[]> {
    const names = given ?? (await this.#environment.disk.list(this.#folder));
    const { disk, logger } = this.#environment;
    const usable: KeptFence[] = [];
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

  async announce(fences: readonly Fence[], names: readonly string[]): Promise<string> {
    await this.#folders.make(this.#pipeline);
    const newest = Math.max(0, ...names.filter((name) => name.endsWith(fenceEnding)).map((name) => Number.parseInt(name, 10) || 0));
    const stem = `${String(newest + 1).padStart(8, "0")}-${uniqueName(this.#environment)}`;
    await this.#write(stem + fenceEnding, fences.map((fence) => [fence.shard, fence.generation]));
    return stem;
  }

  /** What it lists is durable with it: it syncs the folder. */
  async seal(stem: string, checkpointFiles: readonly string[]): Promise<void> {
    await this.#write(stem + sealEnding, checkpointFiles);
  }

  async removeReplaced(fences: readonly KeptFence[], by: readonly Fence[]): Promise<void> {
    const { disk } = this.#environment;
    for (const { id } of replacedBy(fences, by)) {
      await disk.remove(`${this.#folder}/${id}${fenceEnding}`);
      await disk.remove(`${this.#folder}/${id}${sealEnding}`);
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
