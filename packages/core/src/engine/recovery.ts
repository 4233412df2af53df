// Which epochs an executor may go on from, by what its sinks have committed, and which sinks are then ahead (docs/adr/0001, Recovery).
import type { ShardId } from "../contracts/checkpoint-store.ts";
import type { RecoveredShard } from "../contracts/checkpointing.ts";
import type { ShardCommit } from "../contracts/sink.ts";
import { broken } from "./broken.ts";

/** What sinks that commit positions themselves have said, by sink node. */
export type SinkCommits = ReadonlyMap<string, readonly ShardCommit[]>;

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

/** The newest epoch that any sink has committed; 0: none. */
export function newestCommit(commits: SinkCommits): number {
  return Math.max(0, ...[...commits.values()].flat().map((commit) => commit.epoch));
}

/** Sinks whose commit of a shard is newer than what was restored of it. */
export function sinksAhead(commits: SinkCommits, restored: ReadonlyMap<ShardId, RecoveredShard>): SinksAhead {
  const ahead = new Map<string, Map<ShardId, ShardCommit>>();
  for (const [sink, committed] of commits) {
    for (const commit of committed) {
      if (commit.epoch <= (restored.get(commit.shard)?.manifest.epoch ?? 0)) continue;
      const bySink = ahead.get(sink) ?? new Map<ShardId, ShardCommit>();
      ahead.set(sink, bySink.set(commit.shard, commit));
    }
  }
  return ahead;
}

/** The furthest of the commits of a shard. */
export function furthestCommit(ahead: SinksAhead, shard: ShardId): ShardCommit | undefined {
  let furthest: ShardCommit | undefined;
  for (const bySink of ahead.values()) {
    const commit = bySink.get(shard);
    if (commit !== undefined && (furthest === undefined || commit.epoch > furthest.epoch)) furthest = commit;
  }
  return furthest;
}
