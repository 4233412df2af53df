// Where sinks write: folders that are still there after a power loss.
import type { Disk } from "@streamflow/core";

/**
 * Makes a folder with its parents, and their names durable.
 *
 * Parents that were there before are synced too, since whoever made them may not have; where that is not allowed, it is left.
 */
export async function makeDurableFolder(disk: Disk, folder: string): Promise<void> {
  const steps = folder.split("/").map((_, i, parts) => parts.slice(0, i + 1).join("/")).filter((path) => path !== "" && !path.endsWith("/"));
  const isNew = new Set<string>();
  for (const path of steps) if ((await disk.stat(path)) === undefined) isNew.add(path);
  await disk.makeFolder(folder);
  for (const path of steps) {
    try {
      await disk.syncFolder(parentOf(path));
    } catch (error) {
      if (isNew.has(path)) throw error;
    }
  }
}

function parentOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at < 0 ? "." : at === 0 ? "/" : path.slice(0, at);
}

/** A path that may be relative, meant from a base folder; without one it is meant from the process's folder. */
export function pathFrom(base: string | undefined, path: string): string {
  return base === undefined || path.startsWith("/") ? path : `${base}/${path}`;
}
