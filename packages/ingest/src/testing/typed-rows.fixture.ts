// Typed rows as the media of this package hold them, for the cases of SRC-14.
import { formatTimestamp, isPlainObject, toJson, type DataType } from "@streamflow/core";
import type { TypedRows, TypedSource } from "@streamflow/core/testing";
import { parquetWriteBuffer, type BasicType } from "hyparquet-writer";
import { fileSource } from "../sources/file.ts";
import { TestFiles } from "./test-files.ts";

/** What a file can be written in. */
export type TypedFormat = "ndjson" | "csv" | "parquet";

/** A file of typed rows, read under their schema; undefined where the format cannot hold the fault. */
export async function typedFile(format: TypedFormat, given: TypedRows): Promise<TypedSource | undefined> {
  const content = contentOf(format, given);
  if (content === undefined) return undefined;
  const files = new TestFiles();
  await files.write("/data/typed", content);
  return { source: fileSource({ path: "/data/typed", format, schema: given.schema, chunkBytes: 100 }), environment: files.environment };
}

/** Typed rows in a format; undefined where it cannot hold the fault. */
export function contentOf(format: TypedFormat, { schema, rows, fault }: TypedRows): string | Uint8Array | undefined {
  const fields = schema.type === "struct" ? schema.fields : [];
  if (format === "ndjson") {
    // All digits of int64 as a number: what JSON.parse would round.
    return rows.map((row) => `${jsonOf(row).replaceAll(/"(-?\d{16,20})"/g, "$1")}\n`).join("");
  }
  if (format === "parquet") return new Uint8Array(parquetWriteBuffer({ columnData: fields.map(({ name, type }) => ({ name, ...columnOf(type, rows.map((row) => row[name])) })), rowGroupSize: 10 }));
  // An empty cell is an empty string there.
  if (fault?.startsWith("string: null") === true) return undefined;
  return [fields.map(({ name }) => name), ...rows.map((row) => fields.map(({ name, type }) => cellOf(row[name], type)))].map((cells) => `${cells.join(",")}\n`).join("");
}

function jsonOf(value: unknown): string {
  return JSON.stringify(toJson(value));
}

function cellOf(value: unknown, type: DataType): string {
  if (value === null) return "";
  const text = typeof value === "string" ? value : isPlainObject(value) || Array.isArray(value) ? jsonOf(value) : textOf(value, type);
  return `"${text.replaceAll('"', '""')}"`;
}

function textOf(value: unknown, type: DataType): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return type.type === "timestamp" && typeof value === "number" && Math.abs(value) <= 8.64e15 ? formatTimestamp(value) : String(value);
}

interface ParquetColumn {
  readonly type: BasicType;
  readonly nullable: boolean;
  readonly data: unknown[];
}

/** A column whose type holds all the values, those of a fault too. */
function columnOf(type: DataType, values: readonly unknown[]): ParquetColumn {
  const column = (parquetType: BasicType, make: (value: NonNullable<unknown>) => unknown): ParquetColumn => ({ type: parquetType, nullable: true, data: values.map((value) => (value === null || value === undefined ? null : make(value))) });
  const isText = values.some((value) => typeof value === "string" || (typeof value === "bigint" && BigInt.asIntN(64, value) !== value));
  if (type.type === "list" || type.type === "struct") return column("JSON", (value) => JSON.parse(jsonOf(value)) as unknown);
  if (type.type === "bytes") return column("BYTE_ARRAY", (value) => value);
  if (isText) return column("STRING", (value) => (typeof value === "string" ? value : textOf(value, type)));
  if (type.type === "bool") return column("BOOLEAN", (value) => value);
  if (type.type === "float64" || values.some((value) => typeof value === "number" && !Number.isSafeInteger(value))) return column("DOUBLE", (value) => value);
  if (type.type === "timestamp" && values.every((value) => Math.abs(Number(value)) <= 8.64e15)) return column("TIMESTAMP", (value) => new Date(Number(value)));
  return column("INT64", (value) => BigInt(value as number));
}
