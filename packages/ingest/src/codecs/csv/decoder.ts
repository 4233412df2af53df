// Comma-separated values: RFC 4180, with any one-byte delimiter.
//   I1. A record ends at a line end outside quotes; what it becomes does not depend on where the input is cut (DEC-2).
//   I2. A ragged, malformed, mistyped or too long record is rejected alone (DEC-3). Blank lines are skipped.
//   I3. The header is read once, and is the snapshot (DEC-5).
// Deliberately not here: other quotes, escapes by backslash, comments. @see RFC 4180, section 2
import { isUtf8 } from "node:buffer";
import { StreamFlowError, type ColumnOutput, type DataType, type DecodedColumn, type DecodeOutput, type Decoder, type DecoderOptions } from "@streamflow/core";
import { compileCsvScanner, isScannable, type CsvScan, type CsvScanHost } from "./scanner.ts";
import { CsvColumns, valueOf } from "./columns.ts";
import { CsvTail, notClosed, RecordReader, type CsvRecord } from "./record-reader.ts";
import { markLength } from "../line-splitter.ts";
import { headOf, LongRecord, tooLarge } from "../long-record.ts";
import { wantedOf } from "../projection.ts";
import { margin, textBuffer, viewOf, type TextBuffer } from "../text-buffer.ts";
import { eachRun } from "../text-runs.ts";
import { isNumber, narrowed } from "../typed-record.ts";

/** How CSV is to be read: its options with their defaults. */
export interface CsvReading {
  readonly delimiter: number;
  readonly header: boolean;
  readonly columns: readonly string[] | undefined;
  readonly scans: boolean;
}

/** One call of `decode`. */
interface Input {
  readonly from: number;
  readonly to: number;
  readonly last: boolean;
  readonly out: DecodeOutput;
}

interface Long {
  readonly record: LongRecord;
  readonly tail: CsvTail;
}

/** Decodes one stream. */
export class CsvDecoder implements Decoder, CsvScanHost {
  readonly columns?: readonly DecodedColumn[];
  isAscii = true;
  value: unknown = undefined;
  readonly #decoder: DecoderOptions;
  readonly #options: CsvReading;
  readonly #reader: RecordReader;
  #isStart = true;
  #known: CsvColumns | undefined;
  #scan: CsvScan | undefined;
  #long: Long | undefined;
  #bytes: TextBuffer = nothing;
  #input: Input = { from: 0, to: 0, last: false, out: { value: () => undefined, reject: () => undefined } };

  constructor(decoder: DecoderOptions, options: CsvReading) {
    this.#decoder = decoder;
    this.#options = options;
    this.#reader = new RecordReader(options.delimiter);
    const fields = options.scans && decoder.columns === true ? fieldsOf(decoder) : [];
    if (fields.length > 0) this.columns = fields.map(({ name, type }) => ({ name, form: isNumber(type) && type.nullable !== true ? "numbers" : "values" }));
    if (options.header) return;
    const names = options.columns ?? (decoder.schema?.type === "struct" ? decoder.schema.fields.map((field) => field.name) : undefined);
    if (names === undefined) throw new StreamFlowError("SF_CONFIG_INVALID", "CSV without a header needs columns, or a schema");
    this.#know(names);
  }

  // oxlint-disable-next-line max-params -- the contract's parameters
  decode(bytes: Uint8Array, from: number, to: number, last: boolean, out: DecodeOutput): number {
    return this.#decode(bytes, { from, to, last, out });
  }

  // oxlint-disable-next-line max-params -- the contract's parameters
  decodeColumns(bytes: Uint8Array, from: number, to: number, last: boolean, out: ColumnOutput): number {
    return this.#decode(bytes, { from, to, last, out });
  }

