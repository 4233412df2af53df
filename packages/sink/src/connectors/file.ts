// Files in a folder, exactly once: parts that appear whole, when their epoch is committed.
//
// An epoch's way: records are encoded into hidden files; `prepare` makes them durable, hidden under their final name, beside a record of who
// sealed them; `commitPrepared` takes the dot away and adds a line to the commit log. Names: file-names.ts.
//   P1. A part is never visible before its epoch is committed, and never changes afterwards.
//   P2. A seal record is there before its first part, and until its last part is committed or removed.
//   P3. Several writers may share a folder: every writer draws a name of its own, which is in all its files.
import type { Disk, EncoderFactory, Environment, ShardCommit, Sink, SinkCommit, SinkContext, SinkSession } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";
import { reach } from "../crash-point.ts";
import { storeFirstSession } from "../exactly-once.ts";
import { jsonBody, parseBody } from "../prepared-bytes.ts";
import { encoderOf, type OutputFormat } from "../encoders/formats.ts";
import { makeDurableFolder, pathFrom } from "./durable-folder.ts";
import { type LoggedEpoch, type LogOwner, toLogged } from "./file-heads.ts";
import { removeLeftovers, type SealRecord } from "./file-leftovers.ts";
import { CommitLog, committedHeads, committedParts, type FilePart } from "./file-log.ts";
import { newWriter, partName, sealedName, sealName } from "./file-names.ts";
import { Staging, type StagedPart } from "./file-staging.ts";

/** Options of {@link fileSink}. */
export interface FileSinkOptions {
  /** Folder for the parts; it is created when missing. */
  readonly folder: string;
  /** Folder that a relative `folder` is meant from. @defaultValue the process's */
  readonly baseFolder?: string;
  /** How a record becomes bytes. @defaultValue "ndjson" */
  readonly format?: OutputFormat;
  /** A part is closed when it has reached this size, and the next one begun. @defaultValue 128 MiB */
  readonly maxPartBytes?: number;
}

/** What `publish` needs. */
interface SealedEpoch extends LoggedEpoch {
  readonly writer: string;
  readonly parts: readonly FilePart[];
}

const extensions: Readonly<Record<string, string>> = { lines: "txt" };
const cleanEveryMs = 600_000;

/**
 * Writes records into files, exactly once: transactional, store-first.
 *
 * Each epoch with output adds one or more parts, `part-<epoch>-<writer>-<n>.<format>`, which appear whole. Single parts may be taken as they
 * appear; whole epochs by the commit log, which lists name, rows, bytes and checksum of each: see {@link committedParts}. What unfinished epochs
 * left behind begins with a dot, and is removed. A full disk is SF_DISK_FULL and loses nothing. Parts may be moved away once they are committed.
 * Records that cannot be encoded go to the dead letters; updates and deletes are refused by the planner.
 *
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID for an empty folder name or a `maxPartBytes` below 1.
 */
export function fileSink<In = unknown>(options: FileSinkOptions): Sink<In> {
  const { folder, baseFolder, format = "ndjson", maxPartBytes = 128 * 1024 * 1024 } = options;
  const encoder = encoderOf(format);
  if (folder === "") throw new StreamFlowError("SF_CONFIG_INVALID", "a file sink needs a folder");
  if (!(Number.isSafeInteger(maxPartBytes) && maxPartBytes > 0)) throw new StreamFlowError("SF_CONFIG_INVALID", `maxPartBytes must be a positive integer, got ${maxPartBytes}`);
  return {
    type: "file",
    capabilities: { delivery: "transactional", commitOrder: "store-first", remembersCommits: true },
    config: { folder, format: encoder.type, maxPartBytes },
    open: (context) => openSession({ folder: pathFrom(baseFolder, folder), encoder, maxPartBytes }, context),
  };
}

interface Resolved {
  readonly folder: string;
  readonly encoder: EncoderFactory;
  readonly maxPartBytes: number;
}

async function openSession({ folder, encoder, maxPartBytes }: Resolved, { environment, pipeline, node, schema }: SinkContext): Promise<SinkSession> {
  const { disk, random } = environment;
  const made = encoder.create(schema === undefined ? {} : { schema });
  await makeDurableFolder(disk, folder);
  const writer = newWriter(random, await disk.list(folder));
  const name = `file sink "${node}"`;
  const staging = new Staging({ disk, folder, writer, encoder: made, maxPartBytes });
  const owner = { pipeline, node };
  const sealer = new Sealer({ environment, folder, writer, owner, extension: extensions[encoder.type] ?? encoder.type });
  const publisher = new Publisher({ environment, folder, name, log: new CommitLog(disk, folder, writer) });
  return storeFirstSession({
    name,
    readsColumns: made.encodeColumns !== undefined,
    stage: (batch) => staging.add(batch),
    async seal(commit) {
      const sealed = await sealer.seal(commit, await staging.finish());
      staging.sealed();
      return sealed === undefined ? undefined : jsonBody(sealed);
    },
    publish: (sealed) => publisher.publish(parseBody(sealed) as SealedEpoch),
    retract: (sealed) => publisher.retract(parseBody(sealed) as SealedEpoch),
    recover: (shards) => committedHeads(disk, folder, { ...owner, shards }),
    reset: () => staging.clear(),
    close: () => sealer.cleaned,
  });
}

