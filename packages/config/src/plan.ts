// From a spec to a logical plan: components are made, nothing is opened.
import { StreamFlowError, type ComponentContext, type ComponentKind, type ComponentProducts, type LogicalPlan, type PlanEdge, type PlanNode, type Registry } from "@streamflow/core";
import { Problems } from "./problems.ts";
import { originOf, type NodeSpec, type PipelineSpec } from "./spec.ts";

/**
 * Makes the components that a spec names, and connects them.
 *
 * @throws {@link ConfigError} with everything that the components refuse, each at its entry.
 */
export function buildPlan(spec: PipelineSpec, registry: Registry): LogicalPlan {
  const origin = originOf(spec);
  const problems = new Problems(origin?.file, origin?.secrets);
  const context = componentContext(spec.folder, registry);
  const nodes = spec.nodes.flatMap((node) => {
    try {
      return [makeNode(node, { registry, context })];
    } catch (thrown) {
      problems.addThrown(thrown, at(node.location));
      return [];
    }
  });
  checkOutputs({ spec, nodes, problems });
  problems.throwIfAny();
  return { config: spec.config, nodes, edges: edgesOf(spec) };
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
  readonly context: ComponentContext;
}

function makeNode(node: NodeSpec, { registry, context }: Making): PlanNode {
  const { id, named, kind, type } = node;
  switch (kind) {
    case "source": {
      const source = context.component("source", type, node.config);
      return { id, named, kind, type: source.type, config: source.config, source };
    }
    case "sink": {
      const sink = context.component("sink", type, node.config);
      return { id, named, kind, type: sink.type, config: sink.config, sink };
    }
    case "stage": {
      const description = context.component("stage", type, node.config);
      return { id, named, kind, type: description.type, config: description.config, definition: registry.operator(description.type) };
    }
  }
}

function edgesOf(spec: PipelineSpec): readonly PlanEdge[] {
  return spec.nodes.flatMap((node) => node.inputs.map(({ input, node: from, output }) => ({ from, output, to: node.id, input })));
}

function at(location: NodeSpec["location"]): { readonly place: { readonly line: number; readonly column: number }; readonly path: string } {
  return { place: { line: location.line ?? 1, column: location.column ?? 1 }, path: location.path ?? "" };
}

/** Only a made stage knows its outputs: they may follow from its configuration. */
function checkOutputs({ spec, nodes, problems }: { readonly spec: PipelineSpec; readonly nodes: readonly PlanNode[]; readonly problems: Problems }): void {
  const made = new Map(nodes.map((node) => [node.id, node]));
  for (const { inputs } of spec.nodes) {
    for (const { node: id, output, location } of inputs) {
      const from = made.get(id);
      if (from === undefined) continue;
      const outputs = outputsOf(from);
      if (outputs.includes(output)) continue;
      const error = new StreamFlowError("SF_PLAN_INVALID", `"${id}" (${from.type}) has no output "${output}"`, { hint: `its outputs: ${outputs.join(", ")}` });
      problems.addThrown(error, at(location));
    }
  }
}

function outputsOf(node: PlanNode): readonly string[] {
  const declared = node.definition?.outputs ?? ["main"];
  const names = typeof declared === "function" ? declared(node.config as never) : declared;
  return [...names, "rejected"];
}