  #decode(bytes: Uint8Array, input: Input): number {
    const { from, to, last } = input;
    const buffer = textBuffer(bytes);
    let at = from;
    if (this.#isStart) {
      const mark = markLength(buffer, from, input);
      if (mark === undefined) return from;
      at += mark;
      this.#isStart = false;
    }
    this.#bytes = buffer;
    this.#input = { ...input, from: at };
    at = this.#records(at);
    this.#bytes = nothing;
    if (last && this.#long !== undefined) this.#skip(this.#long, to);
    if (last) this.#end();
    return at;
  }

  #records(from: number): number {
    const { to } = this.#input;
    let at = from;
    while (at < to) {
      // The header and the rest of a record that is too long come first; then what is whole lines.
      const isReady = this.#scan !== undefined && this.#long === undefined;
      const scanned = isReady ? this.#scanLines(at) : at;
      const next = scanned < to ? this.#next(scanned) : scanned;
      if (next === scanned && scanned < to) return scanned;
      at = next;
    }
    return at;
  }

  #next(at: number): number {
    return this.#long === undefined ? this.odd(at) : this.#skip(this.#long, at);
  }

  /** Has the scanner read the lines that are whole; answers where it stopped: at a record without its end, at the end, or so near to it that four bytes cannot be loaded. */
  #scanLines(from: number): number {
    const bytes = this.#bytes;
    const out = this.#input.out;
    const to = from + bytes.subarray(from, Math.max(from, Math.min(this.#input.to, bytes.length - margin))).lastIndexOf(0x0a) + 1;
    const view = viewOf(bytes);
    let at = from;
    let isStuck = to === from;
    if (isStuck) return from;
    eachRun(bytes, { from, to }, (_, runEnd, encoding) => {
      if (isStuck || at >= runEnd) return;
      this.isAscii = encoding === "ascii";
      at = encoding === "invalid" ? this.#oddLines(at, runEnd) : (this.#scan?.(bytes, view, { from: at, to: runEnd }, out) ?? at);
      isStuck = at < runEnd || this.#long !== undefined;
    });
    return at;
  }

  #oddLines(from: number, to: number): number {
    let at = from;
    for (let next = from; at < to; at = next) {
      next = this.odd(at);
      if (next === at) break;
    }
    return at;
  }

  /** What follows the last byte is a new stream. */
  #end(): void {
    this.#isStart = true;
    if (!this.#options.header) return;
    this.#known = undefined;
    this.#scan = undefined;
  }

  #know(names: readonly string[]): void {
    const known = new CsvColumns(names, this.#decoder);
    const { delimiter, scans } = this.#options;
    const plan = { targets: known.targets, width: names.length, delimiter, maxRecordBytes: this.#decoder.maxRecordBytes, columns: this.columns !== undefined };
    this.#known = known;
    this.#scan = scans && isScannable(plan) ? compileCsvScanner(plan, this) : undefined;
  }

  /** @internal Takes the record at `at`, whatever it is like; answers where the next one begins, or `at` where its end is not in the input yet. */
  odd(at: number): number {
    const { from, to, last, out } = this.#input;
    const buffer = this.#bytes;
    const { maxRecordBytes } = this.#decoder;
    const record = this.#reader.scan(buffer, { from: at, to, last });
    if (record === undefined) {
      // One byte more than the bound may yet turn out to be a carriage return. What was read before it in this call has positions behind which all is well.
      if (to - at <= maxRecordBytes + 1 || at > from) return at;
      this.#long = { record: new LongRecord(), tail: new CsvTail(this.#options.delimiter) };
      this.#long.record.take(buffer.subarray(at, to));
      this.#long.tail.find(buffer, at, to);
      return to;
    }
    if (record.end - at > maxRecordBytes) out.reject(tooLarge(record.end - at, maxRecordBytes, openHint(record.problem === notClosed)), at, record.end, headOf(buffer, at, record.end));
    else if (record.end > at) this.#take(record, at);
    return record.next;
  }

  #take(record: CsvRecord, at: number): void {
    const buffer = this.#bytes;
    const { out } = this.#input;
    try {
      if (!isUtf8(buffer.subarray(at, record.end))) throw new StreamFlowError("SF_CODEC_DECODE", "not valid UTF-8");
      if (record.problem !== undefined) throw new StreamFlowError("SF_CODEC_DECODE", record.problem);
      if (this.#known === undefined) return this.#header(record);
      out.value(this.#known.row(buffer, record), at, record.end);
    } catch (thrown) {
      if (!StreamFlowError.is(thrown) || this.#known === undefined) throw thrown;
      out.reject(thrown, at, record.end);
    }
  }

  /** @internal Called by the scanner: one cell, of any form but one with a quote or a line end in quotes. */
  cell(start: number, target: number): number {
    const bytes = this.#bytes;
    const isQuoted = bytes[start] === 0x22;
    const stop = isQuoted ? 0x22 : this.#options.delimiter;
    const first = isQuoted ? start + 1 : start;
    let end = first;
    while (bytes[end] !== stop && bytes[end] !== 0x0a) end++;
    if (isQuoted && bytes[end] === 0x0a) return -1;
    const hasReturn = !isQuoted && bytes[end] === 0x0a && end > first && bytes[end - 1] === 0x0d;
    this.value = this.convert(target, bytes.utf8Slice(first, hasReturn ? end - 1 : end), isQuoted);
    return this.value === undefined ? -1 : isQuoted ? end + 1 : end;
  }

  /** @internal Called by the scanner. */
  convert(target: number, text: string, isQuoted: boolean): unknown {
    try {
      return valueOf(this.#known!.targets[target]!, text, isQuoted);
    } catch {
      return undefined;
    }
  }

  #header(record: CsvRecord): void {
    const names = Array.from({ length: record.count }, (_, i) => record.text(this.#bytes, i));
    const chosen = this.#options.columns ?? names;
    if (chosen.length !== names.length) throw new StreamFlowError("SF_CODEC_DECODE", `the CSV header has ${names.length} columns, and ${chosen.length} were named`);
    this.#know(chosen);
  }

  /** Goes on to the end of a record that is too long, and rejects it there. */
  #skip(long: Long, at: number): number {
    const buffer = this.#bytes;
    const { to, last, out } = this.#input;
    const end = long.tail.find(buffer, at, to);
    long.record.take(buffer.subarray(at, end));
    if (end === to && !last) return to;
    this.#long = undefined;
    out.reject(tooLarge(long.record.size, this.#decoder.maxRecordBytes, openHint(long.tail.isOpen)), at, end, long.record.head);
    return Math.min(to, end + 1);
  }

  snapshot(): string {
    if (this.#isStart) return "";
    const long = this.#long === undefined ? {} : { size: this.#long.record.size, state: this.#long.tail.state };
    return JSON.stringify({ columns: this.#options.header ? (this.#known?.names ?? []) : [], ...long });
  }

  restore(state: string): void {
    this.#isStart = state === "";
    this.#long = undefined;
    if (state === "") return;
    const saved = JSON.parse(state) as { columns: readonly string[]; size?: number; state?: number };
    if (this.#options.header && saved.columns.length > 0) this.#know(saved.columns);
    if (saved.size !== undefined) this.#long = { record: new LongRecord(saved.size), tail: new CsvTail(this.#options.delimiter, saved.state) };
  }
}

/** Of a snapshot what holds for every record: the columns, and not what it had left unfinished. */
export function columnsAlone(state: string): string {
  return state === "" ? "" : JSON.stringify({ columns: (JSON.parse(state) as { readonly columns: readonly string[] }).columns });
}

const nothing = Buffer.alloc(0) as unknown as TextBuffer;

function openHint(isOpen: boolean): string | undefined {
  return isOpen ? `${notClosed}, and takes in all that follows it` : undefined;
}

/** The fields that every record has. */
function fieldsOf({ schema, projection }: DecoderOptions): readonly { readonly name: string; readonly type: DataType }[] {
  const wanted = schema === undefined ? undefined : narrowed(schema, wantedOf(projection));
  return wanted?.type === "struct" ? wanted.fields : [];
}
