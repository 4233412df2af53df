// Heads of shards as the value of a record: those that say the same are written once, as most of a hundred key groups do.
import type { ShardHead } from "../exactly-once.ts";

interface Packed extends Omit<ShardHead, "shard"> {
  readonly shards: readonly string[];
}

export function packHeads(heads: readonly ShardHead[]): string {
  const groups = Map.groupBy(heads, ({ generation, epoch, positions }) => JSON.stringify([generation, epoch, positions]));
  return JSON.stringify([...groups.values()].map(([first, ...rest]): Packed => {
    const { shard, ...common } = first as ShardHead;
    return { ...common, shards: [shard, ...rest.map((head) => head.shard)] };
  }));
}

export function unpackHeads(text: string): readonly ShardHead[] {
  return (JSON.parse(text) as readonly Packed[]).flatMap(({ shards, generation, epoch, positions }) => shards.map((shard) => ({ shard, generation, epoch, positions })));
}

/** Owners come one after another, and their epochs too. */
export function isNewer(one: ShardHead, other: ShardHead): boolean {
  return one.generation > other.generation || (one.generation === other.generation && one.epoch > other.epoch);
}
