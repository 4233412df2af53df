// Checkpoints as files, on any Disk.
//
//   <folder>/<pipeline>/                      see pipeline-folders.ts
//     pipeline.json                           the pipeline's name
//     <token>.segment                         bytes of states; durable before anything names them
//     <epoch, 16 digits>-<token>.checkpoint   one published checkpoint: checkpoint-codec.ts
//     <n>-<token>.fence, .seal                who may still publish, where no database says it: fences.ts
//     *.tmp, *.damaged                        unfinished writes; fences that were set aside
//
// Invariants
//   I1. A checkpoint file appears by rename, after its bytes and the bytes and names of all its segments are durable.
//   I2. Names are never used again, and a file that stands under its final name is never changed.
//   I3. Several processes may use one folder: what decides between them are fences, never locks or caches.
//   I4. A segment goes only when no checkpoint file names it, and it was discarded, or is older than any checkpoint could take.
// Deliberately not here: choosing what to restore (../recovery.ts), packing states into segments (../checkpoint.ts).
import { checksumOf, crc32c, StreamFlowError } from "@streamflow/core";
import type { Checkpoint, CheckpointStore, Fence, ListedCheckpoint, SegmentRef, ShardId } from "@streamflow/core";
import { decodeCheckpoint, encodeCheckpoint, headerOf, sealedText, segmentsOf } from "../checkpoint-codec.ts";
import { Recent } from "../recent.ts";
import { Serial } from "../serial.ts";
import { boundedCheckpointStore } from "./bounded-checkpoint-store.ts";
import { addFences, type FenceKeeper, isVisible, type KeptFence } from "./fences.ts";
import { FileFences } from "./file-fences.ts";
import { folderNameOf, PipelineFolders } from "./pipeline-folders.ts";
import { newestFirst, removable } from "./retention.ts";
import { checkClaim, checkGeneration, fenced, laterHead } from "./shard-heads.ts";
import type { ShardHead } from "./shard-heads.ts";
import type { SqliteFences } from "./sqlite-fences.ts";
import { reach, uniqueName } from "./store-environment.ts";
import type { StoreEnvironment } from "./store-environment.ts";
import { createSynced, makeFolderDurably, readIfThere, removeQuietly } from "./whole-file.ts";

/** Unreferenced segments that are younger may belong to a checkpoint that another process is just writing. */
const segmentGraceMs = 3_600_000;
const checkpointFile = /^(\d{16})-[0-9a-f]{16}\.checkpoint$/;
const segmentFile = /^[0-9a-f]{16}\.segment$/;

/** So many calls are under way at once, each with a file or two open. More would not be faster: the system does a few at a time. */
const maxCalls = 64;
/** What was read is remembered of so many folders: a host may have very many pipelines. */
const maxFolders = 1_024;

/** An entry of a folder: a checkpoint, or what is left of one. */
type FoundCheckpoint = ListedCheckpoint & { readonly file: string };

/** A checkpoint that was parsed, and the header of its file. */
interface Decoded {
  readonly checkpoint: Checkpoint;
  readonly header: string;
}

/** What a folder holds, read at one moment. */
interface FolderView {
  readonly names: readonly string[];
  readonly visible: readonly FoundCheckpoint[];
  /** Checkpoint files of writers that had been replaced. */
  readonly hidden: readonly string[];
}

/** Opens a folder as a checkpoint store, and creates it where it is missing. Closing it is the caller's. */
export async function openFileCheckpointStore(folder: string, environment: StoreEnvironment): Promise<CheckpointStore> {
  await makeFolderDurably(environment.disk, folder);
  const folders = new PipelineFolders(folder, environment);
  return boundedCheckpointStore(new FileCheckpointStore(folders, environment, new FileFences(folders, environment)), maxCalls);
}

