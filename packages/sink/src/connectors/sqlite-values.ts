// Values of the type table as values of SQLite.
//
// | type | column | value |
// |---|---|---|
// | bool | INTEGER | 0, 1 |
// | int32, int64 | INTEGER | exact |
// | float64 | REAL | infinities are kept; NaN is NULL (SQLite has none), −0 is 0 |
// | decimal | TEXT | canonical |
// | string | TEXT | |
// | bytes | BLOB | |
// | timestamp | INTEGER | UTC epoch milliseconds |
// | list, struct, map | TEXT | JSON, as toJson makes it |
// | any, unknown | none | scalars as above, all else JSON |
import type { DataType } from "@streamflow/core";
import { describeValue, fitsInt64, formatType, StreamFlowError, toJson } from "@streamflow/core";

/** What SQLite stores. */
export type SqliteValue = null | number | bigint | string | Uint8Array;

/** Turns a value into one of SQLite; a copy where the value's memory is borrowed. */
export type ToSqlite = (value: unknown) => SqliteValue;

const columnTypes: Readonly<Record<DataType["type"], string>> = {
  bool: "INTEGER", int32: "INTEGER", int64: "INTEGER", float64: "REAL", decimal: "TEXT", string: "TEXT",
  bytes: "BLOB", timestamp: "INTEGER", list: "TEXT", struct: "TEXT", map: "TEXT", any: "",
};

/** The declared type of a column. */
export function columnType(type: DataType): string {
  return columnTypes[type.type];
}

/** A column that records fill. */
export interface SqliteColumn {
  readonly name: string;
  /** undefined: unknown, by the JavaScript value. */
  readonly type: DataType | undefined;
  readonly nullable: boolean;
}

/**
 * Makes the conversion of a column. It throws SF_SCHEMA_VIOLATION, naming the column, for a value that the column cannot hold.
 */
export function toSqlite(column: SqliteColumn): ToSqlite {
  const { type } = column;
  const convert = type === undefined || type.type === "any" ? untyped : typed(type);
  return (value) => {
    const converted = value === null || value === undefined ? null : convert(value);
    if (converted === undefined) throw violation(column, value);
    if (converted === null && !column.nullable) throw violation(column, value);
    return converted;
  };
}

function typed(type: DataType): (value: unknown) => SqliteValue | undefined {
  switch (type.type) {
    case "bool": return (value) => (value === true ? 1 : value === false ? 0 : undefined);
    case "int32": return (value) => (typeof value === "number" && (value | 0) === value ? value : undefined);
    case "int64": return (value) => (typeof value === "bigint" ? (fitsInt64(value) ? value : undefined) : Number.isSafeInteger(value) ? BigInt(value as number) : undefined);
    case "float64": return (value) => (typeof value === "number" ? finiteOrNull(value) : undefined);
    case "timestamp": return (value) => (Number.isSafeInteger(value) ? (value as number) : undefined);
    case "decimal":
    case "string": return (value) => (typeof value === "string" ? value : undefined);
    case "bytes": return (value) => (value instanceof Uint8Array ? new Uint8Array(value) : undefined);
    case "list":
    case "struct":
    case "map": return (value) => (typeof value === "object" ? JSON.stringify(toJson(value, type)) : undefined);
    case "any": return untyped;
  }
}

function untyped(value: unknown): SqliteValue | undefined {
  switch (typeof value) {
    case "string": return value;
    case "number": return finiteOrNull(value);
    case "boolean": return value ? 1 : 0;
    case "bigint": return fitsInt64(value) ? value : undefined;
    case "object": return value instanceof Uint8Array ? new Uint8Array(value) : JSON.stringify(toJson(value));
    default: return undefined;
  }
}

function finiteOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function violation({ name, type, nullable }: SqliteColumn, value: unknown): StreamFlowError {
  const expected = type === undefined ? `a value that SQLite can hold${nullable ? "" : ", not null"}` : formatType(type);
  const hint = Number.isNaN(value) ? "SQLite has no NaN: declare the field nullable, and it becomes NULL" : undefined;
  return new StreamFlowError("SF_SCHEMA_VIOLATION", `column "${name}" expects ${expected}, got ${describeValue(value)}`, { context: { column: name }, ...(hint === undefined ? {} : { hint }) });
}
