// One total order over the values of a type, for sorting, min, max and top N; and equality.
import type { DataType } from "../schema.ts";
import { compareDecimals } from "./decimal.ts";

/**
 * Orders two values of a type (undefined: of any): negative, 0 or positive. Null (and missing) comes first, false before true; numbers by value,
 * int64 and float64 alike, −0 equal to 0 and NaN last; text by UTF-16 code units; bytes unsigned, decimals by value; lists and structs element by
 * element; maps as their pairs sorted by key. Values of different kinds: bool, number, text, bytes, list, map, struct.
 */
export function compareValues(a: unknown, b: unknown, type?: DataType): number {
  if (a === b) return 0;
  const rank = rankOf(a);
  const difference = rank - rankOf(b);
  if (difference !== 0) return difference;
  return comparers[rank]?.(a as never, b as never, type) ?? 0;
}

const comparers: readonly ((a: never, b: never, type: DataType | undefined) => number)[] = [
  () => 0,
  (a: boolean) => (a ? 1 : -1),
  compareNumbers,
  (a: string, b: string, type) => (type?.type === "decimal" ? compareDecimals(a, b) : a < b ? -1 : 1),
  (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b),
  (a: readonly unknown[], b: readonly unknown[], type) => compareLists(a, b, type?.type === "list" ? type.element : undefined),
  (a: ReadonlyMap<unknown, unknown>, b: ReadonlyMap<unknown, unknown>, type) => compareMaps(a, b, type?.type === "map" ? type : undefined),
  compareStructs,
];

/** Whether two values are equal by the type table: null equals missing, NaN equals NaN, −0 equals 0, 1n equals 1. */
export function equalValues(a: unknown, b: unknown, type?: DataType): boolean {
  return a === b || compareValues(a, b, type) === 0;
}

function rankOf(value: unknown): number {
  switch (typeof value) {
    case "boolean": return 1;
    case "number":
    case "bigint": return 2;
    case "string": return 3;
    case "object":
      if (value === null) return 0;
      if (Array.isArray(value)) return 5;
      return value instanceof Uint8Array ? 4 : value instanceof Map ? 6 : 7;
    case "undefined": return 0;
    default: return 8;
  }
}

// Comparisons between bigint and number are exact in JavaScript, so neither is converted.
function compareNumbers(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(a !== a) - Number(b !== b);
}

function compareLists(a: readonly unknown[], b: readonly unknown[], element: DataType | undefined): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compareValues(a[i], b[i], element);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareStructs(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>, type: DataType | undefined): number {
  if (type?.type === "struct") {
    for (const field of type.fields) {
      const order = compareValues(own(a, field.name), own(b, field.name), field.type);
      if (order !== 0) return order;
    }
    return 0;
  }
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const name of [...names].sort()) {
    const order = compareValues(own(a, name), own(b, name));
    if (order !== 0) return order;
  }
  return 0;
}

function own(value: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : null;
}

function compareMaps(a: ReadonlyMap<unknown, unknown>, b: ReadonlyMap<unknown, unknown>, type: (DataType & { readonly type: "map" }) | undefined): number {
  const sorted = (map: ReadonlyMap<unknown, unknown>): readonly (readonly [unknown, unknown])[] => [...map].sort(([x], [y]) => compareValues(x, y, type?.key));
  const left = sorted(a);
  const right = sorted(b);
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const [leftKey, leftValue] = left[i] ?? [];
    const [rightKey, rightValue] = right[i] ?? [];
    const order = compareValues(leftKey, rightKey, type?.key) || compareValues(leftValue, rightValue, type?.value);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}
