// What becomes of each node, and of its state, when one plan replaces another.
import type { FunctionTable } from "../contracts/operator.ts";
import { StreamFlowError } from "../errors.ts";
import { canonicalPlan, plainOf, stateFingerprint } from "./canonical.ts";
import { standardFunctionTable } from "./function-table.ts";
import { connectNodes, sortNodes } from "./graph.ts";
import type { LogicalPlan, PlanNode } from "./logical-plan.ts";
import { shapeNodes } from "./shapes.ts";

/** One line of a diff. */
export interface PlanChange {
  readonly node: string;
  /**
   * - `kept`: the same node.
   * - `migrated`: a stage of the same id and type whose functions are others; what it has stored still means the same.
   * - `changed`: the same id and type, other configuration.
   * - `replaced`: the same id, but another kind or type.
   * - `dropped`, `new`: only in the old, only in the new plan.
   */
  readonly change: "kept" | "migrated" | "changed" | "replaced" | "dropped" | "new";
  /** What becomes of the state that the node has stored: it goes on, it does not fit any more, or there is none. Positions and commits of sources and sinks are not meant. */
  readonly state: "kept" | "lost" | "none";
  readonly reason: string;
}

/**
 * Compares two plans node by node, in the order of the new plan, dropped nodes last. Where the old plan is one that cannot be shaped, for example
 * because `functions` lacks one that it calls, every stage of it is taken for one that keeps state.
 */
export function diffPlans(before: LogicalPlan, after: LogicalPlan, functions: FunctionTable = standardFunctionTable): readonly PlanChange[] {
  const old = new Map(before.nodes.map((node) => [node.id, node]));
  const stateful = statefulNodes(before, functions);
  const changes: PlanChange[] = [];
  for (const node of after.nodes) {
    const was = old.get(node.id);
    old.delete(node.id);
    changes.push(was === undefined ? { node: node.id, change: "new", state: "none", reason: `${node.type} is new` } : compare(was, node, stateful.has(node.id)));
  }
  for (const { id, type } of old.values()) changes.push({ node: id, change: "dropped", ...stateOf(stateful.has(id), false), reason: `${type} is gone` });
  return changes;
}

/** Whether two plans are the same in every respect that the canonical form knows. */
export function samePlan(a: LogicalPlan, b: LogicalPlan): boolean {
  return JSON.stringify(canonicalPlan(a)) === JSON.stringify(canonicalPlan(b));
}

function compare(was: PlanNode, node: PlanNode, hadState: boolean): PlanChange {
  if (was.kind !== node.kind || was.type !== node.type) {
    return { node: node.id, change: "replaced", ...stateOf(hadState, false), reason: `was a ${was.type} ${was.kind}, is a ${node.type} ${node.kind}` };
  }
  const goesOn = stateFingerprint(was) === stateFingerprint(node);
  const found = { node: node.id, ...stateOf(hadState, goesOn) };
  if (goesOn && JSON.stringify(plainOf(was.config)) === JSON.stringify(plainOf(node.config))) return { ...found, change: "kept", reason: "unchanged" };
  if (!hadState) return { ...found, change: "changed", reason: node.kind === "stage" ? "its configuration changed; it keeps no state" : "its configuration changed" };
  if (goesOn) return { ...found, change: "migrated", reason: "its functions changed; its state means the same" };
  return { ...found, change: "changed", reason: "its configuration changed, and with it what its state means" };
}

function stateOf(hadState: boolean, goesOn: boolean): Pick<PlanChange, "state"> {
  if (!hadState) return { state: "none" };
  return { state: goesOn ? "kept" : "lost" };
}

/** Which nodes keep state. It follows from the whole plan: a shape depends on what the stage is given. */
function statefulNodes(plan: LogicalPlan, functions: FunctionTable): ReadonlySet<string> {
  try {
    const shaped = shapeNodes(sortNodes(connectNodes(plan)), functions);
    return new Set(shaped.filter(({ shape }) => shape?.stateful === true).map(({ node }) => node.id));
  } catch (thrown) {
    if (!StreamFlowError.is(thrown)) throw thrown;
    return new Set(plan.nodes.filter(({ kind }) => kind === "stage").map(({ id }) => id));
  }
}
