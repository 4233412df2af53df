// Shapes along the plan: what each node gets and gives, and whether it can work with it.
import type { FunctionTable, NodeShape, Shape } from "../contracts/operator.ts";
import { StreamFlowError, toStreamFlowError } from "../errors.ts";
import type { Schema } from "../schema.ts";
import { invalid, type GraphNode, inputNames } from "./graph.ts";
import type { PlanEdge, PlanNode } from "./logical-plan.ts";

/** What is known of records that nothing is known of. */
export const unknownShape: Shape = { schema: undefined, key: undefined, time: false, changes: "insert" };

/** Shapes of one node. */
export interface ShapedNode extends GraphNode {
  readonly inputShapes: readonly Shape[];
  readonly shape: NodeShape | undefined;
  readonly outputShapes: Readonly<Record<string, Shape>>;
}

/**
 * Finds the shapes of all nodes, in topological order.
 *
 * @throws {@link StreamFlowError} SF_PLAN_INVALID, naming both nodes, where one cannot take what the other gives.
 */
export function shapeNodes(order: readonly GraphNode[], functions: FunctionTable): readonly ShapedNode[] {
  const shaped = new Map<string, ShapedNode>();
  for (const entry of order) shaped.set(entry.node.id, shapeNode(entry, shaped, functions));
  return [...shaped.values()];
}

function shapeNode(entry: GraphNode, shaped: ReadonlyMap<string, ShapedNode>, functions: FunctionTable): ShapedNode {
  const { node } = entry;
  if (node.kind === "source") {
    const schema = node.source?.schema;
    return { ...entry, inputShapes: [], shape: undefined, outputShapes: { main: { ...unknownShape, schema } } };
  }
  const outputOf = (edge: PlanEdge): Shape => shaped.get(edge.from)?.outputShapes[edge.output] ?? unknownShape;
  const inputShapes = inputNames(node).map((input) => mergedShape(entry, input, outputOf));
  if (node.kind === "sink") {
    checkSink(entry, inputShapes[0] ?? unknownShape);
    return { ...entry, inputShapes, shape: undefined, outputShapes: {} };
  }
  if (node.definition === undefined) {
    // A bridged stage: nothing is known of what it gives, but it may keep event time.
    const input = inputShapes[0] ?? unknownShape;
    return { ...entry, inputShapes, shape: undefined, outputShapes: { main: { ...unknownShape, time: input.time } } };
  }
  const shape = stageShape(entry, inputShapes, functions);
  return { ...entry, inputShapes, shape, outputShapes: shape.outputs };
}

/** Asks a stage for its shape, and holds its needs against its input. */
export function stageShape(entry: GraphNode, inputShapes: readonly Shape[], functions: FunctionTable): NodeShape {
  const { node } = entry;
  let shape: NodeShape;
  try {
    shape = node.definition!.shape(node.config as never, inputShapes, { node: node.id, functions });
  } catch (thrown) {
    const error = toStreamFlowError(thrown, "SF_PIPELINE_STAGE_REJECTED", `stage "${node.id}" (${node.type})`);
    const from = entry.incoming.map((edge) => `"${edge.from}"`).join(" and ");
    const behind = from === "" ? "" : ` behind ${from}`;
    const message = error.message.includes(`"${node.id}"`) ? error.message : `stage "${node.id}" (${node.type})${behind}: ${error.message}`;
    const context = { ...error.context, nodes: [node.id] };
    throw new StreamFlowError(error.code, message, { cause: error, context, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  }
  inputShapes.forEach((input, index) => checkNeeds(entry, shape, input, index));
  return shape;
}

function checkNeeds(entry: GraphNode, shape: NodeShape, input: Shape, index: number): void {
  const { node } = entry;
  const name = inputNames(node)[index];
  const from = entry.incoming.find((edge) => edge.input === name)?.from ?? "its input";
  const pair = `"${node.id}" (${node.type})`;
  if (shape.needsKey === true && input.key === undefined) {
    throw invalid(`${pair} needs a key, but records from "${from}" have none`, `put a keyBy between "${from}" and "${node.id}"`, [node.id]);
  }
  if (shape.needsTime === true && !input.time) {
    throw invalid(`${pair} needs event time, but records from "${from}" carry none`, `put an eventTime stage between "${from}" and "${node.id}"`, [node.id]);
  }
}

/** Holds a sink's needs against its input. */
export function checkSink(entry: GraphNode, input: Shape): void {
  const { node } = entry;
  const from = entry.incoming[0]?.from ?? "its input";
  const needs = node.sink?.needs;
  if (needs?.insertOnly !== false && input.changes === "all") {
    throw invalid(`sink "${node.id}" (${node.type}) takes only new records, but "${from}" also gives updates`, `use a sink with upserts, or emit only final results in "${from}"`, [node.id]);
  }
  if (input.schema?.type !== "struct") return;
  const names = input.schema.fields.map((field) => field.name);
  const missing = (needs?.fields ?? []).filter((field) => !names.includes(field));
  if (missing.length > 0) {
    throw invalid(`sink "${node.id}" (${node.type}) needs ${missing.map((f) => `"${f}"`).join(", ")}, but "${from}" gives ${names.join(", ")}`, `add the field in "${from}", or change the sink`, [node.id]);
  }
}

/** Several edges into one input are a merge: they must agree. */
export function mergedShape(entry: GraphNode, input: string, outputOf: (edge: PlanEdge) => Shape): Shape {
  const edges = entry.incoming.filter((edge) => edge.input === input);
  const shapes = edges.map(outputOf);
  const first = shapes[0] ?? unknownShape;
  for (const [index, other] of shapes.entries()) {
    if (!compatible(first.schema, other.schema)) {
      throw invalid(`"${edges[0]?.from}" and "${edges[index]?.from}" give different types, and both feed "${entry.node.id}" (${entry.node.type})`, "project both to the same fields first", [entry.node.id]);
    }
    if (first.time !== other.time) {
      throw invalid(`"${edges[0]?.from}" and "${edges[index]?.from}" both feed "${entry.node.id}", but only one of them carries event time`, "put an eventTime stage behind each source", [entry.node.id]);
    }
  }
  const sameKey = shapes.every((shape) => shape === first || JSON.stringify(shape.key) === JSON.stringify(first.key));
  return {
    schema: shapes.some((shape) => shape.schema === undefined) ? undefined : first.schema,
    key: sameKey ? first.key : undefined,
    time: first.time,
    changes: shapes.some((shape) => shape.changes === "all") ? "all" : "insert",
  };
}

function compatible(a: Schema | undefined, b: Schema | undefined): boolean {
  return a === b || a === undefined || b === undefined || JSON.stringify(a) === JSON.stringify(b);
}

/** Whether a node is bridged: known only by its `process`. */
export function isBridged(node: PlanNode): boolean {
  return node.kind === "stage" && node.definition === undefined;
}
