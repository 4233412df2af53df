// Turns a stretch of bytes into a batch: what every source of bytes does with a decoder.
import { StreamFlowError, type Batch, type Column, type DecodeOutput, type Decoder, type Position, type Rejected } from "@streamflow/core";
import type { SizedBatch } from "../batch-cutter.ts";
import { ColumnStore } from "./column-store.ts";

/** Where the bytes of a stream lie in the stream, and what a place in it is called. */
export interface Stretch {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  /** No bytes follow. */
  readonly last: boolean;
  /** Offset in the stream of `bytes[0]`; may be negative where that byte is no part of it. */
  readonly base: number;
}

/** Options of {@link BatchDecoder}. */
export interface BatchDecoderOptions {
  readonly decoder: Decoder;
  readonly partition: string;
  /** Whether records end at a line end, which belongs to none of them. */
  readonly isText: boolean;
  readonly maxRejectedBytes: number;
  /** The position at an offset in the stream. `snapshot` is the decoder's. */
  readonly position: (offset: number, snapshot: string) => Position;
}

/** What a stretch gave. */
export interface Decoded {
  /** Absent where nothing was complete. */
  readonly batch: SizedBatch | undefined;
  /** The first byte that was not used. */
  readonly used: number;
}

/** A line that is no record. */
export interface RefusedLine {
  readonly beforeIndex: number;
  readonly start: number;
  readonly end: number;
}

/** Records that another thread has decoded, and the lines among them that are none. */
export interface DecodedRecords {
  readonly columns: readonly Column[];
  readonly length: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly refused: readonly RefusedLine[];
}

const firstRecords = 1_024;
const maxFreeStores = 4;

/** The records of a batch. */
interface Content {
  readonly values?: readonly unknown[];
  readonly columns?: readonly Column[];
  readonly length: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Decodes stretch after stretch of one stream. */
export class BatchDecoder implements DecodeOutput {
  readonly #options: BatchDecoderOptions;
  #stretch: Stretch = { bytes: new Uint8Array(0), from: 0, to: 0, last: false, base: 0 };
  #values: unknown[] = [];
  /** Where records start and end; as long as the stretch before had records, and longer when that is not enough. */
  #starts = new Int32Array(firstRecords);
  #ends = new Int32Array(firstRecords);
  #rejected: Rejected[] = [];
  #columns: ColumnStore | undefined;
  #lastEnd = -1;
  #snapshot: string | undefined;
  /** Stores that no batch uses now. */
  readonly #free: ColumnStore[] = [];

  constructor(options: BatchDecoderOptions) {
    this.#options = options;
  }

