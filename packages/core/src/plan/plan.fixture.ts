// Small plans for tests of the planner: sources, sinks and operators that do nothing but say what they are.
import type { Source } from "../contracts/source.ts";
import type { Sink, SinkCapabilities, SinkNeeds } from "../contracts/sink.ts";
import type { NodeShape, Shape } from "../contracts/operator.ts";
import type { Schema } from "../schema.ts";
import type { AnyOperatorDefinition } from "../registry.ts";
import type { LogicalPlan, PipelineConfig, PlanEdge, PlanNode } from "./logical-plan.ts";
import type { PhysicalPlan } from "./physical-plan.ts";
import { standardFunctionTable } from "./function-table.ts";
import { planPipeline } from "./planner.ts";
import { unknownShape } from "./shapes.ts";

/** What a fake source says of itself. */
export interface FakeSource {
  readonly schema?: Schema;
  readonly replayable?: boolean;
  readonly deterministic?: boolean;
  readonly singlePartition?: boolean;
}

export function fakeSource({ schema, replayable = true, deterministic = true, singlePartition = false }: FakeSource = {}): Source {
  return {
    type: "file",
    config: {},
    capabilities: { replayable, bounded: true, deterministic, singlePartition },
    ...(schema === undefined ? {} : { schema }),
    open: () => Promise.reject(new Error("planning opens nothing")),
  };
}

export function fakeSink(capabilities: SinkCapabilities = { delivery: "at-least-once" }, needs?: SinkNeeds): Sink {
  return { type: "table", config: {}, capabilities, ...(needs === undefined ? {} : { needs }), open: () => Promise.reject(new Error("planning opens nothing")) };
}

/** An operator whose shape is that of its input with `shape` laid over it. */
export function fakeOperator(type: string, shape: Partial<NodeShape> & { readonly output?: Partial<Shape> } = {}, rest: Partial<AnyOperatorDefinition> = {}): AnyOperatorDefinition {
  const { output, ...said } = shape;
  return {
    type,
    shape: (_config: never, [input = unknownShape]: readonly Shape[]) => ({
      outputs: { main: { ...input, ...output } }, reads: ["all"], forwards: true, deterministic: true, stateful: false, summary: type, ...said,
    }),
    create: () => ({ inputs: [] }),
    ...rest,
  } as AnyOperatorDefinition;
}

export const keyed: Partial<Shape> = { key: { type: undefined, fields: ["k"], coPartitioned: false } };

export function sourceNode(id: string, source: FakeSource = {}): PlanNode {
  return { id, named: true, kind: "source", type: "file", config: {}, source: fakeSource(source) };
}

export function stageNode(id: string, definition: AnyOperatorDefinition, rest: Partial<PlanNode> = {}): PlanNode {
  return { id, named: true, kind: "stage", type: definition.type, config: {}, definition, ...rest };
}

export function bridgeNode(id: string): PlanNode {
  return { id, named: true, kind: "stage", type: "stage", config: {}, bridge: (stream) => stream };
}

export function sinkNode(id: string, capabilities?: SinkCapabilities, needs?: SinkNeeds): PlanNode {
  return { id, named: true, kind: "sink", type: "table", config: {}, sink: fakeSink(capabilities, needs) };
}

/** `"a > b"`, `"a.late > b"`, `"a > b.left"`: edges between outputs and inputs. */
export function edges(...texts: readonly string[]): readonly PlanEdge[] {
  return texts.map((text) => {
    const [start = "", end = ""] = text.split(" > ");
    const [from = "", output = "main"] = start.split(".");
    const [to = "", input = "main"] = end.split(".");
    return { from, output, to, input };
  });
}

export function logicalPlan(nodes: readonly PlanNode[], connections: readonly PlanEdge[], config: Partial<PipelineConfig> = {}): LogicalPlan {
  return { config: { name: "test", ...config }, nodes, edges: connections };
}

/** Plans nodes that stand in one line. */
export function planLine(...nodes: readonly PlanNode[]): PhysicalPlan {
  const connections = nodes.slice(1).map((node, index) => ({ from: nodes[index]!.id, output: "main", to: node.id, input: "main" }));
  return planPipeline(logicalPlan(nodes, connections), standardFunctionTable);
}

/** What a refusal says: code, message and hint, in one text. */
export function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    const { code, message, hint } = error as { code: string; message: string; hint?: string };
    return `${code}: ${message} | ${hint ?? ""}`;
  }
  return "accepted";
}
