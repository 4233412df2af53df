// Which epochs an executor may go on from, by what its sinks have committed, and which sinks are then ahead (docs/adr/0001, Recovery).
import type { ShardId } from "../contracts/checkpoint-store.ts";
import type { RecoveredShard } from "../contracts/checkpointing.ts";
import type { ShardCommit } from "../contracts/sink.ts";
import type { Position } from "../record.ts";
import { StreamFlowError } from "../errors.ts";
import { broken } from "./broken.ts";
import { type Seed, sinkEpochOf } from "./seed.ts";
import { endedMark } from "./snapshot.ts";

/** What sinks have said of their last commits, by sink node. */
export type SinkCommits = ReadonlyMap<string, readonly ShardCommit[]>;

/** What all sinks have said that know their commits, and those among them whose own commit is the commit point: these decide. */
export interface SinkHeads {
  readonly all: SinkCommits;
  readonly deciding: SinkCommits;
}

/** Sinks that already have more than what was restored: their commits, by sink node and shard. */
export type SinksAhead = ReadonlyMap<string, ReadonlyMap<ShardId, ShardCommit>>;

/** The newest epoch of a shard that every sink-first sink has committed; Infinity without such sinks, 0 where one has never committed. */
export function committedByAll(commits: SinkCommits, shard: ShardId): number {
  if (broken("sink-decides")) return Infinity;
  let bound = Infinity;
  for (const committed of commits.values()) {
    bound = Math.min(bound, committed.find((commit) => commit.shard === shard)?.epoch ?? 0);
  }
  return bound;
}

/** @throws {@link StreamFlowError} SF_CHECKPOINT_NONE where a sink has committed something, but less than the seed holds: what lies between would be lost */
export function mustNotBeBehind(commits: SinkCommits, shard: ShardId, { seedOf }: Seed): void {
  for (const [sink, committed] of commits) {
    const epoch = committed.find((commit) => commit.shard === shard)?.epoch ?? 0;
    if (epoch === 0 || epoch >= seedOf) continue;
    throw new StreamFlowError("SF_CHECKPOINT_NONE", `sink "${sink}" has committed epoch ${epoch} of shard "${shard}", and the savepoint is of epoch ${seedOf}: what lies between is not in the sink`, {
      hint: "the sink was set back: start from a savepoint of that time, or under another name",
    });
  }
}

/** The newest epoch that any sink has committed; 0: none. */
export function newestCommit(commits: SinkCommits): number {
  return Math.max(0, ...[...commits.values()].flat().map((commit) => commit.epoch));
}

/** Sinks whose commit of a shard is newer than what was restored of it. */
export function sinksAhead(commits: SinkCommits, restored: ReadonlyMap<ShardId, RecoveredShard>): SinksAhead {
  const ahead = new Map<string, Map<ShardId, ShardCommit>>();
  for (const [sink, committed] of commits) {
    for (const commit of committed) {
      const stored = restored.get(commit.shard);
      if (commit.epoch <= (stored === undefined ? 0 : sinkEpochOf(stored.manifest))) continue;
      const bySink = ahead.get(sink) ?? new Map<ShardId, ShardCommit>();
      ahead.set(sink, bySink.set(commit.shard, commit));
    }
  }
  return ahead;
}

/** Where a replay stops: there, the sinks that are ahead up to this epoch get output again. */
export interface ReplayStop {
  readonly epoch: number;
  /** After this record; undefined: before the first. */
  readonly until: Position | undefined;
  /** After the end of the partition. */
  readonly ended: boolean;
}

/**
 * The stops of a partition, in order. All partitions of a group stop at the same epochs: one that a sink has not named there, because it
 * came later, stays where it was restored, at `start`.
 */
export function replayStops(ahead: SinksAhead, partition: { readonly shard: ShardId; readonly name: string; readonly start: Position | undefined; readonly groupEpochs: readonly number[] }): readonly ReplayStop[] {
  const commits = commitsOf(ahead, partition.shard);
  const epochs = new Set([...commits.keys(), ...partition.groupEpochs]);
  let last: ReplayStop = { epoch: 0, until: partition.start, ended: false };
  return [...epochs].sort((a, b) => a - b).map((epoch) => {
    const commit = commits.get(epoch);
    last = commit === undefined ? { ...last, epoch } : { epoch, until: commit.positions[partition.name], ended: endedMark in commit.positions };
    return last;
  });
}

/** The commits of a shard by sinks that are ahead, by epoch. */
export function commitsOf(ahead: SinksAhead, shard: ShardId): ReadonlyMap<number, ShardCommit> {
  return new Map([...ahead.values()].flatMap((bySink) => bySink.get(shard) ?? []).map((commit) => [commit.epoch, commit]));
}