/** The same, with the fences in a database, which are closed with the store. What needs no file waits for none. */
export async function openFencedCheckpointFiles(folder: string, environment: StoreEnvironment, fences: SqliteFences): Promise<CheckpointStore> {
  await makeFolderDurably(environment.disk, folder);
  await fences.noteFolders(await environment.disk.list(folder));
  const folders = new PipelineFolders(folder, environment, (name) => fences.noteFolder(name));
  const files = boundedCheckpointStore(new FileCheckpointStore(folders, environment, fences), maxCalls);
  return {
    ...files,
    fence: async (pipeline, wanted) => {
      if (!(await fences.fenceNew(pipeline, folderNameOf(pipeline), wanted))) await files.fence(pipeline, wanted);
    },
    list: async (pipeline) => (fences.hasFolder(folderNameOf(pipeline)) ? files.list(pipeline) : []),
  };
}

class FileCheckpointStore implements CheckpointStore {
  readonly #environment: StoreEnvironment;
  readonly #folders: PipelineFolders;
  readonly #fences: FenceKeeper;
  readonly #serial = new Serial();
  /** By folder and file: checkpoint files never change, so what was decoded once need not be read again to publish, nor parsed again ever. */
  readonly #decoded = new Recent<Map<string, Decoded>>(maxFolders);

  constructor(folders: PipelineFolders, environment: StoreEnvironment, fences: FenceKeeper) {
    this.#environment = environment;
    this.#fences = fences;
    this.#folders = folders;
  }

