// Decoders turn bytes into values, encoders values into bytes.
import type { StreamFlowError } from "../errors.ts";
import type { Column } from "../record.ts";
import type { NullableNumbers } from "../types/nullable-numbers.ts";
import type { TextStore } from "../types/text-store.ts";
import type { Schema } from "../schema.ts";

/** What a plan reads of each record: field paths (`["delay"]`, `["bid", "price"]`), or everything. */
export type Projection = "all" | readonly (readonly string[])[];

/** What a decoder is made from. */
export interface DecoderOptions {
  /** The declared schema of a record, where there is one: values come out as its JavaScript values. */
  readonly schema?: Schema;
  /**
   * The fields that will be read. A decoder may leave out everything else, but must still refuse malformed records.
   * Values of left-out fields are absent, never wrong.
   */
  readonly projection: Projection;
  /** Columns are wanted rather than rows, where the decoder can (DEC-6). @defaultValue false */
  readonly columns?: boolean;
  /** Columns of strings may be given as bytes, to a TextStore. @defaultValue false */
  readonly texts?: boolean;
  /** A longer record is rejected with SF_RECORD_TOO_LARGE, without being held in memory whole. */
  readonly maxRecordBytes: number;
}

/** Where a decoder puts what it finds. `start` and `end` are byte offsets in the input of this call. */
export interface DecodeOutput {
  value(value: unknown, start: number, end: number): void;
  /** `end` is where the record ends. `raw` is the head of one that was too large to be kept: it is no longer in the input. */
  reject(error: StreamFlowError, start: number, end: number, raw?: Uint8Array): void;
}

/** A column that a decoder fills: numbers, never null, in a Float64Array; numbers and nulls in NullableNumbers; strings in a TextStore, where `texts` was asked for; anything else in an array of values. */
export interface DecodedColumn {
  readonly name: string;
  readonly form: "numbers" | "nullableNumbers" | "texts" | "values";
}

/** What the values of a column are put into. */
export type FilledColumn = Float64Array | NullableNumbers | TextStore | unknown[];

/** Where a decoder puts records as columns. What it fills directly stands at `length`, which it raises; `grow` makes room, in other arrays. */
export interface ColumnOutput extends DecodeOutput {
  /** In the order of the decoder's `columns`. */
  readonly columns: readonly FilledColumn[];
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  length: number;
  readonly capacity: number;
  grow(): void;
}

/**
 * Decodes a stream of bytes, or single messages.
 * - DEC-1. `decode(bytes, from, to, last, out)` reports every complete record in `[from, to)`, in order, and answers the offset of the first
 *   byte that it has not used; the caller presents it again with more bytes behind it. With `last`, everything is used.
 * - DEC-2. Where the input is cut between calls changes no result.
 * - DEC-3. A malformed record is rejected alone: the records around it are reported.
 * - DEC-4. Values do not refer to the input buffer afterwards.
 * - DEC-6. Where `columns` is set, `decodeColumns` takes the place of `decode`: what it fills, row by row, are the fields of the records that `decode` reports.
 * - DEC-7. Where the factory says `lineThreads`, a decoder that was restored from "" reports of any whole lines exactly what it would as a part of the whole stream.
 * - DEC-5. `snapshot()` answers what is needed to go on after the last used byte (a CSV header); `restore` takes it back.
 */
export interface Decoder {
  decode(bytes: Uint8Array, from: number, to: number, last: boolean, out: DecodeOutput): number;
  /** Set where columns were asked for, and every record has exactly these fields. */
  readonly columns?: readonly DecodedColumn[];
  decodeColumns?(bytes: Uint8Array, from: number, to: number, last: boolean, out: ColumnOutput): number;
  snapshot?(): string;
  restore?(state: string): void;
}

/** How another thread makes a decoder: what `module` exports as `name`, called with `options`, makes the same factory. */
export interface ThreadDecoder {
  readonly module: string;
  readonly name: string;
  /** Plain data. */
  readonly options: unknown;
}

/** A decoder by name, for example "ndjson". */
export interface DecoderFactory {
  readonly type: string;
  /** Set where several threads may decode one stream, each some of its lines: every record is a line, and what becomes of it depends on that line alone (DEC-7). */
  readonly lineThreads?: ThreadDecoder;
  create(options: DecoderOptions): Decoder;
}

/**
 * Encodes values.
 * - ENC-1. `encode` appends to `out` and answers nothing; a value that cannot be encoded throws SF_CODEC_ENCODE and appends nothing.
 * - ENC-2. What it writes, the decoder of the same name reads back equal (by the type table).
 * - ENC-3. `encodeColumns` appends, in order, what `encode` would for the records `[from, to)` of columns, and answers the first that it has left: `to`,
 *   or one that cannot be encoded, or that it leaves to `encode`.
 */
export interface Encoder {
  /** Bytes that open a file (a CSV header); may be empty. */
  readonly prologue?: Uint8Array;
  encode(value: unknown, out: ByteWriter): void;
  encodeColumns?(columns: readonly Column[], range: { readonly from: number; readonly to: number }, out: ByteWriter): number;
}

/** A growing buffer. */
export interface ByteWriter {
  text(text: string): void;
  bytes(bytes: Uint8Array): void;
  readonly length: number;
}

/** An encoder by name. */
export interface EncoderFactory {
  readonly type: string;
  create(options: { readonly schema?: Schema }): Encoder;
}
