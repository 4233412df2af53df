// Which types operators take, what they give, and how they are carried out.
import type { DataType } from "../schema.ts";
import { equalTypes } from "../types/format-type.ts";
import { withoutNull } from "../types/constructors.ts";
import type { ArithmeticMode, ArithmeticOperator, EqualityMode, OrderMode, Resolved } from "./checked-expression.ts";

const float64: DataType = { type: "float64" };
const int64: DataType = { type: "int64" };
const timestamp: DataType = { type: "timestamp" };
const string: DataType = { type: "string" };
const maxPrecision = 38;

/** Whether nothing is known of a value until run time. */
export function isUnknown(type: DataType | undefined): type is undefined | (DataType & { readonly type: "any" }) {
  return type === undefined || type.type === "any";
}

/** What `left operator right` gives; undefined where it is not allowed. Nullability is the caller's. */
export function arithmeticType(operator: ArithmeticOperator, left: DataType | undefined, right: DataType | undefined): Resolved<ArithmeticMode> | undefined {
  if (isUnknown(left) || isUnknown(right)) {
    // A decimal is text at run time: beside a value of unknown type it could not be told from any other text.
    return hasType("decimal", left, right) ? undefined : { type: undefined, mode: "exact" };
  }
  if (hasType("timestamp", left, right)) return instantType(operator, left, right);
  if (hasType("decimal", left, right)) return decimalType(operator, left, right);
  if (hasType("string", left, right)) return left.type === right.type && operator === "+" ? { type: string, mode: "plain" } : undefined;
  if (hasType("int64", left, right)) return isWhole(left) && isWhole(right) ? { type: int64, mode: "exact" } : undefined;
  return isFloat(left) && isFloat(right) ? { type: float64, mode: "plain" } : undefined;
}

function hasType(name: DataType["type"], left: DataType | undefined, right: DataType | undefined): boolean {
  return left?.type === name || right?.type === name;
}

function isFloat(type: DataType): boolean {
  return type.type === "int32" || type.type === "float64";
}

function isWhole(type: DataType): boolean {
  return type.type === "int32" || type.type === "int64";
}

function instantType(operator: ArithmeticOperator, left: DataType, right: DataType): Resolved<ArithmeticMode> | undefined {
  const moved: Resolved<ArithmeticMode> = { type: timestamp, mode: "instant" };
  if (left.type === "timestamp" && right.type === "timestamp") return operator === "-" ? { type: float64, mode: "plain" } : undefined;
  if (left.type === "timestamp") return (operator === "+" || operator === "-") && (isFloat(right) || right.type === "int64") ? moved : undefined;
  return operator === "+" && (isFloat(left) || left.type === "int64") ? moved : undefined;
}

function decimalType(operator: ArithmeticOperator, left: DataType, right: DataType): Resolved<ArithmeticMode> | undefined {
  const a = digitsOf(left);
  const b = digitsOf(right);
  if (a === undefined || b === undefined || operator === "/" || operator === "%") return undefined;
  const scale = operator === "*" ? a.scale + b.scale : Math.max(a.scale, b.scale);
  const precision = operator === "*" ? a.precision + b.precision : Math.max(a.precision - a.scale, b.precision - b.scale) + scale + 1;
  return scale > maxPrecision ? undefined : { type: { type: "decimal", precision: Math.min(precision, maxPrecision), scale }, mode: "decimal" };
}

/** Digits that a whole number or decimal may have. */
function digitsOf(type: DataType): { readonly precision: number; readonly scale: number } | undefined {
  if (type.type === "decimal") return type;
  return type.type === "int32" ? { precision: 10, scale: 0 } : type.type === "int64" ? { precision: 19, scale: 0 } : undefined;
}

/** What `-value` gives; undefined where it is not allowed. */
export function negationType(operand: DataType | undefined): Resolved<ArithmeticMode> | undefined {
  if (isUnknown(operand)) return { type: undefined, mode: "exact" };
  if (operand.type === "int64") return { type: int64, mode: "exact" };
  if (operand.type === "decimal") return { type: withoutNull(operand), mode: "decimal" };
  return isFloat(operand) ? { type: float64, mode: "plain" } : undefined;
}

/** How two values are compared for equality; undefined where they never could be equal. */
export function equalityMode(left: DataType | undefined, right: DataType | undefined): EqualityMode | undefined {
  if (isUnknown(left) || isUnknown(right)) return "deep";
  if (hasType("decimal", left, right)) return digitsOf(left) === undefined || digitsOf(right) === undefined ? undefined : equalTypes(withoutNull(left), withoutNull(right)) ? "strict" : "decimal";
  if (isNumber(left) && isNumber(right)) return numberEquality(left, right);
  if (left.type !== right.type) return undefined;
  return left.type === "string" || left.type === "bool" || left.type === "timestamp" ? "strict" : "deep";
}

function numberEquality(left: DataType, right: DataType): EqualityMode {
  if (hasType("int64", left, right)) return left.type === right.type ? "strict" : "numeric";
  return hasType("int32", left, right) ? "strict" : "float";
}

/** How two values are put in order; undefined where they have none. */
export function orderMode(left: DataType | undefined, right: DataType | undefined): OrderMode | undefined {
  if (unordered(left) || unordered(right)) return undefined;
  if (isUnknown(left) || isUnknown(right)) return hasType("decimal", left, right) ? undefined : "dynamic";
  if (hasType("decimal", left, right)) return digitsOf(left) === undefined || digitsOf(right) === undefined ? undefined : "decimal";
  if (isNumber(left) && isNumber(right)) return "plain";
  if (left.type !== right.type) return undefined;
  return left.type === "bytes" ? "bytes" : "plain";
}

function unordered(type: DataType | undefined): boolean {
  return type?.type === "list" || type?.type === "map" || type?.type === "struct";
}

function isNumber(type: DataType): boolean {
  return isFloat(type) || type.type === "int64";
}

/** The type that holds the values of both; undefined where only an unknown type does. Nullability is the caller's. */
export function commonType(left: DataType | undefined, right: DataType | undefined): DataType | undefined {
  if (isUnknown(left) || isUnknown(right)) return undefined;
  const a = withoutNull(left);
  const b = withoutNull(right);
  if (equalTypes(a, b)) return a;
  return isFloat(a) && isFloat(b) ? float64 : undefined;
}

/** Whether a parameter of a function takes an argument. Nullability and what is unknown are no obstacle. */
export function accepts(parameter: DataType | readonly DataType[], argument: DataType | undefined): boolean {
  if (Array.isArray(parameter)) return parameter.some((type) => acceptsOne(type as DataType, argument));
  return acceptsOne(parameter as DataType, argument);
}

function acceptsOne(parameter: DataType, argument: DataType | undefined): boolean {
  if (isUnknown(argument) || parameter.type === "any") return true;
  if (parameter.type === "float64") return isFloat(argument);
  if (parameter.type === "list") return argument.type === "list" && accepts(parameter.element, argument.element);
  if (parameter.type === "map") return argument.type === "map" && accepts(parameter.key, argument.key) && accepts(parameter.value, argument.value);
  if (parameter.type === "struct" && parameter.fields.length === 0) return argument.type === "struct";
  if (parameter.type === "decimal") return argument.type === "decimal";
  return equalTypes(withoutNull(parameter), withoutNull(argument));
}
