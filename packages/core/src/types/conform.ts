// Whether a JavaScript value is a value of a type.
import type { DataType, StructType } from "../schema.ts";
import { canonicalDecimal } from "./decimal.ts";
import { fitsInt64 } from "./int64.ts";
import { isTimestamp } from "./timestamp.ts";
import { isPlainObject, maxValueDepth, mismatch, tooDeep, type ValuePath } from "./value-path.ts";

/**
 * Checks that a value is one of a type and answers it, unchanged. Nothing is converted: see `coerceJson`.
 *
 * @throws {@link StreamFlowError} SF_TYPE_MISMATCH naming the path, what is there and what was expected.
 */
export function conform(value: unknown, type: DataType): unknown {
  check(value, type, undefined, 0);
  return value;
}

/** Whether a value is one of a type, without its nested parts. Null is not asked about here. */
export function isScalar(value: unknown, type: DataType): boolean {
  return kinds[type.type](value, type);
}

const kinds: Readonly<Record<DataType["type"], (value: unknown, type: DataType) => boolean>> = {
  bool: (value) => typeof value === "boolean",
  int32: (value) => typeof value === "number" && (value | 0) === value,
  int64: (value) => typeof value === "bigint" && fitsInt64(value),
  float64: (value) => typeof value === "number",
  string: (value) => typeof value === "string",
  bytes: (value) => value instanceof Uint8Array,
  timestamp: isTimestamp,
  decimal: (value, type) => typeof value === "string" && type.type === "decimal" && canonicalDecimal(value, type.precision, type.scale) === value,
  list: (value) => Array.isArray(value),
  map: (value) => value instanceof Map,
  struct: isPlainObject,
  any: () => true,
};

function check(value: unknown, type: DataType, path: ValuePath | undefined, depth: number): void {
  if (value === null || value === undefined) {
    if (type.nullable === true && (value === null || path !== undefined)) return;
    throw mismatch(value, type, path);
  }
  if (!isScalar(value, type)) throw mismatch(value, type, path);
  if (depth > maxValueDepth) throw tooDeep(path);
  switch (type.type) {
    case "list": return (value as readonly unknown[]).forEach((item, i) => check(item ?? null, type.element, { parent: path, step: i }, depth + 1));
    case "map": {
      for (const [key, item] of value as ReadonlyMap<unknown, unknown>) {
        const at = { parent: path, step: String(key) };
        check(key, type.key, at, depth + 1);
        check(item ?? null, type.value, at, depth + 1);
      }
      return;
    }
    case "struct": return checkFields(value as Readonly<Record<string, unknown>>, type, path, depth);
    default:
  }
}

function checkFields(value: Readonly<Record<string, unknown>>, type: StructType, path: ValuePath | undefined, depth: number): void {
  let present = 0;
  for (const field of type.fields) {
    const own = Object.hasOwn(value, field.name);
    if (own) present++;
    check(own ? value[field.name] : undefined, field.type, { parent: path, step: field.name }, depth + 1);
  }
  if (Object.keys(value).length === present) return;
  const known = new Set(type.fields.map((field) => field.name));
  const extra = Object.keys(value).find((name) => !known.has(name));
  if (extra !== undefined) throw mismatch(value[extra], type, { parent: path, step: extra }, "no such field is declared");
}
