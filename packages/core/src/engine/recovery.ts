// Which checkpoint an executor goes on from, and what it must do first (docs/adr/0001, Recovery).
import type { Checkpoint, CheckpointStore, ShardId, ShardManifest } from "../contracts/checkpoint-store.ts";
import type { Logger } from "../contracts/environment.ts";
import type { ShardCommit } from "../contracts/sink.ts";
import { StreamFlowError } from "../errors.ts";
import { broken } from "./broken.ts";
import type { StoredState } from "./snapshot.ts";

/** A shard as it was stored, with its bytes. */
export interface RestoredShard {
  readonly manifest: ShardManifest;
  readonly states: readonly StoredState[];
}

/** What sinks that commit positions themselves have said, by sink node. */
export type SinkCommits = ReadonlyMap<string, readonly ShardCommit[]>;

/** What was asked for. */
export interface RecoveryRequest {
  readonly store: CheckpointStore;
  readonly pipeline: string;
  /** Shards that are restored to one epoch together; "all" where the whole plan is one group. */
  readonly shards: readonly ShardId[] | "all";
  readonly commits: SinkCommits;
  readonly logger: Logger;
  /** Fingerprints of the present plan's stateful nodes. */
  readonly fingerprints: Readonly<Record<string, string>>;
}

/** What to go on from. */
export interface Recovered {
  /** undefined: from the very start. */
  readonly checkpoint: Checkpoint | undefined;
  readonly shards: ReadonlyMap<ShardId, RestoredShard>;
  /** Newest epoch known to the store or a sink: the next one is above it. */
  readonly newestEpoch: number;
  /** Checkpoints newer than the restored one: their prepared transactions are aborted. */
  readonly orphans: readonly Checkpoint[];
  /** Sinks that already have more: until which positions, by sink node and shard. */
  readonly ahead: ReadonlyMap<string, ReadonlyMap<ShardId, ShardCommit>>;
}

/**
 * Chooses the newest usable checkpoint that no sink-first sink is behind.
 *
 * @throws {@link StreamFlowError} SF_CHECKPOINT_NONE when a sink has committed epochs that no checkpoint can lead up to;
 * SF_STATE_INCOMPATIBLE when the stored state does not fit the plan.
 */
export async function recover(request: RecoveryRequest): Promise<Recovered> {
  const { store, pipeline, logger } = request;
  const bound = sinkBound(request);
  let newestEpoch = newestCommit(request.commits);
  const orphans: Checkpoint[] = [];
  let damaged: string | undefined;
  for (const listed of await store.list(pipeline)) {
    newestEpoch = Math.max(newestEpoch, listed.epoch);
    if ("damaged" in listed) {
      if (listed.epoch > bound) continue;
      sayDamaged(logger, listed.epoch, listed.damaged);
      damaged ??= listed.damaged;
      continue;
    }
    const { checkpoint } = listed;
    const manifests = checkpoint.manifests.filter((manifest) => isWanted(request, manifest.shard));
    if (manifests.length === 0) continue;
    if (listed.epoch > bound) {
      orphans.push(checkpoint);
      continue;
    }
    const restored = await load(request, manifests);
    if (restored === undefined) {
      orphans.push(checkpoint);
      damaged ??= `epoch ${checkpoint.epoch}: its state fails the checksum`;
      continue;
    }
    checkCompatible(checkpoint, request.fingerprints);
    return { checkpoint, shards: restored, newestEpoch, orphans, ahead: sinksAhead(request, restored) };
  }
  if (damaged !== undefined) {
    throw new StreamFlowError("SF_STATE_CORRUPT", `no checkpoint of "${pipeline}" can be read, and starting from nothing would repeat its output; the newest: ${damaged}`, {
      hint: "restore the data folder from a backup, or start under another name",
    });
  }
  return { checkpoint: undefined, shards: new Map(), newestEpoch, orphans, ahead: sinksAhead(request, new Map()) };
}

/** The newest epoch that every sink-first sink has committed; Infinity without such sinks. */
function sinkBound(request: RecoveryRequest): number {
  let bound = Infinity;
  if (broken("sink-decides")) return bound;
  for (const committed of request.commits.values()) {
    let newest = 0;
    for (const commit of committed) if (isWanted(request, commit.shard)) newest = Math.max(newest, commit.epoch);
    bound = Math.min(bound, newest);
  }
  return bound;
}

function isWanted({ shards }: Pick<RecoveryRequest, "shards">, shard: ShardId): boolean {
  return shards === "all" || shards.includes(shard);
}

function newestCommit(commits: SinkCommits): number {
  return Math.max(0, ...[...commits.values()].flat().map((commit) => commit.epoch));
}

/** Reads all states; undefined, said aloud, where any is damaged. */
async function load({ store, pipeline, logger }: RecoveryRequest, manifests: readonly ShardManifest[]): Promise<ReadonlyMap<ShardId, RestoredShard> | undefined> {
  const segments = new Map<string, Uint8Array>();
  const restored = new Map<ShardId, RestoredShard>();
  try {
    for (const manifest of manifests) {
      const states: StoredState[] = [];
      for (const entry of manifest.state) {
        const { segment } = entry;
        let bytes = segments.get(segment.name);
        if (bytes === undefined) segments.set(segment.name, (bytes = await store.readSegment(pipeline, segment)));
        states.push({ entry, bytes: bytes.subarray(entry.start, entry.end) });
      }
      restored.set(manifest.shard, { manifest, states });
    }
  } catch (error) {
    if (!StreamFlowError.is(error, "SF_STATE_CORRUPT")) throw error;
    sayDamaged(logger, manifests[0]?.epoch ?? 0, error.message);
    return undefined;
  }
  return restored;
}

function sayDamaged(logger: Logger, epoch: number, reason: string): void {
  logger.warn(`checkpoint ${epoch} is damaged; going back to the one before`, { epoch, reason });
}

function checkCompatible(checkpoint: Checkpoint, fingerprints: Readonly<Record<string, string>>): void {
  for (const [node, fingerprint] of Object.entries(checkpoint.plan)) {
    const now = fingerprints[node];
    if (now === fingerprint) continue;
    const what = now === undefined ? "is not in the plan any more" : "was changed so that its state no longer means the same";
    throw new StreamFlowError("SF_STATE_INCOMPATIBLE", `the checkpoint holds state of "${node}", which ${what}`, {
      hint: "give the new stage another id and the pipeline another name, or put the stage back as it was",
      context: { node },
    });
  }
}

/** Sinks whose newest commit of a shard is above what was restored. */
export function sinksAhead(request: Pick<RecoveryRequest, "commits" | "shards">, restored: ReadonlyMap<ShardId, RestoredShard>): ReadonlyMap<string, ReadonlyMap<ShardId, ShardCommit>> {
  const ahead = new Map<string, Map<ShardId, ShardCommit>>();
  for (const [sink, committed] of request.commits) {
    for (const commit of committed) {
      if (!isWanted(request, commit.shard) || commit.epoch <= (restored.get(commit.shard)?.manifest.epoch ?? 0)) continue;
      const bySink = ahead.get(sink) ?? new Map<ShardId, ShardCommit>();
      ahead.set(sink, bySink.set(commit.shard, commit));
    }
  }
  return ahead;
}
