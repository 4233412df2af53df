// Finds the fields of one CSV record at a time.
import type { TextBuffer } from "../text-buffer.ts";

const quote = 0x22;
const newline = 0x0a;
const carriageReturn = 0x0d;

/** The problem of a record that ends within quotes. */
export const notClosed = "a quoted field is not closed";

/** How a field is written: bare, quoted, or quoted with doubled quotes within. */
const bare = 0;
const quoted = 1;
const doubled = 2;

/** A record: its fields as ranges of bytes. Valid until the next scan. */
export interface CsvRecord {
  readonly count: number;
  /** End of the record, without its line end. */
  readonly end: number;
  /** Where the next record begins. */
  readonly next: number;
  /** Why it is no CSV record. */
  readonly problem: string | undefined;
  text(buffer: TextBuffer, field: number): string;
  isQuoted(field: number): boolean;
}

/** Reads records of any form. Fields may be quoted; a quote within an unquoted field stands for itself. */
export class RecordReader implements CsvRecord {
  count = 0;
  end = 0;
  next = 0;
  problem: string | undefined;
  readonly #delimiter: number;
  #starts: number[] = [];
  #ends: number[] = [];
  /** How each field is written. */
  #forms: number[] = [];

  constructor(delimiter: number) {
    this.#delimiter = delimiter;
  }

  /** The record at `from`; undefined where its end is not in the input yet. */
  scan(buffer: TextBuffer, range: { readonly from: number; readonly to: number; readonly last: boolean }): CsvRecord | undefined {
    const { to, last } = range;
    const delimiter = this.#delimiter;
    this.count = 0;
    this.problem = undefined;
    for (let i = range.from; ; i++) {
      const first = i;
      if (buffer[i] === quote && i < to) {
        i = this.#quoted(buffer, i, range);
        if (i < 0) return undefined;
      } else {
        while (i < to && buffer[i] !== delimiter && buffer[i] !== newline) i++;
        this.#field(first, i, bare);
      }
      if (i < to && buffer[i] === delimiter) continue;
      if (i >= to && !last) return undefined;
      return this.#finish(buffer, first, { at: i, to });
    }
  }

  #finish(buffer: TextBuffer, fieldStart: number, stop: { at: number; to: number }): CsvRecord {
    const { at, to } = stop;
    const hasReturn = at > fieldStart && buffer[at - 1] === carriageReturn;
    this.end = hasReturn ? at - 1 : at;
    this.next = Math.min(to, at + 1);
    const lastField = this.count - 1;
    if ((this.#ends[lastField] ?? 0) > this.end) this.#ends[lastField] = this.end;
    return this;
  }

  /** Reads a quoted field; answers the offset of what ends it, or -1 where that is not in the input yet. */
  #quoted(buffer: TextBuffer, from: number, range: { readonly to: number; readonly last: boolean }): number {
    const { to, last } = range;
    let form = quoted;
    let i = from + 1;
    for (;;) {
      while (i < to && buffer[i] !== quote) i++;
      if (i >= to) {
        if (!last) return -1;
        this.problem = notClosed;
        this.#field(from + 1, to, form);
        return to;
      }
      if (i + 1 < to && buffer[i + 1] === quote) {
        form = doubled;
        i += 2;
        continue;
      }
      break;
    }
    this.#field(from + 1, i, form);
    return this.#behindQuote(buffer, i + 1, to);
  }

  /** After the closing quote only a delimiter or a line end may come. */
  #behindQuote(buffer: TextBuffer, from: number, to: number): number {
    let i = from;
    while (i < to && buffer[i] !== this.#delimiter && buffer[i] !== newline) i++;
    const isReturn = i === from + 1 && buffer[from] === carriageReturn && (i === to || buffer[i] === newline);
    if (i > from && !isReturn) this.problem = "text after a closing quote";
    return i;
  }

  #field(start: number, end: number, form: number): void {
    const field = this.count++;
    this.#starts[field] = start;
    this.#ends[field] = end;
    this.#forms[field] = form;
  }

  isQuoted(field: number): boolean {
    return this.#forms[field] !== bare;
  }

  text(buffer: TextBuffer, field: number): string {
    const text = buffer.utf8Slice(this.#starts[field] ?? 0, this.#ends[field] ?? 0);
    return this.#forms[field] === doubled ? text.replaceAll('""', '"') : text;
  }
}

/** Looks for the end of a record piece by piece, by the same rules as {@link RecordReader}. */
export class CsvTail {
  /** 0: a field begins; 1: within a plain field; 2: within quotes; 3: behind a quote within quotes. */
  state: number;
  readonly #delimiter: number;

  constructor(delimiter: number, state = 0) {
    this.#delimiter = delimiter;
    this.state = state;
  }

  /** Whether what has been looked at ends within quotes. */
  get isOpen(): boolean {
    return this.state === 2;
  }

  /** The offset of the line end that ends the record, or `to`. */
  find(bytes: Uint8Array, from: number, to: number): number {
    let state = this.state;
    let i = from;
    for (; i < to; i++) {
      const byte = bytes[i];
      if (state === 2) state = byte === quote ? 3 : 2;
      else if (byte === quote && state !== 1) state = 2;
      else if (byte === this.#delimiter) state = 0;
      else if (byte === newline) break;
      else state = 1;
    }
    this.state = state;
    return i;
  }
}
