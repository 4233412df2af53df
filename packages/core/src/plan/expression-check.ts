// Types of expressions: names resolved, operators chosen, mistakes found before a record is read.
import type { FunctionTable } from "../contracts/operator.ts";
import { StreamFlowError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { DataType, Schema } from "../schema.ts";
import { nullable, withoutNull } from "../types/constructors.ts";
import { formatType } from "../types/format-type.ts";
import { checkCall } from "./call-check.ts";
import { arithmeticOperators, type ArithmeticOperator, type Checked, type CheckedOf, orderOperators, type OrderOperator } from "./checked-expression.ts";
import type { Expression } from "./expression.ts";
import { formatExpression } from "./expression-format.ts";
import { checkExpressionShape } from "./expression-shape.ts";
import { adapt, constantOf } from "./literal-types.ts";
import { arithmeticType, commonType, equalityMode, isUnknown, negationType, orderMode } from "./operator-types.ts";

/** What an expression is checked against. */
export interface ExpressionContext {
  /** Type of the record. Absent or undefined: unknown, and types are found out record by record. */
  readonly schema?: Schema | undefined;
  readonly functions: FunctionTable;
}

const bool: DataType = { type: "bool" };

/**
 * The type of an expression; undefined where it is not known before run time.
 *
 * Null: arithmetic with null is null; a comparison for order with null is false; null equals only null (and a missing field); in conditions,
 * `!`, `&&` and `||`, null counts as false, so that these always answer true or false; `a ?? b` is b where a is null.
 *
 * @throws {@link StreamFlowError} SF_EXPRESSION_INVALID for an unknown field or function, operands of types that do not fit, a malformed
 * expression, or one nested deeper than 500 levels.
 */
export function expressionType(expression: Expression, context: ExpressionContext): DataType | undefined {
  return typeOf(checkExpression(expression, context));
}

/** Resolves an expression: see {@link expressionType}. */
export function checkExpression(expression: unknown, context: ExpressionContext): Checked {
  return resolve(checkExpressionShape(expression), context);
}

/** The type of a resolved node, nullability included. */
export function typeOf(node: Checked): DataType | undefined {
  if (node.type === undefined) return undefined;
  return node.nullable ? nullable(node.type) : withoutNull(node.type);
}

function resolve(node: Expression, context: ExpressionContext): Checked {
  switch (node.kind) {
    case "literal": return constantOf(node.value);
    case "field": return node.path.reduce((object, name) => memberOf(object, name, node), recordOf(context.schema));
    case "unary": return resolveUnary(node, context);
    case "binary": return resolveBinary(node, context);
    case "conditional": return resolveConditional(node, context);
    case "call": return resolveCall(node, context);
    case "member": return memberOf(resolve(node.object, context), node.name, node);
    case "index": return resolveIndex(node, context);
    case "list": return resolveList(node.items.map((item) => resolve(item, context)));
    case "object": return resolveObject(node.entries.map(([name, value]) => [name, resolve(value, context)] as const));
  }
}

function resolveCall(node: Extract<Expression, { kind: "call" }>, context: ExpressionContext): Checked {
  const given = node.arguments.map((argument) => resolve(argument, context));
  try {
    return checkCall(node, given, context.functions);
  } catch (thrown) {
    if (!StreamFlowError.is(thrown)) throw thrown;
    throw new StreamFlowError(thrown.code, thrown.message, { cause: thrown, context: { ...thrown.context, expression: node }, ...(thrown.hint === undefined ? {} : { hint: thrown.hint }) });
  }
}

function recordOf(schema: Schema | undefined): Checked {
  return { op: "record", ...known(schema) };
}

function known(type: DataType | undefined): { readonly type: DataType | undefined; readonly nullable: boolean } {
  return isUnknown(type) ? { type: undefined, nullable: true } : { type: withoutNull(type), nullable: type.nullable === true };
}

function memberOf(object: Checked, name: string, node: Expression): Checked {
  const { type } = object;
  const isRecord = object.op === "record";
  if (isUnknown(type)) return { op: "member", mode: isRecord ? "record" : "dynamic", object, name, type: undefined, nullable: true };
  if (type.type === "map" && type.key.type === "string") return { op: "member", mode: "map", object, name, type: known(type.value).type, nullable: true };
  if (type.type !== "struct") {
    throw invalid(`${isRecord ? "the record" : shown(object, node)} is ${formatType(type)} and has no field ${JSON.stringify(name)}`, node, memberHint(type, name));
  }
  const field = type.fields.find((candidate) => candidate.name === name);
  if (field === undefined) {
    const names = type.fields.map((candidate) => candidate.name);
    const near = nearest(name, names);
    throw invalid(`there is no field ${JSON.stringify(name)}`, node, near === undefined ? `the fields are ${names.join(", ") || "none"}` : `did you mean "${near}"?`);
  }
  const { type: fieldType, nullable: isNullable } = known(field.type);
  return { op: "member", mode: isRecord ? "record" : "struct", object, name, type: fieldType, nullable: isNullable || object.nullable };
}

function shown(object: Checked, node: Expression): string {
  return object.op === "member" ? JSON.stringify(object.name) : `the value in ${excerpt(node)}`;
}

function memberHint(type: DataType, name: string): string | undefined {
  if (name === "length" || name === "size") return type.type === "string" ? "use length(text)" : "use size(list)";
  return type.type === "list" ? "a list is read by index: items[0]" : undefined;
}

function resolveUnary(node: Extract<Expression, { kind: "unary" }>, context: ExpressionContext): Checked {
  const operand = resolve(node.operand, context);
  if (node.operator === "!") return { op: "not", operand: condition(operand, node), type: bool, nullable: false };
  const result = negationType(operand.type);
  if (result === undefined) throw invalid(`"${node.operator}" takes a number, got ${formatType(operand.type)}`, node, operand.type?.type === "string" ? "convert with toNumber(…)" : undefined);
  if (node.operator === "+") return { op: "plus", operand, type: operand.type, nullable: operand.nullable };
  return { op: "negate", mode: result.mode, operand, type: result.type, nullable: operand.nullable };
}

function resolveBinary(node: Extract<Expression, { kind: "binary" }>, context: ExpressionContext): Checked {
  const { operator } = node;
  const first = resolve(node.left, context);
  const second = resolve(node.right, context);
  if (operator === "&&" || operator === "||") return { op: "logic", operator, left: condition(first, node), right: condition(second, node), type: bool, nullable: false };
  const left = adapt(first, second.type);
  const right = adapt(second, first.type);
  if (operator === "??") return { op: "default", left, right, type: eitherType(left, right), nullable: right.nullable };
  if (arithmeticOperators.has(operator)) return resolveArithmetic(node, left, right);
  if (orderOperators.has(operator)) return resolveOrder(node, left, right);
  return resolveEquality(node, left, right);
}

function resolveArithmetic(node: Extract<Expression, { kind: "binary" }>, left: Checked, right: Checked): Checked {
  const operator = node.operator as ArithmeticOperator;
  const result = arithmeticType(operator, left.type, right.type);
  if (result === undefined) throw invalid(`"${operator}" does not take ${formatType(left.type)} and ${formatType(right.type)}`, node, arithmeticHint(left.type, right.type));
  return { op: "arithmetic", operator, mode: result.mode, left, right, type: result.type, nullable: left.nullable || right.nullable };
}

function arithmeticHint(left: DataType | undefined, right: DataType | undefined): string {
  if (left?.type === "string" || right?.type === "string") return "join texts with concat(a, b), or convert with toNumber(…)";
  if (left?.type === "bool" || right?.type === "bool") return "write (condition ? 1 : 0)";
  return "convert one side with toNumber(…) or toInt64(…)";
}

function resolveOrder(node: Extract<Expression, { kind: "binary" }>, left: Checked, right: Checked): Checked {
  const operator = node.operator as OrderOperator;
  const mode = isNullConstant(left) || isNullConstant(right) ? undefined : orderMode(left.type, right.type);
  if (mode === undefined) throw invalid(`"${operator}" does not take ${nameOf(left)} and ${nameOf(right)}`, node, comparisonHint(left.type, right.type));
  return { op: "order", operator, mode, left, right, type: bool, nullable: false };
}

function resolveEquality(node: Extract<Expression, { kind: "binary" }>, left: Checked, right: Checked): Checked {
  const negated = node.operator === "!=";
  if (isNullConstant(left) || isNullConstant(right)) return { op: "isNull", negated, operand: isNullConstant(right) ? left : right, type: bool, nullable: false };
  const mode = equalityMode(left.type, right.type);
  if (mode === undefined) throw invalid(`${formatType(left.type)} and ${formatType(right.type)} are never equal`, node, comparisonHint(left.type, right.type));
  return { op: "equal", negated, mode, left, right, type: bool, nullable: false };
}

function comparisonHint(left: DataType | undefined, right: DataType | undefined): string {
  const types = [left?.type, right?.type];
  if (types.includes("timestamp")) return types.includes("string") ? "convert with toTimestamp(…)" : "compare with toTimestamp(…), or with the milliseconds of toNumber(…)";
  if (types.includes("decimal")) return "convert the decimal with toNumber(…)";
  if (types.includes("string")) return "convert with toNumber(…) or toString(…)";
  return "compare values of one type";
}

function nameOf(node: Checked): string {
  return isNullConstant(node) ? "null" : formatType(node.type);
}

function isNullConstant(node: Checked): node is CheckedOf<"constant"> {
  return node.op === "constant" && node.value === null;
}

function resolveConditional(node: Extract<Expression, { kind: "conditional" }>, context: ExpressionContext): Checked {
  const test = condition(resolve(node.test, context), node);
  const first = resolve(node.then, context);
  const second = resolve(node.otherwise, context);
  const consequent = adapt(first, second.type);
  const alternate = adapt(second, first.type);
  return { op: "conditional", test, consequent, alternate, type: eitherType(consequent, alternate), nullable: consequent.nullable || alternate.nullable };
}

/** The type of either of two values. A null beside a value takes the value's type. */
function eitherType(left: Checked, right: Checked): DataType | undefined {
  if (isNullConstant(left)) return right.type;
  if (isNullConstant(right)) return left.type;
  return commonType(left.type, right.type);
}

function condition(node: Checked, at: Expression): Checked {
  if (isUnknown(node.type) || node.type.type === "bool") return node;
  throw invalid(`a condition must be bool, got ${formatType(node.type)}`, at, "write a comparison, for example x != null or x > 0");
}

function resolveIndex(node: Extract<Expression, { kind: "index" }>, context: ExpressionContext): Checked {
  const object = resolve(node.object, context);
  if (node.index.kind === "literal" && typeof node.index.value === "string") return memberOf(object, node.index.value, node);
  const found = resolve(node.index, context);
  const { type } = object;
  if (isUnknown(type)) return { op: "index", mode: "dynamic", object, index: found, type: undefined, nullable: true };
  if (type.type === "list") {
    if (!isUnknown(found.type) && found.type.type !== "int32" && found.type.type !== "int64" && found.type.type !== "float64") throw invalid(`an index is a whole number, got ${formatType(found.type)}`, node);
    return { op: "index", mode: "list", object, index: found, type: known(type.element).type, nullable: true };
  }
  if (type.type !== "map") throw invalid(`${formatType(type)} has no items`, node, type.type === "string" ? "use substring(text, start, end)" : undefined);
  const index = adapt(found, type.key);
  if (equalityMode(type.key, index.type) === undefined) throw invalid(`the keys are ${formatType(type.key)}, got ${formatType(index.type)}`, node);
  return { op: "index", mode: "map", object, index, type: known(type.value).type, nullable: true };
}

function resolveList(items: readonly Checked[]): Checked {
  const [first] = items;
  const element = first === undefined ? undefined : items.slice(1).reduce<DataType | undefined>((type, item) => (type === undefined ? undefined : commonType(type, item.type)), first.type);
  const isNullable = items.some((item) => item.nullable);
  const typed: DataType = element === undefined ? { type: "any", nullable: true } : isNullable ? nullable(element) : element;
  return { op: "list", items, type: { type: "list", element: typed }, nullable: false };
}

function resolveObject(entries: readonly (readonly [string, Checked])[]): Checked {
  const fields = entries.map(([name, value]) => ({ name, type: typeOf(value) ?? { type: "any", nullable: true } as const }));
  return { op: "object", entries, type: { type: "struct", fields }, nullable: false };
}

/** The error for an expression that cannot work. `context.expression` is the node itself: who has parsed it from a text knows its place. */
function invalid(what: string, node: Expression, hint?: string): StreamFlowError {
  return new StreamFlowError("SF_EXPRESSION_INVALID", `${what}, in ${excerpt(node)}`, { context: { expression: node }, ...(hint === undefined ? {} : { hint }) });
}

/** The text of a node, not too long for a message. */
function excerpt(node: Expression): string {
  const text = formatExpression(node);
  return `\`${text.length > 80 ? `${text.slice(0, 79)}…` : text}\``;
}
