// A pipeline that was started from a savepoint begins there, in place of the very beginning (docs/adr/0012).
//   Its first checkpoint, the seed, is what the savepoint held. To a sink that has committed nothing yet, the seed is what "nothing" is to others.
import type { ListedCheckpoint, ShardId, ShardManifest } from "../contracts/checkpoint-store.ts";
import { StreamFlowError } from "../errors.ts";

/** In the progress of every shard of such a pipeline: the epoch of its seed. */
export const seedMark = "seed";

/** In the progress of the seed's shards: the epoch that sinks know this state by, from the pipeline that the savepoint was taken of. */
export const seedOfMark = "seedOf";

/** A shard's part of a seed. */
export interface Seed {
  readonly epoch: number;
  readonly seedOf: number;
}

/** The epoch that sinks know what a manifest holds by. */
export function sinkEpochOf({ epoch, progress }: Pick<ShardManifest, "epoch" | "progress">): number {
  return progress[seedMark] === epoch ? Number(progress[seedOfMark] ?? epoch) : epoch;
}

/**
 * What a shard was started from; undefined: from the very beginning.
 * @throws {@link StreamFlowError} SF_CHECKPOINT_NONE where that is not kept any more: a sink that has nothing cannot be given what came before
 */
export function seedAmong(listed: readonly ListedCheckpoint[], shard: ShardId): Seed | undefined {
  const manifests = listed.flatMap((entry) => ("checkpoint" in entry ? entry.checkpoint.manifests.filter((manifest) => manifest.shard === shard) : []));
  const epoch = manifests.map(({ progress }) => progress[seedMark]).find((mark) => typeof mark === "number");
  if (epoch === undefined) return undefined;
  const manifest = manifests.find((candidate) => candidate.epoch === epoch);
  if (manifest !== undefined) return { epoch: Number(epoch), seedOf: sinkEpochOf(manifest) };
  throw new StreamFlowError("SF_CHECKPOINT_NONE", `a sink has committed nothing of shard "${shard}", and the savepoint that the pipeline began with (epoch ${epoch}) is not kept any more`, {
    hint: "a sink that is added later to such a pipeline: take a savepoint, and start the pipeline from it under another name",
  });
}

/**
 * A pipeline whose only checkpoint is its seed gets its first partitions, none of which the seed knows: its input has other names now.
 * @throws {@link StreamFlowError} SF_SOURCE_POSITION: it would be read from the beginning, beside state that has it already
 */
export function mustKnowSome(listed: readonly ListedCheckpoint[], source: string, shards: readonly ShardId[]): void {
  const manifests = listed.flatMap((entry) => ("checkpoint" in entry ? entry.checkpoint.manifests : []));
  if (manifests.some(({ epoch, progress }) => progress[seedMark] !== epoch)) return;
  const known = manifests.map(({ shard }) => shard).filter((shard) => shard.startsWith(`p:${source}/`));
  if (known.length === 0 || shards.some((shard) => known.includes(shard))) return;
  const names = (list: readonly ShardId[]): string => list.slice(0, 3).map((shard) => `"${shard.slice(source.length + 3)}"`).join(", ") + (list.length > 3 ? ", …" : "");
  throw new StreamFlowError("SF_SOURCE_POSITION", `source "${source}" has ${names(shards)}, and the savepoint that the pipeline begins with has positions of ${names(known)}`, {
    hint: "name the input as it was named then: a relative path counts as it is written",
  });
}
