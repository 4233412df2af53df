// Values as JSON text, by the rules of core's toJson, without the objects in between.
import type { DataType } from "@streamflow/core";
import { describeValue, formatTimestamp, isPlainObject, StreamFlowError } from "@streamflow/core";
import { fieldReader } from "../field.ts";

/** How timestamps are written; what is not declared a timestamp is a plain number. */
export type TimestampFormat = "iso" | "ms";

/** Writes one value as JSON text. */
export type WriteJson = (value: unknown) => string;

const maxDepth = 1000;
const plain = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;
const maxExact = 9_007_199_254_740_991n;

/**
 * Makes the function that writes the values of a type, such that `coerceJson` of the parsed text answers the value again: int64 within ±2^53 is a
 * number, beyond it a string of digits (other readers would round it); NaN and the infinities are strings; bytes are base64; maps are objects where
 * their keys are strings, else lists of pairs. Without a type the same rules go by the JavaScript value. The text has no line breaks.
 * It throws SF_CODEC_ENCODE for a function, a symbol, an instance of a class, or more than 1,000 levels.
 */
export function jsonWriter(type: DataType | undefined, timestamps: TimestampFormat): WriteJson {
  const write = writerOf(type, timestamps);
  return (value) => write(value, 0);
}

/** The same for a field of a record. */
export function jsonFieldWriter(type: DataType | undefined, timestamps: TimestampFormat): WriteJson {
  const write = writerOf(type, timestamps);
  return (value) => write(value, 1);
}

type Write = (value: unknown, depth: number) => string;

function writerOf(type: DataType | undefined, timestamps: TimestampFormat): Write {
  switch (type?.type) {
    case "timestamp": return timestamps === "ms" ? writeAny : (value, depth) => (typeof value === "number" && Number.isFinite(value) ? `"${formatTimestamp(value)}"` : writeAny(value, depth));
    case "struct": return structWriter(type.fields.map(({ name, type: field }) => ({ name, read: fieldReader(name), write: writerOf(field, timestamps) })));
    case "list": {
      const item = writerOf(type.element, timestamps);
      return (value, depth) => (Array.isArray(value) ? list(value, item, below(depth)) : writeAny(value, depth));
    }
    case "map": {
      const [key, item] = [writerOf(type.key, timestamps), writerOf(type.value, timestamps)];
      return (value, depth) => (value instanceof Map ? map(value, { key, item }, below(depth)) : writeAny(value, depth));
    }
    default: return writeAny;
  }
}

interface FieldWriter {
  readonly name: string;
  readonly read: (record: Readonly<Record<string, unknown>>) => unknown;
  readonly write: Write;
}

/** Declared fields first, in their order; a field that is missing is null; what else a record holds comes behind. */
function structWriter(fields: readonly FieldWriter[]): Write {
  const heads = fields.map(({ name }, i) => `${i === 0 ? "" : ","}${JSON.stringify(name)}:`);
  const known = new Set(fields.map(({ name }) => name));
  return (value, depth) => {
    if (!isPlainObject(value)) return writeAny(value, depth);
    const at = below(depth);
    let text = "{";
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i] as FieldWriter;
      text += heads[i] + field.write(field.read(value), at);
    }
    let written = fields.length;
    for (const name in value) {
      if (known.has(name) || !Object.hasOwn(value, name)) continue;
      text += `${written++ === 0 ? "" : ","}${quoted(name)}:${writeAny(value[name], at)}`;
    }
    return `${text}}`;
  };
}

function writeAny(value: unknown, depth: number): string {
  switch (typeof value) {
    case "string": return quoted(value);
    case "number": return number(value);
    case "boolean": return value ? "true" : "false";
    case "bigint": return value >= -maxExact && value <= maxExact ? value.toString() : `"${value}"`;
    case "undefined": return "null";
    case "object": return value === null ? "null" : object(value, depth);
    default: throw new StreamFlowError("SF_CODEC_ENCODE", `${describeValue(value)} has no JSON form`);
  }
}

function number(value: number): string {
  if (Number.isFinite(value)) return value === 0 && Object.is(value, -0) ? "-0" : String(value);
  return `"${value}"`;
}

function quoted(text: string): string {
  return text.length < 200 && plain.test(text) ? `"${text}"` : JSON.stringify(text);
}

function object(value: object, depth: number): string {
  const at = below(depth);
  if (Array.isArray(value)) return list(value, writeAny, at);
  if (value instanceof Uint8Array) return `"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")}"`;
  if (value instanceof Map) return map(value, { key: writeAny, item: writeAny }, at);
  if (value instanceof Date) return `"${formatTimestamp(value.getTime())}"`;
  if (!isPlainObject(value)) throw new StreamFlowError("SF_CODEC_ENCODE", "an instance of a class has no JSON form", { hint: "emit plain objects" });
  let text = "{";
  for (const name of Object.keys(value)) text += `${text.length === 1 ? "" : ","}${quoted(name)}:${writeAny(value[name], at)}`;
  return `${text}}`;
}

function list(value: readonly unknown[], write: Write, depth: number): string {
  let text = "[";
  for (let i = 0; i < value.length; i++) text += (i === 0 ? "" : ",") + write(value[i], depth);
  return `${text}]`;
}

function map(value: ReadonlyMap<unknown, unknown>, { key, item }: { readonly key: Write; readonly item: Write }, depth: number): string {
  const pairs: (readonly [key: string, item: string])[] = [];
  let named = true;
  for (const [k, v] of value) {
    const text = key(k, depth);
    named &&= text.startsWith('"');
    pairs.push([text, item(v, depth)]);
  }
  return named ? `{${pairs.map(([k, v]) => `${k}:${v}`).join(",")}}` : `[${pairs.map(([k, v]) => `[${k},${v}]`).join(",")}]`;
}

function below(depth: number): number {
  if (depth > maxDepth) throw new StreamFlowError("SF_CODEC_ENCODE", `a value is nested deeper than ${maxDepth} levels`);
  return depth + 1;
}
