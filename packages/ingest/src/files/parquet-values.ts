// Values of Parquet files without loss: exact decimals, bytes that stay bytes, and milliseconds.
import { canonicalDecimal } from "@streamflow/core";
import type { FileMetaData, ParquetParsers, SchemaElement } from "hyparquet";

/** Values of a column, as the file's type gives them: int64 as bigint, dates and timestamps as UTC epoch milliseconds, decimals as text. */
export type ParquetValues = ArrayLike<unknown>;

const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What is no text, though the file says so, stays bytes: a schema rejects its row alone, and nothing is lost without one. */
function textOf(bytes: Uint8Array | undefined): unknown {
  try {
    return bytes === undefined ? undefined : text.decode(bytes);
  } catch {
    return bytes;
  }
}

function jsonOf(bytes: Uint8Array | undefined): unknown {
  try {
    return bytes === undefined ? undefined : (JSON.parse(text.decode(bytes)) as unknown);
  } catch {
    return bytes;
  }
}

/** How values are made that the reader has a choice in. */
export const parsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (millis: bigint) => Number(millis),
  timestampFromMicroseconds: (micros: bigint) => Number(floorDivide(micros, 1000n)),
  timestampFromNanoseconds: (nanos: bigint) => Number(floorDivide(nanos, 1_000_000n)),
  dateFromDays: (days: number) => days * 86_400_000,
  stringFromBytes: textOf,
  jsonFromBytes: jsonOf,
};

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient;
}

/** A file's metadata as it is read by, and the scale of each column of decimals. */
export interface ReadPlan {
  readonly metadata: FileMetaData;
  readonly scales: ReadonlyMap<string, number>;
}

/**
 * Has columns of decimals read as the whole numbers that they hold, since the reader would make them float64, and enumerations as text.
 * Decimals within lists and groups are left to the reader.
 */
export function readPlan(metadata: FileMetaData): ReadPlan {
  const scales = new Map<string, number>();
  const top = topLevel(metadata.schema);
  const schema = metadata.schema.map((element) => {
    if (element.converted_type === "ENUM") return { ...element, converted_type: "UTF8" as const };
    if (!top.has(element) || !isDecimal(element)) return element;
    scales.set(element.name, element.scale ?? 0);
    const { converted_type: _, logical_type: __, ...plain } = element;
    return plain as SchemaElement;
  });
  return { metadata: { ...metadata, schema }, scales };
}

function isDecimal({ converted_type, logical_type }: SchemaElement): boolean {
  return converted_type === "DECIMAL" || logical_type?.type === "DECIMAL";
}

/** The elements that are columns by themselves: the schema is a tree, written depth first. */
function topLevel(schema: readonly SchemaElement[]): ReadonlySet<SchemaElement> {
  const top = new Set<SchemaElement>();
  for (let i = 1; i < schema.length; ) {
    const element = schema[i]!;
    if (element.num_children === undefined || element.num_children === 0) top.add(element);
    i = behind(schema, i);
  }
  return top;
}

/** The index behind an element and all that it holds. */
function behind(schema: readonly SchemaElement[], index: number): number {
  let next = index + 1;
  for (let left = schema[index]?.num_children ?? 0; left > 0 && next < schema.length; left--) next = behind(schema, next);
  return next;
}

/** More than any file has: what does not fit a schema is refused with it. */
const mostDigits = 400;

/** Whole numbers of units as decimals of a scale, in canonical text. */
export function decimalsOf(values: ParquetValues, scale: number): ParquetValues {
  return Array.from(values, (value) => {
    const units = value instanceof Uint8Array ? signed(value) : value;
    return typeof units === "bigint" || typeof units === "number" ? canonicalDecimal(`${units}e-${scale}`, mostDigits, scale) : (value ?? null);
  });
}

/** Two's complement, the highest byte first. @see Parquet format, LogicalTypes.md, DECIMAL */
function signed(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}`));
}
