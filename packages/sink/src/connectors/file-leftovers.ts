// Removes what dead writers left in a file sink's folder, and nothing that anybody may still need.
//   F1. A sealed epoch is removed when one of its shards is now ours, under the same or a newer generation: recovery has settled it. It was
//       committed, or aborted, or its checkpoint was never published, and then it counts for none of its shards.
//   F2. Anything else unfinished is removed once it has not been touched for ten minutes. A writer that lives after all finds its part gone when it
//       seals it, before anything is published, and makes its epoch again.
import type { Disk, Logger, ShardCommit, ShardOwner } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";
import { readWhole } from "./file-log.ts";
import { parseName, sealedName } from "./file-names.ts";

const abandonedMs = 600_000;

/** Who sealed an epoch: the contents of a seal record. */
export interface SealRecord {
  readonly shards: readonly ShardOwner[];
  /** Names of the parts, when they are committed. */
  readonly parts: readonly string[];
}

/** What is cleaned, and by whom. */
export interface CleaningOptions {
  readonly disk: Disk;
  readonly folder: string;
  /** The writer that cleans: what is its own is left alone. */
  readonly writer: string;
  readonly nowMs: number;
  readonly logger: Logger;
}

/** Removes leftovers. Failing to is no failure of the epoch: it is said, and tried again with a later one. */
export async function removeLeftovers(owned: readonly ShardCommit[], options: CleaningOptions): Promise<void> {
  try {
    const removed = await clean(new Map(owned.map(({ shard, generation }) => [shard, generation])), options);
    if (removed > 0) options.logger.info(`removed ${removed} unfinished files of earlier writers from "${options.folder}"`, { removed });
  } catch (error) {
    options.logger.warn(`unfinished files of earlier writers in "${options.folder}" cannot be removed: ${String(error)}`);
  }
}

async function clean(owned: ReadonlyMap<string, number>, options: CleaningOptions): Promise<number> {
  const { disk, folder, writer } = options;
  const others = (await disk.list(folder)).flatMap((name) => {
    const parsed = parseName(name);
    return parsed === undefined || parsed.writer === writer ? [] : [{ name, kind: parsed.kind }];
  });
  const doomed: string[] = [];
  const sealed = new Set<string>();
  for (const { name } of others.filter(({ kind }) => kind === "seal")) {
    const record = await readSeal(disk, `${folder}/${name}`);
    const parts = (record?.parts ?? []).map(sealedName);
    for (const part of parts) sealed.add(part);
    if (record === undefined ? await isAbandoned(name, options) : isSettled(record, owned)) doomed.push(...parts, name);
  }
  for (const { name, kind } of others) {
    if (kind !== "open" && (kind !== "sealed" || sealed.has(name))) continue;
    if (await isAbandoned(name, options)) doomed.push(name);
  }
  for (const name of doomed) await disk.remove(`${folder}/${name}`);
  return doomed.length;
}

function isSettled(record: SealRecord, owned: ReadonlyMap<string, number>): boolean {
  return record.shards.some(({ shard, generation }) => generation <= (owned.get(shard) ?? -1));
}

async function isAbandoned(name: string, { disk, folder, nowMs }: CleaningOptions): Promise<boolean> {
  const stat = await disk.stat(`${folder}/${name}`);
  return stat !== undefined && stat.modifiedMs < nowMs - abandonedMs;
}

/** Undefined where it is not whole. */
async function readSeal(disk: Disk, path: string): Promise<SealRecord | undefined> {
  try {
    return JSON.parse(new TextDecoder().decode(await readWhole(disk, path))) as SealRecord;
  } catch (error) {
    if (error instanceof SyntaxError || (StreamFlowError.is(error) && error.context?.["reason"] === "missing")) return undefined;
    throw error;
  }
}
