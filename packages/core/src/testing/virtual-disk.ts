// A disk in memory that can be full, read-only, broken, and lose power.
//   V1. What `crash` leaves is what DSK-1 allows and nothing else: synced bytes and synced names are there, of the rest any part.
//   V2. A disk that has crashed is dead: whoever still holds it gets errors and can change nothing that its successor sees.
//   V3. The same operations and the same seed leave the same disk.
// Deliberately not here: permissions, links, and the time that operations take (see `beforeOperation`).
import type { Disk, DiskFile, DiskStat } from "../contracts/environment.ts";
import type { ErrorCode } from "../error-codes.ts";
import { StreamFlowError } from "../errors.ts";
import { seededRandom } from "./seeded-random.ts";
import { Copies, VirtualFileNode, VirtualFolderNode, type VirtualNode } from "./virtual-inode.ts";

/** What is done to a disk, for hooks. */
export type DiskOperation = "open" | "create" | "read" | "write" | "sync" | "truncate" | "rename" | "remove" | "list" | "makeFolder" | "stat" | "syncFolder";

const changing: ReadonlySet<DiskOperation> = new Set(["create", "write", "sync", "truncate", "rename", "remove", "makeFolder", "syncFolder"]);

/** Options of {@link VirtualDisk}. */
export interface VirtualDiskOptions {
  /** Folders that are there, durably, from the start. @defaultValue `["/data"]` */
  readonly folders?: readonly string[];
  /** Bytes that all files together may hold. @defaultValue unlimited */
  readonly quotaBytes?: number;
  /** Stamps files. @defaultValue all files are stamped 0 */
  readonly clock?: { nowMs(): number };
  /** Called before each operation: may wait (a slow disk), throw (a broken one), or crash the disk. */
  readonly beforeOperation?: (operation: DiskOperation, path: string) => void | Promise<void>;
}

/** Files in memory, with the crash semantics of DSK-1. */
export class VirtualDisk implements Disk {
  readonly #options: VirtualDiskOptions;
  #root = new VirtualFolderNode(0);
  #dead: string | undefined;
  #changes = 0;
  #readsNow = 0;
  #failFrom = Infinity;
  /** Bytes that all files together may hold. May be changed at any time. */
  quotaBytes: number;
  /** While true, everything that would change a file or a name throws SF_DISK_READ_ONLY. */
  isReadOnly = false;

  constructor(options: VirtualDiskOptions = {}) {
    this.#options = options;
    this.quotaBytes = options.quotaBytes ?? Infinity;
    for (const folder of options.folders ?? ["/data"]) this.#makeDurableFolder(folder);
  }

  /** How many operations have changed the disk, or made a change durable, so far. */
  get changes(): number {
    return this.#changes;
  }

  /** The bytes that all files together hold. */
  get usedBytes(): number {
    let sum = 0;
    this.#visitFiles((_path, node) => (sum += node.bytes.length));
    return sum;
  }

  /** After `changes` more changing operations, each further one throws SF_DISK_FAILED; `Infinity` mends the disk. */
  failAfter(changes: number): void {
    this.#failFrom = this.#changes + changes;
  }

  /** Loses power: answers the disk that the next process finds. This one is dead from now on. */
  crash(seed: number): VirtualDisk {
    return this.#successor(new Copies(seededRandom(seed)), "the machine has lost power");
  }

  /** Ends the process alone: the next one finds everything that was written, synced or not. This disk is dead from now on. */
  kill(): VirtualDisk {
    return this.#successor(new Copies(undefined), "the process was killed");
  }

