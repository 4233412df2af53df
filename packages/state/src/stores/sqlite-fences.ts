// Fences as rows, for the checkpoint files of a data folder.
// The protocol, F1 to F4, is that of fences.ts. A row cannot be damaged by itself: where the database is, nothing is published (F4).
//   F5. A pipeline's folder is noted here before it is made. A pipeline that is not noted has no checkpoint files and nobody is publishing one, so
//       that its fence is one transaction, with an empty seal: whoever publishes later notes the folder after it, and finds it (F1).
import type { Fence, ShardId } from "@streamflow/core";
import { addFences, type FenceKeeper, type KeptFence, type PipelineFences, replacedBy } from "./fences.ts";
import { checkGeneration, type ShardHead } from "./shard-heads.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import type { StoreEnvironment } from "./store-environment.ts";
import { reach, uniqueName } from "./store-environment.ts";

/** Fences in a database. */
export class SqliteFences implements FenceKeeper {
  readonly #database: SqliteDatabase;
  readonly #environment: StoreEnvironment;
  #isClosed = false;

  constructor(database: SqliteDatabase, environment: StoreEnvironment) {
    this.#database = database;
    this.#environment = environment;
    database.hold();
  }

  /** Notes folders that were put there behind the database's back: from a backup, or by hand. */
  async noteFolders(names: readonly string[]): Promise<void> {
    const noted = new Set(this.#database.all("SELECT name FROM checkpoint_folders").map(({ name }) => String(name)));
    const missing = names.filter((name) => !noted.has(name));
    if (missing.length > 0) await this.#database.soon(() => missing.forEach((name) => this.#note(name)));
  }

  /** To be called, and waited for, before a folder is made. */
  async noteFolder(name: string): Promise<void> {
    if (!this.hasFolder(name)) await this.#database.soon(() => this.#note(name));
  }

  /** False: there is no such folder, and so no checkpoint. */
  hasFolder(name: string): boolean {
    return this.#database.get("SELECT 1 FROM checkpoint_folders WHERE name = ?", name) !== undefined;
  }

  /**
   * Fences a pipeline that has no folder (F5). False: it has one.
   * @throws {@link StreamFlowError} SF_CHECKPOINT_FENCED where a newer generation is known
   */
  async fenceNew(pipeline: string, folder: string, wanted: readonly Fence[]): Promise<boolean> {
    const id = uniqueName(this.#environment);
    const isNew = await this.#database.soon(() => {
      if (this.hasFolder(folder)) return false;
      const known = this.#read(pipeline);
      const heads = new Map<ShardId, ShardHead>();
      addFences(heads, known);
      for (const fence of wanted) checkGeneration(pipeline, fence, heads.get(fence.shard));
      this.#delete(pipeline, replacedBy(known, wanted));
      this.#database.run("INSERT INTO fences (pipeline, id, generations, sealed) VALUES (?, ?, ?, '[]')", pipeline, id, textOf(wanted));
      return true;
    });
    if (isNew) await reach(this.#environment, "store.fence.sealed");
    return isNew;
  }

  of(pipeline: string): PipelineFences {
    const read = async (): Promise<readonly KeptFence[]> => this.#read(pipeline);
    return {
      read,
      readUsable: read,
      announce: (fences) => this.#announce(pipeline, fences),
      seal: (id, files) => this.#seal(pipeline, id, files),
      removeReplaced: (fences, by) => this.#remove(pipeline, replacedBy(fences, by)),
    };
  }

  /** Nothing is remembered. */
  rest(): void {}

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#database.letGo();
  }

  #read(pipeline: string): readonly KeptFence[] {
    const rows = this.#database.all("SELECT id, generations, sealed FROM fences WHERE pipeline = ?", pipeline);
    return rows.map(({ id, generations, sealed }) => ({
      id: String(id),
      generations: new Map(JSON.parse(String(generations)) as readonly (readonly [ShardId, number])[]),
      sealed: sealed === null ? undefined : new Set(JSON.parse(String(sealed)) as readonly string[]),
    }));
  }

  async #announce(pipeline: string, fences: readonly Fence[]): Promise<string> {
    const id = uniqueName(this.#environment);
    await this.#database.soon(() => this.#database.run("INSERT INTO fences (pipeline, id, generations) VALUES (?, ?, ?)", pipeline, id, textOf(fences)));
    return id;
  }

  /** One that has been replaced meanwhile is gone, and stays so. */
  async #seal(pipeline: string, id: string, files: readonly string[]): Promise<void> {
    await this.#database.soon(() => this.#database.run("UPDATE fences SET sealed = ? WHERE pipeline = ? AND id = ?", JSON.stringify(files), pipeline, id));
  }

  async #remove(pipeline: string, fences: readonly KeptFence[]): Promise<void> {
    if (fences.length > 0) await this.#database.soon(() => this.#delete(pipeline, fences));
  }

  #delete(pipeline: string, fences: readonly KeptFence[]): void {
    for (const { id } of fences) this.#database.run("DELETE FROM fences WHERE pipeline = ? AND id = ?", pipeline, id);
  }

  #note(name: string): void {
    this.#database.run("INSERT OR IGNORE INTO checkpoint_folders (name) VALUES (?)", name);
  }
}

function textOf(fences: readonly Fence[]): string {
  return JSON.stringify(fences.map(({ shard, generation }) => [shard, generation]));
}
