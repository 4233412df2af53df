// Savepoints as users name them: by a plain name in the host's stores, or by the path of a file.
import { resolve } from "node:path";
import { describeSavepoint, isSavepointPath, readSavepointFile, Savepoints, writeSavepointFile, type Environment, type HostStores, type Savepoint, type SavepointInfo } from "@streamflow/core";

/** Where savepoints are. */
export interface SavepointPlaces {
  readonly stores: HostStores;
  readonly environment: Environment;
  /** Where relative paths are meant from. */
  readonly folder: string;
}

/** Reads a savepoint whole. @throws {@link StreamFlowError} SF_CONFIG_INVALID where there is none; SF_STATE_CORRUPT where it is damaged */
export function readSavepoint(target: string, { stores, environment, folder }: SavepointPlaces): Promise<Savepoint> {
  return isSavepointPath(target) ? readSavepointFile(resolve(folder, target), environment.disk) : new Savepoints(stores, environment).get(target);
}

/** Keeps a savepoint. @throws {@link StreamFlowError} SF_CONFIG_INVALID where there is one already */
export async function keepSavepoint(target: string, savepoint: Savepoint, { stores, environment, folder }: SavepointPlaces): Promise<SavepointInfo> {
  if (!isSavepointPath(target)) return new Savepoints(stores, environment).add(target, savepoint);
  const path = resolve(folder, target);
  await writeSavepointFile(savepoint, path, environment);
  return describeSavepoint(path, savepoint);
}

/** Says before the work what would be said after it: the name is taken, or none. */
export async function checkTarget(target: string, { stores, environment }: SavepointPlaces): Promise<void> {
  if (!isSavepointPath(target)) await new Savepoints(stores, environment).checkFree(target);
}
