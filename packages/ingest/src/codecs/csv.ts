// Comma-separated values: RFC 4180, with any one-byte delimiter.
//   I1. A record ends at a line end outside quotes; what it becomes does not depend on where the input is cut (DEC-2).
//   I2. A ragged, malformed, mistyped or too long record is rejected alone (DEC-3). Blank lines are skipped.
//   I3. The header is read once, and is the snapshot (DEC-5).
// Deliberately not here: other quotes, escapes by backslash, comments. @see RFC 4180, section 2
import { isUtf8 } from "node:buffer";
import { StreamFlowError, type DecodeOutput, type Decoder, type DecoderFactory, type DecoderOptions } from "@streamflow/core";
import { CsvColumns } from "./csv-columns.ts";
import { CsvScanner, CsvTail, type CsvRecord } from "./csv-scanner.ts";
import { markLength } from "./line-splitter.ts";
import { headOf, LongRecord, tooLarge } from "./long-record.ts";
import { textBuffer, type TextBuffer } from "./text-buffer.ts";

/** Options of {@link csv}. */
export interface CsvOptions {
  /** One ASCII character. @defaultValue `","` */
  readonly delimiter?: string;
  /** Whether the first record names the columns. @defaultValue true */
  readonly header?: boolean;
  /** Names of the columns; with a header, instead of its names. @defaultValue the header's, else the schema's fields */
  readonly columns?: readonly string[];
}

/**
 * Decodes comma-separated values. Without a schema every value is a string; with one, cells become the schema's values, and a column
 * of the schema that the header lacks is null where it may be. So is an empty cell; in quotes it is empty text, where its type is string or bytes.
 *
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID for a delimiter that is none, or where nothing names the columns.
 *   While decoding: SF_SCHEMA_INVALID for a header with doubled names, or without a required column.
 */
export function csv(options: CsvOptions = {}): DecoderFactory {
  const { delimiter = ",", header = true, columns } = options;
  if (!/^[\t -~]$/.test(delimiter) || delimiter === '"') throw new StreamFlowError("SF_CONFIG_INVALID", `a CSV delimiter must be one ASCII character and no quote, got ${JSON.stringify(delimiter)}`);
  return { type: "csv", create: (decoder) => new CsvDecoder(decoder, { delimiter: delimiter.charCodeAt(0), header, columns }) };
}

interface Resolved {
  readonly delimiter: number;
  readonly header: boolean;
  readonly columns: readonly string[] | undefined;
}

interface Long {
  readonly record: LongRecord;
  readonly tail: CsvTail;
}

class CsvDecoder implements Decoder {
  readonly #decoder: DecoderOptions;
  readonly #options: Resolved;
  readonly #scanner: CsvScanner;
  #isStart = true;
  #columns: CsvColumns | undefined;
  #long: Long | undefined;

  constructor(decoder: DecoderOptions, options: Resolved) {
    this.#decoder = decoder;
    this.#options = options;
    this.#scanner = new CsvScanner(options.delimiter);
    if (options.header) return;
    const names = options.columns ?? (decoder.schema?.type === "struct" ? decoder.schema.fields.map((field) => field.name) : undefined);
    if (names === undefined) throw new StreamFlowError("SF_CONFIG_INVALID", "CSV without a header needs columns, or a schema");
    this.#columns = new CsvColumns(names, decoder);
  }

