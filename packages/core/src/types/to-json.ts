// From the JavaScript values of a type to values that JSON.stringify takes: what coerceJson reads back.
import { StreamFlowError } from "../errors.ts";
import type { DataType } from "../schema.ts";
import { formatTimestamp } from "./timestamp.ts";
import { describeValue, isPlainObject, maxValueDepth } from "./value-path.ts";

/**
 * Turns a value into one that JSON can hold, so that `coerceJson` with the same type answers the value again: int64 within ±2^53 is a number,
 * beyond it a string of digits; timestamp is ISO 8601; bytes are base64; NaN and the infinities are strings; maps are objects where their keys
 * are strings, else lists of pairs. Without a type the same rules go by the JavaScript value; a timestamp is then a plain number.
 *
 * @throws {@link StreamFlowError} SF_CODEC_ENCODE for a function, a symbol, an instance of another class, or more than 1,000 levels.
 */
export function toJson(value: unknown, type?: DataType): unknown {
  return convert(value, type, 0);
}

function convert(value: unknown, type: DataType | undefined, depth: number): unknown {
  switch (typeof value) {
    case "string":
    case "boolean": return value;
    case "number": return type?.type === "timestamp" ? formatTimestamp(value) : Number.isFinite(value) ? value : String(value);
    case "bigint": return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value.toString();
    case "undefined": return null;
    case "object": return value === null ? null : convertObject(value, type, depth);
    default: throw new StreamFlowError("SF_CODEC_ENCODE", `${describeValue(value)} has no JSON form`);
  }
}

function convertObject(value: object, type: DataType | undefined, depth: number): unknown {
  if (depth > maxValueDepth) throw new StreamFlowError("SF_CODEC_ENCODE", `a value is nested deeper than ${maxValueDepth} levels`);
  if (Array.isArray(value)) return value.map((item) => convert(item, type?.type === "list" ? type.element : undefined, depth + 1));
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  if (value instanceof Map) return convertMap(value, type?.type === "map" ? type : undefined, depth);
  if (value instanceof Date) return formatTimestamp(value.getTime());
  if (!isPlainObject(value)) throw new StreamFlowError("SF_CODEC_ENCODE", "an instance of a class has no JSON form", { hint: "emit plain objects" });
  const fields = new Map(type?.type === "struct" ? type.fields.map((field) => [field.name, field.type]) : []);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, convert(item, fields.get(name), depth + 1)]));
}

function convertMap(map: ReadonlyMap<unknown, unknown>, type: (DataType & { readonly type: "map" }) | undefined, depth: number): unknown {
  const pairs = [...map].map(([key, item]) => [convert(key, type?.key, depth + 1), convert(item, type?.value, depth + 1)] as const);
  return pairs.every(([key]) => typeof key === "string") ? Object.fromEntries(pairs as readonly (readonly [string, unknown])[]) : pairs;
}
