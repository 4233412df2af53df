// Files of the machine.
import { constants, fstatSync, read, readSync, write, writeSync } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, unlink, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import type { Disk, DiskFile, DiskStat } from "../contracts/environment.ts";
import { diskError, isMissing, systemCode } from "./disk-error.ts";
import { QuickCalls } from "./quick-calls.ts";

const writeFlags = constants.O_RDWR | constants.O_CREAT;

/** So much is written by one call: no longer than others can wait. */
const mostAtOnce = 1 << 20;

/** Options of {@link nodeDisk}. */
export interface NodeDiskOptions {
  /** All reads are done by the calling thread, which waits: for threads that have nothing else to do. @defaultValue false: only while they are quick */
  readonly readsBlock?: boolean;
}

/** Makes a disk on the machine's file system. Every failure is a StreamFlowError that names the path. */
export function nodeDisk({ readsBlock = false }: NodeDiskOptions = {}): Disk {
  const openFile = async (path: string, flags: number): Promise<DiskFile> => new NodeFile(path, await attempt("open", path, () => open(path, flags)), readsBlock);
  return {
    openRead: (path) => openFile(path, constants.O_RDONLY),
    openWrite: (path) => openFile(path, writeFlags),
    createExclusive: (path) => openFile(path, writeFlags | constants.O_EXCL),
    rename: (from, to) => attempt("rename", from, () => rename(from, to)),
    remove,
    removeFolder: (path) => attempt("remove", path, () => rm(path, { recursive: true, force: true })),
    list,
    makeFolder: (path) => attempt("create", path, () => makeFolders(path)),
    stat: statOf,
    syncFolder,
  };
}

/** As `mkdir` does it recursively; but that never ends where a folder that is there refuses with ENOENT, as `/proc` does. */
async function makeFolders(path: string): Promise<void> {
  const parent = dirname(path);
  if (parent !== path && !(await stat(parent).then(() => true, () => false))) await makeFolders(parent);
  try {
    await mkdir(path);
  } catch (thrown) {
    if (systemCode(thrown) !== "EEXIST" || !(await stat(path)).isDirectory()) throw thrown;
  }
}

async function attempt<T>(operation: string, path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    throw diskError(thrown, operation, path);
  }
}

function remove(path: string): Promise<void> {
  return attempt("remove", path, () => unlink(path).catch(unlessMissing(undefined)));
}

function list(folder: string): Promise<readonly string[]> {
  return attempt("list", folder, async () => (await readdir(folder).catch(unlessMissing<string[]>([]))).sort());
}

function statOf(path: string): Promise<DiskStat | undefined> {
  return attempt("stat", path, async () => {
    const found = await stat(path).catch(unlessMissing(undefined));
    if (found === undefined) return undefined;
    return { kind: found.isDirectory() ? "folder" : "file", sizeBytes: found.size, modifiedMs: found.mtimeMs };
  });
}