  /** Decodes; the batch's raw records are views on the bytes, and `release` is what frees them. */
  decode(stretch: Stretch, release?: () => void): Decoded {
    if (this.#options.decoder.columns !== undefined) return this.#decodeColumns(stretch, release);
    this.#stretch = stretch;
    this.#values = [];
    this.#starts = new Int32Array(this.#starts.length);
    this.#ends = new Int32Array(this.#ends.length);
    this.#rejected = [];
    this.#lastEnd = -1;
    this.#snapshot = undefined;
    const used = this.#options.decoder.decode(stretch.bytes, stretch.from, stretch.to, stretch.last, this);
    return { batch: this.#lastEnd < 0 ? undefined : this.#batch(stretch, release), used };
  }

  #decodeColumns(stretch: Stretch, release: (() => void) | undefined): Decoded {
    const { decoder } = this.#options;
    const store = this.#free.pop() ?? new ColumnStore(decoder.columns ?? [], this);
    store.clear();
    this.#stretch = stretch;
    this.#columns = store;
    this.#rejected = [];
    this.#lastEnd = -1;
    this.#snapshot = undefined;
    const used = this.#fill(store, stretch);
    const { length } = store;
    if (length > 0) this.#lastEnd = Math.max(this.#lastEnd, store.ends[length - 1] ?? 0);
    this.#columns = undefined;
    if (this.#lastEnd < 0) return { batch: undefined, used };
    const free = (): void => {
      if (this.#free.length < maxFreeStores) this.#free.push(store);
      release?.();
    };
    const content = { columns: store.taken(), length, starts: store.starts.subarray(0, length), ends: store.ends.subarray(0, length) };
    return { batch: this.#batchOf(content, stretch, free), used };
  }

  /** Whole lines first: what the decoder needs to go on behind them is part of their positions, and not what it makes of a line that is unfinished. */
  #fill(store: ColumnStore, { bytes, from, to, last }: Stretch): number {
    const whole = this.#options.isText ? bytes.subarray(0, to).lastIndexOf(0x0a) + 1 : to;
    let used = from;
    if (whole > from && whole < to) {
      used = this.#fillPart(store, { bytes, from, to: whole, last: false });
      if (store.length > 0) this.#snapshot ??= this.#options.decoder.snapshot?.() ?? "";
    }
    const before = last ? this.#options.decoder.snapshot?.() : undefined;
    used = this.#fillPart(store, { bytes, from: used, to, last });
    this.#snapshot ??= before ?? this.#options.decoder.snapshot?.() ?? "";
    return used;
  }

  #fillPart(store: ColumnStore, { bytes, from, to, last }: Omit<Stretch, "base">): number {
    return this.#options.decoder.decodeColumns?.(bytes, from, to, last, store) ?? from;
  }

  /** The batch of records that another thread has decoded, from whole lines of the same bytes. What it refused is decoded here: for why. */
  adopt(stretch: Stretch, records: DecodedRecords, release?: () => void): SizedBatch | undefined {
    const { columns, length, starts, ends, refused } = records;
    this.#stretch = stretch;
    this.#rejected = [];
    this.#lastEnd = length > 0 ? ends[length - 1]! : -1;
    this.#snapshot = "";
    for (const line of refused) this.#refuse(line);
    return this.#lastEnd < 0 ? undefined : this.#batchOf({ columns, length, starts, ends }, stretch, release);
  }

  #refuse({ beforeIndex, start, end }: RefusedLine): void {
    const { decoder } = this.#options;
    const { bytes, to } = this.#stretch;
    const known = this.#rejected.length;
    const lastEnd = Math.max(this.#lastEnd, end);
    const store = new ColumnStore(decoder.columns ?? [], { value: () => undefined, reject: (error, from, behind, raw) => this.#reject({ error, start: from, end: behind, beforeIndex }, raw) });
    decoder.restore?.("");
    decoder.decodeColumns?.(bytes, start, bytes.subarray(0, to).indexOf(0x0a, end) + 1, false, store);
    this.#lastEnd = lastEnd;
    if (this.#rejected.length !== known + 1) throw new StreamFlowError("SF_INTERNAL", `a decoder of type "${decoder.constructor.name}" refuses a line in one thread, and takes it in another`);
  }

  value(value: unknown, start: number, end: number): void {
    if (this.#snapshot === undefined) this.#snapshot = this.#options.decoder.snapshot?.() ?? "";
    const at = this.#values.push(value) - 1;
    if (at >= this.#starts.length) this.#grow();
    this.#starts[at] = start;
    this.#ends[at] = end;
    this.#lastEnd = end;
  }

  reject(error: StreamFlowError, start: number, end: number, raw?: Uint8Array): void {
    if (this.#snapshot === undefined) this.#snapshot = this.#options.decoder.snapshot?.() ?? "";
    this.#reject({ error, start, end, beforeIndex: this.#columns?.length ?? this.#values.length }, raw);
  }

  #reject({ error, start, end, beforeIndex }: RefusedLine & { readonly error: StreamFlowError }, raw: Uint8Array | undefined): void {
    const most = this.#options.maxRejectedBytes;
    const kept = (raw ?? this.#stretch.bytes.subarray(start, end)).slice(0, most);
    const size = raw === undefined ? end - start : Number(error.context?.["bytes"] ?? Infinity);
    this.#rejected.push({
      beforeIndex,
      position: this.#position(end),
      error,
      raw: kept,
      ...(kept.length < size ? { truncated: true } : {}),
    });
    this.#lastEnd = end;
  }

  #grow(): void {
    const [starts, ends] = [this.#starts, this.#ends];
    this.#starts = new Int32Array(starts.length * 2);
    this.#ends = new Int32Array(ends.length * 2);
    this.#starts.set(starts);
    this.#ends.set(ends);
  }

  #batch(stretch: Stretch, release: (() => void) | undefined): SizedBatch {
    const { length } = this.#values;
    return this.#batchOf({ values: this.#values, length, starts: this.#starts.subarray(0, length), ends: this.#ends.subarray(0, length) }, stretch, release);
  }

  #batchOf({ values, columns, length, starts, ends }: Content, stretch: Stretch, release: (() => void) | undefined): SizedBatch {
    const { isText, partition, position } = this.#options;
    const snapshot = this.#snapshot ?? "";
    const batch: Batch = {
      partition,
      length,
      ...(values === undefined ? { columns: columns ?? [] } : { values }),
      raw: { bytes: stretch.bytes, starts, ends },
      endPosition: this.#position(this.#lastEnd),
      byteLength: Math.max(1, this.#lastEnd - stretch.from),
      positionAt: (index) => position(stretch.base + behind(stretch, ends[index] ?? 0, isText), snapshot),
    };
    return {
      ...batch,
      ...(this.#rejected.length === 0 ? {} : { rejected: this.#rejected }),
      ...(release === undefined ? {} : { release: once(release) }),
    };
  }

  #position(end: number): Position {
    const { isText, position } = this.#options;
    return position(this.#stretch.base + behind(this.#stretch, end, isText), this.#snapshot ?? "");
  }
}

/** Where the next record begins: behind the line end, if there is one. */
function behind(stretch: Stretch, end: number, isText: boolean): number {
  if (!isText || end >= stretch.to) return end;
  const at = stretch.bytes[end] === 0x0d ? end + 1 : end;
  if (at === stretch.to && stretch.last) return at;
  return at < stretch.to && stretch.bytes[at] === 0x0a ? at + 1 : end;
}

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    run();
  };
}
