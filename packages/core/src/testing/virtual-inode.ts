// What a virtual disk is made of: files and folders, each with its live contents and with what a crash would leave.
import type { SeededRandom } from "./seeded-random.ts";

const sectorBytes = 512;

/** A change of a file's contents that is not durable yet. */
type DataChange = { readonly kind: "write"; readonly at: number; readonly bytes: Uint8Array } | { readonly kind: "truncate"; readonly sizeBytes: number };

/** A file: bytes that readers see, the durable bytes, and the changes between them. */
export class VirtualFileNode {
  readonly kind = "file";
  modifiedMs: number;
  #live: Bytes;
  #durable: Uint8Array;
  #changes: DataChange[] = [];

  constructor(modifiedMs: number, contents: Uint8Array = new Uint8Array()) {
    this.modifiedMs = modifiedMs;
    this.#live = new Bytes(contents);
    this.#durable = contents;
  }

  get bytes(): Uint8Array {
    return this.#live.view();
  }

  write(at: number, bytes: Uint8Array): void {
    // The caller may reuse its buffer.
    const copy = bytes.slice();
    this.#live.write(at, copy);
    this.#changes.push({ kind: "write", at, bytes: copy });
  }

  truncate(sizeBytes: number): void {
    this.#live.truncate(sizeBytes);
    this.#changes.push({ kind: "truncate", sizeBytes });
  }

  sync(): void {
    this.#durable = this.bytes.slice();
    this.#changes = [];
  }

  /** The file as another process finds it: everything is kept, what was not durable still is not. */
  survive(): VirtualFileNode {
    const copy = new VirtualFileNode(this.modifiedMs, this.#durable);
    copy.#live = new Bytes(this.bytes);
    copy.#changes = [...this.#changes];
    return copy;
  }

  /** The file after a power loss: of the changes since the last sync any may be kept, in any order, writes also in part. */
  crash(random: SeededRandom): VirtualFileNode {
    const after = new Bytes(this.#durable);
    for (const change of surviving(this.#changes, random)) {
      if (change.kind === "truncate") after.truncate(change.sizeBytes);
      else tear(change, random, after);
    }
    return new VirtualFileNode(this.modifiedMs, after.view().slice());
  }
}

/** A name that appeared in, or vanished from, a folder. Both ends of a rename are one change: it is atomic. */
type NameChange = readonly { readonly name: string; readonly node: VirtualNode | undefined }[];

/** A folder: names that users see, the durable names, and the changes between them. */
export class VirtualFolderNode {
  readonly kind = "folder";
  modifiedMs: number;
  #live = new Map<string, VirtualNode>();
  #durable = new Map<string, VirtualNode>();
  #changes: NameChange[] = [];

  constructor(modifiedMs: number) {
    this.modifiedMs = modifiedMs;
  }

  get names(): ReadonlyMap<string, VirtualNode> {
    return this.#live;
  }

  change(change: NameChange): void {
    applyNames(this.#live, change);
    this.#changes.push(change);
  }

  sync(): void {
    this.#durable = new Map(this.#live);
    this.#changes = [];
  }

  survive(copies: Copies): VirtualFolderNode {
    const copy = new VirtualFolderNode(this.modifiedMs);
    copy.#live = copyNames(this.#live, copies);
    copy.#durable = copyNames(this.#durable, copies);
    copy.#changes = this.#changes.map((change) => change.map(({ name, node }) => ({ name, node: node && copies.of(node) })));
    return copy;
  }

  crash(random: SeededRandom, copies: Copies): VirtualFolderNode {
    const left = new Map(this.#durable);
    for (const change of surviving(this.#changes, random)) applyNames(left, change);
    const copy = new VirtualFolderNode(this.modifiedMs);
    copy.#live = copyNames(left, copies);
    copy.#durable = new Map(copy.#live);
    return copy;
  }
}

export type VirtualNode = VirtualFileNode | VirtualFolderNode;

/** Copies each node once, so that two names of one file stay names of one file. */
export class Copies {
  readonly #copies = new Map<VirtualNode, VirtualNode>();
  readonly #random: SeededRandom | undefined;

  /** With `random`, copies are what a power loss leaves; without, what the end of a process leaves. */
  constructor(random: SeededRandom | undefined) {
    this.#random = random;
  }

  of(node: VirtualNode): VirtualNode {
    const known = this.#copies.get(node);
    if (known !== undefined) return known;
    const copy = this.#copy(node);
    this.#copies.set(node, copy);
    return copy;
  }

  #copy(node: VirtualNode): VirtualNode {
    if (node.kind === "file") return this.#random === undefined ? node.survive() : node.crash(this.#random);
    return this.#random === undefined ? node.survive(this) : node.crash(this.#random, this);
  }
}

function copyNames(names: ReadonlyMap<string, VirtualNode>, copies: Copies): Map<string, VirtualNode> {
  return new Map([...names].map(([name, node]) => [name, copies.of(node)]));
}

function applyNames(names: Map<string, VirtualNode>, change: NameChange): void {
  for (const { name, node } of change) {
    if (node === undefined) names.delete(name);
    else names.set(name, node);
  }
}

/** Which changes a crash keeps: nothing, all, a first part, or any of them in any order. Each way is tried often. */
function surviving<T>(changes: readonly T[], random: SeededRandom): readonly T[] {
  if (changes.length === 0) return changes;
  switch (random.integer(5)) {
    case 0:
      return [];
    case 1:
      return changes;
    case 2:
      return changes.slice(0, random.integer(changes.length + 1));
    case 3:
      return changes.filter(() => random.chance());
    default:
      return random.shuffle(changes.filter(() => random.chance()));
  }
}

/** Applies a write whole, up to some byte, or sector by sector with gaps. */
function tear(change: { readonly at: number; readonly bytes: Uint8Array }, random: SeededRandom, target: Bytes): void {
  const { at, bytes } = change;
  switch (random.integer(3)) {
    case 0:
      return target.write(at, bytes);
    case 1:
      return target.write(at, bytes.subarray(0, random.integer(bytes.length + 1)));
    default:
      for (let from = 0; from < bytes.length; ) {
        const to = Math.min(bytes.length, from + sectorBytes - ((at + from) % sectorBytes));
        if (random.chance()) target.write(at + from, bytes.subarray(from, to));
        from = to;
      }
  }
}

/** A growing array of bytes; a gap before a write reads as zeros. */
class Bytes {
  #buffer: Uint8Array;
  #size: number;

  constructor(contents: Uint8Array) {
    this.#buffer = contents.slice();
    this.#size = contents.length;
  }

  view(): Uint8Array {
    return this.#buffer.subarray(0, this.#size);
  }

  write(at: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#reserve(at + bytes.length);
    this.#buffer.set(bytes, at);
    this.#size = Math.max(this.#size, at + bytes.length);
  }

  truncate(sizeBytes: number): void {
    this.#reserve(sizeBytes);
    // What is cut off must not come back when the file grows again.
    this.#buffer.fill(0, Math.min(sizeBytes, this.#size));
    this.#size = sizeBytes;
  }

  #reserve(sizeBytes: number): void {
    if (sizeBytes <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(sizeBytes, this.#buffer.length * 2, 256));
    grown.set(this.view());
    this.#buffer = grown;
  }
}
