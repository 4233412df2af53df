// Newline-delimited JSON: one record a line. Lines of a known layout go through the generated scanner, all others through JSON.parse.
//
//   I1. What a line becomes depends on that line alone: not on the path it took, nor on where the input was cut (DEC-2).
//   I2. A line that is not valid UTF-8, not JSON, not of the schema or too long is rejected alone (DEC-3). Blank lines are skipped.
// Deliberately not here: records that span lines.
import { isUtf8 } from "node:buffer";
import type { ColumnOutput, DataType, DecodedColumn, DecodeOutput, Decoder, DecoderFactory, DecoderOptions, StructType } from "@streamflow/core";
import { coerceJson, StreamFlowError, toStreamFlowError } from "@streamflow/core";
import { mayGenerateCode } from "@streamflow/core";
import { LineSplitter, type LineHandler } from "../line-splitter.ts";
import { headOf, tooLarge } from "../long-record.ts";
import { parseJson } from "../parse-json.ts";
import { project, wantedOf, type Wanted } from "../projection.ts";
import { margin, viewOf, type TextBuffer } from "../text-buffer.ts";
import { eachRun } from "../text-runs.ts";
import { isNumber, narrowed, parseTyped } from "../typed-record.ts";
import { LayoutLearner } from "./layout.ts";
import { rowCode, type RowPlan } from "./row-code.ts";
import { compileScanner, type Scan, type ScanHost } from "./scanner.ts";
import { NestedText, ValueReader } from "./value-reader.ts";

/** Options of {@link ndjson}. */
export interface NdjsonOptions {
  /**
   * Whether every record is parsed whole by JSON.parse, and none by a scanner made for its layout. The results are the same, and several
   * times slower: it is there to rule the scanner out. A process that allows no code from strings is always strict. @defaultValue false
   */
  readonly strict?: boolean;
}

/**
 * Decodes newline-delimited JSON.
 *
 * Without a schema a record is what JSON.parse gives, cut to the fields that the plan reads. With one it has exactly the schema's fields that
 * the plan reads, as typed values. Fields that nobody reads are checked to be JSON, and not against the schema.
 */
export function ndjson(options: NdjsonOptions = {}): DecoderFactory {
  return { type: "ndjson", lineThreads: { module: import.meta.url, name: "ndjson", options }, create: (decoder) => new NdjsonDecoder(decoder, options.strict !== true && mayGenerateCode()) };
}

class NdjsonDecoder implements Decoder, LineHandler, ScanHost {
  readonly maxRecordBytes: number;
  readonly reader: ValueReader;
  readonly calls: ((value: unknown) => unknown)[] = [];
  readonly hits: number[] = [];
  isAscii = true;
  rare: Scan | undefined;
  scanners: ReadonlyMap<string, Scan> = new Map();
  readonly #wanted: Wanted;
  readonly #schema: DataType | undefined;
  readonly #plan: RowPlan | undefined;
  readonly #learner: LayoutLearner | undefined;
  readonly #splitter = new LineSplitter(this);
  readonly columns?: readonly DecodedColumn[];
  #scan: Scan | undefined;
  #bytes: TextBuffer = empty;
  #view: DataView = viewOf(empty);
  #out: DecodeOutput = nowhere;
  #isValid = true;

