// From a spec to a logical plan: components are made and connected, nothing is opened.
import { PlanBuilder, planProblems, StreamFlowError, type ComponentContext, type ComponentKind, type ComponentProducts, type LogicalPlan, type Registry, type Tail } from "@streamflow/core";
import { placeOfExpression } from "./expression-syntax.ts";
import { Problems } from "./problems.ts";
import { originOf, type NodeSpec, type PipelineSpec } from "./spec.ts";

/**
 * Makes the components that a spec names, connects them, and plans them: what it answers, the planner takes.
 *
 * @throws {@link ConfigError} with everything that the components and the planner refuse, each at its entry. What follows only from an earlier
 *   mistake is not told.
 */
export function buildPlan(spec: PipelineSpec, registry: Registry): LogicalPlan {
  const origin = originOf(spec);
  const problems = new Problems(origin?.file, origin?.secrets);
  const making: Making = { registry, builder: new PlanBuilder(spec.config, registry.functions), context: componentContext(spec.folder, registry) };
  const failed = new Set<string>();
  for (const node of spec.nodes) {
    try {
      const connect = makeNode(node, making);
      const inputs = tailsOf(node, { making, problems, failed });
      if (inputs === undefined) failed.add(node.id);
      else connect(inputs);
    } catch (thrown) {
      failed.add(node.id);
      problems.addThrown(thrown, at(placeIn(thrown) ?? node.location));
    }
  }
  problems.throwIfAny();
  const plan = withNames(making.builder.build(), spec);
  for (const problem of planProblems(plan, registry.functions)) problems.addThrown(problem, at(placeIn(problem) ?? entryOf(problem, spec)));
  problems.throwIfAny();
  return plan;
}

/** Where the expression stands that was refused. */
function placeIn(thrown: unknown): NodeSpec["location"] | undefined {
  return StreamFlowError.is(thrown) ? placeOfExpression(thrown.context?.["expression"]) : undefined;
}

/** Where the node stands that the planner would have edited. */
function entryOf({ context }: StreamFlowError, { nodes }: PipelineSpec): NodeSpec["location"] {
  const ids = (context?.["nodes"] ?? []) as readonly string[];
  return nodes.find(({ id }) => id === ids[0])?.location ?? {};
}

/** What components may use while they are made: each other, by type. */
export function componentContext(folder: string, registry: Registry): ComponentContext {
  const context: ComponentContext = {
    folder,
    component: <Kind extends ComponentKind>(kind: Kind, type: string, config: Readonly<Record<string, unknown>>): ComponentProducts[Kind] =>
      registry.component(kind, type).create(config, context),
  };
  return context;
}

interface Making {
  readonly registry: Registry;
  readonly builder: PlanBuilder;
  readonly context: ComponentContext;
}

type Inputs = Readonly<Record<string, readonly Tail[]>>;

/** Makes a component; the answer adds it to the plan. */
function makeNode({ id, kind, type, config }: NodeSpec, { registry, builder, context }: Making): (inputs: Inputs) => void {
  switch (kind) {
    case "source": {
      const source = context.component("source", type, config);
      return () => void builder.addSource(source, id);
    }
    case "sink": {
      const sink = context.component("sink", type, config);
      return ({ main = [] }) => builder.addSink(sink, main, id);
    }
    case "stage": {
      const description = context.component("stage", type, config);
      const definition = registry.operator(description.type);
      return (inputs) => void builder.addStage({ description, definition }, inputs, id);
    }
  }
}

interface Connecting {
  readonly making: Making;
  readonly problems: Problems;
  readonly failed: ReadonlySet<string>;
}

/** What a node reads; undefined where one of its inputs failed. Only a made stage knows its outputs: they may follow from its configuration. */
function tailsOf({ inputs }: NodeSpec, { making, problems, failed }: Connecting): Inputs | undefined {
  const tails: Record<string, Tail[]> = {};
  let isComplete = true;
  for (const { input, node, output, location } of inputs) {
    try {
      if (failed.has(node)) isComplete = false;
      else (tails[input] ??= []).push(making.builder.tail(node, output));
    } catch (thrown) {
      isComplete = false;
      problems.addThrown(thrown, at(location));
    }
  }
  return isComplete ? tails : undefined;
}

/** The builder was given every id; whether the text had given it is known to the spec. */
function withNames(plan: LogicalPlan, spec: PipelineSpec): LogicalPlan {
  const named = new Map(spec.nodes.map((node) => [node.id, node.named]));
  return { ...plan, nodes: plan.nodes.map((node) => ({ ...node, named: named.get(node.id) ?? node.named })) };
}

function at(location: NodeSpec["location"]): { readonly place: { readonly line: number; readonly column: number }; readonly path: string } {
  return { place: { line: location.line ?? 1, column: location.column ?? 1 }, path: location.path ?? "" };
}
