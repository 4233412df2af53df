// Values of the type table as values of Postgres columns, in binary form.
//
// | type | column that is made | value |
// |---|---|---|
// | bool | boolean | |
// | int32, int64 | integer, bigint | exact |
// | float64 | double precision | NaN, the infinities and −0 are kept |
// | decimal | numeric(precision, scale) | exact |
// | string | text | what holds U+0000 or half a surrogate pair is refused: Postgres has no such texts |
// | bytes | bytea | |
// | timestamp | timestamptz | to the millisecond; before the year −4713 refused |
// | list of one of these | an array of it | |
// | struct, map, any, other lists | jsonb | JSON, as toJson makes it |
//
// A table that is there may have other columns, as long as no value is changed on the way in: each kind of column takes the values of its row below.
//
// | column | takes |
// |---|---|
// | boolean | booleans |
// | smallint, integer, bigint | whole numbers within its range |
// | real, double precision | numbers |
// | numeric | decimals, whole numbers and finite numbers that fit its precision and scale exactly |
// | text, varchar, char, name, enumerations, xml | strings, within the length of the column |
// | uuid | strings of 32 hex digits, with or without hyphens |
// | bytea | bytes |
// | timestamptz, timestamp | timestamps, as UTC |
// | json, jsonb | any value, as JSON |
// | arrays of these | lists |
import type { DataType } from "@streamflow/core";
import { canonicalDecimal, describeValue, fitsInt64, formatType, StreamFlowError, toJson } from "@streamflow/core";
import { type CopyBuffer, writeNumeric } from "./postgres-binary.ts";

/** A column of a table that is there, as Postgres describes it. Domains are what they are made of. */
export interface PostgresType {
  /** As in SQL: `numeric(10,2)`, `integer[]`. */
  readonly name: string;
  /** As in pg_type: `int4`. */
  readonly base: string;
  /** `e` for enumerations. */
  readonly kind: string;
  /** Precision and scale, or a length, packed as in pg_attribute; -1: none. */
  readonly modifier: number;
  /** Of an array: what it holds. */
  readonly element?: PostgresType;
  readonly oid: number;
}

/** A column that records fill. */
export interface PostgresColumn {
  readonly name: string;
  /** Of the records; undefined: unknown, by the JavaScript value. */
  readonly type: DataType | undefined;
  readonly nullable: boolean;
  readonly target: PostgresType;
}

/** Writes a value with its length, or answers false where the column cannot hold it; what it has written by then is taken back by the caller. */
type WriteValue = (value: unknown, out: CopyBuffer) => boolean;

/** Writes a value of a column, or throws SF_SCHEMA_VIOLATION, naming the column. */
export type WriteColumn = (value: unknown, out: CopyBuffer) => void;

/** The declared type of a column. */
export function columnType(type: DataType): string {
  switch (type.type) {
    case "bool": return "boolean";
    case "int32": return "integer";
    case "int64": return "bigint";
    case "float64": return "double precision";
    case "decimal": return `numeric(${type.precision}, ${type.scale})`;
    case "string": return "text";
    case "bytes": return "bytea";
    case "timestamp": return "timestamptz";
    case "list": return ["list", "struct", "map", "any"].includes(type.element.type) ? "jsonb" : `${columnType(type.element)}[]`;
    case "struct":
    case "map":
    case "any": return "jsonb";
  }
}

/**
 * Makes the writer of a column; undefined where no value of StreamFlow can be written into such a column.
 */
export function columnWriter(column: PostgresColumn): WriteColumn | undefined {
  const write = writerOf(column.target, column.type);
  if (write === undefined) return undefined;
  return (value, out) => {
    if (value === null || value === undefined) {
      if (!column.nullable) throw violation(column, value);
      out.int32(-1);
    } else if (!write(value, out)) {
      throw violation(column, value);
    }
  };
}

/** Whether a column takes every text that is well formed and holds no U+0000. */
export function takesTexts({ base, modifier, kind }: PostgresType): boolean {
  return kind !== "e" && (base === "text" || (base === "varchar" && modifier < 0));
}

function writerOf(target: PostgresType, type: DataType | undefined): WriteValue | undefined {
  const { base, kind, element, modifier } = target;
  if (kind === "e") return writeText;
  if (element !== undefined) return list(element, type);
  switch (base) {
    case "numeric": return numeric(modifier);
    case "json": return json(type, false);
    case "jsonb": return json(type, true);
    case "varchar":
    case "bpchar": return modifier < 0 ? writeText : textUpTo(modifier - 4);
    default: return plainWriters.get(base);
  }
}

function writeBool(value: unknown, out: CopyBuffer): boolean {
  if (typeof value !== "boolean") return false;
  out.int32(1);
  out.byte(value ? 1 : 0);
  return true;
}

function whole(least: number, most: number, size: 2 | 4): WriteValue {
  return (value, out) => {
    const number = typeof value === "bigint" ? Number(value) : value;
    if (!Number.isInteger(number) || (number as number) < least || (number as number) > most) return false;
    if (size === 4) {
      out.sizedInt32(number as number);
    } else {
      out.int32(2);
      out.int16(number as number);
    }
    return true;
  };
}

function writeInt64(value: unknown, out: CopyBuffer): boolean {
  if (typeof value === "bigint" ? !fitsInt64(value) : !Number.isSafeInteger(value)) return false;
  if (typeof value === "number") {
    out.sizedSafeInt64(value);
  } else {
    out.int32(8);
    out.int64(value as bigint);
  }
  return true;
}

