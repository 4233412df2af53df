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
