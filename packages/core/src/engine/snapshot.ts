// What a checkpoint holds of the operators: copied out between two batches, put back into fresh ones.
import type { ShardId, ShardManifest } from "../contracts/checkpoint-store.ts";
import type { StoredState } from "../contracts/checkpointing.ts";
import type { IsStored } from "../keyed/table-part.ts";
import type { TableCopy } from "../keyed/table-set.ts";
import { keyGroupCount } from "../keyed/key-group.ts";
import type { Gate } from "./gate.ts";
import type { OperatorInstance } from "./instance.ts";
import type { PartitionTask } from "./task.ts";

/** The state of one shard, copied. */
export interface ShardSnapshot {
  readonly shard: ShardId;
  readonly generation: number;
  readonly commitToken?: unknown;
  readonly positions: Readonly<Record<string, string>>;
  readonly progress: Readonly<Record<string, string | number | boolean>>;
  readonly state: readonly { readonly node: string; readonly table: TableCopy }[];
}

/** Stands among the positions of a partition that has ended: sinks keep it with them. */
export const endedMark = "\u0000ended";

/** The part of a partition's progress that says which dead letters were replayed. */
export const replayedMark = "replayed";

/** Copies one partition. */
export function snapshotPartition(task: PartitionTask, gates: ReadonlyMap<string, Gate>, isStored: IsStored): ShardSnapshot {
  const { partition, instances } = task.parts;
  return {
    shard: task.shard,
    generation: task.generation,
    ...(task.commitToken === undefined ? {} : { commitToken: task.commitToken }),
    positions: { ...(task.position === undefined ? {} : { [partition]: task.position }), ...(task.ended ? { [endedMark]: "" } : {}) },
    progress: { ordinal: task.ordinal, ended: task.ended, ...(task.replayed === 0 ? {} : { [replayedMark]: task.replayed }), ...gateProgress(gates), ...versions(instances) },
    state: instances.flatMap((instance) => instance.tables.copy(isStored).map((table) => ({ node: instance.node, table }))),
  };
}

interface SharedOptions {
  readonly generation: (shard: ShardId) => number;
  readonly isStored: IsStored;
}

/** Copies the shared scope: one shard for every key group. */
export function snapshotShared(instances: readonly OperatorInstance[], gates: ReadonlyMap<string, Gate>, { generation, isStored }: SharedOptions): readonly ShardSnapshot[] {
  const groups: { node: string; table: TableCopy }[][] = Array.from({ length: keyGroupCount }, () => []);
  for (const instance of instances) {
    for (const table of instance.tables.copy(isStored)) groups[table.group]!.push({ node: instance.node, table });
  }
  const progress = { ...gateProgress(gates), ...versions(instances) };
  return groups.map((state, group) => {
    const shard = keyGroupShard(group);
    return { shard, generation: generation(shard), positions: {}, progress, state };
  });
}

/** The shard of a key group. */
export function keyGroupShard(group: number): ShardId {
  return `k:${group}`;
}

/** All key group shards. */
export function keyGroupShards(): readonly ShardId[] {
  return Array.from({ length: keyGroupCount }, (_, group) => keyGroupShard(group));
}

/** Puts a shard's states back. `group` is its key group; 0 for a partition. */
export function restoreTables(instances: readonly OperatorInstance[], states: readonly StoredState[], group: number): void {
  for (const { entry, bytes } of states) {
    const instance = instances.find((candidate) => candidate.node === entry.node);
    instance?.tables.restore({ group, state: entry.state, serializer: entry.serializer, version: entry.version, bytes });
  }
}

/** Puts watermarks back. Nothing fires. */
export function restoreGates(gates: ReadonlyMap<string, Gate>, progress: ShardManifest["progress"]): void {
  for (const [name, gate] of gates) {
    const stored = progress[`watermark ${name}`];
    if (stored === undefined) continue;
    gate.watermarkMs = Math.max(gate.watermarkMs, stored === "end" ? Infinity : Number(stored));
  }
}

/** Gives back what lookups kept. */
export function restoreVersions(instances: readonly OperatorInstance[], progress: ShardManifest["progress"]): void {
  for (const instance of instances) {
    const version = progress[`version ${instance.node}`];
    if (typeof version === "string") instance.version = version;
  }
}

function gateProgress(gates: ReadonlyMap<string, Gate>): Record<string, string | number> {
  const progress: Record<string, string | number> = {};
  for (const [name, { watermarkMs }] of gates) {
    if (watermarkMs !== -Infinity) progress[`watermark ${name}`] = watermarkMs === Infinity ? "end" : watermarkMs;
  }
  return progress;
}

function versions(instances: readonly OperatorInstance[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const instance of instances) if (instance.version !== undefined) found[`version ${instance.node}`] = instance.version;
  return found;
}
