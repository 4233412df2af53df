// What compiled expressions call for everything that JavaScript's own operators would get wrong: null, int64, decimals, unknown types, own properties.
import { StreamFlowError } from "../errors.ts";
import { canonicalKey } from "../types/key.ts";
import { compareValues, equalValues } from "../types/compare.ts";
import { fitsPrecision, formatDecimal, parseDecimal, rescale, type Unscaled } from "../types/decimal.ts";
import { fitsInt64 } from "../types/int64.ts";
import { isTimestamp } from "../types/timestamp.ts";
import { describeValue } from "../types/value-path.ts";
import type { DataType } from "../schema.ts";
import type { ArithmeticOperator } from "./checked-expression.ts";

const empty: Readonly<Record<string, unknown>> = Object.freeze(Object.create(null) as Record<string, unknown>);
const maxPrecision = 38;

/** The error of an expression that fails on a record. */
export function failed(message: string, cause?: unknown): StreamFlowError {
  return new StreamFlowError("SF_EXPRESSION_FAILED", message, cause === undefined ? {} : { cause });
}

/** A record of which every property that can be read is its own. */
export function ownRecord(record: unknown): Readonly<Record<string, unknown>> {
  if (typeof record !== "object" || record === null || Array.isArray(record) || record instanceof Map || record instanceof Uint8Array) return empty;
  return Object.getPrototypeOf(record) === null ? (record as Record<string, unknown>) : Object.assign(Object.create(null), record);
}

/** An own property of an object, or an entry of a Map; null where there is none. Lists, text and bytes have no members. */
export function member(object: unknown, name: string): unknown {
  if (typeof object !== "object" || object === null || Array.isArray(object) || object instanceof Uint8Array) return null;
  if (object instanceof Map) return entry(object, name);
  return Object.hasOwn(object, name) ? ((object as Record<string, unknown>)[name] ?? null) : null;
}

/** An entry of a Map by key equality of the type table. */
export function entry(map: unknown, key: unknown): unknown {
  if (!(map instanceof Map)) return null;
  const direct: unknown = map.get(key ?? null);
  if (direct !== undefined) return direct;
  if (typeof key === "string" || typeof key === "boolean") return null;
  const canonical = canonicalKey(key);
  for (const [candidate, value] of map as ReadonlyMap<unknown, unknown>) {
    if (Object.is(canonicalKey(candidate), canonical)) return value ?? null;
  }
  return null;
}

/** The item of a list; null outside of it and for a null list or index. */
export function item(list: unknown, index: unknown): unknown {
  if (!Array.isArray(list) || index === null || index === undefined) return null;
  const at = typeof index === "bigint" ? Number(index) : index;
  if (typeof at !== "number") throw failed(`a list has no item ${describeValue(index)}: an index is a whole number`);
  return (list as readonly unknown[])[at] ?? null;
}

/** `object[index]` where the types are not known. */
export function indexed(object: unknown, index: unknown): unknown {
  if (object === null || object === undefined || index === null || index === undefined) return null;
  if (Array.isArray(object)) return item(object, index);
  if (object instanceof Map) return entry(object, index);
  if (typeof object !== "object" || object instanceof Uint8Array) throw failed(`${describeValue(object)} has no items`);
  if (typeof index !== "string") throw failed(`an object has no member ${describeValue(index)}: a member has a name`);
  return member(object, index);
}

/** Whether a condition holds: null counts as false. */
export function truth(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  if (value === null || value === undefined) return false;
  throw failed(`a condition is true or false, got ${describeValue(value)}`);
}

/** Equality by the type table. */
export function equal(a: unknown, b: unknown, type?: DataType): boolean {
  return equalValues(a ?? null, b ?? null, type);
}

/** Negative, 0 or positive; NaN where either is null or NaN, so that every comparison with it is false. */
export function order(a: unknown, b: unknown): number {
  if (a === null || b === null || a === undefined || b === undefined) return NaN;
  const kind = orderKind(a);
  if (kind === undefined || kind !== orderKind(b)) throw failed(`${describeValue(a)} and ${describeValue(b)} have no order`);
  return Number.isNaN(a) || Number.isNaN(b) ? NaN : compareValues(a, b);
}

function orderKind(value: unknown): string | undefined {
  const kind = typeof value;
  if (kind === "bigint") return "number";
  if (kind === "object") return value instanceof Uint8Array ? "bytes" : undefined;
  return kind === "number" || kind === "string" || kind === "boolean" ? kind : undefined;
}

