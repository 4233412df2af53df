// Whether data that claims to be an expression is one. Expressions come from files and over the network.
import { StreamFlowError } from "../errors.ts";
import { fitsInt64 } from "../types/int64.ts";
import { describeValue } from "../types/value-path.ts";
import type { Expression } from "./expression.ts";

/** How deep expressions may be nested. A chain such as `a || b || c` counts one level per operator. */
export const maxExpressionDepth = 500;
/** How many nodes an expression may have. */
export const maxExpressionNodes = 10_000;

const unaryOperators: ReadonlySet<unknown> = new Set(["-", "!", "+"]);
const binaryOperators: ReadonlySet<unknown> = new Set(["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "??"]);

type Loose = Readonly<Record<string, unknown>>;

/**
 * Checks that data is a well-formed expression of bounded depth (500) and size (10,000 nodes), and answers it.
 * Works without recursion, so that no input overflows the stack.
 *
 * @throws {@link StreamFlowError} SF_EXPRESSION_INVALID
 */
export function checkExpressionShape(expression: unknown): Expression {
  const open: { readonly node: unknown; readonly depth: number }[] = [{ node: expression, depth: 1 }];
  let count = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.depth > maxExpressionDepth) throw malformed(`the expression is nested deeper than ${maxExpressionDepth} levels`, "split it over several stages, or use has(list, value) in place of a long || chain");
    if (++count > maxExpressionNodes) throw malformed(`the expression has more than ${maxExpressionNodes} parts`, "split it over several stages");
    for (const child of childrenOf(next.node)) open.push({ node: child, depth: next.depth + 1 });
  }
  return expression as Expression;
}

function childrenOf(node: unknown): readonly unknown[] {
  if (typeof node !== "object" || node === null) throw malformed(`an expression is expected, got ${describeValue(node)}`);
  const loose = node as Loose;
  const shape = typeof loose["kind"] === "string" && Object.hasOwn(shapes, loose["kind"]) ? shapes[loose["kind"] as Expression["kind"]] : undefined;
  const children = shape?.(loose);
  if (children === undefined) throw malformed(`a malformed expression node of kind ${describeValue(loose["kind"])}`);
  return children;
}

/** The children of a node by kind; undefined where the node is malformed. */
const shapes: Readonly<Record<Expression["kind"], (node: Loose) => readonly unknown[] | undefined>> = {
  literal: (node) => (isLiteral(node["value"]) ? [] : undefined),
  field: (node) => (isListOf(node["path"], isText) ? [] : undefined),
  unary: (node) => (unaryOperators.has(node["operator"]) ? [node["operand"]] : undefined),
  binary: (node) => (binaryOperators.has(node["operator"]) ? [node["left"], node["right"]] : undefined),
  conditional: (node) => [node["test"], node["then"], node["otherwise"]],
  call: (node) => (isText(node["function"]) && Array.isArray(node["arguments"]) ? node["arguments"] : undefined),
  member: (node) => (isText(node["name"]) ? [node["object"]] : undefined),
  index: (node) => [node["object"], node["index"]],
  list: (node) => (Array.isArray(node["items"]) ? node["items"] : undefined),
  object: (node) => (isListOf(node["entries"], isEntry) && namesDiffer(node["entries"]) ? node["entries"].map(([, value]) => value) : undefined),
};

function isLiteral(value: unknown): boolean {
  return value === null || typeof value === "boolean" || typeof value === "number" || typeof value === "string" || (typeof value === "bigint" && fitsInt64(value));
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isEntry(value: unknown): value is readonly [string, unknown] {
  return Array.isArray(value) && value.length === 2 && isText(value[0]);
}

function isListOf<T>(value: unknown, is: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.every(is);
}

function namesDiffer(entries: readonly (readonly [string, unknown])[]): boolean {
  return new Set(entries.map(([name]) => name)).size === entries.length;
}

function malformed(message: string, hint?: string): StreamFlowError {
  return new StreamFlowError("SF_EXPRESSION_INVALID", message, hint === undefined ? {} : { hint });
}
