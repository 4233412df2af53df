// Reading and writing files as a whole, on the Disk contract.
import { StreamFlowError } from "@streamflow/core";
import type { Disk } from "@streamflow/core";

/** Reads a file. @throws {@link StreamFlowError} SF_DISK_FAILED, with `context.reason = "missing"` where it does not exist. */
export async function readWhole(disk: Disk, path: string): Promise<Uint8Array> {
  const file = await disk.openRead(path);
  try {
    const bytes = new Uint8Array(await file.size());
    let length = 0;
    while (length < bytes.byteLength) {
      const count = await file.read(bytes, length, bytes.byteLength - length, length);
      if (count === 0) break;
      length += count;
    }
    return bytes.subarray(0, length);
  } finally {
    await file.close();
  }
}

/** Reads a file that may be removed by somebody else at any time; undefined when it is gone. */
export async function readIfThere(disk: Disk, path: string): Promise<Uint8Array | undefined> {
  try {
    return await readWhole(disk, path);
  } catch (error) {
    if (isReason(error, "missing")) return undefined;
    throw error;
  }
}

/** So much is written at once: less than a millisecond's work, with a checksum. */
const pieceBytes = 1 << 20;

/** Makes a new file with these bytes, durable but for its name. On failure nothing is left. `each` is shown the bytes, piece by piece. */
export async function createSynced(disk: Disk, path: string, bytes: Uint8Array, each?: (piece: Uint8Array) => void): Promise<void> {
  const file = await disk.createExclusive(path);
  try {
    try {
      let at = 0;
      do {
        const piece = bytes.subarray(at, at + pieceBytes);
        each?.(piece);
        await file.write(piece, at);
        at += piece.length;
      } while (at < bytes.length);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await removeQuietly(disk, path);
    throw error;
  }
}

/** Makes a file appear whole under its name, durably: written beside, synced, renamed. */
export async function writeAtomically(disk: Disk, folder: string, write: { readonly name: string; readonly temporary: string; readonly bytes: Uint8Array }): Promise<void> {
  const temporary = `${folder}/${write.temporary}`;
  await createSynced(disk, temporary, write.bytes);
  await disk.rename(temporary, `${folder}/${write.name}`);
  await disk.syncFolder(folder);
}

/** Creates a folder and its parents, durably: a name is durable when the folder that it stands in is synced. */
export async function makeFolderDurably(disk: Disk, path: string): Promise<void> {
  const isThere = (await disk.stat(path)) !== undefined;
  const toSync = [parentOf(path)];
  for (let at = parentOf(path); parentOf(at) !== at && (await disk.stat(at)) === undefined; at = parentOf(at)) toSync.push(parentOf(at));
  await disk.makeFolder(path);
  for (const folder of toSync) {
    try {
      await disk.syncFolder(folder);
    } catch (error) {
      // Whoever made the folder could sync its name; we may not be allowed to look into what it stands in.
      if (!isThere || !StreamFlowError.is(error, "SF_DISK_READ_ONLY")) throw error;
    }
  }
}

function parentOf(path: string): string {
  const end = path.lastIndexOf("/");
  if (end > 0) return path.slice(0, end);
  return end === 0 ? "/" : ".";
}

/** Removes what a failed write left; the failure itself is what the caller must hear of. */
export async function removeQuietly(disk: Disk, path: string): Promise<void> {
  try {
    await disk.remove(path);
  } catch {
    // A left-over is harmless: it has no published reference, and is collected later.
  }
}

/** Whether an error is SF_DISK_FAILED for this reason. */
export function isReason(error: unknown, reason: "exists" | "missing"): boolean {
  return StreamFlowError.is(error, "SF_DISK_FAILED") && error.context?.["reason"] === reason;
}
