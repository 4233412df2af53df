// What a JSON value, or the text of a CSV cell, means as a value of a type: the table of docs/types.md, by other code than the decoder's.
import { coerceJson, StreamFlowError, type DataType, type Projection } from "@streamflow/core";
import { Numeral, oracleJson } from "./oracle-json.fixture.ts";

function notOfType(): StreamFlowError {
  return new StreamFlowError("SF_TYPE_MISMATCH", "not of its type");
}

/** A parsed value without its numerals. */
export function plain(value: unknown): unknown {
  if (value instanceof Numeral) return value.value;
  if (Array.isArray(value)) return value.map((item) => plain(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

/** A value cut to what is read of it. */
export function cut(value: unknown, projection: Projection): unknown {
  if (projection === "all" || projection.some((path) => path.length === 0)) return value;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(([name]) => projection.some(([first]) => first === name));
  return Object.fromEntries(kept.map(([name, inner]) => [name, cut(inner, below(projection, name))]));
}

/** What is read of the field `name`. */
function below(projection: Projection, name: string): Projection {
  return projection === "all" ? "all" : projection.filter(([first]) => first === name).map(([, ...rest]) => rest);
}

/** A type cut to what is read of its values. */
export function cutType(type: DataType, projection: Projection): DataType {
  if (type.type !== "struct" || projection === "all" || projection.some((path) => path.length === 0)) return type;
  const fields = type.fields.filter(({ name }) => projection.some(([first]) => first === name));
  return { ...type, fields: fields.map((field) => ({ name: field.name, type: cutType(field.type, below(projection, field.name)) })) };
}

/** A parsed value, with numerals, as a value of a type. @throws {@link StreamFlowError} SF_TYPE_MISMATCH */
export function typed(value: unknown, type: DataType): unknown {
  if (value === null || value === undefined) {
    if (type.nullable === true) return null;
    throw notOfType();
  }
  const found = convert[type.type](value, type as never);
  if (found === undefined) throw notOfType();
  return found;
}

/** The text of a cell as a value of a type. @throws {@link StreamFlowError} SF_TYPE_MISMATCH */
export function typedCell(text: string, isQuoted: boolean, type: DataType): unknown {
  const mayBeEmpty = type.type === "string" || type.type === "bytes";
  if (text === "" && type.nullable === true && !(mayBeEmpty && isQuoted)) return null;
  if (type.type !== "list" && type.type !== "map" && type.type !== "struct") return typed(text, type);
  try {
    return typed(oracleJson(text, false), type);
  } catch {
    throw notOfType();
  }
}

const decimalText = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;
const numeric = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const named: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity, "+Infinity": Infinity, "-Infinity": -Infinity };

/** The number that a value is, where it is one. */
function numberOf(value: unknown): number | undefined {
  return value instanceof Numeral ? value.value : typeof value === "number" ? value : undefined;
}

function whole(value: unknown): number | undefined {
  const number = typeof value === "string" && /^[+-]?\d{1,17}$/.test(value) ? Number(value) : numberOf(value);
  return number !== undefined && Number.isInteger(number) ? number + 0 : undefined;
}

type Convert = { readonly [Name in DataType["type"]]: (value: unknown, type: Extract<DataType, { readonly type: Name }>) => unknown };

const convert: Convert = {
  any: (value) => plain(value),
  string: (value) => (typeof value === "string" ? value : undefined),
  bool: (value) => (value === true || value === "true" ? true : value === false || value === "false" ? false : undefined),
  float64: (value) => (typeof value === "string" ? (numeric.test(value) ? Number(value) : named[value]) : numberOf(value)),
  int32: (value) => {
    const number = whole(value);
    return number !== undefined && number >= -(2 ** 31) && number < 2 ** 31 ? number : undefined;
  },
  int64: (value) => {
    const text = typeof value === "string" ? value : value instanceof Numeral ? numeralDigits(value) : typeof value === "number" && Number.isSafeInteger(value) ? String(value) : "";
    if (!/^[+-]?\d{1,30}$/.test(text)) return undefined;
    const exact = BigInt(text.replace("+", ""));
    return BigInt.asIntN(64, exact) === exact ? exact : undefined;
  },
  decimal: (value, { precision, scale }) => decimalOf(value instanceof Numeral ? value.text : typeof value === "number" ? String(value) : value, precision, scale),
  timestamp: (value) => {
    const isDigits = typeof value !== "string" || /^[+-]?\d{1,17}$/.test(value);
    const number = isDigits ? whole(value) : instant(value);
    return number !== undefined && Math.abs(number) <= 8.64e15 ? number : undefined;
  },
  bytes: (value) => {
    if (typeof value !== "string") return undefined;
    const letters = value.replace(/={1,2}$/, "");
    const isPadded = letters.length === value.length || value.length % 4 === 0;
    return /^[A-Za-z0-9+/]*$/.test(letters) && letters.length % 4 !== 1 && isPadded && (letters.length % 4 !== 0 || letters === value) ? Uint8Array.from(Buffer.from(letters, "base64")) : undefined;
  },
  list: (value, { element }) => (Array.isArray(value) ? value.map((item) => typed(item, element)) : undefined),
  map: (value, type) => mapOf(value, type),
  struct: (value, { fields }) => {
    if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Numeral) return undefined;
    const own = new Map(Object.entries(value));
    return Object.fromEntries(fields.map(({ name, type }) => [name, typed(own.get(name), type)]));
  },
};

/** A numeral of up to 15 characters is the whole number that it is; a longer one must be nothing but digits. */
function numeralDigits({ value, text }: Numeral): string {
  if (text.length > 15) return text;
  const isNothing = value === 0 && /[1-9]/.test(text);
  return Number.isSafeInteger(value) && !isNothing ? BigInt(value).toString() : "";
}

/** A number's text as digits, and how many of them are behind the point. */
function partsOf(text: string): { sign: string; digits: string; point: number } | undefined {
  const match = text.length <= 400 ? decimalText.exec(text) : null;
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  return { sign: sign.replace("+", ""), digits: whole + fraction, point: fraction.length - Number(exponent) };
}

/** Moves the point by text. */
function decimalOf(value: unknown, precision: number, scale: number): string | undefined {
  const parts = typeof value === "string" ? partsOf(value) : undefined;
  if (parts === undefined || parts.digits === "") return undefined;
  const { sign, digits, point } = parts;
  const isZero = /^0*$/.test(digits);
  if (!isZero && Math.abs(point) > 400) return undefined;
  const kept = isZero ? "" : units(digits, point - scale)?.replace(/^0+/, "");
  if (kept === undefined || kept.length > precision) return undefined;
  const padded = kept.padStart(scale + 1, "0");
  return `${isZero ? "" : sign}${scale === 0 ? padded : `${padded.slice(0, -scale)}.${padded.slice(-scale)}`}`;
}

/** Digits without the last `behind`, which must be zeros; with zeros in their place where there are too few. */
function units(digits: string, behind: number): string | undefined {
  if (behind <= 0) return digits + "0".repeat(-behind);
  const padded = digits.padStart(behind, "0");
  return /^0*$/.test(padded.slice(padded.length - behind)) ? padded.slice(0, padded.length - behind) : undefined;
}

const plainIso = /^\d{4}-(?:0\d|1[0-2])-(?:[01]\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

function instant(text: unknown): number | undefined {
  if (typeof text !== "string") return undefined;
  if (plainIso.test(text) && !/-00-|-00T/.test(text)) return Date.parse(text);
  // Rarer forms of ISO 8601 have tests of their own.
  try {
    return coerceJson(text, { type: "timestamp" }) as number;
  } catch {
    return undefined;
  }
}

function mapOf(value: unknown, type: Extract<DataType, { readonly type: "map" }>): unknown {
  const isPairs = Array.isArray(value) && value.every((pair) => Array.isArray(pair) && pair.length === 2);
  if (typeof value !== "object" || value === null || value instanceof Numeral || (Array.isArray(value) && !isPairs)) return undefined;
  const pairs = (isPairs ? value : Object.entries(value)) as readonly (readonly [unknown, unknown])[];
  const made = new Map(pairs.map(([key, item]) => [typed(key, type.key), typed(item, type.value)]));
  return made.size === pairs.length ? made : undefined;
}