  async writeSegment(pipeline: string, bytes: Uint8Array): Promise<SegmentRef> {
    const folder = await this.#serial.run(pipeline, () => this.#folders.make(pipeline));
    const name = `${uniqueName(this.#environment)}.segment`;
    let checksum = 0;
    await createSynced(this.#environment.disk, `${folder}/${name}`, bytes, (piece) => (checksum = crc32c(piece, checksum)));
    await reach(this.#environment, "store.segment.written");
    return { name, byteLength: bytes.byteLength, checksum: checksum.toString(16).padStart(8, "0") };
  }

  async readSegment(pipeline: string, ref: SegmentRef): Promise<Uint8Array> {
    const path = `${this.#folders.pathOf(pipeline)}/${ref.name}`;
    const bytes = segmentFile.test(ref.name) ? await readIfThere(this.#environment.disk, path) : undefined;
    if (bytes === undefined) throw damagedSegment(pipeline, path, "the file is missing");
    if (bytes.byteLength !== ref.byteLength) throw damagedSegment(pipeline, path, `it has ${bytes.byteLength} bytes, expected ${ref.byteLength}`);
    const checksum = checksumOf(bytes);
    if (checksum !== ref.checksum) throw damagedSegment(pipeline, path, `its checksum is ${checksum}, expected ${ref.checksum}`);
    return bytes;
  }

  fence(pipeline: string, fences: readonly Fence[]): Promise<void> {
    return this.#serial.run(pipeline, () => this.#fence(pipeline, fences));
  }

  publish(pipeline: string, checkpoint: Checkpoint): Promise<void> {
    return this.#serial.run(pipeline, () => this.#publish(pipeline, checkpoint));
  }

  async list(pipeline: string): Promise<readonly ListedCheckpoint[]> {
    const folder = this.#folders.pathOf(pipeline);
    const names = await this.#environment.disk.list(folder);
    const fences = await this.#fences.of(pipeline).readUsable(false, names);
    const view = await this.#view(folder, names, { fences, fresh: true });
    return view.visible.map(({ file: _, ...entry }) => entry);
  }

  prune(pipeline: string, keep: number, named: readonly number[]): Promise<void> {
    return this.#serial.run(pipeline, async () => {
      const folder = this.#folders.pathOf(pipeline);
      const names = await this.#environment.disk.list(folder);
      const fences = await this.#fences.of(pipeline).read(names);
      const view = await this.#view(folder, names, { fences, fresh: true });
      const goes = new Set(removable(view.visible, keep, named).map((entry) => entry.file));
      for (const file of [...goes, ...view.hidden]) await this.#environment.disk.remove(`${folder}/${file}`);
      // The names must be gone for good before what they lead to: else a crash could bring one back without its segments.
      if (goes.size > 0) await this.#environment.disk.syncFolder(folder);
      const stay = view.visible.filter((entry) => !goes.has(entry.file));
      const dropped = view.visible.filter((entry) => goes.has(entry.file));
      await this.#collect(folder, { names, stay, dropped });
    });
  }

  discard(pipeline: string, segments: readonly SegmentRef[]): Promise<void> {
    return this.#serial.run(pipeline, async () => {
      const folder = this.#folders.pathOf(pipeline);
      const names = await this.#environment.disk.list(folder);
      const view = await this.#view(folder, names, { fences: [], fresh: false });
      const referenced = referencedBy(view.visible);
      // A checkpoint that cannot be read may name any of them.
      if (referenced === undefined) return;
      for (const { name } of segments) if (segmentFile.test(name) && !referenced.has(name)) await this.#environment.disk.remove(`${folder}/${name}`);
    });
  }

  drop(pipeline: string): Promise<void> {
    return this.#serial.run(pipeline, async () => {
      const { disk } = this.#environment;
      const folder = this.#folders.pathOf(pipeline);
      const names = await disk.list(folder);
      const checkpoints = names.filter((name) => checkpointFile.test(name));
      for (const file of checkpoints) await disk.remove(`${folder}/${file}`);
      // As in `prune`: no checkpoint may come back without its segments.
      if (checkpoints.length > 0) await disk.syncFolder(folder);
      const kept = this.#fences.of(pipeline);
      const fences = await kept.readUsable(true, names);
      await kept.removeReplaced(fences, fences.flatMap(({ generations }) => [...generations.keys()].map((shard) => ({ shard, generation: Infinity }))));
      await disk.removeFolder(folder);
      await disk.syncFolder(this.#folders.root);
      this.rest(pipeline);
    });
  }

  rest(pipeline: string): void {
    this.#folders.rest(pipeline);
    this.#fences.rest(pipeline);
    this.#decoded.delete(this.#folders.pathOf(pipeline));
  }

  pipelines(): Promise<readonly string[]> {
    return this.#folders.names();
  }

  async close(): Promise<void> {
    await this.#serial.settled();
    this.#fences.close();
  }

  async #fence(pipeline: string, wanted: readonly Fence[]): Promise<void> {
    const { disk } = this.#environment;
    const folder = this.#folders.pathOf(pipeline);
    const kept = this.#fences.of(pipeline);
    const before = await disk.list(folder);
    const fences = await kept.readUsable(true, before);
    const heads = headsOf(await this.#view(folder, before, { fences, fresh: false }), fences);
    for (const fence of wanted) checkGeneration(pipeline, fence, heads.get(fence.shard));
    if (wanted.every((fence) => fences.some((known) => known.sealed !== undefined && known.generations.get(fence.shard) === fence.generation))) return;
    const id = await kept.announce(wanted, before);
    await reach(this.#environment, "store.fence.announced");
    const after = await disk.list(folder);
    const others = (await kept.readUsable(false, after)).filter((fence) => fence.id !== id);
    const view = await this.#view(folder, after, { fences: others, fresh: false });
    await kept.seal(id, view.visible.map((entry) => entry.file));
    await reach(this.#environment, "store.fence.sealed");
    // Another process may have fenced the same shards meanwhile.
    const now = headsOf({ visible: [] }, await kept.readUsable(false));
    for (const fence of wanted) checkGeneration(pipeline, fence, now.get(fence.shard));
    await kept.removeReplaced(others, wanted);
    await this.#collect(folder, { names: after, stay: view.visible, dropped: [] });
  }

  async #publish(pipeline: string, checkpoint: Checkpoint): Promise<void> {
    const { disk } = this.#environment;
    const folder = await this.#folders.make(pipeline);
    const before = await disk.list(folder);
    const fences = await this.#fences.of(pipeline).read(before);
    const heads = headsOf(await this.#view(folder, before, { fences, fresh: false }), fences);
    for (const manifest of checkpoint.manifests) checkClaim(pipeline, manifest, heads.get(manifest.shard));
    const { file, header } = await this.#rename(pipeline, folder, { checkpoint, before });
    await disk.syncFolder(folder);
    await reach(this.#environment, "store.publish.durable");
    await this.#checkStillOwner(pipeline, checkpoint, file);
    this.#decodedOf(folder).set(file, { checkpoint, header });
  }

  /** Puts the checkpoint file into place (I1). Answers its name and header. */
  async #rename(pipeline: string, folder: string, { checkpoint, before }: { checkpoint: Checkpoint; before: readonly string[] }): Promise<{ readonly file: string; readonly header: string }> {
    const { disk } = this.#environment;
    for (const name of segmentsOf(checkpoint).keys()) {
      if (before.includes(name)) continue;
      throw new StreamFlowError("SF_CHECKPOINT_FAILED", `segment "${name}" of epoch ${checkpoint.epoch} of pipeline "${pipeline}" is not in ${folder}`);
    }
    const stem = `${String(checkpoint.epoch).padStart(16, "0")}-${uniqueName(this.#environment)}`;
    const temporary = `${folder}/${stem}.tmp`;
    const bytes = encodeCheckpoint(checkpoint);
    try {
      // Neither of the two needs the other, and the rename needs both.
      await Promise.all([createSynced(disk, temporary, bytes), disk.syncFolder(folder)]);
      await reach(this.#environment, "store.publish.written");
      await disk.rename(temporary, `${folder}/${stem}.checkpoint`);
    } catch (error) {
      await removeQuietly(disk, temporary);
      throw error;
    }
    await reach(this.#environment, "store.publish.renamed");
    return { file: `${stem}.checkpoint`, header: headerOf(bytes) };
  }

  /** The second half of F1: fences that appeared while the file was put into place. */
  async #checkStillOwner(pipeline: string, checkpoint: Checkpoint, file: string): Promise<void> {
    const fences = await this.#fences.of(pipeline).read();
    for (const { shard, generation } of checkpoint.manifests) {
      const newer = fences.find((fence) => (fence.generations.get(shard) ?? -1) > generation && fence.sealed?.has(file) !== true);
      if (newer === undefined) continue;
      throw fenced(`shard "${shard}" of pipeline "${pipeline}" was taken over by generation ${newer.generations.get(shard)} while epoch ${checkpoint.epoch} of generation ${generation} was published`, pipeline, shard);
    }
  }

  #decodedOf(folder: string): Map<string, Decoded> {
    const known = this.#decoded.get(folder) ?? new Map<string, Decoded>();
    this.#decoded.set(folder, known);
    return known;
  }

  /** Reads the checkpoints of a folder. `fresh` reads files again that are known, and looks at their segments: for those who will restore from them. */
  async #view(folder: string, names: readonly string[], how: { readonly fences: readonly KeptFence[]; readonly fresh: boolean }): Promise<FolderView> {
    const visible: FoundCheckpoint[] = [];
    const hidden: string[] = [];
    for (const file of names) {
      const found = await this.#find(folder, file, how.fresh);
      if (found === undefined) continue;
      if ("checkpoint" in found && !isVisible(file, found.checkpoint, how.fences)) hidden.push(file);
      else visible.push(how.fresh ? await this.#withSegments(folder, found) : found);
    }
    return { names, visible: visible.sort(newestFirst), hidden };
  }

  /** Undefined: no checkpoint file, or removed since it was listed. */
  async #find(folder: string, file: string, fresh: boolean): Promise<FoundCheckpoint | undefined> {
    const match = checkpointFile.exec(file);
    if (match === null) return undefined;
    const epoch = Number(match[1]);
    const path = `${folder}/${file}`;
    const known = this.#decodedOf(folder).get(file);
    if (known !== undefined && !fresh) return { file, epoch, byteLength: 0, checkpoint: known.checkpoint };
    try {
      const bytes = await readIfThere(this.#environment.disk, path);
      if (bytes === undefined) return undefined;
      const checkpoint = this.#decode(folder, { file, bytes, known });
      return { file, epoch, byteLength: bytes.byteLength, checkpoint };
    } catch (error) {
      return { file, epoch, byteLength: 0, damaged: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Verifies all bytes, and parses them only where they are not those that were parsed before. */
  #decode(folder: string, { file, bytes, known }: { readonly file: string; readonly bytes: Uint8Array; readonly known: Decoded | undefined }): Checkpoint {
    const where = `checkpoint ${folder}/${file}`;
    const header = headerOf(bytes);
    if (known?.header === header) {
      sealedText(bytes, where);
      return known.checkpoint;
    }
    const checkpoint = decodeCheckpoint(bytes, where);
    this.#decodedOf(folder).set(file, { checkpoint, header });
    return checkpoint;
  }

  /** Adds the sizes of the segments, and finds those that are missing or cut. Their checksums are for `readSegment`. */
  async #withSegments(folder: string, found: FoundCheckpoint): Promise<FoundCheckpoint> {
    if (!("checkpoint" in found)) return found;
    let byteLength = found.byteLength;
    for (const segment of segmentsOf(found.checkpoint).values()) {
      byteLength += segment.byteLength;
      const path = `${folder}/${segment.name}`;
      const stat = await this.#environment.disk.stat(path);
      if (stat?.sizeBytes === segment.byteLength) continue;
      const what = stat === undefined ? "is missing" : `has ${stat.sizeBytes} bytes, expected ${segment.byteLength}`;
      return { file: found.file, epoch: found.epoch, byteLength, damaged: `segment ${path} ${what}` };
    }
    return { ...found, byteLength };
  }

  /** Removes what nothing leads to any more (I4). */
  async #collect(folder: string, found: { names: readonly string[]; stay: readonly FoundCheckpoint[]; dropped: readonly FoundCheckpoint[] }): Promise<void> {
    const { disk, clock } = this.#environment;
    const decoded = this.#decodedOf(folder);
    for (const file of decoded.keys()) if (!found.names.includes(file)) decoded.delete(file);
    const referenced = referencedBy(found.stay);
    if (referenced === undefined) return;
    const dropped = referencedBy(found.dropped);
    for (const name of found.names) {
      if (referenced.has(name) || !(segmentFile.test(name) || name.endsWith(".tmp"))) continue;
      const path = `${folder}/${name}`;
      const stat = dropped?.has(name) === true ? undefined : await disk.stat(path);
      if (stat === undefined || clock.nowMs() - stat.modifiedMs > segmentGraceMs) await disk.remove(path);
    }
  }
}

/** Names of the segments that checkpoints refer to; undefined where one of them cannot be read, so that they are not known. */
function referencedBy(found: readonly FoundCheckpoint[]): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (const entry of found) {
    if (!("checkpoint" in entry)) return undefined;
    for (const name of segmentsOf(entry.checkpoint).keys()) names.add(name);
  }
  return names;
}

function headsOf(view: Pick<FolderView, "visible">, fences: readonly KeptFence[]): Map<ShardId, ShardHead> {
  const heads = new Map<ShardId, ShardHead>();
  for (const entry of view.visible) {
    if (!("checkpoint" in entry)) continue;
    for (const { shard, generation, epoch } of entry.checkpoint.manifests) heads.set(shard, laterHead(heads.get(shard), { generation, epoch }));
  }
  addFences(heads, fences);
  return heads;
}

function damagedSegment(pipeline: string, path: string, what: string): StreamFlowError {
  return new StreamFlowError("SF_STATE_CORRUPT", `segment ${path} of pipeline "${pipeline}" is damaged: ${what}`, { context: { pipeline, path } });
}
