// Records of a declared schema: exactly the wanted fields, in the schema's order, as the type's JavaScript values.
import { coerceJson, isPlainObject, type DataType, type StructType } from "@streamflow/core";
import { parseJson, parseJsonNumbers } from "./parse-json.ts";
import { wantedField, type Wanted } from "./projection.ts";

/** The type of what is wanted of a type. */
export function narrowed(type: DataType, wanted: Wanted): DataType {
  if (wanted === "all" || type.type !== "struct") return type;
  const fields = type.fields.flatMap((field) => {
    const inner = wantedField(wanted, field.name);
    return inner === undefined ? [] : [{ name: field.name, type: narrowed(field.type, inner) }];
  });
  return { ...type, fields } satisfies StructType;
}

/** Whether a value of the type is always a number, or null where it may be. */
export function isNumber(type: DataType): boolean {
  return type.type === "int32" || type.type === "float64" || type.type === "timestamp";
}

/** Whether a type keeps more of a number's text than a double does. */
export function keepsDigits(type: DataType): boolean {
  if (type.type === "int64" || type.type === "decimal") return true;
  if (type.type === "list") return keepsDigits(type.element);
  if (type.type === "map") return keepsDigits(type.value) || keepsDigits(type.key);
  return type.type === "struct" && type.fields.some((field) => keepsDigits(field.type));
}

/**
 * Parses JSON text into a value of a type; no digit of an int64 or decimal is lost on the way.
 * @throws SyntaxError for text that is not JSON; {@link StreamFlowError} SF_TYPE_MISMATCH, naming the path.
 * @see the TC39 proposal "JSON.parse source text access"
 */
export function parseTyped(text: string, type: DataType): unknown {
  if (!keepsDigits(type)) return coerceJson(parseJson(text), type);
  return coerceJson(settle(parseJsonNumbers(text, keepDigits), type), type);
}

/** A number whose text says more than the number does. */
class LongNumber {
  readonly value: number;
  readonly text: string;

  constructor(value: number, text: string) {
    this.value = value;
    this.text = text;
  }
}

const exactLength = 15;

/** A number, or its text where that says more than the number does. */
export function digitsOf(value: number, text: string): number | string {
  const isTooSmall = value === 0 && /[1-9]/.test(text);
  return text.length <= exactLength && !isTooSmall ? value : text;
}

function keepDigits(value: number, text: string): unknown {
  return typeof digitsOf(value, text) === "number" ? value : new LongNumber(value, text);
}

/** Replaces long numbers by their text where the type keeps it, and by the number elsewhere. */
function settle(value: unknown, type: DataType | undefined): unknown {
  if (value instanceof LongNumber) return type?.type === "int64" || type?.type === "decimal" ? value.text : value.value;
  if (Array.isArray(value)) return value.map((item) => (type?.type === "map" ? settlePair(item, type) : settle(item, type?.type === "list" ? type.element : undefined)));
  if (!isPlainObject(value)) return value;
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner !== "object" || inner === null) continue;
    Object.defineProperty(value, name, { value: settle(inner, fieldOf(type, name)), enumerable: true, writable: true, configurable: true });
  }
  return value;
}

/** A map may be written as a list of [key, value]. */
function settlePair(pair: unknown, type: DataType & { readonly type: "map" }): unknown {
  return Array.isArray(pair) ? pair.map((item, i) => settle(item, i === 0 ? type.key : type.value)) : settle(pair, undefined);
}

function fieldOf(type: DataType | undefined, name: string): DataType | undefined {
  if (type?.type === "map") return type.value;
  return type?.type === "struct" ? type.fields.find((field) => field.name === name)?.type : undefined;
}