  constructor(options: DecoderOptions, generate: boolean) {
    this.maxRecordBytes = options.maxRecordBytes;
    this.#wanted = wantedOf(options.projection);
    this.#schema = options.schema === undefined ? undefined : narrowed(options.schema, this.#wanted);
    this.reader = new ValueReader(empty, viewOf(empty));
    if (!generate || (this.#schema !== undefined && this.#schema.type !== "struct")) return;
    this.#plan = { wanted: this.#wanted, schema: this.#schema as StructType | undefined, convert: convertQuietly };
    if (options.columns === true && this.#plan.schema !== undefined && this.#plan.schema.fields.length > 0) {
      this.columns = this.#plan.schema.fields.map(({ name, type }) => ({ name, form: formOf(type, options) }));
    }
    this.#learner = new LayoutLearner(this.#schema === undefined ? () => true : (path) => isTakenApart(this.#schema, path));
  }

  // oxlint-disable-next-line max-params -- the contract's parameters
  decode(bytes: Uint8Array, from: number, to: number, last: boolean, out: DecodeOutput): number {
    return this.#splitter.split(bytes, { from, to, last, out });
  }

  // oxlint-disable-next-line max-params -- the contract's parameters
  decodeColumns(bytes: Uint8Array, from: number, to: number, last: boolean, out: ColumnOutput): number {
    return this.#splitter.split(bytes, { from, to, last, out });
  }

  snapshot(): string {
    return this.#splitter.snapshot();
  }

  restore(state: string): void {
    this.#splitter.restore(state);
  }

  /** @internal Called by the splitter with whole lines and a margin behind them. */
  lines(bytes: TextBuffer, range: { from: number; to: number }, out: DecodeOutput): void {
    this.#bytes = bytes;
    this.#out = out;
    this.#view = viewOf(bytes);
    this.reader.use(bytes, this.#view);
    eachRun(bytes, range, (from, to, encoding) => {
      this.isAscii = encoding === "ascii";
      this.#isValid = encoding !== "invalid";
      this.#run(from, to);
    });
    this.#bytes = empty;
    this.#out = nowhere;
  }

  #run(from: number, to: number): void {
    if (this.#scan === undefined || !this.#isValid) this.#oddLines(from, to);
    else this.#scanLines(from, to);
    this.#respecialise();
  }

  #scanLines(from: number, to: number): void {
    this.hits.fill(0);
    for (let at = from; at < to && this.#scan !== undefined; ) at = this.#scan(this.#bytes, this.#view, at, to, this.#out);
    this.#learner?.credit(this.hits);
  }

  #oddLines(from: number, to: number): void {
    for (let start = from; start < to; ) {
      const end = this.#bytes.indexOf(0x0a, start);
      this.odd(start, end);
      start = end + 1;
      // The first lines teach the layout, the rest of the input already profits.
      if (this.#scan === undefined && this.#isValid && this.#respecialise()) return this.#scanLines(start, to);
    }
  }

  #respecialise(): boolean {
    const layouts = this.#learner?.choose();
    const plan = this.#plan;
    if (layouts === undefined || plan === undefined) return false;
    this.calls.length = 0;
    this.hits.length = 0;
    const known = layouts.flatMap((layout, index) => {
      const row = rowCode(plan, layout, { index, calls: this.calls });
      this.hits.push(0);
      return row === undefined ? [] : [{ index, share: layout.share, layout, row }];
    });
    this.#scan = known.length === 0 ? undefined : compileScanner(known, this, { maxRecordBytes: this.maxRecordBytes, columns: (this.columns ?? []).map(({ form }) => form) });
    return this.#scan !== undefined;
  }

  /** @internal A line that the scanner did not take. */
  odd(start: number, newline: number): void {
    const bytes = this.#bytes;
    const end = newline > start && bytes[newline - 1] === 0x0d ? newline - 1 : newline;
    if (end - start > this.maxRecordBytes) {
      this.#out.reject(tooLarge(end - start, this.maxRecordBytes), start, end, headOf(bytes, start, end));
      return;
    }
    if (isBlank(bytes, start, end)) return;
    let value: unknown;
    try {
      value = this.#parse(start, end);
      this.#learner?.observe(bytes.subarray(start, newline));
    } catch (thrown) {
      this.#out.reject(toStreamFlowError(thrown, "SF_CODEC_DECODE", "not JSON"), start, end);
      return;
    }
    this.#out.value(value, start, end);
  }

  #parse(start: number, end: number): unknown {
    if (!this.#isValid && !isUtf8(this.#bytes.subarray(start, end))) throw new StreamFlowError("SF_CODEC_DECODE", "not valid UTF-8");
    const text = this.#bytes.utf8Slice(start, end);
    return this.#schema === undefined ? project(parseJson(text), this.#wanted) : parseTyped(text, this.#schema);
  }
}

function isTakenApart(schema: DataType | undefined, path: readonly string[]): boolean {
  let type = schema;
  for (const name of path) {
    // Below what nobody reads, and below what is any JSON, objects may be taken apart.
    if (type === undefined || type.type === "any") return true;
    if (type.type !== "struct") return false;
    type = type.fields.find((field) => field.name === name)?.type;
  }
  return type === undefined || type.type === "any" || type.type === "struct";
}

function formOf(type: DataType, { texts }: DecoderOptions): DecodedColumn["form"] {
  if (isNumber(type)) return type.nullable === true ? "nullableNumbers" : "numbers";
  return type.type === "string" && texts === true ? "texts" : "values";
}

function convertQuietly(value: unknown, type: DataType): unknown {
  try {
    return value instanceof NestedText ? parseTyped(value.text, type) : coerceJson(value, type);
  } catch {
    return undefined;
  }
}

function isBlank(bytes: TextBuffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== 0x20 && bytes[i] !== 0x09 && bytes[i] !== 0x0d) return false;
  return true;
}

const empty = Buffer.alloc(margin) as unknown as TextBuffer;
const nowhere: DecodeOutput = { value: () => undefined, reject: () => undefined };
