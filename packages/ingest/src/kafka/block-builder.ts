// Packs the records of a fetch: values behind each other with a line end after each, so that a decoder of lines reads all of them in one go.
import type { PackedBytes, RecordBlock, WantedParts } from "./record-block.ts";

/** A record as a builder takes it: parts of `bytes`; a start of -1: null. */
export interface RecordParts {
  readonly offset: number;
  readonly timestampMs: number;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** What ends a block. */
export interface BlockEnd {
  readonly nextOffset: bigint;
  readonly endOffset: bigint;
}

/** What decoders of text may read behind the last byte. */
const margin = 8;
const lineEnd = 0x0a;

/** Bytes behind each other. */
class Packer implements PackedBytes {
  bytes: Buffer;
  starts = new Int32Array(64);
  ends = new Int32Array(64);
  length = 0;
  count = 0;

  constructor(bytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(bytes);
  }

  /** Room for so many bytes more. */
  reserve(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.length + bytes, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  add(from: Uint8Array, start: number, end: number): void {
    const at = this.count++;
    if (at === this.starts.length) this.#grow();
    if (start < 0) {
      this.starts[at] = -1;
      this.ends[at] = -1;
      return;
    }
    this.reserve(end - start + 1 + margin);
    const to = this.length;
    this.starts[at] = to;
    this.length = to + end - start;
    this.ends[at] = this.length;
    if (end - start < shortBytes) for (let i = start, j = to; i < end; i++, j++) this.bytes[j] = from[i]!;
    else this.bytes.set(start === 0 && end === from.length ? from : from.subarray(start, end), to);
    this.bytes[this.length++] = lineEnd;
  }

  #grow(): void {
    const { starts, ends } = this;
    this.starts = new Int32Array(starts.length * 2);
    this.ends = new Int32Array(ends.length * 2);
    this.starts.set(starts);
    this.ends.set(ends);
  }
}

/** Below, a loop copies faster than a call. */
const shortBytes = 48;

/** Makes one block. */
export class BlockBuilder {
  readonly #baseOffset: bigint;
  readonly #values = new Packer(1024);
  readonly #keys: Packer | undefined;
  readonly #headers: Readonly<Record<string, string>>[] | undefined;
  #deltas = new Int32Array(64);
  #timestamps = new Float64Array(64);

  /** @param baseOffset The offset that was asked for. */
  constructor(baseOffset: bigint, wanted: WantedParts) {
    this.#baseOffset = baseOffset;
    this.#keys = wanted.keys ? new Packer(256) : undefined;
    this.#headers = wanted.headers ? [] : undefined;
  }

  get wantsHeaders(): boolean {
    return this.#headers !== undefined;
  }

  reserve(bytes: number): void {
    this.#values.reserve(bytes + margin);
  }

  add(place: RecordParts, bytes: Uint8Array, headers?: Readonly<Record<string, string>>): void {
    const at = this.#values.count;
    if (at === this.#deltas.length) this.#grow();
    this.#deltas[at] = place.offset;
    this.#timestamps[at] = place.timestampMs;
    this.#values.add(bytes, place.valueStart, place.valueEnd);
    this.#keys?.add(bytes, place.keyStart, place.keyEnd);
    this.#headers?.push(headers ?? {});
  }

  /** For clients that have keys and values as buffers of their own. */
  addBuffers(record: { readonly offset: number; readonly timestampMs: number; readonly headers?: Readonly<Record<string, string>> }, key: Uint8Array | null, value: Uint8Array | null): void {
    const at = this.#values.count;
    if (at === this.#deltas.length) this.#grow();
    this.#deltas[at] = record.offset;
    this.#timestamps[at] = record.timestampMs;
    this.#values.add(value ?? none, value === null ? -1 : 0, value?.length ?? -1);
    this.#keys?.add(key ?? none, key === null ? -1 : 0, key?.length ?? -1);
    this.#headers?.push(record.headers ?? {});
  }

  /** The block; undefined where no record was added. */
  build({ nextOffset, endOffset }: BlockEnd): RecordBlock | undefined {
    const values = this.#values;
    const keys = this.#keys;
    const headers = this.#headers;
    const { count: length } = values;
    if (length === 0) return undefined;
    values.reserve(margin);
    values.bytes.fill(0, values.length, values.length + margin);
    return {
      length,
      baseOffset: this.#baseOffset,
      deltas: this.#deltas,
      timestamps: this.#timestamps.subarray(0, length),
      values,
      ...(keys === undefined ? {} : { keys }),
      ...(headers === undefined ? {} : { headersAt: (index: number) => headers[index] ?? {} }),
      nextOffset,
      endOffset,
      byteLength: values.length + (keys?.length ?? 0) + 24 * length,
    };
  }

  #grow(): void {
    const [deltas, timestamps] = [this.#deltas, this.#timestamps];
    this.#deltas = new Int32Array(deltas.length * 2);
    this.#timestamps = new Float64Array(timestamps.length * 2);
    this.#deltas.set(deltas);
    this.#timestamps.set(timestamps);
  }
}

const none = new Uint8Array(0);
