// Types of literals, and how a literal takes the type of what it stands beside.
import type { DataType } from "../schema.ts";
import { formatDecimal, parseDecimal } from "../types/decimal.ts";
import type { Checked } from "./checked-expression.ts";

const maxPrecision = 38;

/** A literal with its type: a whole number within 32 bits is int32, another number float64, `5n` is int64. */
export function constantOf(value: unknown): Checked {
  return { op: "constant", value, type: literalType(value), nullable: value === null };
}

function literalType(value: unknown): DataType | undefined {
  switch (typeof value) {
    case "boolean": return { type: "bool" };
    case "string": return { type: "string" };
    case "bigint": return { type: "int64" };
    case "number": return (value | 0) === value && !Object.is(value, -0) ? { type: "int32" } : { type: "float64" };
    default: return undefined;
  }
}

/** A number literal beside int64 becomes int64, beside decimal a decimal, where that is exact. Anything else stays as it is. */
export function adapt(node: Checked, beside: DataType | undefined): Checked {
  if (node.op !== "constant" || typeof node.value !== "number") return node;
  if (beside?.type === "int64" && Number.isSafeInteger(node.value)) return { op: "constant", value: BigInt(node.value), type: { type: "int64" }, nullable: false };
  if (beside?.type === "decimal") return decimalConstant(node.value) ?? node;
  return node;
}

function decimalConstant(value: number): Checked | undefined {
  const parsed = Number.isFinite(value) ? parseDecimal(String(value)) : undefined;
  if (parsed === undefined || parsed.scale > maxPrecision) return undefined;
  const text = formatDecimal(parsed.units, parsed.scale);
  const precision = Math.max(text.replace(/\D/g, "").length, parsed.scale, 1);
  return precision > maxPrecision ? undefined : { op: "constant", value: text, type: { type: "decimal", precision, scale: parsed.scale }, nullable: false };
}
