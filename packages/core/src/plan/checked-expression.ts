// An expression whose names, types and operators are resolved: what is compiled, to closures or to source text, with the same results.
import type { ExpressionFunction } from "../contracts/operator.ts";
import type { DataType } from "../schema.ts";
import type { BinaryOperator } from "./expression.ts";

/** Arithmetic operators. */
export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%";
/** Comparisons for order. */
export type OrderOperator = "<" | "<=" | ">" | ">=";

/** How operands are combined. `plain`: JavaScript's own operator, behind a guard for null; `exact` and `decimal`: helpers. */
export type ArithmeticMode = "plain" | "exact" | "decimal" | "instant";
/** How operands are compared. `strict`: `===`; `numeric`: exact across int64 and number; `float`: NaN equals NaN; `deep`: by the type table. */
export type EqualityMode = "strict" | "numeric" | "float" | "decimal" | "deep";
/** `plain`: JavaScript's own operator, behind a guard for null. */
export type OrderMode = "plain" | "decimal" | "bytes" | "dynamic";
/** What a member is read from. */
export type MemberMode = "record" | "struct" | "map" | "dynamic";

/** What every resolved node knows. */
interface Known {
  /** undefined: unknown until run time. */
  readonly type: DataType | undefined;
  /** Whether the value may be null. */
  readonly nullable: boolean;
}

/** A resolved node. */
export type Checked = Known &
  (
    | { readonly op: "constant"; readonly value: unknown }
    | { readonly op: "record" }
    | { readonly op: "member"; readonly mode: MemberMode; readonly object: Checked; readonly name: string }
    | { readonly op: "index"; readonly mode: "list" | "map" | "dynamic"; readonly object: Checked; readonly index: Checked }
    | { readonly op: "negate"; readonly mode: ArithmeticMode; readonly operand: Checked }
    | { readonly op: "plus"; readonly operand: Checked }
    | { readonly op: "not"; readonly operand: Checked }
    | { readonly op: "arithmetic"; readonly operator: ArithmeticOperator; readonly mode: ArithmeticMode; readonly left: Checked; readonly right: Checked }
    | { readonly op: "equal"; readonly negated: boolean; readonly mode: EqualityMode; readonly left: Checked; readonly right: Checked }
    | { readonly op: "isNull"; readonly negated: boolean; readonly operand: Checked }
    | { readonly op: "order"; readonly operator: OrderOperator; readonly mode: OrderMode; readonly left: Checked; readonly right: Checked }
    | { readonly op: "logic"; readonly operator: "&&" | "||"; readonly left: Checked; readonly right: Checked }
    | { readonly op: "default"; readonly left: Checked; readonly right: Checked }
    | { readonly op: "conditional"; readonly test: Checked; readonly consequent: Checked; readonly alternate: Checked }
    | { readonly op: "call"; readonly function: ExpressionFunction; readonly arguments: readonly Checked[] }
    | { readonly op: "list"; readonly items: readonly Checked[] }
    | { readonly op: "object"; readonly entries: readonly (readonly [name: string, value: Checked])[] }
  );

/** A resolved node of one kind. */
export type CheckedOf<Op extends Checked["op"]> = Extract<Checked, { readonly op: Op }>;

/** What an operator resolves to: its result and how it works. */
export interface Resolved<Mode> {
  readonly type: DataType | undefined;
  readonly mode: Mode;
}

export const arithmeticOperators: ReadonlySet<BinaryOperator> = new Set(["+", "-", "*", "/", "%"]);
export const orderOperators: ReadonlySet<BinaryOperator> = new Set(["<", "<=", ">", ">="]);

/** The nodes right below a node. */
export function operandsOf(node: Checked): readonly Checked[] {
  if ("left" in node) return [node.left, node.right];
  if ("operand" in node) return [node.operand];
  switch (node.op) {
    case "member": return [node.object];
    case "index": return [node.object, node.index];
    case "conditional": return [node.test, node.consequent, node.alternate];
    case "call": return node.arguments;
    case "list": return node.items;
    case "object": return node.entries.map(([, value]) => value);
    default: return [];
  }
}
