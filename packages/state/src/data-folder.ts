// The one folder that holds what StreamFlow keeps between runs.
//
//   <folder>/streamflow.json       format and kind of checkpoint storage, where fences are kept
//   <folder>/streamflow.db         SQLite: logs (dead letters, inboxes), metadata, leases, fences; checkpoints where they were asked for here
//   <folder>/checkpoints/          checkpoints as files: stores/file-checkpoint-store.ts
import { StreamFlowError } from "@streamflow/core";
import type { Environment, HostStores } from "@streamflow/core";
import { seal, unseal } from "./checkpoint-codec.ts";
import { identifyProcess } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { openFencedCheckpointFiles, openFileCheckpointStore } from "./stores/file-checkpoint-store.ts";
import { SqliteDatabase } from "./stores/sqlite-database.ts";
import { SqliteFences } from "./stores/sqlite-fences.ts";
import { sqliteStoresOn } from "./stores/sqlite-stores.ts";
import { makeFolderDurably, readIfThere, writeAtomically } from "./stores/whole-file.ts";
import { uniqueName } from "./stores/store-environment.ts";

/** How a data folder keeps its checkpoints. */
export type CheckpointStorage = "files" | "sqlite";

/** Options of {@link openDataFolder}. */
export interface DataFolderOptions {
  /**
   * `files` suits any size of state; `sqlite` keeps everything in one file. A folder stays what it was created as.
   * @defaultValue what the folder has; "files" for a new one
   */
  readonly checkpoints?: CheckpointStorage;
  /** Who this process is: leases of processes that have died are taken over at once. @defaultValue read from /proc; without one leases only run out */
  readonly process?: ProcessIdentity;
}

/** What a folder was created as. */
interface Settings {
  readonly checkpoints: CheckpointStorage;
  /** Where checkpoint files are fenced. Undefined: by files beside them, in folders of before ADR 8. */
  readonly fences?: "database";
}

const settingsFile = "streamflow.json";
const databaseFile = "streamflow.db";

/**
 * Opens the stores of a data folder on the machine's disk, and creates it where it is missing. Several processes may have it open; who may
 * write for a pipeline is a matter of leases and fences. Closing the stores is the caller's.
 *
 * @throws {@link StreamFlowError} SF_DISK_READ_ONLY when the folder cannot be written; SF_CONFIG_INVALID when a file stands in its place, or it
 * keeps its checkpoints in another way than asked for; SF_STATE_CORRUPT, SF_STATE_INCOMPATIBLE, SF_DISK_FULL, SF_DISK_FAILED.
 */
export async function openDataFolder(folder: string, environment: Environment, options: DataFolderOptions = {}): Promise<HostStores> {
  await makeFolder(folder, environment);
  const { checkpoints, fences } = await settle(folder, environment, options.checkpoints);
  const process = options.process ?? (await identifyProcess(environment.disk));
  const database = new SqliteDatabase(`${folder}/${databaseFile}`);
  database.gather((run) => environment.clock.soon(run));
  const stores = sqliteStoresOn(database, environment, process === undefined ? {} : { process });
  if (checkpoints === "sqlite") return stores;
  try {
    const path = `${folder}/checkpoints`;
    const files = fences === "database" ? await openFencedCheckpointFiles(path, environment, new SqliteFences(database, environment)) : await openFileCheckpointStore(path, environment);
    await stores.checkpoints.close();
    return { ...stores, checkpoints: files };
  } catch (error) {
    await closeAll(stores);
    throw error;
  }
}

/** Closes every store of a host, also where one of them fails. */
export async function closeAll(stores: HostStores): Promise<void> {
  const closed = await Promise.allSettled([stores.checkpoints.close(), stores.leases.close(), stores.logs.close(), stores.metadata.close()]);
  const failed = closed.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function makeFolder(folder: string, { disk }: Environment): Promise<void> {
  // A parent that is a file reads as missing here, and fails below.
  const found = await disk.stat(folder);
  if (found?.kind === "file") throw notAFolder(folder, folder);
  try {
    await makeFolderDurably(disk, folder);
  } catch (error) {
    for (let parent = folder; parent.includes("/"); parent = parent.slice(0, parent.lastIndexOf("/"))) {
      if (parent !== "" && (await disk.stat(parent))?.kind === "file") throw notAFolder(folder, parent);
    }
    throw error;
  }
}

/** Reads what the folder was created as, or creates it. */
async function settle(folder: string, environment: Environment, asked: CheckpointStorage | undefined): Promise<Settings> {
  const path = `${folder}/${settingsFile}`;
  const bytes = await readIfThere(environment.disk, path);
  if (bytes === undefined) {
    const settings: Settings = { checkpoints: asked ?? "files", fences: "database" };
    await writeAtomically(environment.disk, folder, { name: settingsFile, temporary: `${uniqueName(environment)}.tmp`, bytes: seal(settings) });
    return settings;
  }
  const settings = unseal(bytes, path) as Settings;
  const { checkpoints } = settings;
  if (asked === undefined || asked === checkpoints) return settings;
  throw new StreamFlowError("SF_CONFIG_INVALID", `data folder "${folder}" keeps checkpoints as "${checkpoints}", asked for "${asked}"`, {
    hint: `open it with checkpoints: "${checkpoints}", or use a new folder`,
  });
}

function notAFolder(folder: string, file: string): StreamFlowError {
  return new StreamFlowError("SF_CONFIG_INVALID", `data folder "${folder}" cannot be used: "${file}" is a file`, { hint: "name another folder, or move the file away" });
}
