// How far each shard's output is committed, as the commit log of a file sink says it (SNK-15).
import type { ShardCommit, ShardId, ShardOwner } from "@streamflow/core";

/** Shards of a line of the log: one with its positions, or a range of key groups, `k:0-127`, which have none. */
export interface LoggedShards {
  readonly shards: ShardId;
  readonly generation: number;
  readonly positions?: ShardCommit["positions"];
}

/** Whose output a line of the log lists. Several pipelines may write into one folder. */
export interface LogOwner {
  readonly pipeline: string;
  readonly node: string;
}

const keyGroup = /^k:(\d+)$/;
const keyGroups = /^k:(\d+)-(\d+)$/;

/** Shards as the log has them: key groups in ranges, so that a line stays short. */
export function toLogged(commits: readonly ShardCommit[]): readonly LoggedShards[] {
  const logged: LoggedShards[] = [];
  let range: { readonly from: number; to: number; readonly generation: number } | undefined;
  const endRange = (): void => {
    if (range !== undefined) logged.push({ shards: `k:${range.from}-${range.to}`, generation: range.generation });
    range = undefined;
  };
  for (const { shard, generation, positions } of commits) {
    const group = Object.keys(positions).length > 0 ? undefined : keyGroup.exec(shard)?.[1];
    const n = group === undefined ? -1 : Number(group);
    if (range !== undefined && n === range.to + 1 && generation === range.generation) {
      range.to = n;
      continue;
    }
    endRange();
    if (group === undefined) logged.push({ shards: shard, generation, positions });
    else range = { from: n, to: n, generation };
  }
  endRange();
  return logged;
}

/** The commits that a line of the log stands for. */
export function fromLogged(logged: readonly LoggedShards[], epoch: number): readonly ShardCommit[] {
  return logged.flatMap(({ shards, generation, positions = {} }) => {
    const [, from, to] = keyGroups.exec(shards) ?? [];
    if (from === undefined || to === undefined) return [{ shard: shards, generation, epoch, positions }];
    return Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => ({ shard: `k:${Number(from) + i}`, generation, epoch, positions: {} }));
  });
}

/** A committed epoch of the log. */
export interface LoggedEpoch {
  readonly epoch: number;
  readonly of: LogOwner;
  readonly shards: readonly LoggedShards[];
}

/** The newest committed epoch of each of these shards. */
export function newestHeads(epochs: Iterable<LoggedEpoch>, owner: LogOwner, shards: readonly ShardOwner[]): readonly ShardCommit[] {
  const asked = new Set(shards.map(({ shard }) => shard));
  const heads = new Map<ShardId, ShardCommit>();
  for (const { epoch, of, shards: logged } of epochs) {
    if (of.pipeline !== owner.pipeline || of.node !== owner.node) continue;
    for (const commit of fromLogged(logged, epoch)) {
      if (asked.has(commit.shard) && epoch > (heads.get(commit.shard)?.epoch ?? 0)) heads.set(commit.shard, commit);
    }
  }
  return [...heads.values()];
}
