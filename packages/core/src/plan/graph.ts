// The shape of a plan as a graph: connections checked, nodes in topological order.
import { StreamFlowError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { LogicalPlan, PlanEdge, PlanNode } from "./logical-plan.ts";

/** A node with its edges. */
export interface GraphNode {
  readonly node: PlanNode;
  readonly incoming: readonly PlanEdge[];
  readonly outgoing: readonly PlanEdge[];
}

/**
 * Checks ids and connections, and orders the nodes so that every edge points forward.
 *
 * @throws {@link StreamFlowError} SF_PLAN_INVALID for a doubled id, an edge to nowhere, a circle, an input without a source, or an output that nothing reads.
 */
export function orderNodes(plan: LogicalPlan): readonly GraphNode[] {
  const graph = connectNodes(plan);
  const [problem] = [...missingInputs(graph), ...unreadOutputs(graph)];
  if (problem !== undefined) throw problem;
  return sortNodes(graph);
}

/**
 * Gives every node its edges.
 *
 * @throws {@link StreamFlowError} SF_PLAN_INVALID for a doubled id, or an edge to nowhere.
 */
export function connectNodes(plan: LogicalPlan): readonly GraphNode[] {
  const nodes = new Map<string, PlanNode>();
  for (const node of plan.nodes) {
    if (nodes.has(node.id)) throw invalid(`the id "${node.id}" is used by two nodes`, "give one of them another id", [node.id]);
    nodes.set(node.id, node);
  }
  for (const edge of plan.edges) checkEdge(edge, nodes);
  return plan.nodes.map((node) => ({
    node,
    incoming: plan.edges.filter((edge) => edge.to === node.id),
    outgoing: plan.edges.filter((edge) => edge.from === node.id),
  }));
}

/** Names of a stage's inputs; sources have none, sinks one. */
export function inputNames(node: PlanNode): readonly string[] {
  if (node.kind === "source") return [];
  return node.definition?.inputs ?? ["main"];
}

/**
 * An output that every source and stage has: what it rejected, as `{ code, message, node, partition, position, value }`. Where nothing reads it, rejected
 * records go to the dead letters.
 */
export const rejectedOutput = "rejected";

/** Names of a node's outputs. */
export function outputNames(node: PlanNode): readonly string[] {
  if (node.kind === "sink") return [];
  const declared = node.definition?.outputs ?? ["main"];
  const names = typeof declared === "function" ? declared(node.config as never) : declared;
  return [...names, rejectedOutput];
}

function checkEdge(edge: PlanEdge, nodes: ReadonlyMap<string, PlanNode>): void {
  const from = known(edge.from, nodes, edge.to);
  const to = known(edge.to, nodes, edge.from);
  const outputs = outputNames(from);
  if (!outputs.includes(edge.output)) {
    throw invalid(`"${from.id}" (${from.type}) has no output "${edge.output}", which "${to.id}" (${to.type}) reads`, `its outputs: ${outputs.join(", ") || "none"}`, [to.id, from.id]);
  }
  const inputs = inputNames(to);
  if (!inputs.includes(edge.input)) {
    throw invalid(`"${to.id}" (${to.type}) has no input "${edge.input}", which "${from.id}" (${from.type}) feeds`, `its inputs: ${inputs.join(", ") || "none"}`, [to.id, from.id]);
  }
}

function known(id: string, nodes: ReadonlyMap<string, PlanNode>, otherEnd: string): PlanNode {
  const node = nodes.get(id);
  if (node !== undefined) return node;
  const near = nearest(id, [...nodes.keys()]);
  throw invalid(`there is no node "${id}"`, near === undefined ? `nodes: ${[...nodes.keys()].join(", ")}` : `did you mean "${near}"?`, [otherEnd]);
}

/** An SF_PLAN_INVALID for every input that nothing feeds. */
export function missingInputs(graph: readonly GraphNode[]): readonly StreamFlowError[] {
  return graph.flatMap(({ node, incoming }) =>
    inputNames(node)
      .filter((input) => !incoming.some((edge) => edge.input === input))
      .map((input) => invalid(`input "${input}" of "${node.id}" (${node.type}) is not connected`, "feed it from a source or a stage", [node.id])));
}

/** An SF_PLAN_INVALID for every source and stage of which nothing is read, or only what it rejected. */
export function unreadOutputs(graph: readonly GraphNode[]): readonly StreamFlowError[] {
  return graph
    .filter(({ node, outgoing }) => node.kind !== "sink" && !outgoing.some((edge) => edge.output !== rejectedOutput))
    .map(({ node }) => invalid(`nothing reads the output of "${node.id}" (${node.type})`, "add a sink behind it, or remove it", [node.id]));
}

/**
 * Orders the nodes so that every edge points forward.
 *
 * @throws {@link StreamFlowError} SF_PLAN_INVALID for a circle.
 * @see Kahn 1962, "Topological sorting of large networks"
 */
export function sortNodes(graph: readonly GraphNode[]): readonly GraphNode[] {
  const missing = new Map(graph.map((entry) => [entry.node.id, entry.incoming.length]));
  const order: GraphNode[] = [];
  let ready = graph.filter((entry) => entry.incoming.length === 0);
  while (ready.length > 0) {
    const next: GraphNode[] = [];
    for (const entry of ready) {
      order.push(entry);
      for (const edge of entry.outgoing) {
        const left = (missing.get(edge.to) ?? 0) - 1;
        missing.set(edge.to, left);
        if (left === 0) next.push(...graph.filter((other) => other.node.id === edge.to));
      }
    }
    ready = next;
  }
  if (order.length === graph.length) return order;
  const ids = circleIn(graph.filter((entry) => !order.includes(entry))).map((entry) => entry.node.id);
  throw invalid(`${ids.map((id) => `"${id}"`).join(", ")} form a circle`, "records must flow in one direction", ids);
}

/** Of nodes that cannot be ordered, those on a circle or between two: the others only wait behind one. */
function circleIn(stuck: readonly GraphNode[]): readonly GraphNode[] {
  const ids = new Set(stuck.map((entry) => entry.node.id));
  const left = stuck.filter((entry) => entry.outgoing.some((edge) => ids.has(edge.to)));
  return left.length === stuck.length ? stuck : circleIn(left);
}

/** An SF_PLAN_INVALID with a hint. `context.nodes` holds the ids of the nodes that it is about, first the one to edit: a text finds their place by it. */
export function invalid(message: string, hint: string, nodes: readonly string[]): StreamFlowError {
  return new StreamFlowError("SF_PLAN_INVALID", message, { hint, context: { nodes } });
}