/** Arithmetic that is exact for int64, and finds out what it has in hand where types are not known. */
export function exact(operator: ArithmeticOperator, a: unknown, b: unknown): unknown {
  if (a === null || b === null || a === undefined || b === undefined) return null;
  if (typeof a === "number" && typeof b === "number") return plain(operator, a, b);
  if (operator === "+" && typeof a === "string" && typeof b === "string") return a + b;
  if (typeof a === "bigint" || typeof b === "bigint") {
    const left = whole(a);
    const right = whole(b);
    if (left !== undefined && right !== undefined) return wholeArithmetic(operator, left, right);
  }
  throw failed(`cannot compute ${describeValue(a)} ${operator} ${describeValue(b)}`);
}

function plain(operator: ArithmeticOperator, a: number, b: number): number {
  switch (operator) {
    case "+": return a + b;
    case "-": return a - b;
    case "*": return a * b;
    case "/": return a / b;
    case "%": return a % b;
  }
}

function whole(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

function wholeArithmetic(operator: ArithmeticOperator, a: bigint, b: bigint): bigint {
  if (b === 0n && (operator === "/" || operator === "%")) throw failed(`cannot compute ${a} ${operator} 0`);
  const result = wholeResult(operator, a, b);
  if (!fitsInt64(result)) throw failed(`${a} ${operator} ${b} is beyond int64`);
  return result;
}

function wholeResult(operator: ArithmeticOperator, a: bigint, b: bigint): bigint {
  switch (operator) {
    case "+": return a + b;
    case "-": return a - b;
    case "*": return a * b;
    case "/": return a / b;
    case "%": return a % b;
  }
}

/** `-value`, exact for int64. */
export function negate(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") return -value;
  if (typeof value === "bigint") return wholeArithmetic("-", 0n, value);
  throw failed(`cannot compute -${describeValue(value)}`);
}

/** `+value`: the number itself. Text is not converted. */
export function plus(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" || typeof value === "bigint") return value;
  throw failed(`cannot compute +${describeValue(value)}`);
}

/** Exact `+`, `-` and `*` of decimals and whole numbers. */
export function decimal(operator: ArithmeticOperator, a: unknown, b: unknown): unknown {
  if (a === null || b === null || a === undefined || b === undefined) return null;
  const left = unscaled(a);
  const right = unscaled(b);
  if (operator === "*") return decimalText(left.units * right.units, left.scale + right.scale);
  const scale = Math.max(left.scale, right.scale);
  const x = rescale(left, scale) ?? 0n;
  const y = rescale(right, scale) ?? 0n;
  return decimalText(operator === "+" ? x + y : x - y, scale);
}

function unscaled(value: unknown): Unscaled {
  const parsed = typeof value === "string" || typeof value === "number" || typeof value === "bigint" ? parseDecimal(String(value)) : undefined;
  if (parsed === undefined) throw failed(`${describeValue(value)} is not a decimal`);
  return parsed;
}

function decimalText(units: bigint, scale: number): string {
  if (!fitsPrecision(units, maxPrecision)) throw failed(`the result has more than ${maxPrecision} digits`);
  return formatDecimal(units, scale);
}

/** Orders decimals and whole numbers by value; NaN where either is null. */
export function decimalOrder(a: unknown, b: unknown): number {
  if (a === null || b === null || a === undefined || b === undefined) return NaN;
  const left = unscaled(a);
  const right = unscaled(b);
  const scale = Math.max(left.scale, right.scale);
  return compareValues(rescale(left, scale), rescale(right, scale));
}

/** Equality of decimals and whole numbers; null equals null. */
export function decimalEqual(a: unknown, b: unknown): boolean {
  if (a === null || b === null || a === undefined || b === undefined) return (a ?? null) === (b ?? null);
  return a === b || decimalOrder(a, b) === 0;
}

/** A timestamp plus or minus milliseconds. */
export function instant(operator: ArithmeticOperator, a: unknown, b: unknown): unknown {
  if (a === null || b === null || a === undefined || b === undefined) return null;
  const moved = operator === "+" ? Number(a) + Number(b) : Number(a) - Number(b);
  if (!isTimestamp(moved)) throw failed(`${describeValue(a)} ${operator} ${describeValue(b)} is not a timestamp`);
  return moved;
}

/** Names that a prototype answers for: read only after asking whether they are own. */
export function isInherited(name: string): boolean {
  return name in Object.prototype;
}
