// From JSON values and CSV text to the JavaScript values of a type. Lenient in form, exact in value.
import { StreamFlowError } from "../errors.ts";
import type { DataType, StructType } from "../schema.ts";
import { canonicalDecimal } from "./decimal.ts";
import { toInt64 } from "./int64.ts";
import { canonicalKey } from "./key.ts";
import { isTimestamp, parseTimestamp } from "./timestamp.ts";
import { isPlainObject, maxValueDepth, mismatch, tooDeep, type ValuePath } from "./value-path.ts";

/** What a scalar coercion answers where there is no such value. */
const none: unique symbol = Symbol("none");
const numberPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const wholePattern = /^[+-]?\d{1,17}$/;
const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;
const namedNumbers: ReadonlyMap<string, number> = new Map([["NaN", NaN], ["Infinity", Infinity], ["+Infinity", Infinity], ["-Infinity", -Infinity]]);

/**
 * Turns a value from `JSON.parse` into the JavaScript value of a type: int64 from a whole number or its digits, timestamp from ISO 8601 or
 * milliseconds, decimal from a number or text, bytes from base64, maps from objects or lists of pairs. Undeclared fields are left out,
 * missing nullable ones become null. A value that is already of its type is answered as it is.
 *
 * @throws {@link StreamFlowError} SF_TYPE_MISMATCH naming the path; also for a number that does not fit: nothing wraps and nothing is rounded.
 */
export function coerceJson(value: unknown, type: DataType): unknown {
  return coerce(value, type, undefined, 0);
}

/**
 * Turns the text of a CSV cell into the JavaScript value of a type. An empty cell is null, but for type string, where it is ""
 * unless the type is nullable. Lists, maps and structs are JSON text.
 *
 * @throws {@link StreamFlowError} SF_TYPE_MISMATCH
 */
export function coerceText(text: string, type: DataType): unknown {
  if (text === "") {
    if (type.nullable === true) return null;
    if (type.type === "string" || type.type === "bytes") return coerceJson(text, type);
  }
  if (type.type !== "list" && type.type !== "map" && type.type !== "struct") return coerceJson(text, type);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new StreamFlowError("SF_TYPE_MISMATCH", mismatch(text, type, undefined, "it is not JSON").message, { cause });
  }
  return coerceJson(parsed, type);
}

function coerce(value: unknown, type: DataType, path: ValuePath | undefined, depth: number): unknown {
  if (value === null || value === undefined) {
    if (type.nullable === true) return null;
    throw mismatch(value, type, path);
  }
  if (depth > maxValueDepth) throw tooDeep(path);
  switch (type.type) {
    case "struct": return coerceStruct(value, type, path, depth);
    case "list":
      if (!Array.isArray(value)) throw mismatch(value, type, path);
      return value.map((item: unknown, i) => coerce(item, type.element, { parent: path, step: i }, depth + 1));
    case "map": return coerceMap(value, type, path, depth);
    default: {
      const scalar = coerceScalar(value, type);
      if (scalar === none) throw mismatch(value, type, path, hintFor(value, type));
      return scalar;
    }
  }
}

function coerceScalar(value: unknown, type: DataType): unknown {
  return scalars[type.type](value, type);
}

const scalars: Readonly<Record<DataType["type"], (value: unknown, type: DataType) => unknown>> = {
  string: (value) => (typeof value === "string" ? value : none),
  bool: (value) => (typeof value === "boolean" ? value : value === "true" ? true : value === "false" ? false : none),
  float64: (value) => (typeof value === "number" ? value : typeof value === "string" ? numberOf(value) : none),
  int32: (value) => {
    const number = typeof value === "string" && wholePattern.test(value) ? Number(value) : value;
    return typeof number === "number" && (number | 0) === number ? number | 0 : none;
  },
  int64: (value) => (isNumeral(value) ? (toInt64(value) ?? none) : none),
  decimal: (value, type) => (type.type === "decimal" && isNumeral(value) ? (canonicalDecimal(String(value), type.precision, type.scale) ?? none) : none),
  timestamp: (value) => timestampOf(value),
  bytes: (value) => (value instanceof Uint8Array ? value : typeof value === "string" && base64Pattern.test(value) ? new Uint8Array(Buffer.from(value, "base64")) : none),
  any: (value) => value,
  list: () => none,
  map: () => none,
  struct: () => none,
};

function isNumeral(value: unknown): value is number | string | bigint {
  return typeof value === "number" || typeof value === "string" || typeof value === "bigint";
}

function numberOf(text: string): unknown {
  return numberPattern.test(text) ? Number(text) : (namedNumbers.get(text) ?? none);
}

function timestampOf(value: unknown): unknown {
  if (typeof value === "string") {
    const ms = wholePattern.test(value) ? Number(value) : parseTimestamp(value);
    return isTimestamp(ms) ? ms + 0 : none;
  }
  if (value instanceof Date) return isTimestamp(value.getTime()) ? value.getTime() : none;
  return isTimestamp(value) ? value + 0 : none;
}

function hintFor(value: unknown, type: DataType): string | undefined {
  if (type.type === "int64" && typeof value === "number" && Number.isInteger(value)) return "a JSON number beyond ±2^53 is not exact; write its digits as a string, or decode with this schema";
  if (type.type === "timestamp") return "write ISO 8601 or whole milliseconds";
  return undefined;
}

function coerceStruct(value: unknown, type: StructType, path: ValuePath | undefined, depth: number): unknown {
  if (!isPlainObject(value)) throw mismatch(value, type, path);
  const made: Record<string, unknown> = {};
  for (const { name, type: fieldType } of type.fields) {
    const found = Object.hasOwn(value, name) ? value[name] : undefined;
    const typed = coerce(found, fieldType, { parent: path, step: name }, depth + 1);
    if (name === "__proto__") Object.defineProperty(made, name, { value: typed, enumerable: true, writable: true, configurable: true });
    else made[name] = typed;
  }
  return made;
}

function coerceMap(value: unknown, type: DataType & { readonly type: "map" }, path: ValuePath | undefined, depth: number): unknown {
  const made = new Map<unknown, unknown>();
  const seen = new Set<unknown>();
  for (const [key, item] of pairsOf(value, type, path)) {
    const at = { parent: path, step: String(key) };
    const typedKey = coerce(key, type.key, at, depth + 1);
    const canonical = canonicalKey(typedKey);
    if (seen.has(canonical)) throw mismatch(value, type, at, "the key is there twice");
    seen.add(canonical);
    made.set(typedKey, coerce(item, type.value, at, depth + 1));
  }
  return made;
}

function pairsOf(value: unknown, type: DataType, path: ValuePath | undefined): Iterable<readonly [unknown, unknown]> {
  if (value instanceof Map) return value;
  if (isPlainObject(value)) return Object.entries(value);
  if (Array.isArray(value) && value.every((pair) => Array.isArray(pair) && pair.length === 2)) return value as readonly (readonly [unknown, unknown])[];
  throw mismatch(value, type, path, "a map is written as an object, or as a list of [key, value]");
}