  // oxlint-disable-next-line max-params -- the contract's parameters
  decode(bytes: Uint8Array, from: number, to: number, last: boolean, out: DecodeOutput): number {
    const buffer = textBuffer(bytes);
    let at = from;
    if (this.#isStart) {
      const mark = markLength(buffer, from, { to, last });
      if (mark === undefined) return from;
      at += mark;
      this.#isStart = false;
    }
    const whole = buffer.subarray(at, to);
    const isValid = isUtf8(last ? whole : whole.subarray(0, whole.lastIndexOf(0x0a) + 1));
    while (at < to) {
      const next = this.#long === undefined ? this.#record(buffer, { at, to, last, isValid, out }) : this.#skip(this.#long, buffer, { at, to, last, out });
      if (next === at) break;
      at = next;
    }
    if (last && this.#long !== undefined) this.#skip(this.#long, buffer, { at, to, last, out });
    if (last) this.#end();
    return at;
  }

  /** What follows the last byte is a new stream. */
  #end(): void {
    this.#isStart = true;
    if (this.#options.header) this.#columns = undefined;
  }

  #record(buffer: TextBuffer, input: { at: number; to: number; last: boolean; isValid: boolean; out: DecodeOutput }): number {
    const { at, to, last, out } = input;
    const record = this.#scanner.scan(buffer, { from: at, to, last });
    if (record === undefined) {
      // One byte more than the bound may yet turn out to be a carriage return.
      if (to - at <= this.#decoder.maxRecordBytes + 1) return at;
      this.#long = { record: new LongRecord(), tail: new CsvTail(this.#options.delimiter) };
      this.#long.record.take(buffer.subarray(at, to));
      this.#long.tail.find(buffer, at, to);
      return to;
    }
    if (record.end - at > this.#decoder.maxRecordBytes) out.reject(tooLarge(record.end - at, this.#decoder.maxRecordBytes), at, record.end, headOf(buffer, at, record.end));
    else if (record.end > at) this.#take(buffer, record, input);
    return record.next;
  }

  #take(buffer: TextBuffer, record: CsvRecord, input: { at: number; isValid: boolean; out: DecodeOutput }): void {
    const { at, out } = input;
    try {
      if (!input.isValid && !isUtf8(buffer.subarray(at, record.end))) throw new StreamFlowError("SF_CODEC_DECODE", "not valid UTF-8");
      if (record.problem !== undefined) throw new StreamFlowError("SF_CODEC_DECODE", record.problem);
      if (this.#columns === undefined) return this.#header(buffer, record);
      out.value(this.#columns.row(buffer, record), at, record.end);
    } catch (thrown) {
      if (!StreamFlowError.is(thrown) || this.#columns === undefined) throw thrown;
      out.reject(thrown, at, record.end);
    }
  }

  #header(buffer: TextBuffer, record: CsvRecord): void {
    const names = Array.from({ length: record.count }, (_, i) => record.text(buffer, i));
    const chosen = this.#options.columns ?? names;
    if (chosen.length !== names.length) throw new StreamFlowError("SF_CODEC_DECODE", `the CSV header has ${names.length} columns, and ${chosen.length} were named`);
    this.#columns = new CsvColumns(chosen, this.#decoder);
  }

  /** Goes on to the end of a record that is too long, and rejects it there. */
  #skip(long: Long, buffer: TextBuffer, input: { at: number; to: number; last: boolean; out: DecodeOutput }): number {
    const { at, to, last, out } = input;
    const end = long.tail.find(buffer, at, to);
    long.record.take(buffer.subarray(at, end));
    if (end === to && !last) return to;
    this.#long = undefined;
    const hint = long.tail.isOpen ? "a quoted field is not closed, and takes in all that follows it" : undefined;
    out.reject(tooLarge(long.record.size, this.#decoder.maxRecordBytes, hint), at, end, long.record.head);
    return Math.min(to, end + 1);
  }

  snapshot(): string {
    if (this.#isStart) return "";
    const long = this.#long === undefined ? {} : { size: this.#long.record.size, state: this.#long.tail.state };
    return JSON.stringify({ columns: this.#options.header ? (this.#columns?.names ?? []) : [], ...long });
  }

  restore(state: string): void {
    this.#isStart = state === "";
    this.#long = undefined;
    if (state === "") return;
    const saved = JSON.parse(state) as { columns: readonly string[]; size?: number; state?: number };
    if (this.#options.header && saved.columns.length > 0) this.#columns = new CsvColumns(saved.columns, this.#decoder);
    if (saved.size !== undefined) this.#long = { record: new LongRecord(saved.size), tail: new CsvTail(this.#options.delimiter, saved.state) };
  }
}
