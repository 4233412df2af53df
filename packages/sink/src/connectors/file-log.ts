// The commit log of a file sink: which parts a reader may trust.
//   L1. A part is listed only when it is visible and durable, with all parts of its epoch, in one line.
//   L2. Each writer has a log of its own and only ever adds lines; a line that is cut off at the end does not count.
//   L3. A part may be listed twice (its commit was repeated after a crash). A part that is taken back is listed as retracted, and never comes again.
//   L4. A line says whose output it lists, of which shards, and where their input stood: on recovery the sink knows what is committed (SNK-15).
import type { Disk, ShardCommit, ShardOwner } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";
import { type LoggedEpoch, type LogOwner, newestHeads } from "./file-heads.ts";
import { logName, parseName } from "./file-names.ts";

/** A part of a file sink's output. */
export interface FilePart {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  /** CRC-32 (IEEE) of the file, as 8 hexadecimal digits. */
  readonly crc32: string;
}

/** A line of the log: an epoch that was committed, or parts that were taken back. */
type LogLine = CommittedLine | { readonly epoch: number; readonly retracted: readonly string[] };

interface CommittedLine extends LoggedEpoch {
  readonly parts: readonly FilePart[];
}

/** A writer's log. */
export class CommitLog {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #path: string;
  /** Bytes that are known to be whole; what a failed write left behind them is overwritten. */
  #length = 0;

  constructor(disk: Disk, folder: string, writer: string) {
    this.#disk = disk;
    this.#folder = folder;
    this.#path = `${folder}/${logName(writer)}`;
  }

  /** Resolves when the line is durable. */
  async append(line: LogLine): Promise<void> {
    const isNew = this.#length === 0;
    const file = await this.#disk.openWrite(this.#path);
    try {
      // Written on, the log would have a hole, and no reader would trust it; started anew, it would lack what was committed.
      if ((await file.size()) < this.#length) throw new StreamFlowError("SF_STATE_CORRUPT", `the commit log "${this.#path}" was removed or cut while it was written to`, { hint: "keep others from changing the output folder of a running pipeline" });
      const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
      await file.write(bytes, this.#length);
      // A longer line may have failed half-way before.
      if ((await file.size()) > this.#length + bytes.length) await file.truncate(this.#length + bytes.length);
      await file.sync();
      if (isNew) await this.#disk.syncFolder(this.#folder);
      this.#length += bytes.length;
    } finally {
      await file.close();
    }
  }
}

/**
 * Lists the parts that are committed, in order of epoch: what a reader may take without ever seeing a half-written or doubled one.
 *
 * @throws {@link StreamFlowError} SF_STATE_CORRUPT where a log has a damaged line before its last.
 */
export async function committedParts(disk: Disk, folder: string): Promise<readonly FilePart[]> {
  const parts = new Map((await committedLines(disk, folder)).flatMap((line) => line.parts.map((part) => [part.name, part] as const)));
  return [...parts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The last committed epoch of each of these shards, with its positions; see SNK-15. */
export async function committedHeads(disk: Disk, folder: string, asked: LogOwner & { readonly shards: readonly ShardOwner[] }): Promise<readonly ShardCommit[]> {
  return newestHeads(await committedLines(disk, folder), asked, asked.shards);
}

/** Committed epochs of all writers, without what was taken back. */
async function committedLines(disk: Disk, folder: string): Promise<readonly CommittedLine[]> {
  const committed: CommittedLine[] = [];
  const retracted = new Set<string>();
  for (const name of await disk.list(folder)) {
    if (parseName(name)?.kind !== "log") continue;
    for (const line of await readLog(disk, `${folder}/${name}`)) {
      if ("retracted" in line) for (const part of line.retracted) retracted.add(part);
      else committed.push(line);
    }
  }
  return committed.filter(({ parts }) => !parts.some(({ name }) => retracted.has(name)));
}

async function readLog(disk: Disk, path: string): Promise<readonly LogLine[]> {
  const lines = new TextDecoder().decode(await readWhole(disk, path)).split("\n");
  // Behind the last line end there is nothing, or a line that was cut off.
  lines.pop();
  return lines.flatMap((text, i) => {
    try {
      return [JSON.parse(text) as LogLine];
    } catch {
      if (i === lines.length - 1) return [];
      throw new StreamFlowError("SF_STATE_CORRUPT", `line ${i + 1} of the commit log "${path}" is damaged`);
    }
  });
}

/** Reads a file into memory. */
export async function readWhole(disk: Disk, path: string): Promise<Uint8Array> {
  const file = await disk.openRead(path);
  try {
    const bytes = new Uint8Array(await file.size());
    let at = 0;
    while (at < bytes.length) {
      const count = await file.read(bytes, at, bytes.length - at, at);
      if (count === 0) break;
      at += count;
    }
    return bytes.subarray(0, at);
  } finally {
    await file.close();
  }
}