/** Precision and scale as Postgres packs them; the scale has eleven bits with a sign. */
function numeric(modifier: number): WriteValue {
  const precision = modifier < 0 ? 1000 : ((modifier - 4) >> 16) & 0xffff;
  const scale = modifier < 0 ? undefined : (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
  return (value, out) => {
    const text = typeof value === "string" || typeof value === "bigint" ? String(value) : Number.isFinite(value) ? String(value) : undefined;
    const canonical = text === undefined ? undefined : canonicalDecimal(text, precision - Math.min(0, scale ?? 0), Math.max(0, scale ?? fractionDigits(text)));
    if (canonical === undefined || !isRounded(canonical, scale ?? 0)) return false;
    writeNumeric(canonical, out);
    return true;
  };
}

/** A scale below 0 leaves whole digits out. */
function isRounded(canonical: string, scale: number): boolean {
  return scale >= 0 || canonical === "0" || canonical.endsWith("0".repeat(-scale));
}

function fractionDigits(text: string): number {
  const [, fraction = "", exponent = "0"] = /^[^.e]*(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  return Math.max(0, fraction.length - Number(exponent));
}

const unixMsOfPostgresEpoch = 946_684_800_000;
/** The first day that Postgres knows: 24 November 4714 before Christ. */
const leastTimestampMs = -210_866_803_200_000;
const greatestTimestampMs = 8_640_000_000_000_000;

function writeTimestamp(value: unknown, out: CopyBuffer): boolean {
  if (typeof value !== "number" || !Number.isInteger(value) || value < leastTimestampMs || value > greatestTimestampMs) return false;
  const microseconds = (value - unixMsOfPostgresEpoch) * 1000;
  if (Number.isSafeInteger(microseconds)) {
    out.sizedSafeInt64(microseconds);
  } else {
    out.int32(8);
    out.int64(BigInt(value - unixMsOfPostgresEpoch) * 1000n);
  }
  return true;
}

function writeText(value: unknown, out: CopyBuffer): boolean {
  if (typeof value !== "string" || value.includes("\0") || !value.isWellFormed()) return false;
  out.sizedText(value);
  return true;
}

/** Postgres counts characters, not units. */
function textUpTo(length: number): WriteValue {
  return (value, out) => typeof value === "string" && (value.length <= length || Array.from(value).length <= length) && writeText(value, out);
}

function writeUuid(value: unknown, out: CopyBuffer): boolean {
  const digits = typeof value === "string" ? value.replaceAll("-", "") : "";
  if (!/^[0-9a-f]{32}$/i.test(digits)) return false;
  out.int32(16);
  out.bytes(Buffer.from(digits, "hex"));
  return true;
}

/** An escape of U+0000 or of half a surrogate pair, and no escaped backslash in front of its letter. */
const unfitForJsonb = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

/** jsonb has its version in front, and can hold neither U+0000 nor half a surrogate pair. */
function json(type: DataType | undefined, isBinary: boolean): WriteValue {
  return (value, out) => {
    const text = JSON.stringify(toJson(value, type));
    if (!isBinary) return writeText(text, out);
    if (unfitForJsonb.test(text)) return false;
    const start = out.beginSized();
    out.byte(1);
    out.bytes(Buffer.from(text));
    out.endSized(start);
    return true;
  };
}

/** An array of one dimension, numbered from 1. */
function list(element: PostgresType, type: DataType | undefined): WriteValue | undefined {
  const write = writerOf(element, type?.type === "list" ? type.element : undefined);
  if (write === undefined) return undefined;
  return (value, out) => {
    if (!Array.isArray(value)) return false;
    const start = out.beginSized();
    out.int32(value.length === 0 ? 0 : 1);
    out.int32(value.some((item) => item === null || item === undefined) ? 1 : 0);
    out.int32(element.oid);
    if (value.length > 0) {
      out.int32(value.length);
      out.int32(1);
    }
    for (const item of value as readonly unknown[]) {
      if (item === null || item === undefined) out.int32(-1);
      else if (!write(item, out)) return false;
    }
    out.endSized(start);
    return true;
  };
}

/** Of columns that are all alike. */
const plainWriters: ReadonlyMap<string, WriteValue> = new Map<string, WriteValue>([
  ["bool", writeBool],
  ["int2", whole(-(2 ** 15), 2 ** 15 - 1, 2)],
  ["int4", whole(-(2 ** 31), 2 ** 31 - 1, 4)],
  ["int8", writeInt64],
  ["float4", (value, out) => typeof value === "number" && (out.int32(4), out.float32(value), true)],
  ["float8", (value, out) => typeof value === "number" && (out.int32(8), out.float64(value), true)],
  ["bytea", (value, out) => value instanceof Uint8Array && (out.int32(value.length), out.bytes(value), true)],
  ["timestamptz", writeTimestamp],
  ["timestamp", writeTimestamp],
  ["uuid", writeUuid],
  ["text", writeText],
  ["name", writeText],
  ["xml", writeText],
]);

function violation({ name, type, target, nullable }: PostgresColumn, value: unknown): StreamFlowError {
  const expected = `${type === undefined ? "a value" : formatType(type)} that fits ${target.name}${nullable ? "" : ", not null"}`;
  return new StreamFlowError("SF_SCHEMA_VIOLATION", `column "${name}" expects ${expected}, got ${describeValue(value)}`, { context: { column: name } });
}
