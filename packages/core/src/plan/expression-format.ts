// Expressions as text: what the parser of @streamflow/config reads back as the same nodes.
import { isIdentifier } from "../types/identifier.ts";
import type { AggregateCall, BinaryOperator, Expression } from "./expression.ts";

/** Names that mean something else at the start of an expression. */
export const reservedNames: ReadonlySet<string> = new Set([
  "_", "true", "false", "null", "NaN", "Infinity", "undefined", "this", "new", "typeof", "void", "delete", "in", "instanceof", "function", "class", "return", "var", "let", "const", "if",
  "else", "for", "while", "do", "switch", "case", "default", "break", "continue", "throw", "try", "catch", "finally", "import", "export", "extends", "super", "with", "debugger", "enum",
  "yield", "await", "async", "static", "implements", "interface", "package", "private", "protected", "public", "arguments", "eval",
]);

const precedence: Readonly<Record<BinaryOperator, number>> = {
  "??": 1, "||": 2, "&&": 3, "==": 4, "!=": 4, "<": 5, "<=": 5, ">": 5, ">=": 5, "+": 6, "-": 6, "*": 7, "/": 7, "%": 7,
};
const unaryPrecedence = 8;
const postfixPrecedence = 9;

/** Writes an expression as text, with no more parentheses than it needs. */
export function formatExpression(expression: Expression): string {
  return write(expression, 0);
}

/** Writes an aggregate call as text: `quantile(delay, 0.95)`. Functions of typed code are written `(function)`. */
export function formatAggregate(call: AggregateCall): string {
  return `${call.function}(${call.arguments.map((argument) => (typeof argument === "function" ? "(function)" : formatExpression(argument))).join(", ")})`;
}

function write(node: Expression, level: number): string {
  switch (node.kind) {
    case "literal": return writeLiteral(node.value, level);
    case "field": return writeField(node.path);
    case "unary": return parenthesized(`${node.operator}${writeOperand(node.operand)}`, level > unaryPrecedence);
    case "binary": return writeBinary(node, level);
    case "conditional": return parenthesized(`${write(node.test, 1)} ? ${write(node.then, 0)} : ${write(node.otherwise, 0)}`, level > 0);
    case "call": return `${node.function}(${node.arguments.map((argument) => write(argument, 0)).join(", ")})`;
    case "member": return write(node.object, postfixPrecedence) + writeStep(node.name);
    case "index": return `${write(node.object, postfixPrecedence)}[${write(node.index, 0)}]`;
    case "list": return `[${node.items.map((item) => write(item, 0)).join(", ")}]`;
    case "object": return parenthesized(writeObject(node.entries), level === postfixPrecedence);
  }
}

function writeLiteral(value: null | boolean | number | string | bigint, level: number): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return parenthesized(`${value}n`, value < 0n && level > unaryPrecedence);
  if (typeof value !== "number") return String(value);
  const text = Object.is(value, -0) ? "-0" : String(value);
  // A number would take a dot behind it for its own.
  return parenthesized(text, level > unaryPrecedence);
}

function writeField(path: readonly string[]): string {
  const [first, ...rest] = path;
  if (first === undefined) return "_";
  const start = isIdentifier(first) && !reservedNames.has(first) ? first : `_${writeStep(first)}`;
  return start + rest.map(writeStep).join("");
}

function writeStep(name: string): string {
  return isIdentifier(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

/** `- 5` is not the literal -5, and `--x` is no expression: such operands stand in parentheses. */
function writeOperand(operand: Expression): string {
  const isNumber = operand.kind === "literal" && (typeof operand.value === "number" || typeof operand.value === "bigint");
  return isNumber || operand.kind === "unary" ? `(${write(operand, 0)})` : write(operand, unaryPrecedence);
}

function writeBinary(node: Extract<Expression, { kind: "binary" }>, level: number): string {
  // JavaScript refuses ?? beside && and || without parentheses.
  const own = precedence[node.operator];
  const left = writeSide(node.left, own, node.operator);
  const right = writeSide(node.right, own + 1, node.operator);
  return parenthesized(`${left} ${node.operator} ${right}`, level > own);
}

function writeSide(side: Expression, level: number, parent: BinaryOperator): string {
  const mixes = side.kind === "binary" && (parent === "??") !== (side.operator === "??") && isLogical(parent) && isLogical(side.operator);
  return mixes ? `(${write(side, 0)})` : write(side, level);
}

function isLogical(operator: BinaryOperator): boolean {
  return operator === "??" || operator === "&&" || operator === "||";
}

function writeObject(entries: readonly (readonly [name: string, value: Expression])[]): string {
  if (entries.length === 0) return "{}";
  return `{ ${entries.map(([name, value]) => `${isIdentifier(name) ? name : JSON.stringify(name)}: ${write(value, 0)}`).join(", ")} }`;
}

function parenthesized(text: string, needed: boolean): string {
  return needed ? `(${text})` : text;
}
