// Savepoints as files, for other machines and other kinds of stores.
//
//   8 bytes   "SFSAVEPT"
//   4 bytes   length of the header, little-endian
//   4 bytes   CRC-32C of the header
//   header    JSON: what it is of, and where each state lies in the rest, with its length and CRC-32C
//   rest      the bytes of the states and of the backlog, one after the other
import type { Disk, Environment } from "../contracts/environment.ts";
import { StreamFlowError } from "../errors.ts";
import { checksumOf, crc32c } from "../types/crc32c.ts";
import type { SavedShard, Savepoint } from "./savepoint.ts";

interface Part {
  readonly byteLength: number;
  readonly checksum: string;
}

interface Header {
  readonly formatVersion: number;
  readonly pipeline: string;
  readonly createdMs: number;
  readonly plan: Savepoint["plan"];
  readonly shards: readonly (Omit<SavedShard, "states"> & { readonly states: readonly (Omit<SavedShard["states"][number], "bytes"> & Part)[] })[];
  readonly backlog: readonly (Part & { readonly sink: string })[];
}

const magic = new TextEncoder().encode("SFSAVEPT");
const preambleLength = magic.length + 8;
const ending = ".savepoint";

/** Whether a user means a file, and not a name: it has a folder, or ends as such files do. */
export function isSavepointPath(text: string): boolean {
  return text.includes("/") || text.endsWith(ending);
}

/**
 * Writes a savepoint to a file that must not be there yet. It appears whole, durably, or not at all.
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID where there is a file of that name; SF_DISK_FULL, SF_DISK_READ_ONLY, SF_DISK_FAILED
 */
export async function writeSavepointFile(savepoint: Savepoint, path: string, { disk, random, faults }: Pick<Environment, "disk" | "random" | "faults">): Promise<void> {
  if ((await disk.stat(path)) !== undefined) throw new StreamFlowError("SF_CONFIG_INVALID", `there is already a file "${path}"`, { hint: "name another one" });
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) || "/" : ".";
  await disk.makeFolder(folder);
  const temporary = `${path}.${random.next().toString(36).slice(2)}.tmp`;
  try {
    await writePieces(disk, temporary, piecesOf(savepoint));
    await faults?.reach("savepoint.file-written");
    await disk.rename(temporary, path);
  } catch (error) {
    await disk.remove(temporary).catch(() => undefined);
    throw error;
  }
  await disk.syncFolder(folder);
}

/**
 * Reads a savepoint file whole, and verifies every byte.
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID where there is none; SF_STATE_CORRUPT where it is damaged or no savepoint; SF_STATE_INCOMPATIBLE where a
 * later version wrote it; SF_DISK_FAILED
 */
export async function readSavepointFile(path: string, disk: Disk): Promise<Savepoint> {
  if ((await disk.stat(path))?.kind !== "file") throw new StreamFlowError("SF_CONFIG_INVALID", `there is no savepoint file "${path}"`, { hint: "a savepoint in the stores has a plain name: streamflow savepoint list" });
  const bytes = await readWhole(disk, path);
  const damaged = (what: string): StreamFlowError => new StreamFlowError("SF_STATE_CORRUPT", `"${path}" is no whole savepoint: ${what}`, { hint: "use another copy of it" });
  if (bytes.length < preambleLength || !magic.every((byte, at) => bytes[at] === byte)) throw damaged("it does not begin like one");
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const end = preambleLength + view.getUint32(magic.length, true);
  const text = bytes.subarray(preambleLength, end);
  if (end > bytes.length || crc32c(text, 0) !== view.getUint32(magic.length + 4, true)) throw damaged("its header is cut or changed");
  const header = JSON.parse(new TextDecoder().decode(text)) as Header;
  if (header.formatVersion !== 1) throw new StreamFlowError("SF_STATE_INCOMPATIBLE", `"${path}" has format ${String(header.formatVersion)}, this version reads format 1`, { hint: "use the version of StreamFlow that made it, or a later one" });
  let at = end;
  const take = ({ byteLength, checksum }: Part, what: string): Uint8Array => {
    const part = bytes.subarray(at, (at += byteLength));
    if (part.length !== byteLength || checksumOf(part) !== checksum) throw damaged(`${what} is cut or changed`);
    return part;
  };
  const shards = header.shards.map((shard) => ({
    ...shard,
    states: shard.states.map(({ byteLength, checksum, ...state }) => ({ ...state, bytes: take({ byteLength, checksum }, `state "${state.state}" of "${state.node}" of shard "${shard.shard}"`) })),
  }));
  const backlog = new Map(header.backlog.map((part) => [part.sink, take(part, `what waits for sink "${part.sink}"`)]));
  if (at !== bytes.length) throw damaged(`it has ${bytes.length - at} bytes too many`);
  return { pipeline: header.pipeline, createdMs: header.createdMs, plan: header.plan, shards, backlog };
}

function piecesOf({ pipeline, createdMs, plan, shards, backlog }: Savepoint): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const put = (bytes: Uint8Array): Part => {
    pieces.push(bytes);
    return { byteLength: bytes.length, checksum: checksumOf(bytes) };
  };
  const header: Header = {
    formatVersion: 1, pipeline, createdMs, plan,
    shards: shards.map((shard) => ({ ...shard, states: shard.states.map(({ bytes, ...state }) => ({ ...state, ...put(bytes) })) })),
    backlog: [...backlog].map(([sink, bytes]) => ({ sink, ...put(bytes) })),
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const preamble = new Uint8Array(preambleLength);
  preamble.set(magic);
  const view = new DataView(preamble.buffer);
  view.setUint32(magic.length, text.length, true);
  view.setUint32(magic.length + 4, crc32c(text, 0), true);
  return [preamble, text, ...pieces];
}

async function writePieces(disk: Disk, path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const file = await disk.createExclusive(path);
  try {
    let at = 0;
    for (const piece of pieces) {
      if (piece.length > 0) await file.write(piece, at);
      at += piece.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function readWhole(disk: Disk, path: string): Promise<Uint8Array> {
  const file = await disk.openRead(path);
  try {
    const bytes = new Uint8Array(await file.size());
    for (let at = 0; at < bytes.length; ) {
      const count = await file.read(bytes, at, bytes.length - at, at);
      if (count === 0) return bytes.subarray(0, at);
      at += count;
    }
    return bytes;
  } finally {
    await file.close();
  }
}
