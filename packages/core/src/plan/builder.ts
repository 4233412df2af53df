// Expressions written in code: the same nodes that YAML text is parsed into.
import { StreamFlowError } from "../errors.ts";
import { describeValue } from "../types/value-path.ts";
import { checkExpressionShape } from "./expression-shape.ts";
import { formatExpression } from "./expression-format.ts";
import { type BinaryOperator, type Expression, isExpression } from "./expression.ts";

/** What an operand may be: an expression, or a plain value that stands for a literal. */
export type Operand = ExpressionBuilder | Expression | null | boolean | number | string | bigint;

/**
 * An expression in the making. It is an expression node itself, so that stages take it as it is; every method answers a new one.
 */
export interface ExpressionMethods {
  plus(other: Operand): ExpressionBuilder;
  minus(other: Operand): ExpressionBuilder;
  times(other: Operand): ExpressionBuilder;
  dividedBy(other: Operand): ExpressionBuilder;
  /** The remainder, with the sign of the dividend. */
  remainder(other: Operand): ExpressionBuilder;
  eq(other: Operand): ExpressionBuilder;
  ne(other: Operand): ExpressionBuilder;
  lt(other: Operand): ExpressionBuilder;
  lte(other: Operand): ExpressionBuilder;
  gt(other: Operand): ExpressionBuilder;
  gte(other: Operand): ExpressionBuilder;
  and(other: Operand): ExpressionBuilder;
  or(other: Operand): ExpressionBuilder;
  not(): ExpressionBuilder;
  negated(): ExpressionBuilder;
  /** The other value where this one is null. */
  orElse(other: Operand): ExpressionBuilder;
  isNull(): ExpressionBuilder;
  isNotNull(): ExpressionBuilder;
  /** One value where this condition holds, another where it does not. */
  choose(whenTrue: Operand, whenFalse: Operand): ExpressionBuilder;
  member(name: string): ExpressionBuilder;
  /** An item of a list, or an entry of a map. */
  item(index: Operand): ExpressionBuilder;
  /** The text that the parser of `@streamflow/config` reads. */
  toString(): string;
}

/** See {@link ExpressionMethods}. */
export type ExpressionBuilder = Expression & ExpressionMethods;

const methods: ExpressionMethods & ThisType<ExpressionBuilder> = {
  plus(other) { return binary(this, "+", other); },
  minus(other) { return binary(this, "-", other); },
  times(other) { return binary(this, "*", other); },
  dividedBy(other) { return binary(this, "/", other); },
  remainder(other) { return binary(this, "%", other); },
  eq(other) { return binary(this, "==", other); },
  ne(other) { return binary(this, "!=", other); },
  lt(other) { return binary(this, "<", other); },
  lte(other) { return binary(this, "<=", other); },
  gt(other) { return binary(this, ">", other); },
  gte(other) { return binary(this, ">=", other); },
  and(other) { return binary(this, "&&", other); },
  or(other) { return binary(this, "||", other); },
  not() { return build({ kind: "unary", operator: "!", operand: plain(this) }); },
  negated() { return build({ kind: "unary", operator: "-", operand: plain(this) }); },
  orElse(other) { return binary(this, "??", other); },
  isNull() { return binary(this, "==", null); },
  isNotNull() { return binary(this, "!=", null); },
  choose(whenTrue, whenFalse) {
    // oxlint-disable-next-line unicorn/no-thenable -- a member of the expression model; its value is data, never a function
    return build({ kind: "conditional", test: plain(this), then: operand(whenTrue), otherwise: operand(whenFalse) });
  },
  member(name) { return build(this.kind === "field" ? { kind: "field", path: [...this.path, name] } : { kind: "member", object: plain(this), name }); },
  item(index) { return build({ kind: "index", object: plain(this), index: operand(index) }); },
  toString() { return formatExpression(this); },
};

/** Whether a value is a node with the methods of this file: plain data but for its prototype. */
export function isBuilt(value: object): boolean {
  return Object.getPrototypeOf(value) === methods;
}

/** The node itself gets its methods, and nothing that could be listed: it stays plain data for JSON, comparison and storage. */
function build(node: Expression): ExpressionBuilder {
  return Object.setPrototypeOf(checkExpressionShape(node), methods) as ExpressionBuilder;
}

function binary(left: ExpressionBuilder, operator: BinaryOperator, right: Operand): ExpressionBuilder {
  return build({ kind: "binary", operator, left: plain(left), right: operand(right) });
}

function plain(node: ExpressionBuilder): Expression {
  return node;
}

function operand(value: Operand): Expression {
  if (isExpression(value)) return value;
  if (value === null || typeof value !== "object") return literal(value);
  throw new StreamFlowError("SF_EXPRESSION_INVALID", `an expression or a plain value is expected, got ${describeValue(value)}`);
}

function literal(value: null | boolean | number | string | bigint): Expression {
  return { kind: "literal", value };
}

/**
 * A field of the record, or of a struct in it: `field("bid", "price")`. Without a name: the whole record.
 *
 * @example
 * ```ts
 * field("price").gt(100).and(field("symbol").eq("ACME")).toString(); // => 'price > 100 && symbol == "ACME"'
 * ```
 */
export function field(...path: readonly string[]): ExpressionBuilder {
  return build({ kind: "field", path });
}

/** A literal. */
export function lit(value: null | boolean | number | string | bigint): ExpressionBuilder {
  return build(literal(value));
}

/** The call of a function: `fn("upper", field("name"))`. Whether there is such a function is checked when the plan is built. */
export function fn(name: string, ...arguments_: readonly Operand[]): ExpressionBuilder {
  return build({ kind: "call", function: name, arguments: arguments_.map(operand) });
}

/** A struct: `record({ symbol: field("s"), total: field("price").times(field("qty")) })`. Fields in the order written. */
export function record(fields: Readonly<Record<string, Operand>>): ExpressionBuilder {
  return build({ kind: "object", entries: Object.entries(fields).map(([name, value]) => [name, operand(value)] as const) });
}

/** A list. */
export function list(...items: readonly Operand[]): ExpressionBuilder {
  return build({ kind: "list", items: items.map(operand) });
}