  /** The contents of every file, by path, in order of path. */
  files(): ReadonlyMap<string, Uint8Array> {
    const found = new Map<string, Uint8Array>();
    this.#visitFiles((path, node) => found.set(path, node.bytes.slice()));
    return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  async openRead(path: string): Promise<DiskFile> {
    await this.#begin("open", path);
    return this.#file(path, this.#existing(path), false);
  }

  async openWrite(path: string): Promise<DiskFile> {
    const isNew = this.#find(path) === undefined;
    await this.#begin(isNew ? "create" : "open", path);
    if (this.isReadOnly) throw failure("SF_DISK_READ_ONLY", "open", path, "the disk is read-only");
    const node = this.#find(path) ?? this.#create(path);
    return this.#file(path, node, true);
  }

  async createExclusive(path: string): Promise<DiskFile> {
    await this.#begin("create", path);
    if (this.#find(path) !== undefined) throw failed("exists", "create", path);
    return this.#file(path, this.#create(path), true);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#begin("rename", from);
    const node = this.#existing(from);
    const [source, target] = [this.#parent(from), this.#parent(to)];
    if (this.#find(to)?.kind === "folder") throw failed("exists", "rename", to);
    if (source === target) {
      source.change([{ name: baseName(from), node: undefined }, { name: baseName(to), node }]);
      return;
    }
    target.change([{ name: baseName(to), node }]);
    source.change([{ name: baseName(from), node: undefined }]);
  }

  async remove(path: string): Promise<void> {
    await this.#begin("remove", path);
    const node = this.#find(path);
    if (node?.kind === "folder") throw failed("folder", "remove", path);
    if (node !== undefined) this.#parent(path).change([{ name: baseName(path), node: undefined }]);
  }

  async removeFolder(path: string): Promise<void> {
    await this.#begin("remove", path);
    if (this.#find(path) !== undefined) this.#parent(path).change([{ name: baseName(path), node: undefined }]);
  }

  async list(folder: string): Promise<readonly string[]> {
    await this.#begin("list", folder);
    const node = this.#find(folder);
    if (node?.kind === "file") throw failed("file", "list", folder);
    return node === undefined ? [] : [...node.names.keys()].sort();
  }

  async makeFolder(path: string): Promise<void> {
    await this.#begin("makeFolder", path);
    this.#walkFolders(path, (parent, name) => {
      const made = new VirtualFolderNode(this.#nowMs());
      parent.change([{ name, node: made }]);
      return made;
    });
  }

  async stat(path: string): Promise<DiskStat | undefined> {
    await this.#begin("stat", path);
    const node = this.#find(path);
    if (node === undefined) return undefined;
    return { kind: node.kind, sizeBytes: node.kind === "file" ? node.bytes.length : 0, modifiedMs: node.modifiedMs };
  }

  async syncFolder(path: string): Promise<void> {
    await this.#begin("syncFolder", path);
    const node = this.#existing(path);
    if (node.kind === "folder") node.sync();
  }

  #visitFiles(visit: (path: string, node: VirtualFileNode) => void): void {
    const walk = (folder: VirtualFolderNode, path: string): void => {
      for (const [name, node] of folder.names) {
        if (node.kind === "folder") walk(node, `${path}/${name}`);
        else visit(`${path}/${name}`, node);
      }
    };
    walk(this.#root, "");
  }

  /** Answers a promise only where the hook has one to wait for. */
  #begin(operation: DiskOperation, path: string): void | Promise<void> {
    this.#mustLive(operation, path);
    const waits = this.#options.beforeOperation?.(operation, path);
    return waits === undefined ? this.#mayChange(operation, path) : waits.then(() => this.#mayChange(operation, path));
  }

  #mayChange(operation: DiskOperation, path: string): void {
    this.#mustLive(operation, path);
    if (!changing.has(operation)) return;
    if (this.isReadOnly) throw failure("SF_DISK_READ_ONLY", operation, path, "the disk is read-only");
    if (this.#changes >= this.#failFrom) throw failed("broken", operation, path);
    this.#changes++;
  }

  #mustLive(operation: DiskOperation, path: string): void {
    if (this.#dead !== undefined) throw failure("SF_DISK_FAILED", operation, path, this.#dead, "dead");
  }

  #successor(copies: Copies, why: string): VirtualDisk {
    if (this.#dead !== undefined) throw new StreamFlowError("SF_INTERNAL", `this disk is dead already: ${this.#dead}`);
    const next = new VirtualDisk({ ...this.#options, folders: [] });
    next.#root = copies.of(this.#root) as VirtualFolderNode;
    next.quotaBytes = this.quotaBytes;
    this.#dead = why;
    return next;
  }

  #file(path: string, node: VirtualNode, writable: boolean): DiskFile {
    if (node.kind === "folder") throw failed("folder", "open", path);
    return new VirtualFile(node, path, {
      writable,
      begin: (operation) => this.#begin(operation, path),
      mayBeginNow: () => {
        this.#mustLive("read", path);
        return this.#options.beforeOperation === undefined && ++this.#readsNow % 3 !== 0;
      },
      room: () => (this.quotaBytes === Infinity ? Infinity : this.quotaBytes - this.usedBytes),
      nowMs: () => this.#nowMs(),
    });
  }

  #create(path: string): VirtualFileNode {
    const made = new VirtualFileNode(this.#nowMs());
    this.#parent(path).change([{ name: baseName(path), node: made }]);
    return made;
  }

  #existing(path: string): VirtualNode {
    const node = this.#find(path);
    if (node === undefined) throw failed("missing", "open", path);
    return node;
  }

  #find(path: string): VirtualNode | undefined {
    let node: VirtualNode | undefined = this.#root;
    for (const part of path.split("/")) {
      if (part === "" || part === ".") continue;
      if (node?.kind !== "folder") return undefined;
      node = node.names.get(part);
    }
    return node;
  }

  #parent(path: string): VirtualFolderNode {
    const parent = this.#find(parts(path).slice(0, -1).join("/"));
    if (parent?.kind !== "folder") throw failed("missing", "open", path);
    return parent;
  }

  #walkFolders(path: string, make: (parent: VirtualFolderNode, name: string) => VirtualFolderNode): void {
    let at = this.#root;
    for (const name of parts(path)) {
      const next: VirtualNode = at.names.get(name) ?? make(at, name);
      if (next.kind === "file") throw failed("exists", "create", path);
      at = next;
    }
  }

