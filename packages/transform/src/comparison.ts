// One total order over values, for min, max, first, last and topN.
import { compareValues, type DataType, StreamFlowError } from "@streamflow/core";

/** Compares two values that are not null. */
export type Comparator = (a: unknown, b: unknown) => number;

/** The order of the values of a type (of an unknown type: of values as they come), as the type table has it: NaN above all other numbers. */
export function comparatorOf(type: DataType | undefined): Comparator {
  return (a, b) => compareValues(a, b, type);
}

/** The same order, in which only identical values are equal: −0 comes before 0, a number before the same int64, decimals by their text. What is best of several does not depend on which came first. */
export function strictOrderOf(type: DataType | undefined): Comparator {
  return (a, b) => compareValues(a, b, type) || orderOfEquals(a, b);
}

function orderOfEquals(a: unknown, b: unknown): number {
  if (typeof a === "string" && typeof b === "string") return a === b ? 0 : a < b ? -1 : 1;
  if (Array.isArray(a) && Array.isArray(b)) return a.reduce<number>((order, item, at) => order || orderOfEquals(item, b[at]), 0);
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return Number(Object.is(b, -0)) - Number(Object.is(a, -0));
}

/** @throws {@link StreamFlowError} SF_TYPE_MISMATCH for a value that ranking makes no sense for. */
export function checkComparable(value: unknown, what: string): unknown {
  if (Array.isArray(value)) {
    for (const item of value) checkComparable(item, what);
    return value;
  }
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "string" || typeof value === "boolean" || value instanceof Uint8Array) return value;
  throw new StreamFlowError("SF_TYPE_MISMATCH", `${what}: a value of type ${value === null ? "null" : typeof value} has no order`);
}
