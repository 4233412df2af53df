// What of a savepoint fits a plan: decided whole before anything is written.
import type { ShardId } from "../contracts/checkpoint-store.ts";
import { keyGroupShards } from "../engine/snapshot.ts";
import { StreamFlowError } from "../errors.ts";
import type { PhysicalPlan, Scope } from "../plan/physical-plan.ts";
import type { SavedShard, Savepoint } from "./savepoint.ts";

/** What becomes of a savepoint's state under a plan. Sorted by node id. */
export interface SavepointFit {
  readonly kept: readonly string[];
  /** Stages with state that the savepoint knows nothing of: they start empty. */
  readonly fresh: readonly string[];
  /** What is left out, and why. */
  readonly dropped: readonly DroppedState[];
}

/** State of a stage, or positions of a source, that the plan has no place for. */
export interface DroppedState {
  readonly node: string;
  readonly why: string;
}

/**
 * Takes out of a savepoint what a plan can go on from.
 * @throws {@link StreamFlowError} SF_STATE_INCOMPATIBLE naming everything that would be left out, unless that is allowed
 */
export function fitSavepoint(savepoint: Savepoint, plan: PhysicalPlan, allowDropped: boolean): { readonly fit: SavepointFit; readonly shards: readonly SavedShard[] } {
  const dropped = [...droppedStages(savepoint, plan), ...droppedSources(savepoint, plan)].sort((a, b) => (a.node < b.node ? -1 : 1));
  if (dropped.length > 0 && !allowDropped) throw incompatible(savepoint, dropped);
  const gone = new Set(dropped.map(({ node }) => node));
  const kept = Object.keys(savepoint.plan).filter((node) => !gone.has(node)).sort();
  const fresh = Object.keys(plan.fingerprints).filter((node) => !kept.includes(node)).sort();
  const shards = savepoint.shards.flatMap((shard) => {
    const source = sourceOf(shard.shard);
    if (source === undefined ? plan.sharding === "partition" : gone.has(source)) return [];
    return [{ ...shard, states: shard.states.filter(({ node }) => kept.includes(node)) }];
  });
  return { fit: { kept, fresh, dropped }, shards: [...shards, ...newGroups(shards, plan)] };
}

function droppedStages({ plan: stored, shards }: Savepoint, plan: PhysicalPlan): readonly DroppedState[] {
  const scopes = new Map(plan.nodes.map(({ node, scope }) => [node.id, scope]));
  const places = placesOf(shards);
  return Object.entries(stored).flatMap(([node, fingerprint]) => {
    const place = places.get(node);
    if (!Object.hasOwn(plan.fingerprints, node)) return [{ node, why: "is not in the plan any more" }];
    if (plan.fingerprints[node] !== fingerprint) return [{ node, why: "was changed in a way that its stored state does not fit" }];
    return place === undefined || place === scopes.get(node) ? [] : [{ node, why: place === "partition" ? "stands behind an exchange now" : "does not stand behind an exchange any more" }];
  });
}

/** Where the state of each node lies. */
function placesOf(shards: readonly SavedShard[]): ReadonlyMap<string, Scope> {
  return new Map(shards.flatMap(({ shard, states }) => states.map(({ node }): [string, Scope] => [node, sourceOf(shard) === undefined ? "shared" : "partition"])));
}

function droppedSources({ shards }: Savepoint, plan: PhysicalPlan): readonly DroppedState[] {
  const sources = new Set(plan.nodes.filter(({ node }) => node.kind === "source").map(({ node }) => node.id));
  const known = new Set(shards.flatMap(({ shard }) => sourceOf(shard) ?? []));
  return [...known].filter((source) => !sources.has(source)).map((node) => ({ node, why: "is no source of the plan any more: its positions would be forgotten" }));
}

/** The source of an input partition's shard; undefined for a key group. */
function sourceOf(shard: ShardId): string | undefined {
  return shard.startsWith("p:") ? shard.slice(2, shard.indexOf("/")) : undefined;
}

/** A plan that has an exchange now, and had none: what is restored together is to be there as a whole. */
function newGroups(shards: readonly SavedShard[], { sharding }: PhysicalPlan): readonly SavedShard[] {
  if (sharding === "partition" || shards.length === 0 || shards.some(({ shard }) => sourceOf(shard) === undefined)) return [];
  const epoch = Math.max(...shards.map((shard) => shard.epoch));
  return keyGroupShards().map((shard) => ({ shard, epoch, generation: 0, positions: {}, progress: {}, states: [] }));
}

function incompatible({ pipeline }: Savepoint, dropped: readonly DroppedState[]): StreamFlowError {
  const list = dropped.map(({ node, why }) => `"${node}" ${why}`).join("; ");
  return new StreamFlowError("SF_STATE_INCOMPATIBLE", `the savepoint of pipeline "${pipeline}" does not fit the plan: ${list}`, {
    hint: "put them back as they were, or allow this state to be left out: --allow-dropped-state",
    context: { nodes: dropped.map(({ node }) => node) },
  });
}
