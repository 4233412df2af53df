// Where in a value something is wrong, and how that is said.
import { StreamFlowError } from "../errors.ts";
import type { DataType } from "../schema.ts";
import { formatType } from "./format-type.ts";
import { isIdentifier } from "./identifier.ts";

/** A place inside a value, from the inside out; undefined is the value itself. */
export interface ValuePath {
  readonly parent: ValuePath | undefined;
  readonly step: string | number;
}

/** A place as text: `items[2].price`; "" for the value itself. */
export function formatPath(path: ValuePath | undefined): string {
  const steps: (string | number)[] = [];
  for (let at = path; at !== undefined; at = at.parent) steps.unshift(at.step);
  return steps.map((step, i) => (typeof step === "number" ? `[${step}]` : isIdentifier(step) ? (i === 0 ? step : `.${step}`) : `[${JSON.stringify(step)}]`)).join("");
}

/** A short text of any value, for messages. Never runs user code. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case "string": return value.length > 40 ? `${JSON.stringify(value.slice(0, 40))}…` : JSON.stringify(value);
    case "bigint": return `${value.toString().slice(0, 40)}n`;
    case "function": return "a function";
    case "symbol": return "a symbol";
    case "object": return describeObject(value);
    default: return Object.is(value, -0) ? "-0" : String(value);
  }
}

function describeObject(value: object | null): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof Map) return "a Map";
  if (value instanceof Date) return "a Date";
  return "an object";
}

/** The error for a value that is not of its type. */
export function mismatch(value: unknown, type: DataType, path: ValuePath | undefined, why?: string): StreamFlowError {
  const place = formatPath(path);
  const expected = value === null || value === undefined ? `${formatType(type)}, which is not nullable` : formatType(type);
  const found = value === undefined ? "nothing" : describeValue(value);
  const reason = why === undefined ? "" : `: ${why}`;
  return new StreamFlowError("SF_TYPE_MISMATCH", `${place === "" ? "the value" : `"${place}"`} is ${found}, expected ${expected}${reason}`, { ...(place === "" ? {} : { location: { path: place } }), context: { path: place } });
}

/** The error for a value that is nested too deeply to be walked. */
export function tooDeep(path: ValuePath | undefined): StreamFlowError {
  return new StreamFlowError("SF_TYPE_MISMATCH", `"${formatPath(path).slice(0, 100)}" is nested deeper than ${maxValueDepth} levels`);
}

/** Values nested deeper are refused rather than overflowing the stack. */
export const maxValueDepth = 1000;

/** Whether a value is an object made of named members: not a list, bytes, Map or another class. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
