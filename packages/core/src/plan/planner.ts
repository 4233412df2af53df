// From a logical plan to a physical one: every check that can be made before anything is opened.
import type { Projection } from "../contracts/codec.ts";
import type { FunctionTable } from "../contracts/operator.ts";
import { StreamFlowError } from "../errors.ts";
import { stateFingerprint } from "./canonical.ts";
import { deliveryProblems } from "./delivery.ts";
import { guarantees } from "./guarantee.ts";
import { connectNodes, invalid, missingInputs, orderNodes, rejectedOutput, sortNodes, unreadOutputs } from "./graph.ts";
import type { LogicalPlan, PlanNode } from "./logical-plan.ts";
import { checkParallelism } from "./parallelism.ts";
import type { PhysicalNode, PhysicalPlan, PhysicalTask, Scope } from "./physical-plan.ts";
import { isBridged, shapeNodes, type ShapedNode } from "./shapes.ts";

/**
 * Checks a plan and decides where its nodes run. Opens nothing.
 *
 * @throws {@link StreamFlowError} SF_PLAN_INVALID, SF_PLAN_UNBOUNDED_STATE, or what a stage refuses: the first of {@link planProblems}.
 */
export function planPipeline(logical: LogicalPlan, functions: FunctionTable): PhysicalPlan {
  checkThreads(logical);
  const shaped = shapeNodes(orderNodes(logical), functions);
  const [problem] = [...stateProblems(logical, shaped), ...deliveryProblems(logical)];
  if (problem !== undefined) throw problem;
  const nodes = placeNodes(shaped);
  const shared = nodes.find((node) => node.exchanged);
  return {
    logical,
    nodes,
    tasks: fuse(nodes),
    projections: projections(nodes),
    sharding: shared === undefined ? "partition" : "key-group",
    shardingReason: shardingReason(nodes, shared),
    guarantees: guarantees(nodes, logical),
    fingerprints: Object.fromEntries(nodes.filter((n) => n.shape?.stateful === true).map((n) => [n.node.id, stateFingerprint(n.node)])),
  };
}

/**
 * Finds everything for which {@link planPipeline} refuses a plan; nothing where it takes it. What only follows from an earlier mistake is left out.
 *
 * Each error names the nodes that it is about and what to change; its `context.nodes` holds their ids, first the one to edit. Opens nothing.
 */
export function planProblems(logical: LogicalPlan, functions: FunctionTable): readonly StreamFlowError[] {
  const found: StreamFlowError[] = [];
  try {
    checkThreads(logical);
    const graph = connectNodes(logical);
    found.push(...missingInputs(graph));
    // Shapes behind an input that nothing feeds would only repeat it.
    if (found.length > 0) return found;
    found.push(...unreadOutputs(graph));
    found.push(...stateProblems(logical, shapeNodes(sortNodes(graph), functions)), ...deliveryProblems(logical));
  } catch (thrown) {
    if (!StreamFlowError.is(thrown)) throw thrown;
    found.push(thrown);
  }
  return found;
}

function checkThreads({ config }: LogicalPlan): void {
  if (config.parallelism !== undefined) checkParallelism(config.parallelism, `pipeline "${config.name}"`);
}

function stateProblems(logical: LogicalPlan, shaped: readonly ShapedNode[]): readonly StreamFlowError[] {
  const found: StreamFlowError[] = [];
  const unnamed = new Map<string, string>();
  for (const { node, shape } of shaped) {
    if (shape?.unboundedState !== undefined && logical.config.unboundedState !== true) {
      const message = `the state of "${node.id}" (${node.type}) can grow for ever: ${shape.unboundedState}`;
      found.push(new StreamFlowError("SF_PLAN_UNBOUNDED_STATE", message, { context: { nodes: [node.id] } }));
    }
    if (shape?.stateful !== true || node.named) continue;
    const other = unnamed.get(node.type);
    if (other === undefined) unnamed.set(node.type, node.id);
    else found.push(unnamedTwins(node, other));
  }
  return found;
}

function unnamedTwins({ id, type }: PlanNode, other: string): StreamFlowError {
  return invalid(`"${other}" and "${id}" are both ${type} stages with state and without an id of their own: a later edit could swap their state`, "give each an id", [id, other]);
}

function placeNodes(shaped: readonly ShapedNode[]): readonly PhysicalNode[] {
  const placed = new Map<string, PhysicalNode>();
  for (const entry of shaped) placed.set(entry.node.id, place(entry, placed));
  return [...placed.values()];
}

