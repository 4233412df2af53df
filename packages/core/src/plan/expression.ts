// Expressions as plain data. Type checking, field finding and compilation live beside this file.

/** Operators of one operand. */
export type UnaryOperator = "-" | "!" | "+";
/** Operators of two operands; `==` and `!=` compare by the type table, and stand for JavaScript's strict forms. */
export type BinaryOperator = "+" | "-" | "*" | "/" | "%" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "&&" | "||" | "??";

/** A node of an expression. Plain data: canonical, comparable, storable. */
export type Expression =
  | { readonly kind: "literal"; readonly value: null | boolean | number | string | bigint }
  /** The whole record: an empty path. */
  | { readonly kind: "field"; readonly path: readonly string[] }
  | { readonly kind: "unary"; readonly operator: UnaryOperator; readonly operand: Expression }
  | { readonly kind: "binary"; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "conditional"; readonly test: Expression; readonly then: Expression; readonly otherwise: Expression }
  | { readonly kind: "call"; readonly function: string; readonly arguments: readonly Expression[] }
  | { readonly kind: "member"; readonly object: Expression; readonly name: string }
  | { readonly kind: "index"; readonly object: Expression; readonly index: Expression }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  | { readonly kind: "object"; readonly entries: readonly (readonly [name: string, value: Expression])[] };

/** What a stage computes from a record: an expression, or a function in typed code. */
export type Compute<In = never, Out = unknown> = Expression | ((record: In) => Out);

/** An aggregate of a window or a running aggregation, as data: `quantile(delay, 0.95)`. */
export interface AggregateCall {
  readonly kind: "aggregate";
  /** Name in the aggregate table: count, sum, min, max, avg, first, last, quantile, collect, topN, or a registered one. */
  readonly function: string;
  /** In the order written: what is aggregated first, then constants. Empty for `count()`. */
  readonly arguments: readonly Compute[];
}

/** Whether a value is an expression node. */
export function isExpression(value: unknown): value is Expression {
  return typeof value === "object" && value !== null && typeof (value as { kind?: unknown }).kind === "string" && kinds.has((value as { kind: string }).kind);
}

const kinds: ReadonlySet<string> = new Set(["literal", "field", "unary", "binary", "conditional", "call", "member", "index", "list", "object"]);
