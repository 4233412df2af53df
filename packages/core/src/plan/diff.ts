// What becomes of each node, and of its state, when one plan replaces another.
import { canonicalPlan, plainOf, stateFingerprint } from "./canonical.ts";
import type { LogicalPlan, PlanNode } from "./logical-plan.ts";

/** One line of a diff. */
export interface PlanChange {
  readonly node: string;
  /**
   * - `kept`: the same node; its state goes on.
   * - `migrated`: same id and type, other configuration, and its state still means the same: it goes on.
   * - `replaced`: same id, but its state does not fit any more.
   * - `dropped`, `new`: only in the old, only in the new plan.
   */
  readonly change: "kept" | "migrated" | "replaced" | "dropped" | "new";
  readonly reason: string;
}

/** Compares two plans node by node, in the order of the new plan, dropped nodes last. */
export function diffPlans(before: LogicalPlan, after: LogicalPlan): readonly PlanChange[] {
  const old = new Map(before.nodes.map((node) => [node.id, node]));
  const changes: PlanChange[] = [];
  for (const node of after.nodes) {
    const was = old.get(node.id);
    old.delete(node.id);
    changes.push(was === undefined ? { node: node.id, change: "new", reason: `${node.type} is new` } : compare(was, node));
  }
  for (const node of old.values()) changes.push({ node: node.id, change: "dropped", reason: `${node.type} is gone` });
  return changes;
}

/** Whether two plans are the same in every respect that the canonical form knows. */
export function samePlan(a: LogicalPlan, b: LogicalPlan): boolean {
  return JSON.stringify(canonicalPlan(a)) === JSON.stringify(canonicalPlan(b));
}

function compare(was: PlanNode, node: PlanNode): PlanChange {
  if (was.kind !== node.kind || was.type !== node.type) {
    return { node: node.id, change: "replaced", reason: `was a ${was.type} ${was.kind}, is a ${node.type} ${node.kind}` };
  }
  if (JSON.stringify(plainOf(was.config)) === JSON.stringify(plainOf(node.config))) return { node: node.id, change: "kept", reason: "unchanged" };
  if (stateFingerprint(was) === stateFingerprint(node)) return { node: node.id, change: "migrated", reason: "its functions changed; its state means the same" };
  if (node.kind !== "stage") return { node: node.id, change: "migrated", reason: "its configuration changed" };
  return { node: node.id, change: "replaced", reason: "its configuration changed, and with it what its state means" };
}
