// Checked plans, of which equal ones share what is equal: a host of many pipelines from one template holds that template once.
//   T1. What is shared is never changed, and never holds a source or a sink: those are each plan's own, with its configuration and so its name.
//   T2. Plans are equal where nothing that the planner can see differs: plain data by value; functions, and instances of classes, only where they are the same.
//   T3. What nobody runs is not kept.
import type { FunctionTable } from "../contracts/operator.ts";
import { isBuilt } from "./builder.ts";
import type { LogicalPlan, PipelineConfig, PlanNode } from "./logical-plan.ts";
import type { PhysicalPlan } from "./physical-plan.ts";
import { planPipeline } from "./planner.ts";

/** A source or sink; its whole node where that says something else than it does by itself. */
type Own = NonNullable<PlanNode["source"]> | NonNullable<PlanNode["sink"]> | OwnNode;

class OwnNode {
  readonly node: PlanNode;

  constructor(node: PlanNode) {
    this.node = node;
  }
}

/** A plan that was checked, in as little as it takes. */
export class CheckedPlan {
  readonly config: PipelineConfig;
  readonly #shared: PhysicalPlan;
  /** In the order of its nodes. */
  readonly #own: readonly Own[];

  constructor(config: PipelineConfig, own: readonly Own[], shared: PhysicalPlan) {
    this.config = config;
    this.#own = own;
    this.#shared = shared;
  }

  /** The whole plan, made anew. */
  physical(): PhysicalPlan {
    const shared = this.#shared;
    const own = new Map<string, PlanNode>();
    const nodesOfAll = shared.logical.nodes.map((node) => {
      const live = node.kind === "stage" ? undefined : this.#own[own.size];
      if (live === undefined) return node;
      const whole = wholeNode(node, live);
      own.set(node.id, whole);
      return whole;
    });
    const logical: LogicalPlan = { ...shared.logical, config: this.config, nodes: nodesOfAll };
    const nodes = shared.nodes.map((entry) => {
      const node = own.get(entry.node.id);
      return node === undefined ? entry : { ...entry, node };
    });
    return { ...shared, logical, nodes };
  }
}

const known = new Map<string, WeakRef<PhysicalPlan>>();
/** Before so many are known, those that nobody runs any more are not looked for. */
const fewest = 64;
let sweepAt = fewest;

/**
 * Checks a plan, or knows an equal one that was checked before. Opens nothing.
 * @throws {@link StreamFlowError} as `planPipeline` does
 */
export function checkPlan(logical: LogicalPlan, functions: FunctionTable): CheckedPlan {
  const own = logical.nodes.filter(isLive).map(ownOf);
  const key = keyOfPlan(logical, functions);
  let shared = known.get(key)?.deref();
  if (shared === undefined) {
    shared = withoutLive(planPipeline(logical, functions));
    sweep();
    known.set(key, new WeakRef(shared));
  }
  return new CheckedPlan(logical.config, own, shared);
}

/** How many plans are known, for tests. */
export function knownPlans(): number {
  return known.size;
}

function sweep(): void {
  if (known.size < sweepAt) return;
  for (const [key, plan] of known) if (plan.deref() === undefined) known.delete(key);
  sweepAt = Math.max(fewest, 2 * known.size);
}

function isLive(node: PlanNode): boolean {
  return node.source !== undefined || node.sink !== undefined;
}

/** The rest of a node is what equal plans have in common. */
function ownOf(node: PlanNode): Own {
  const live = node.source ?? node.sink!;
  const { config } = live;
  return live.type === node.type && (config === node.config || keyOfValue(config) === keyOfValue(node.config)) ? live : new OwnNode(node);
}

function wholeNode(bare: PlanNode, own: Own): PlanNode {
  if (own instanceof OwnNode) return own.node;
  const { id, named, kind } = bare;
  const { type, config } = own;
  return kind === "source" ? { id, named, kind, type, config, source: own as NonNullable<PlanNode["source"]> } : { id, named, kind, type, config, sink: own as NonNullable<PlanNode["sink"]> };
}

function withoutLive(plan: PhysicalPlan): PhysicalPlan {
  const bare = (node: PlanNode): PlanNode => (isLive(node) ? { id: node.id, named: node.named, kind: node.kind, type: node.type, config: {} } : node);
  const { logical } = plan;
  return { ...plan, logical: { ...logical, config: { name: "" }, nodes: logical.nodes.map(bare) }, nodes: plan.nodes.map((entry) => ({ ...entry, node: bare(entry.node) })) };
}

function keyOfPlan({ config, nodes, edges }: LogicalPlan, functions: FunctionTable): string {
  const { name: _, ...settings } = config;
  const text = [`${nameOf(functions)}`, keyOfValue(settings), keyOfValue(edges)];
  for (const { source, sink, config: own, definition, bridge, ...node } of nodes) {
    const live = source ?? sink;
    text.push(keyOfValue(node), live === undefined ? keyOfValue(own) : keyOfLive(live), `${nameOf(definition)} ${nameOf(bridge)}`);
  }
  return text.join("\n");
}

/** What a source or sink says of itself besides its configuration. What it does is nothing that the planner can see. */
function keyOfLive(live: object): string {
  return keyOfFields(live, (name, value) => name !== "config" && typeof value !== "function");
}

/** Texts come with their length, so that nothing in them is taken for what stands around them. */
function keyOfValue(value: unknown): string {
  if (typeof value === "string") return `${value.length}"${value}`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return typeof value === "function" ? nameOf(value) : String(value);
  if (Array.isArray(value)) {
    let text = "[";
    for (const item of value) text += `${keyOfValue(item)},`;
    return `${text}]`;
  }
  return isPlain(value) ? keyOfFields(value) : nameOf(value);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || isBuilt(value);
}

function keyOfFields(value: object, counts: (name: string, value: unknown) => boolean = () => true): string {
  let text = "{";
  for (const name of Object.keys(value)) {
    const field = (value as Record<string, unknown>)[name];
    if (counts(name, field)) text += `${name.length}"${name}:${keyOfValue(field)},`;
  }
  return `${text}}`;
}

const names = new WeakMap<object, number>();
let named = 0;

/** A name for what is equal to itself alone. */
function nameOf(thing: object | undefined): string {
  if (thing === undefined) return "none";
  let name = names.get(thing);
  if (name === undefined) names.set(thing, (name = ++named));
  return `#${name}`;
}
