// Cuts a stream of bytes into whole lines, however it arrives.
//   I1. A line longer than the bound is never held whole: its head is kept, the rest is skipped, and it is rejected where it ends.
//   I2. A byte order mark at the start of the stream is no part of the first line.
//   I3. Handlers get valid offsets into the caller's input, or into a copy whose offsets are translated for them.
import type { ColumnOutput, DecodeOutput, StreamFlowError } from "@streamflow/core";
import { LongRecord, tooLarge } from "./long-record.ts";
import { margin, textBuffer, type TextBuffer } from "./text-buffer.ts";

/** What becomes of whole lines. */
export interface LineHandler {
  readonly maxRecordBytes: number;
  /** Takes `bytes[from, to)`: whole lines, each with its newline, and `margin` readable bytes behind. */
  lines(bytes: TextBuffer, range: { readonly from: number; readonly to: number }, out: DecodeOutput): void;
}

/** One call of `Decoder.decode`. */
export interface Input {
  readonly from: number;
  readonly to: number;
  readonly last: boolean;
  readonly out: DecodeOutput;
}


export class LineSplitter {
  readonly #handler: LineHandler;
  #isStart = true;
  #long: LongRecord | undefined;
  #lastBytes: Uint8Array | undefined;
  #lastBuffer: TextBuffer | undefined;

  constructor(handler: LineHandler) {
    this.#handler = handler;
  }

  /** As `Decoder.decode`. */
  split(bytes: Uint8Array, input: Input): number {
    const buffer = this.#bufferOf(bytes);
    let from = input.from;
    if (this.#isStart) {
      const mark = markLength(buffer, from, input);
      if (mark === undefined) return from;
      from += mark;
      this.#isStart = false;
    }
    if (this.#long !== undefined) from = this.#skip(this.#long, buffer, { ...input, from });
    if (this.#long === undefined) from = this.#whole(buffer, { ...input, from });
    if (input.last) this.#isStart = true;
    return from;
  }

  /** What is needed to go on behind the bytes used so far: "" between lines. */
  snapshot(): string {
    if (this.#isStart) return "start";
    return this.#long === undefined ? "" : `long ${this.#long.size}`;
  }

  restore(state: string): void {
    this.#isStart = state === "start";
    this.#long = state.startsWith("long ") ? new LongRecord(Number(state.slice(5))) : undefined;
  }

  #whole(buffer: TextBuffer, input: Input): number {
    const { from, to, last, out } = input;
    const rest = from + buffer.subarray(from, to).lastIndexOf(0x0a) + 1;
    if (rest > from) this.#hand(buffer, { from, to: rest }, out);
    if (rest === to) return to;
    if (last) {
      this.#handCopy(buffer, { from: rest, to }, out);
      return to;
    }
    // One byte more than the bound may yet turn out to be a carriage return. What was handed on in this call has positions behind which all is well.
    if (to - rest <= this.#handler.maxRecordBytes + 1 || rest > from) return rest;
    this.#long = new LongRecord();
    this.#long.take(buffer.subarray(rest, to));
    return to;
  }

  #hand(buffer: TextBuffer, range: { from: number; to: number }, out: DecodeOutput): void {
    if (range.to + margin <= buffer.length) {
      this.#handler.lines(buffer, range, out);
      return;
    }
    // The last lines are too near the end of the memory for four-byte loads: they go through a copy.
    const near = Math.max(range.from, buffer.length - margin);
    const safe = range.from + buffer.subarray(range.from, near).lastIndexOf(0x0a) + 1;
    if (safe > range.from) this.#handler.lines(buffer, { from: range.from, to: safe }, out);
    this.#handCopy(buffer, { from: safe, to: range.to }, out);
  }

  #handCopy(buffer: TextBuffer, range: { from: number; to: number }, out: DecodeOutput): void {
    const length = range.to - range.from;
    const hasNewline = buffer[range.to - 1] === 0x0a;
    const copy = Buffer.alloc(length + 1 + margin) as unknown as TextBuffer;
    buffer.copy(copy, 0, range.from, range.to);
    if (!hasNewline) copy[length] = 0x0a;
    const lines = { from: 0, to: hasNewline ? length : length + 1 };
    if (isColumns(out)) shiftColumns(out, range.from, (relay) => this.#handler.lines(copy, lines, relay));
    else this.#handler.lines(copy, lines, shifted(out, range.from));
  }

  #skip(long: LongRecord, buffer: TextBuffer, input: Input): number {
    const { from, to, last, out } = input;
    const found = buffer.subarray(from, to).indexOf(0x0a);
    const end = found < 0 ? to : from + found;
    long.take(buffer.subarray(from, end));
    if (found < 0 && !last) return to;
    this.#long = undefined;
    out.reject(tooLarge(long.size, this.#handler.maxRecordBytes), from, end, long.head);
    return found < 0 ? to : end + 1;
  }

  #bufferOf(bytes: Uint8Array): TextBuffer {
    if (this.#lastBuffer === undefined || this.#lastBytes !== bytes) {
      this.#lastBytes = bytes;
      this.#lastBuffer = textBuffer(bytes);
    }
    return this.#lastBuffer;
  }
}

const byteOrderMark = [0xef, 0xbb, 0xbf];

/** Bytes of the byte order mark at `from`; undefined where more input is needed to tell. */
export function markLength(buffer: Uint8Array, from: number, input: { readonly to: number; readonly last: boolean }): number | undefined {
  const length = Math.min(3, input.to - from);
  for (let i = 0; i < length; i++) if (buffer[from + i] !== byteOrderMark[i]) return 0;
  if (length === 3) return 3;
  return input.last ? 0 : undefined;
}

function isColumns(out: DecodeOutput): out is ColumnOutput {
  return "columns" in out;
}

/** Has columns filled from a copy, and moves what was filled in to where the original lies. */
function shiftColumns(out: ColumnOutput, by: number, fill: (relay: ColumnOutput) => void): void {
  const before = out.length;
  fill(new UnshiftedColumns(out, by));
  for (let i = before; i < out.length; i++) {
    out.starts[i]! += by;
    out.ends[i]! += by;
  }
}

/** Columns whose records are moved later; only what is rejected is moved at once. */
class UnshiftedColumns implements ColumnOutput {
  readonly #out: ColumnOutput;
  readonly #by: number;

  constructor(out: ColumnOutput, by: number) {
    this.#out = out;
    this.#by = by;
  }

  get columns(): ColumnOutput["columns"] {
    return this.#out.columns;
  }

  get starts(): Int32Array {
    return this.#out.starts;
  }

  get ends(): Int32Array {
    return this.#out.ends;
  }

  get length(): number {
    return this.#out.length;
  }

  set length(length: number) {
    this.#out.length = length;
  }

  get capacity(): number {
    return this.#out.capacity;
  }

  grow(): void {
    this.#out.grow();
  }

  value(value: unknown, start: number, end: number): void {
    this.#out.value(value, start, end);
  }

  reject(error: StreamFlowError, start: number, end: number, raw?: Uint8Array): void {
    this.#out.reject(error, start + this.#by, end + this.#by, raw);
  }
}

function shifted(out: DecodeOutput, by: number): DecodeOutput {
  return {
    value: (value, start, end) => out.value(value, start + by, end + by),
    reject: (error, start, end, raw) => out.reject(error, start + by, end + by, raw),
  };
}
