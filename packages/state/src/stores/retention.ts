// Which checkpoints may go (CKP-5): the same rule for every store.
import { StreamFlowError } from "@streamflow/core";
import type { ListedCheckpoint } from "@streamflow/core";

/** Checkpoints of a writer without shards are counted together. */
const noShard = "";

/**
 * Answers the checkpoints that retention removes, of a list that is newest first.
 *
 * A checkpoint stays while it is among the newest `keep` of any of its shards, or its epoch is named. Damaged ones count for
 * nothing: they go when they are older than everything that stays.
 *
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID when `keep` is not a positive integer.
 */
export function removable<Entry extends ListedCheckpoint>(newestFirst: readonly Entry[], keep: number, named: readonly number[]): Entry[] {
  if (!Number.isSafeInteger(keep) || keep < 1) throw new StreamFlowError("SF_CONFIG_INVALID", `checkpoints to keep must be an integer >= 1, got ${keep}`);
  const counts = new Map<string, number>();
  const stays = new Set<Entry>();
  for (const entry of newestFirst) {
    if (!("checkpoint" in entry)) continue;
    const manifests = entry.checkpoint.manifests;
    const shards = manifests.length === 0 ? [noShard] : manifests.map((manifest) => manifest.shard);
    if (named.includes(entry.epoch) || shards.some((shard) => (counts.get(shard) ?? 0) < keep)) stays.add(entry);
    for (const shard of shards) counts.set(shard, (counts.get(shard) ?? 0) + 1);
  }
  if (stays.size === 0) return [];
  const oldest = Math.min(...[...stays].map((entry) => entry.epoch));
  return newestFirst.filter((entry) => ("checkpoint" in entry ? !stays.has(entry) : entry.epoch < oldest && !named.includes(entry.epoch)));
}

/** Newest first: by epoch of the newest manifest, then by generation. Damaged ones stand at the epoch of their name. */
export function newestFirst(a: ListedCheckpoint, b: ListedCheckpoint): number {
  return orderEpoch(b) - orderEpoch(a) || generationOf(b) - generationOf(a);
}

function orderEpoch(entry: ListedCheckpoint): number {
  if (!("checkpoint" in entry) || entry.checkpoint.manifests.length === 0) return entry.epoch;
  return Math.max(...entry.checkpoint.manifests.map((manifest) => manifest.epoch));
}

function generationOf(entry: ListedCheckpoint): number {
  return "checkpoint" in entry ? Math.max(0, ...entry.checkpoint.manifests.map((manifest) => manifest.generation)) : 0;
}
