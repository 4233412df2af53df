// A plan while it is being built: nodes, edges, and the shape of every output so far.
import type { StageDescription } from "../contracts/component.ts";
import type { FunctionTable, Shape } from "../contracts/operator.ts";
import type { Sink } from "../contracts/sink.ts";
import type { Source } from "../contracts/source.ts";
import { StreamFlowError } from "../errors.ts";
import type { AnyOperatorDefinition } from "../registry.ts";
import { inputNames, invalid, outputNames } from "./graph.ts";
import type { LogicalPlan, PipelineConfig, PlanEdge, PlanNode } from "./logical-plan.ts";
import { generatedNodeId, nodeIdPattern } from "./node-id.ts";
import { checkSink, mergedShape, stageShape, unknownShape } from "./shapes.ts";

/** An output of a node. */
export interface Tail {
  readonly node: string;
  readonly output: string;
}

/** A stage to be added. */
export interface StagePart {
  readonly description: StageDescription;
  readonly definition?: AnyOperatorDefinition;
  readonly bridge?: (stream: AsyncIterable<unknown>) => AsyncIterable<unknown>;
}

/** Builds a logical plan, and refuses what cannot work as soon as it is added; what is refused changes nothing. The same builder serves typed code and YAML. */
export class PlanBuilder {
  readonly config: PipelineConfig;
  readonly functions: FunctionTable;
  readonly #nodes = new Map<string, PlanNode>();
  readonly #edges: PlanEdge[] = [];
  readonly #shapes = new Map<string, Shape>();

  constructor(config: PipelineConfig, functions: FunctionTable) {
    this.config = config;
    this.functions = functions;
  }

  addSource(source: Source, id?: string): Tail {
    const node = this.#node({ kind: "source", type: source.type, config: source.config, source }, id);
    this.#add(node, []);
    const shape: Shape = { ...unknownShape, schema: source.schema };
    this.#shapes.set(outputKey(node.id, "main"), shape);
    return { node: node.id, output: "main" };
  }

  /** @throws {@link StreamFlowError} naming both nodes, where the stage cannot take what it is given. */
  addStage(part: StagePart, inputs: Readonly<Record<string, readonly Tail[]>>, id?: string): Tail {
    const { description, definition, bridge } = part;
    const shared = { kind: "stage" as const, type: description.type, config: description.config };
    const node = this.#node({ ...shared, ...(definition === undefined ? {} : { definition }), ...(bridge === undefined ? {} : { bridge }) }, id ?? description.id);
    const incoming = edgesInto(node, inputs);
    const inputShapes = this.#inputShapes(node, incoming);
    const outputs = definition === undefined
      ? { main: { ...unknownShape, time: inputShapes[0]?.time ?? false } }
      : stageShape({ node, incoming, outgoing: [] }, inputShapes, this.functions).outputs;
    this.#add(node, incoming);
    for (const [output, shape] of Object.entries(outputs)) this.#shapes.set(outputKey(node.id, output), shape);
    return { node: node.id, output: "main" };
  }

  /** @throws {@link StreamFlowError} SF_PLAN_INVALID, naming both nodes, where the sink cannot take what it is given. */
  addSink(sink: Sink, inputs: readonly Tail[], id?: string): void {
    const node = this.#node({ kind: "sink", type: sink.type, config: sink.config, sink }, id);
    const incoming = edgesInto(node, { main: inputs });
    const [input = unknownShape] = this.#inputShapes(node, incoming);
    checkSink({ node, incoming, outgoing: [] }, input);
    this.#add(node, incoming);
  }

  /** Takes over the nodes and edges of another builder. */
  merge(other: PlanBuilder): void {
    if (other === this) return;
    const doubled = [...other.#nodes.keys()].filter((id) => this.#nodes.has(id));
    if (doubled.length > 0) {
      const names = doubled.map((id) => `"${id}"`).join(", ");
      throw invalid(`both of the joined pipelines have ${doubled.length === 1 ? "a node" : "nodes"} with the id ${names}`, 'give those of one pipeline other ids: addStage(…, { id: "…" }), from(…, { id: "…" })', doubled);
    }
    for (const [id, node] of other.#nodes) this.#nodes.set(id, node);
    this.#edges.push(...other.#edges);
    for (const [key, shape] of other.#shapes) this.#shapes.set(key, shape);
  }

  /** The shape of an output. */
  shapeOf(tail: Tail): Shape {
    return this.#shapes.get(outputKey(tail.node, tail.output)) ?? unknownShape;
  }

  /** Checks that a node has an output of that name. */
  tail(node: string, output: string): Tail {
    const found = this.#nodes.get(node);
    if (found === undefined) throw invalid(`there is no node "${node}"`, `nodes so far: ${[...this.#nodes.keys()].join(", ") || "none"}`, [node]);
    const names = outputNames(found);
    if (!names.includes(output)) throw invalid(`"${node}" (${found.type}) has no output "${output}"`, `its outputs: ${names.join(", ")}`, [node]);
    return { node, output };
  }

  has(node: string): boolean {
    return this.#nodes.has(node);
  }

  build(): LogicalPlan {
    return { config: this.config, nodes: [...this.#nodes.values()], edges: [...this.#edges] };
  }

  #node(node: Omit<PlanNode, "id" | "named">, id: string | undefined): PlanNode {
    if (id !== undefined && !nodeIdPattern.test(id)) {
      throw new StreamFlowError("SF_PLAN_INVALID", `"${id}" cannot be a node id`, { hint: 'letters, digits, "_" and "-", starting with a letter' });
    }
    if (id !== undefined && this.#nodes.has(id)) throw invalid(`the id "${id}" is used by two nodes`, "give one of them another id", [id]);
    return { ...node, id: id ?? generatedNodeId(node.type, this.#nodes), named: id !== undefined };
  }

  #add(node: PlanNode, incoming: readonly PlanEdge[]): void {
    this.#nodes.set(node.id, node);
    this.#edges.push(...incoming);
  }

  #inputShapes(node: PlanNode, incoming: readonly PlanEdge[]): readonly Shape[] {
    const outputOf = ({ from, output }: PlanEdge): Shape => this.shapeOf({ node: from, output });
    return inputNames(node).map((name) => mergedShape({ node, incoming, outgoing: [] }, name, outputOf));
  }
}

function edgesInto(node: PlanNode, inputs: Readonly<Record<string, readonly Tail[]>>): readonly PlanEdge[] {
  const names = inputNames(node);
  return Object.entries(inputs).flatMap(([input, tails]) => {
    if (!names.includes(input)) throw invalid(`"${node.id}" (${node.type}) has no input "${input}"`, `its inputs: ${names.join(", ")}`, [node.id]);
    return tails.map((tail) => ({ from: tail.node, output: tail.output, to: node.id, input }));
  });
}

function outputKey(node: string, output: string): string {
  return `${node}.${output}`;
}