function syncFolder(path: string): Promise<void> {
  return attempt("sync", path, async () => {
    let handle: FileHandle;
    try {
      handle = await open(path, constants.O_RDONLY);
    } catch (thrown) {
      // Windows opens no folders, and needs no syncing of names.
      if (process.platform === "win32" && ["EISDIR", "EPERM"].includes(systemCode(thrown) ?? "")) return;
      throw thrown;
    }
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

function unlessMissing<T>(answer: T): (thrown: unknown) => T {
  return (thrown) => {
    if (isMissing(thrown)) return answer;
    throw thrown;
  };
}

class NodeFile implements DiskFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  /** Where the next write at the end goes; unknown until the first one asks. */
  #end: number | undefined;
  #closed = false;
  /** Reads and writes that others do now, and who waits for their end. */
  #underWay = 0;
  #idle: (() => void) | undefined;

  readonly #readsBlock: boolean;
  /** Absent before the first call, and where waiting may never end, as for a pipe. */
  #quickReads: QuickCalls | undefined;
  #quickWrites: QuickCalls | undefined;
  #isKnown = false;

  constructor(path: string, handle: FileHandle, readsBlock: boolean) {
    this.#path = path;
    this.#handle = handle;
    this.#readsBlock = readsBlock;
  }

  read(target: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    try {
      const count = this.readNow(target, offset, length, position);
      if (count === undefined) return this.#readByOthers(target, offset, length, position);
      // Whoever reads on and on must let others have their turn.
      return this.#readsBlock ? Promise.resolve(count) : new Promise((resolve) => setImmediate(resolve, count));
    } catch (thrown) {
      return Promise.reject(thrown as Error);
    }
  }

  readNow(target: Uint8Array, offset: number, length: number, position: number): number | undefined {
    if (this.#closed) throw diskError(new Error("it is closed"), "read", this.#path);
    try {
      this.#learn();
      if (!this.#readsBlock && this.#quickReads?.areHere !== true) return undefined;
      const before = performance.now();
      const count = readSync(this.#handle.fd, target, offset, length, position);
      this.#quickReads?.took(performance.now() - before, count);
      return count;
    } catch (thrown) {
      throw diskError(thrown, "read", this.#path);
    }
  }

  #learn(): void {
    if (this.#isKnown) return;
    this.#isKnown = true;
    if (!fstatSync(this.#handle.fd).isFile()) return;
    this.#quickReads = new QuickCalls();
    this.#quickWrites = new QuickCalls();
  }

  #readByOthers(target: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    this.#quickReads?.wentAway();
    return this.#byOthers("read", (ended) => read(this.#handle.fd, target, offset, length, position, ended));
  }

  /** Through a callback: the promises of a FileHandle are several for each call. */
  #byOthers(operation: string, begin: (ended: (error: unknown, count: number) => void) => void): Promise<number> {
    return new Promise((resolve, reject) => {
      const ended = (error: unknown, count: number): void => {
        this.#underWay--;
        if (this.#underWay === 0) this.#idle?.();
        if (error === null) resolve(count);
        else reject(diskError(error, operation, this.#path));
      };
      this.#underWay++;
      try {
        begin(ended);
      } catch (thrown) {
        ended(thrown, 0);
      }
    });
  }

  async write(bytes: Uint8Array, position?: number): Promise<void> {
    if (this.#closed) throw diskError(new Error("it is closed"), "write", this.#path);
    let at = position ?? (this.#end ??= await this.size());
    // The system may take less than it was given.
    for (let done = 0; done < bytes.length; ) {
      const count = await this.#writeSome(bytes, done, at);
      done += count;
      at += count;
      if (this.#end !== undefined && at > this.#end) this.#end = at;
    }
  }

  #writeSome(bytes: Uint8Array, from: number, at: number): Promise<number> {
    const length = Math.min(bytes.length - from, mostAtOnce);
    try {
      this.#learn();
      if (this.#quickWrites?.areHere !== true) {
        this.#quickWrites?.wentAway();
        return this.#byOthers("write", (ended) => write(this.#handle.fd, bytes, from, length, at, ended));
      }
      const before = performance.now();
      const count = writeSync(this.#handle.fd, bytes, from, length, at);
      this.#quickWrites.took(performance.now() - before, count);
      return new Promise((resolve) => setImmediate(resolve, count));
    } catch (thrown) {
      return Promise.reject(diskError(thrown, "write", this.#path));
    }
  }

  sync(): Promise<void> {
    // fdatasync includes the size: all that reading the data back needs.
    return attempt("sync", this.#path, () => this.#handle.datasync());
  }

  truncate(sizeBytes: number): Promise<void> {
    return attempt("truncate", this.#path, async () => {
      await this.#handle.truncate(sizeBytes);
      this.#end = sizeBytes;
    });
  }

  size(): Promise<number> {
    return attempt("stat", this.#path, async () => (await this.#handle.stat()).size);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // A descriptor that is closed under a read or a write may be another file's by then.
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    await attempt("close", this.#path, () => this.#handle.close());
  }
}