function place(entry: ShapedNode, placed: ReadonlyMap<string, PhysicalNode>): PhysicalNode {
  const { node } = entry;
  if (node.kind === "source") return { ...entry, scope: "partition", source: node.id, exchanged: false };
  const upstream = entry.incoming.map((edge) => placed.get(edge.from)).filter((n) => n !== undefined);
  const sources = new Set(upstream.map((n) => n.source));
  const single = sources.size === 1 && upstream.every((n) => n.scope === "partition") ? upstream[0]?.source : undefined;
  const scope: Scope = single !== undefined && (node.kind === "sink" || staysInPartition(entry, placed.get(single))) ? "partition" : "shared";
  const exchanged = scope === "shared" && node.kind !== "sink" && upstream.some((n) => n.scope === "partition");
  return { ...entry, scope, source: scope === "partition" ? single : undefined, exchanged };
}

/** A node may stay beside its input where it needs no other partition's records. */
function staysInPartition(entry: ShapedNode, source: PhysicalNode | undefined): boolean {
  if (entry.shape?.needsKey !== true) return true;
  if (source?.node.source?.capabilities.singlePartition === true) return true;
  return entry.inputShapes.every((shape) => shape.key?.coPartitioned === true);
}

function shardingReason(nodes: readonly PhysicalNode[], shared: PhysicalNode | undefined): string {
  if (shared !== undefined) {
    const merges = new Set(shared.incoming.map((edge) => edge.from)).size > 1 && shared.shape?.needsKey !== true;
    return merges ? `"${shared.node.id}" merges several sources` : `"${shared.node.id}" needs all records of a key, which may be in any partition`;
  }
  if (nodes.some((n) => n.shape?.needsKey === true)) return "all records of a key are in one input partition";
  return "no stage needs a key";
}

/** Maximal chains of nodes that run as one synchronous function. */
function fuse(nodes: readonly PhysicalNode[]): readonly PhysicalTask[] {
  const taskOf = new Map<string, { name: string; scope: Scope; nodes: string[] }>();
  const tasks: { name: string; scope: Scope; nodes: string[] }[] = [];
  for (const entry of nodes) {
    const { node } = entry;
    const before = entry.incoming.length === 1 ? taskOf.get(entry.incoming[0]!.from) : undefined;
    const cut = before === undefined || entry.exchanged || isBridged(node) || entry.shape?.asynchronous === true;
    const task = cut ? { name: `task-${tasks.length + 1}`, scope: entry.scope, nodes: [] } : before;
    if (cut) tasks.push(task);
    task.nodes.push(node.id);
    taskOf.set(node.id, task);
  }
  return tasks;
}

/** Walks back from what is read to what each source must deliver. */
function projections(nodes: readonly PhysicalNode[]): ReadonlyMap<string, Projection> {
  const wanted = new Map<string, Projection>();
  for (const entry of nodes.toReversed()) {
    const { node, shape } = entry;
    if (node.kind === "source") continue;
    for (const edge of entry.incoming) {
      const input = node.definition?.inputs?.indexOf(edge.input) ?? 0;
      const reads = shape === undefined ? "all" : (shape.reads[input] ?? "all");
      const need = input === 0 ? union(reads, wantedBehind(entry, wanted)) : reads;
      const name = outputKey(edge.from, edge.output);
      wanted.set(name, union(wanted.get(name) ?? [], need));
    }
  }
  return new Map(nodes.filter((n) => n.node.kind === "source").map((n) => [n.node.id, wanted.get(outputKey(n.node.id, "main")) ?? "all"]));
}

/** What readers behind a node read of the very records that it hands on. */
function wantedBehind(entry: PhysicalNode, wanted: ReadonlyMap<string, Projection>): Projection {
  const forwards = entry.shape?.forwards ?? false;
  let all: Projection = [];
  for (const { output } of entry.outgoing) {
    if (output !== rejectedOutput && (forwards === true || (forwards !== false && forwards.includes(output)))) all = union(all, wanted.get(outputKey(entry.node.id, output)) ?? []);
  }
  return all;
}

function outputKey(node: string, output: string): string {
  return `${node}.${output}`;
}

function union(a: Projection, b: Projection): Projection {
  if (a === "all" || b === "all") return "all";
  const paths = new Map([...a, ...b].map((path) => [JSON.stringify(path), path]));
  return [...paths.values()];
}
