// Comma-separated values. @see RFC 4180, section 2
import type { DataType, Encoder, EncoderFactory, Field, Schema } from "@streamflow/core";
import { describeValue, formatTimestamp, isPlainObject, mayGenerateCode, StreamFlowError } from "@streamflow/core";
import { fieldReader } from "../field.ts";
import { ByteBuffer } from "./byte-buffer.ts";
import { ColumnWriters, readOf } from "./column-writers.ts";
import { jsonWriter, type TimestampFormat } from "./json-text.ts";
import { columnWriter, type LineCode, rowWriter } from "./row-code.ts";

/** Options of {@link csvEncoder}. */
export interface CsvEncoderOptions {
  /** Columns, in order: fields by name; other fields are left out. @defaultValue the fields of the schema */
  readonly columns?: readonly string[];
  /** Whether the first line names the columns. @defaultValue true */
  readonly header?: boolean;
  /** One ASCII character. @defaultValue `","` */
  readonly delimiter?: string;
  /** How fields of type timestamp are written. @defaultValue "iso" */
  readonly timestamps?: TimestampFormat;
}

/**
 * Encodes each record as a line of cells, quoted where they must be; lines end with CR LF.
 *
 * Null is an empty cell; an empty string is `""` where the field may be null, so that a reader may tell them apart. A null that would be the
 * whole line cannot be encoded where its field is a string or bytes. int64 and decimal are digits;
 * bytes are base64; lists, maps and structs are JSON text.
 *
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID for a delimiter that is none; on open where neither schema nor `columns` name the columns.
 */
export function csvEncoder(options: CsvEncoderOptions = {}): EncoderFactory {
  const { delimiter = ",", header = true, timestamps = "iso" } = options;
  if (!/^[\t -~]$/.test(delimiter) || delimiter === '"') {
    throw new StreamFlowError("SF_CONFIG_INVALID", `a CSV delimiter must be one ASCII character and no quote, got ${JSON.stringify(delimiter)}`);
  }
  // What begins with a byte order mark may begin the file, where it would be none of the text.
  const mustQuote = new RegExp(`["\\r\\n${delimiter.replace(/[\\\]^-]/, "\\$&")}]|^\ufeff`);
  const quote = (text: string): string => (mustQuote.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return {
    type: "csv",
    create({ schema }): Encoder {
      const columns = columnsOf(schema, options.columns).map(({ name, type }) => ({ name, type, read: fieldReader(name), cell: cellWriter(type, { timestamps, quote }) }));
      const only = columns.length === 1 && isText(columns[0]?.type) ? columns[0] : undefined;
      const line = (cells: readonly string[]): string => (cells.length === 1 && cells[0] === "" ? `""\r\n` : `${cells.join(delimiter)}\r\n`);
      const isGenerated = mayGenerateCode() && columns.length > 1 && columns.length <= mostGenerated && !partOfNumber.test(delimiter);
      const code = (): LineCode => ({
        places: columns.map(({ type, cell }, at) => ({ before: at === 0 ? "" : delimiter, text: cell, isInstant: type?.type === "timestamp" && timestamps === "iso", isText: type?.type === "string" || type?.type === "decimal" })),
        after: "\r\n", csvDelimiter: delimiter,
      });
      const writeRow = isGenerated ? rowWriter(code(), { reads: columns.map(({ name, read }) => (name in Object.prototype ? read : name)) }) : undefined;
      const forms = new ColumnWriters((given) => columnWriter(code(), columns.map(({ name }) => readOf(given, name))));
      return {
        ...(isGenerated ? { encodeColumns: (given, range, out) => (out instanceof ByteBuffer ? forms.write(given, range, out) : range.from) } : {}),
        ...(header ? { prologue: new TextEncoder().encode(line(columns.map(({ name }) => quote(name)))) } : {}),
        encode(value, out) {
          if (!isPlainObject(value)) throw new StreamFlowError("SF_CODEC_ENCODE", `a CSV record must be an object with named fields, got ${describeValue(value)}`);
          if (writeRow !== undefined && out instanceof ByteBuffer && writeRow(value, out)) return;
          if (only !== undefined && (only.read(value) ?? null) === null) throw new StreamFlowError("SF_CODEC_ENCODE", `null in the only column, "${only.name}", could not be told from the empty text`, { hint: "write another column too, or NDJSON" });
          out.text(line(columns.map(({ read, cell }) => cell(read(value)))));
        },
      };
    },
  };
}

const mostGenerated = 200;
/** As a delimiter it would have numbers and instants quoted. */
const partOfNumber = /[\w+.:-]/;

/** Text that may be null: null is an empty cell, and a line without any text would be blank. */
function isText(type: DataType | undefined): boolean {
  return type?.nullable === true && (type.type === "string" || type.type === "bytes");
}

function columnsOf(schema: Schema | undefined, wanted: readonly string[] | undefined): readonly { readonly name: string; readonly type: DataType | undefined }[] {
  const fields: readonly Field[] | undefined = schema?.type === "struct" ? schema.fields : undefined;
  if (wanted === undefined) {
    if (fields === undefined || fields.length === 0) throw new StreamFlowError("SF_CONFIG_INVALID", "CSV needs columns: the fields of the records are not known", { hint: "give the encoder columns" });
    return fields;
  }
  return wanted.map((name) => {
    const field = fields?.find((candidate) => candidate.name === name);
    if (fields !== undefined && field === undefined) throw new StreamFlowError("SF_CONFIG_INVALID", `the CSV column "${name}" is no field of the records: ${fields.map((f) => f.name).join(", ")}`);
    return { name, type: field?.type };
  });
}

function cellWriter(type: DataType | undefined, options: { readonly timestamps: TimestampFormat; readonly quote: (text: string) => string }): (value: unknown) => string {
  const { timestamps, quote } = options;
  const json = jsonWriter(type, timestamps);
  const emptyText = type === undefined || type.nullable === true ? '""' : "";
  const isIso = type?.type === "timestamp" && timestamps === "iso";
  return (value) => {
    switch (typeof value) {
      case "string": return value === "" ? emptyText : quote(value);
      case "number": return quote(isIso && Number.isFinite(value) ? formatTimestamp(value) : Object.is(value, -0) ? "-0" : String(value));
      case "boolean":
      case "bigint": return quote(String(value));
      case "undefined": return "";
      case "object": break;
      default: return json(value);
    }
    if (value === null) return "";
    const text = json(value);
    // A value that is JSON text as a string (bytes, a Date) is a cell without JSON's quotes.
    return text === '""' ? emptyText : quote(text.startsWith('"') ? (JSON.parse(text) as string) : text);
  };
}
