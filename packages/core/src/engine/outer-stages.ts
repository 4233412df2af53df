// Stages at either end of an executed plan that offer only `process`: composed as they are, outside the engine.
import type { LogicalPlan, PlanNode } from "../plan/logical-plan.ts";
import type { Tail } from "../plan/plan-builder.ts";

/** What a stage does that offers only `process`. */
export type Process = NonNullable<PlanNode["bridge"]>;

type Stream = AsyncIterable<unknown> | Iterable<unknown>;

/** One behind the other, nothing pulled yet. */
export function composed(processes: readonly Process[], source: Stream): Stream {
  return processes.reduce<Stream>((stream, process) => process(asyncOf(stream)), source);
}

/** What stages are promised: an AsyncIterable. */
export function asyncOf(source: Stream): AsyncIterable<unknown> {
  return Symbol.asyncIterator in source ? source : (async function* () { yield* source; })();
}

/** A plan without its outer stages. */
export interface Peeled {
  readonly before: readonly Process[];
  readonly plan: LogicalPlan;
  readonly tails: readonly Tail[];
  readonly after: readonly Process[];
}

/** Takes off the stages at both ends that offer only `process`, as far as the plan is one line there. */
export function peel(whole: LogicalPlan, wholeTails: readonly Tail[]): Peeled {
  let plan = whole;
  let tails = wholeTails;
  const before: Process[] = [];
  const after: Process[] = [];
  for (let found = firstBridge(plan, tails); found !== undefined; found = firstBridge(plan, tails)) {
    before.push(found.bridge);
    ({ plan, tails } = without(plan, tails, found.id));
  }
  for (let found = lastBridge(plan, tails); found !== undefined; found = lastBridge(plan, tails)) {
    after.unshift(found.bridge);
    ({ plan, tails } = without(plan, tails, found.id));
  }
  return { before, plan, tails, after };
}

type BridgeNode = PlanNode & { readonly bridge: Process };

function firstBridge({ nodes, edges }: LogicalPlan, tails: readonly Tail[]): BridgeNode | undefined {
  const input = nodes.find((node) => node.kind === "source")?.id;
  const [only, ...others] = edges.filter((edge) => edge.from === input);
  return only === undefined || others.length > 0 || tails.some((tail) => tail.node === input) ? undefined : bridgeAt(nodes, only.to);
}

function lastBridge({ nodes, edges }: LogicalPlan, tails: readonly Tail[]): BridgeNode | undefined {
  const [only, ...others] = tails;
  if (only === undefined || others.length > 0 || edges.some((edge) => edge.from === only.node)) return undefined;
  return edges.filter((edge) => edge.to === only.node).length === 1 ? bridgeAt(nodes, only.node) : undefined;
}

function bridgeAt(nodes: readonly PlanNode[], id: string): BridgeNode | undefined {
  const node = nodes.find((candidate) => candidate.id === id);
  return node?.bridge === undefined || node.definition !== undefined ? undefined : (node as BridgeNode);
}

/** The plan with a node of one input taken out: what read it reads its input. */
function without(plan: LogicalPlan, tails: readonly Tail[], id: string): { readonly plan: LogicalPlan; readonly tails: readonly Tail[] } {
  const input = plan.edges.find((edge) => edge.to === id);
  const moved = <End extends { readonly output: string }>(end: End, from: keyof End): End => (end[from] === id && input !== undefined ? { ...end, [from]: input.from, output: input.output } : end);
  const edges = plan.edges.filter((edge) => edge.to !== id).map((edge) => moved(edge, "from"));
  return { plan: { ...plan, nodes: plan.nodes.filter((node) => node.id !== id), edges }, tails: tails.map((tail) => moved(tail, "node")) };
}