interface SealerOptions {
  readonly environment: Environment;
  readonly folder: string;
  readonly writer: string;
  readonly owner: LogOwner;
  readonly extension: string;
}

/** Makes finished parts durable under their hidden final names. */
class Sealer {
  readonly #options: SealerOptions;
  /** Ends when nothing is being removed; it never fails. */
  cleaned: Promise<void> = Promise.resolve();
  #cleanedFor = "";
  #cleanedMs = -Infinity;

  constructor(options: SealerOptions) {
    this.#options = options;
  }

  /** May be called again with the same parts where it has failed. */
  async seal({ epoch, shards }: SinkCommit, parts: readonly StagedPart[]): Promise<SealedEpoch | undefined> {
    await this.cleaned;
    this.#clean(shards);
    if (parts.length === 0) return undefined;
    const { folder, writer, owner, extension, environment } = this.#options;
    const { disk } = environment;
    const sealed = parts.map(({ rows, bytes, checksum }, index): FilePart => ({ name: partName({ epoch, writer, index, extension }), rows, bytes, crc32: checksum.toString(16).padStart(8, "0") }));
    const record: SealRecord = { shards: shards.map(({ shard, generation }) => ({ shard, generation })), parts: sealed.map((part) => part.name) };
    await writeWhole(disk, `${folder}/${sealName(epoch, writer)}`, jsonBody(record));
    await reach(environment, "file-sink.seal-written");
    for (const [i, part] of parts.entries()) {
      const hidden = sealedName(sealed[i]?.name ?? "");
      if (part.name !== hidden) await disk.rename(`${folder}/${part.name}`, `${folder}/${hidden}`);
      part.name = hidden;
      await reach(environment, "file-sink.part-hidden");
    }
    await disk.syncFolder(folder);
    await reach(environment, "file-sink.sealed");
    return { epoch, writer, of: owner, shards: toLogged(shards), parts: sealed };
  }

  /** Behind the recovery of new shards, and now and then. Nothing is processed while an epoch is sealed, and it does not need the room: so it is not waited for. */
  #clean(shards: readonly ShardCommit[]): void {
    const { environment, folder, writer } = this.#options;
    const owned = shards.map(({ shard, generation }) => `${shard} ${generation}`).join("\n");
    const nowMs = environment.clock.monotonicMs();
    if (owned === this.#cleanedFor && nowMs < this.#cleanedMs + cleanEveryMs) return;
    this.#cleanedFor = owned;
    this.#cleanedMs = nowMs;
    this.cleaned = removeLeftovers(shards, { disk: environment.disk, folder, writer, nowMs: environment.clock.nowMs(), logger: environment.logger });
  }
}

interface PublisherOptions {
  readonly environment: Environment;
  readonly folder: string;
  readonly name: string;
  readonly log: CommitLog;
}

/** Makes sealed epochs visible, or takes them away; whoever sealed them. */
class Publisher {
  readonly #options: PublisherOptions;
  #last = "";

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  async publish({ epoch, writer, of, shards, parts }: SealedEpoch): Promise<void> {
    const { environment, folder, log } = this.#options;
    const { disk } = environment;
    const seal = sealName(epoch, writer);
    for (const { name } of parts) {
      await this.#reveal(name);
      await reach(environment, "file-sink.part-revealed");
    }
    await disk.syncFolder(folder);
    await reach(environment, "file-sink.revealed");
    if (this.#last !== seal) await log.append({ epoch, of, shards, parts });
    this.#last = seal;
    await reach(environment, "file-sink.logged");
    await disk.remove(`${folder}/${seal}`);
    await reach(environment, "file-sink.settled");
  }

  async retract({ epoch, writer, parts }: SealedEpoch): Promise<void> {
    const { environment: { disk }, folder, log } = this.#options;
    const visible: string[] = [];
    for (const { name } of parts) if ((await disk.stat(`${folder}/${name}`)) !== undefined) visible.push(name);
    if (visible.length > 0) await log.append({ epoch, retracted: visible });
    for (const { name } of parts) {
      await disk.remove(`${folder}/${sealedName(name)}`);
      await disk.remove(`${folder}/${name}`);
    }
    await disk.syncFolder(folder);
    await disk.remove(`${folder}/${sealName(epoch, writer)}`);
  }

  async #reveal(name: string): Promise<void> {
    const { environment: { disk }, folder, name: sink } = this.#options;
    try {
      await disk.rename(`${folder}/${sealedName(name)}`, `${folder}/${name}`);
    } catch (error) {
      if (!StreamFlowError.is(error) || error.context?.["reason"] !== "missing") throw error;
      // Committed before; perhaps a reader has moved it away since.
      if ((await disk.stat(`${folder}/${name}`)) !== undefined) return;
      if ((await committedParts(disk, folder)).some((part) => part.name === name)) return;
      throw new StreamFlowError("SF_STATE_CORRUPT", `${sink}: the prepared part "${name}" is not in "${folder}", and was never committed`, { cause: error, hint: "was the folder emptied while the pipeline was down? Restore it, or start without the checkpoint" });
    }
  }
}

async function writeWhole(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.openWrite(path);
  try {
    await file.truncate(0);
    await file.write(bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
}
