// Newline-delimited JSON: one value a line.
import type { Column, DataType, Encoder, EncoderFactory, Schema } from "@streamflow/core";
import { mayGenerateCode } from "@streamflow/core";
import { fieldReader } from "../field.ts";
import { ByteBuffer } from "./byte-buffer.ts";
import { ColumnWriters, readOf } from "./column-writers.ts";
import { jsonFieldWriter, jsonWriter, type TimestampFormat } from "./json-text.ts";
import { type ColumnWriter, columnWriter, type LineCode, type PlaceCode, rowWriter, type RowWriter } from "./row-code.ts";
import { ShapeWriters } from "./shape-writers.ts";

/** Options of {@link ndjsonEncoder}. */
export interface NdjsonEncoderOptions {
  /** How fields of type timestamp are written: `iso` as "2024-01-01T00:00:00.000Z", `ms` as UTC epoch milliseconds. @defaultValue "iso" */
  readonly timestamps?: TimestampFormat;
}

/**
 * Encodes each value as a line of JSON.
 *
 * The `ndjson` decoder reads it back equal, given the same schema. int64 is a number within ±2^53 and a string of digits beyond, so that no
 * reader rounds it; NaN and the infinities are the strings "NaN", "Infinity", "-Infinity"; decimals are strings; bytes are base64; a map is an object
 * where its keys are strings, else a list of [key, value]; undefined is null.
 */
export function ndjsonEncoder(options: NdjsonEncoderOptions = {}): EncoderFactory {
  const { timestamps = "iso" } = options;
  return {
    type: "ndjson",
    create({ schema }): Encoder {
      const write = jsonWriter(schema, timestamps);
      const lines = new JsonLines(schema, timestamps);
      const isGenerated = mayGenerateCode() && lines.areOfFields;
      const shapes = isGenerated ? new ShapeWriters((names) => lines.rows(names)) : undefined;
      const forms = new ColumnWriters((columns) => lines.columns(columns));
      return {
        ...(isGenerated ? { encodeColumns: (columns, range, out) => (out instanceof ByteBuffer ? forms.write(columns, range, out) : range.from) } : {}),
        encode(value, out) {
          if (shapes !== undefined && out instanceof ByteBuffer && shapes.write(value, out)) return;
          out.text(`${write(value)}\n`);
        },
      };
    },
  };
}

/** Lines for records of known fields. Declared fields come first, in their order, then what else there is. */
class JsonLines {
  readonly #schema: Schema | undefined;
  readonly #timestamps: TimestampFormat;

  constructor(schema: Schema | undefined, timestamps: TimestampFormat) {
    this.#schema = schema;
    this.#timestamps = timestamps;
  }

  /** Whether records may have named fields. */
  get areOfFields(): boolean {
    const type = this.#schema?.type ?? "any";
    return type === "struct" || type === "any";
  }

  /** The writer for records that have exactly these fields. */
  rows(names: readonly string[]): RowWriter {
    const order = this.#order(names);
    // A declared field that is not among the names may still be there, not enumerable.
    const reads = order.map(({ name }) => (names.includes(name) ? name : fieldReader(name)));
    return rowWriter(this.#line(order), { only: names, reads });
  }

  /** The writer for records of columns. */
  columns(columns: readonly Column[]): ColumnWriter {
    const order = this.#order(columns.map(({ name }) => name));
    return columnWriter(this.#line(order), order.map(({ name }) => readOf(columns, name)));
  }

  #order(names: readonly string[]): readonly { readonly name: string; readonly type: DataType | undefined }[] {
    const declared = this.#schema?.type === "struct" ? this.#schema.fields : [];
    const known = new Set(declared.map(({ name }) => name));
    return [...declared, ...names.filter((name) => !known.has(name)).map((name) => ({ name, type: undefined }))];
  }

  #line(fields: readonly { readonly name: string; readonly type: DataType | undefined }[]): LineCode {
    const places = fields.map(({ name, type }, at): PlaceCode => ({
      before: `${at === 0 ? "{" : ","}${JSON.stringify(name)}:`,
      text: jsonFieldWriter(type, this.#timestamps),
      isInstant: type?.type === "timestamp" && this.#timestamps === "iso",
      isText: type?.type === "string" || type?.type === "decimal",
    }));
    return { places, after: "}\n" };
  }
}
