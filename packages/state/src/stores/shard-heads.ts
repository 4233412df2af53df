// What a store knows of each shard, and the rule of CKP-4 and CKP-8 over it.
import { StreamFlowError } from "@streamflow/core";
import type { Fence, ShardId } from "@streamflow/core";

/** The newest generation of a shard, and the newest epoch published under it (none: -1). */
export interface ShardHead {
  readonly generation: number;
  readonly epoch: number;
}

/** A shard, generation and epoch that somebody wants to publish. */
export interface ShardClaim extends Fence {
  readonly epoch: number;
}

/** The later of two heads: by generation, then by epoch. */
export function laterHead(a: ShardHead | undefined, b: ShardHead): ShardHead {
  if (a === undefined || b.generation > a.generation) return b;
  return b.generation === a.generation && b.epoch > a.epoch ? b : a;
}

/** @throws {@link StreamFlowError} SF_CHECKPOINT_FENCED when the shard has a newer generation than the fence's. */
export function checkGeneration(pipeline: string, fence: Fence, head: ShardHead | undefined): void {
  if (head === undefined || head.generation <= fence.generation) return;
  const message = `shard "${fence.shard}" of pipeline "${pipeline}" belongs to generation ${head.generation}; generation ${fence.generation} may not write any more`;
  throw fenced(message, pipeline, fence.shard);
}

/** @throws {@link StreamFlowError} SF_CHECKPOINT_FENCED when the claim is of an older generation, or not newer than what its own generation has published. */
export function checkClaim(pipeline: string, claim: ShardClaim, head: ShardHead | undefined): void {
  checkGeneration(pipeline, claim, head);
  if (head === undefined || head.generation < claim.generation || head.epoch < claim.epoch) return;
  const message = `epoch ${claim.epoch} of shard "${claim.shard}" of pipeline "${pipeline}" is not newer than epoch ${head.epoch}, which generation ${claim.generation} has published`;
  throw fenced(message, pipeline, claim.shard);
}

/** The error of a writer that has been replaced. */
export function fenced(message: string, pipeline: string, shard: ShardId): StreamFlowError {
  return new StreamFlowError("SF_CHECKPOINT_FENCED", message, { context: { pipeline, shard } });
}