  #makeDurableFolder(path: string): void {
    this.#walkFolders(path, (parent, name) => {
      const made = new VirtualFolderNode(this.#nowMs());
      parent.change([{ name, node: made }]);
      parent.sync();
      return made;
    });
  }

  #nowMs(): number {
    return this.#options.clock?.nowMs() ?? 0;
  }
}

interface FileAccess {
  readonly writable: boolean;
  begin(operation: DiskOperation): void | Promise<void>;
  /** Whether a read can be done at once: two of three, as where the system has not everything in memory. */
  mayBeginNow(): boolean;
  /** Bytes that the quota still allows. */
  room(): number;
  nowMs(): number;
}

class VirtualFile implements DiskFile {
  readonly #node: VirtualFileNode;
  readonly #path: string;
  readonly #access: FileAccess;
  #closed = false;

  constructor(node: VirtualFileNode, path: string, access: FileAccess) {
    this.#node = node;
    this.#path = path;
    this.#access = access;
  }

  async read(target: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    await this.#begin("read");
    return this.#read(target, offset, length, position);
  }

  readNow(target: Uint8Array, offset: number, length: number, position: number): number | undefined {
    if (this.#closed) throw failure("SF_DISK_FAILED", "read", this.#path, "the file is closed", "closed");
    return this.#access.mayBeginNow() ? this.#read(target, offset, length, position) : undefined;
  }

  #read(target: Uint8Array, offset: number, length: number, position: number): number {
    const found = this.#node.bytes.subarray(position, position + Math.min(length, target.length - offset));
    target.set(found, offset);
    return found.length;
  }

  async write(bytes: Uint8Array, position?: number): Promise<void> {
    await this.#begin("write");
    const size = this.#node.bytes.length;
    const at = position ?? size;
    const room = Math.max(0, size - at + this.#access.room());
    this.#node.modifiedMs = this.#access.nowMs();
    this.#node.write(at, bytes.subarray(0, room));
    // As on a real disk, what still fitted is there.
    if (room < bytes.length) throw failure("SF_DISK_FULL", "write", this.#path, "no space is left on the disk");
  }

  async sync(): Promise<void> {
    await this.#begin("sync");
    this.#node.sync();
  }

  async truncate(sizeBytes: number): Promise<void> {
    await this.#begin("truncate");
    this.#node.modifiedMs = this.#access.nowMs();
    this.#node.truncate(sizeBytes);
  }

  async size(): Promise<number> {
    await this.#begin("stat");
    return this.#node.bytes.length;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #begin(operation: DiskOperation): void | Promise<void> {
    if (this.#closed) throw failure("SF_DISK_FAILED", operation, this.#path, "the file is closed", "closed");
    const needsWriting = operation === "write" || operation === "truncate";
    if (needsWriting && !this.#access.writable) throw failure("SF_DISK_FAILED", operation, this.#path, "the file is open for reading only", "other");
    return this.#access.begin(operation);
  }
}

type Refusal = "missing" | "exists" | "folder" | "file" | "broken";

const refusals: Readonly<Record<Refusal, string>> = {
  missing: "no such file or folder",
  exists: "it exists",
  folder: "it is a folder",
  file: "it is a file",
  broken: "the disk is broken, as the test asked",
};

function failed(reason: Refusal, operation: string, path: string): StreamFlowError {
  return failure("SF_DISK_FAILED", operation, path, refusals[reason], reason);
}

// eslint-disable-next-line max-params -- five plain facts of one message
function failure(code: ErrorCode, operation: string, path: string, why: string, reason = "other"): StreamFlowError {
  return new StreamFlowError(code, `cannot ${operation} "${path}": ${why}`, { context: { path, operation, reason } });
}

function parts(path: string): readonly string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function baseName(path: string): string {
  return parts(path).at(-1) ?? "";
}
