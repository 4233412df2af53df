// Reads what a pipeline has committed out of its checkpoint store, through the recovery that a start would use: every checksum is verified on the way.
import type { ListedCheckpoint, ShardId, ShardManifest } from "../contracts/checkpoint-store.ts";
import type { Recovered, RecoveredShard } from "../contracts/checkpointing.ts";
import type { Environment } from "../contracts/environment.ts";
import { areFrames, decodeFrames } from "../engine/backlog-frames.ts";
import { committedMark } from "../engine/checkpointer.ts";
import { replayedMark } from "../engine/snapshot.ts";
import { seedMark, seedOfMark } from "../engine/seed.ts";
import { StreamFlowError } from "../errors.ts";
import type { HostStores } from "../host.ts";
import type { SavedShard, Savepoint } from "./savepoint.ts";

/** What a savepoint is taken of. */
export interface TakeOptions {
  readonly stores: Pick<HostStores, "checkpoints" | "checkpointing">;
  readonly environment: Pick<Environment, "clock" | "logger">;
  readonly pipeline: string;
  /** Of the shards that the run owns, the epochs that all its sinks have: see `PipelineRun.committed`. */
  readonly committed: ReadonlyMap<ShardId, number>;
}

/**
 * Takes a savepoint of epochs that are committed. Shards of other processes are in it as of the last epoch that is known to be committed there.
 * @throws {@link StreamFlowError} SF_CHECKPOINT_FAILED (retryable) when an epoch was removed meanwhile; SF_LIFECYCLE_ILLEGAL when several processes hold
 * back output for the same sink; SF_STATE_CORRUPT; what the store throws
 */
export async function takeSavepoint({ stores, environment, pipeline, committed }: TakeOptions): Promise<Savepoint> {
  const { checkpoints: store, checkpointing } = stores;
  const { clock, logger } = environment;
  const wanted = new Map([...othersCommitted(await store.list(pipeline), committed), ...committed]);
  const recovered = await checkpointing.recover({ store, pipeline, shards: [...wanted.keys()], logger, acceptEpochs: (epoch, shard) => wanted.get(shard) === epoch });
  const found = [...wanted.keys()].map((shard) => [shard, recovered.shards.get(shard)] as const);
  const gone = found.find(([, stored]) => stored === undefined)?.[0];
  if (gone !== undefined) throw new StreamFlowError("SF_CHECKPOINT_FAILED", `epoch ${wanted.get(gone)} of shard "${gone}" of pipeline "${pipeline}" is not kept any more: the savepoint was not taken`, { hint: "take it again" });
  const shards = found.flatMap(([, stored]) => stored ?? []);
  return { pipeline, createdMs: clock.nowMs(), plan: Object.assign({}, ...shards.map(({ checkpoint }) => checkpoint.plan)) as Savepoint["plan"], shards: shards.map(saved), backlog: backlogOf(pipeline, recovered) };
}

function saved({ manifest: { shard, epoch, generation, positions, progress }, states }: RecoveredShard): SavedShard {
  // These are about the epochs, the dead letters and the beginning of the pipeline that it was.
  const { [committedMark]: _committed, [replayedMark]: _replayed, [seedMark]: _seed, [seedOfMark]: _of, ...kept } = progress;
  return { shard, epoch, generation, positions, progress: kept, states: states.map(({ entry: { node, state, serializer, version }, bytes }) => ({ node, state, serializer, version, bytes })) };
}

/** Shards of other processes: their newest manifest says which epoch before it their sinks have. A plan with an exchange has one owner. */
function othersCommitted(listed: readonly ListedCheckpoint[], own: ReadonlyMap<ShardId, number>): ReadonlyMap<ShardId, number> {
  const epochs = new Map<ShardId, number>();
  if ([...own.keys()].some((shard) => shard.startsWith("k:"))) return epochs;
  const newest = new Map<ShardId, ShardManifest>();
  for (const manifest of listed.flatMap((entry) => ("checkpoint" in entry ? entry.checkpoint.manifests : []))) {
    if (!own.has(manifest.shard) && manifest.epoch > (newest.get(manifest.shard)?.epoch ?? 0)) newest.set(manifest.shard, manifest);
  }
  for (const [shard, { progress: { [committedMark]: epoch } }] of newest) if (typeof epoch === "number") epochs.set(shard, epoch);
  return epochs;
}

/** What the other sinks have prepared is committed. */
function backlogOf(pipeline: string, { prepared }: Recovered): ReadonlyMap<string, Uint8Array> {
  const backlog = new Map<string, Uint8Array>();
  for (const [sink, bytes] of [...prepared.values()].flatMap((bySink) => [...bySink])) {
    if (!areFrames(bytes) || decodeFrames(bytes).length === 0) continue;
    if (backlog.has(sink)) throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `several processes hold back output of pipeline "${pipeline}" for sink "${sink}"`, { hint: "take the savepoint when one process runs it" });
    backlog.set(sink, bytes);
  }
  return backlog;
}
