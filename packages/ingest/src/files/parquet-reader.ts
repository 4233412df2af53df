// Reads one Parquet file, row group by row group: the wanted columns of a group are decoded, and handed on in slices.
//   I1. Memory holds the wanted columns of one row group at a time, in the form that the batches share.
//   I2. A position is a row index; the file's metadata is its fingerprint.
import { coerceJson, fitsInt64, toStreamFlowError, type Column, type DataType, type Disk, type PollLimits, type Projection, type Rejected, type Schema } from "@streamflow/core";
import type { SizedBatch } from "../batch-cutter.ts";
import { project, wantedField, wantedOf, type Wanted } from "../codecs/projection.ts";
import { narrowed } from "../codecs/typed-record.ts";
import { rowMaker, type RowMaker } from "../row-maker.ts";
import { changedFile, formatPlace, type FilePlace } from "./file-position.ts";
import { ParquetFile } from "./parquet-file.ts";
import type { ParquetValues } from "./parquet-values.ts";

/** A Parquet file and how it is read. */
export interface ParquetReadOptions {
  readonly disk: Disk;
  readonly path: string;
  readonly name: string;
  readonly partition: string;
  readonly projection: Projection;
  readonly schema: Schema | undefined;
  readonly limits: PollLimits;
  readonly signal: AbortSignal;
  readonly onRead: (bytes: number) => void;
}

/**
 * Yields the rows of a Parquet file behind `from`, as columns and rows.
 *
 * With a schema, a row that does not fit is rejected alone. Without one, values are those of the file's types.
 *
 * @throws {@link StreamFlowError} SF_SOURCE_POSITION when the file is not what it was; SF_CODEC_DECODE when it cannot be decoded.
 */
export async function* readParquet(options: ParquetReadOptions, from: FilePlace | undefined): AsyncGenerator<SizedBatch> {
  const file = await ParquetFile.open(options.disk, options.path, options.onRead);
  try {
    if (from !== undefined && from.fingerprint !== file.fingerprint) throw changedFile(options.path, "it is not the file that was read");
    const reader = new ParquetReader(options, file);
    for (const range of file.ranges(from?.offset ?? 0)) {
      const values = await file.read(range, reader.columns);
      for (const batch of reader.batches(range.start, range.end - range.start, values)) {
        if (options.signal.aborted) return;
        yield batch;
      }
    }
  } finally {
    await file.close();
  }
}

class ParquetReader {
  readonly columns: readonly string[];
  readonly #options: ParquetReadOptions;
  readonly #fingerprint: string;
  readonly #wanted: Wanted;
  readonly #types: ReadonlyMap<string, DataType> | undefined;
  readonly #makeRow: RowMaker;

