// Writes shards as one checkpoint, through the writer that executors use.
import type { SegmentRef } from "../contracts/checkpoint-store.ts";
import type { CheckpointDraft } from "../contracts/checkpointing.ts";
import type { FaultPlan } from "../contracts/environment.ts";
import type { Savepoint } from "./savepoint.ts";

/** Publishes a checkpoint of these shards. On failure what was written is given back. */
export async function publishShards(draft: CheckpointDraft, { createdMs, plan, shards, backlog }: Omit<Savepoint, "pipeline">, faults: FaultPlan | undefined): Promise<void> {
  try {
    const written = await draft.writeStates(shards.flatMap(({ states }) => states));
    const prepared: Record<string, SegmentRef> = {};
    for (const [sink, bytes] of backlog) prepared[sink] = await draft.writePrepared(bytes);
    await faults?.reach("savepoint.after-write");
    let at = 0;
    const drafts = shards.map(({ shard, positions, progress, states }) => ({ shard, positions, progress, state: written.slice(at, (at += states.length)) }));
    await draft.publish({ createdMs, plan, shards: drafts, prepared });
  } catch (error) {
    await draft.abandon();
    throw error;
  }
}
