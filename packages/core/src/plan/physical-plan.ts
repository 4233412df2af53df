// The physical plan: what an executor builds its tasks from. Plain data around the logical nodes.
import type { Projection } from "../contracts/codec.ts";
import type { NodeShape, Shape } from "../contracts/operator.ts";
import type { LogicalPlan, PlanEdge, PlanNode } from "./logical-plan.ts";

/**
 * Where a node's instances live.
 * - `partition`: one instance for each input partition; its state belongs to that partition's shard.
 * - `shared`: one instance in the executor, behind an exchange; its state is spread over key groups.
 */
export type Scope = "partition" | "shared";

/** A node with everything that the planner found out. */
export interface PhysicalNode {
  readonly node: PlanNode;
  readonly scope: Scope;
  /** The source whose partitions carry it; undefined in the shared scope. */
  readonly source: string | undefined;
  readonly inputShapes: readonly Shape[];
  /** Set for stages. */
  readonly shape: NodeShape | undefined;
  readonly outputShapes: Readonly<Record<string, Shape>>;
  readonly incoming: readonly PlanEdge[];
  readonly outgoing: readonly PlanEdge[];
  /** Bit i is set when input i crosses an exchange. */
  readonly exchanged: boolean;
}

/** A fused run of nodes between boundaries (sources, exchanges, bridges, asynchronous stages, sinks). */
export interface PhysicalTask {
  readonly name: string;
  readonly scope: Scope;
  readonly nodes: readonly string[];
}

/** What a sink promises end to end, and why. */
export interface SinkGuarantee {
  readonly sink: string;
  readonly guarantee: "exactly-once" | "at-least-once" | "at-most-once";
  readonly reason: string;
}

/** A checked plan, ready to run. */
export interface PhysicalPlan {
  readonly logical: LogicalPlan;
  /** In topological order. */
  readonly nodes: readonly PhysicalNode[];
  readonly tasks: readonly PhysicalTask[];
  /** What each source is asked to read, by node id. */
  readonly projections: ReadonlyMap<string, Projection>;
  /** `partition`: every input partition is a shard of its own; `key-group`: 128 key groups behind an exchange, restored together with the partitions. */
  readonly sharding: "partition" | "key-group";
  readonly shardingReason: string;
  readonly guarantees: readonly SinkGuarantee[];
  /** Fingerprints of the nodes with state, by id. */
  readonly fingerprints: Readonly<Record<string, string>>;
}