  constructor(options: ParquetReadOptions, file: ParquetFile) {
    this.#options = options;
    this.#fingerprint = file.fingerprint;
    this.#wanted = wantedOf(options.projection);
    const schema = options.schema === undefined ? undefined : narrowed(options.schema, this.#wanted);
    if (schema?.type === "struct") {
      this.#types = new Map(schema.fields.map((field) => [field.name, field.type]));
      this.columns = [...this.#types.keys()].filter((name) => file.columns.includes(name));
    } else this.columns = file.columns.filter((name) => wantedField(this.#wanted, name) !== undefined);
    this.#makeRow = rowMaker(this.#types === undefined ? this.columns : [...this.#types.keys()]);
  }

  *batches(firstRow: number, count: number, values: ReadonlyMap<string, ParquetValues>): Generator<SizedBatch> {
    const names = this.#types === undefined ? this.columns : [...this.#types.keys()];
    const typed = names.map((name) => this.#typed(name, values.get(name), count));
    const bytesPerRow = Math.max(1, typed.reduce((sum, column) => sum + bytesOf(column.values), 0));
    for (let start = 0; start < count; ) {
      const most = Math.max(1, Math.min(this.#options.limits.maxRecords, Math.floor(this.#options.limits.maxBytes / bytesPerRow)));
      const end = Math.min(count, start + most);
      yield this.#batch(firstRow, { start, end }, { typed, bytesPerRow });
      start = end;
    }
  }

  #batch(firstRow: number, range: { start: number; end: number }, from: { typed: readonly TypedColumn[]; bytesPerRow: number }): SizedBatch {
    const { start, end } = range;
    const { name, partition } = this.#options;
    const positionAt = (row: number): string => formatPlace({ file: name, offset: firstRow + row, fingerprint: this.#fingerprint, decoder: "" });
    const bad = this.#badRows(range, from.typed);
    const rows: number[] | undefined = bad.size === 0 ? undefined : Array.from({ length: end - start }, (_, i) => start + i).filter((row) => !bad.has(row));
    const columns = from.typed.map((column) => columnOf(column, range, rows));
    const rejected: Rejected[] = [...bad].map(([row, error], i) => ({ beforeIndex: row - start - i, position: positionAt(row + 1), error: toStreamFlowError(error, "SF_TYPE_MISMATCH", `row ${firstRow + row}`), raw: undefined }));
    const length = rows?.length ?? end - start;
    const makeRow = this.#makeRow;
    let made: readonly unknown[] | undefined;
    return {
      partition,
      length,
      columns,
      // Rows cost time, and who reads columns does not need them.
      get values(): readonly unknown[] {
        made ??= makeRow(columns, length);
        return made;
      },
      endPosition: positionAt(end),
      byteLength: Math.max(1, length * from.bytesPerRow),
      positionAt: (index) => positionAt((rows?.[index] ?? start + index) + 1),
      ...(rejected.length === 0 ? {} : { rejected }),
    };
  }

  #badRows(range: { start: number; end: number }, columns: readonly TypedColumn[]): ReadonlyMap<number, unknown> {
    const bad = new Map<number, unknown>();
    for (const { errors } of columns) for (const [row, error] of errors) if (row >= range.start && row < range.end && !bad.has(row)) bad.set(row, error);
    return new Map([...bad].sort(([a], [b]) => a - b));
  }

  #typed(name: string, values: ParquetValues | undefined, count: number): TypedColumn {
    const type = this.#types?.get(name);
    const present = values ?? new Array<null>(count).fill(null);
    if (type === undefined) return { name, values: untyped(present, wantedField(this.#wanted, name) ?? "all"), errors: new Map() };
    return typedColumn(name, present, type);
  }
}

/** A column of a row group, and the rows whose value is not of the type. */
interface TypedColumn {
  readonly name: string;
  readonly values: Column["values"];
  readonly errors: ReadonlyMap<number, unknown>;
}

function untyped(values: ParquetValues, wanted: Wanted): Column["values"] {
  if (isTyped(values)) return values;
  if (wanted === "all" && Array.isArray(values)) return values as readonly unknown[];
  const made: unknown[] = [];
  for (let i = 0; i < values.length; i++) made.push(project(values[i] ?? null, wanted));
  return made;
}

function isTyped(values: ParquetValues): values is Float64Array | Int32Array | BigInt64Array {
  return values instanceof BigInt64Array || values instanceof Int32Array || values instanceof Float64Array;
}

function typedColumn(name: string, values: ParquetValues, type: DataType): TypedColumn {
  const errors = new Map<number, unknown>();
  if ((type.type === "int64" && values instanceof BigInt64Array) || (type.type === "int32" && values instanceof Int32Array) || (type.type === "float64" && values instanceof Float64Array)) return { name, values, errors };
  const made: unknown[] = [];
  const quick = quickCells[type.type];
  for (let i = 0; i < values.length; i++) {
    const value = quick?.(values[i]);
    made.push(value === undefined ? slowCell(values[i], type, (error) => errors.set(i, error)) : value);
  }
  return { name, values: made, errors };
}

/** Cells that need no more than a look; undefined for all others. */
const quickCells: Readonly<Partial<Record<DataType["type"], (value: unknown) => unknown>>> = {
  string: (value) => (typeof value === "string" ? value : undefined),
  float64: (value) => (typeof value === "bigint" && -exact <= value && value <= exact ? Number(value) : typeof value === "number" ? value : undefined),
  int32: (value) => (typeof value === "bigint" && -0x8000_0000n <= value && value <= 0x7fff_ffffn ? Number(value) : undefined),
  int64: (value) => (typeof value === "bigint" && fitsInt64(value) ? value : undefined),
  bool: (value) => (typeof value === "boolean" ? value : undefined),
};
const exact = BigInt(Number.MAX_SAFE_INTEGER);

function slowCell(value: unknown, type: DataType, onError: (error: unknown) => void): unknown {
  try {
    return typedCell(value, type);
  } catch (thrown) {
    onError(thrown);
    return null;
  }
}

/** A cell as a value of a type. Numbers of any width become those of the type where they fit. */
function typedCell(value: unknown, type: DataType): unknown {
  if (typeof value === "bigint" && (type.type === "int32" || type.type === "float64" || type.type === "timestamp")) {
    const number = Number(value);
    return Number.isSafeInteger(number) ? coerceJson(number, type) : coerceJson(value, type);
  }
  return coerceJson(value ?? null, type);
}

function columnOf(column: TypedColumn, range: { start: number; end: number }, rows: readonly number[] | undefined): Column {
  const { name, values } = column;
  if (rows !== undefined) return { name, values: rows.map((row) => values[row]) };
  if (!Array.isArray(values)) return { name, values: (values as Float64Array).subarray(range.start, range.end) };
  const slice: unknown[] = values.slice(range.start, range.end);
  for (let i = slice.indexOf(undefined); i >= 0; i = slice.indexOf(undefined, i)) slice[i] = null;
  return { name, values: slice };
}

/** Bytes of one value, judged by the first. */
function bytesOf(values: Column["values"]): number {
  const first = values[0];
  if (typeof first === "string") return 16 + first.length;
  return typeof first === "object" && first !== null ? 64 : 8;
}
