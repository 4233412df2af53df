// The format csv, as pipelines name it.
import { mayGenerateCode, StreamFlowError, type DecoderFactory } from "@streamflow/core";
import { CsvDecoder } from "./decoder.ts";

/** Options of {@link csv}. */
export interface CsvOptions {
  /** One ASCII character. @defaultValue `","` */
  readonly delimiter?: string;
  /** Whether the first record names the columns. @defaultValue true */
  readonly header?: boolean;
  /** Names of the columns; with a header, instead of its names. @defaultValue the header's, else the schema's fields */
  readonly columns?: readonly string[];
  /** Whether every record is taken apart cell by cell, and none by a scanner made for its columns: the same results, several times slower. @defaultValue false */
  readonly strict?: boolean;
}

/**
 * Decodes comma-separated values. Without a schema every value is a string; with one, cells become the schema's values, and a column
 * of the schema that the header lacks is null where it may be. So is an empty cell; in quotes it is empty text, where its type is string or bytes.
 *
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID for a delimiter that is none, or where nothing names the columns.
 *   While decoding: SF_SCHEMA_INVALID for a header with doubled names, or without a required column.
 */
export function csv(options: CsvOptions = {}): DecoderFactory {
  const { delimiter = ",", header = true, columns, strict = false } = options;
  if (!/^[\t -~]$/.test(delimiter) || delimiter === '"') throw new StreamFlowError("SF_CONFIG_INVALID", `a CSV delimiter must be one ASCII character and no quote, got ${JSON.stringify(delimiter)}`);
  return { type: "csv", create: (decoder) => new CsvDecoder(decoder, { delimiter: delimiter.charCodeAt(0), header, columns, scans: !strict && mayGenerateCode() }) };
}
