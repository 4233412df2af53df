// Writes record batches (format 2) into one growing buffer: no object for each record.
// @see https://kafka.apache.org/documentation/#recordbatch

/** Where the parts of a record lie in `bytes`; a start of -1: null. One object may be used for every record. */
export interface RecordParts {
  bytes: Uint8Array;
  keyStart: number;
  keyEnd: number;
  valueStart: number;
  valueEnd: number;
  /** UTC epoch milliseconds. */
  timestampMs: number;
  headers: EncodedHeaders | undefined;
}

/** Headers of a record. */
export interface EncodedHeaders {
  readonly pairs: HeaderPairs;
  /** As they lie in a batch: their number, then names and values, each with its length. */
  readonly bytes: Uint8Array;
}

/** Names and values; null is a value too. */
export type HeaderPairs = readonly (readonly [name: Uint8Array, value: Uint8Array | null])[];

/** What is said of a batch when it is sent. */
export interface BatchSeal {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Number of the first record among those of the producer in the partition. */
  readonly sequence: number;
  readonly isTransactional: boolean;
  /** Compresses the records. @defaultValue they stay as they are */
  readonly compression?: BatchCompression;
}

/** A compression of the format. */
export interface BatchCompression {
  /** Its number in the attributes. */
  readonly codec: number;
  compress(bytes: Uint8Array): Uint8Array;
}

/** Bytes of a batch in front of its first record. */
export const batchHeaderBytes = 61;
const lengthEnd = 12;
const crcStart = 17;
const crcEnd = 21;
const magic = 2;
const transactionalBit = 0x10;
/** Length, attributes, both deltas, two lengths and the number of headers: at most so many bytes beside key, value and headers. */
const mostOverhead = 48;
const none = -1;

/** One record batch, as it grows. */
export class RecordBatchWriter {
  readonly #crc32c: (bytes: Uint8Array) => number;
  #area: Buffer;
  #at = batchHeaderBytes;
  #count = 0;
  #firstMs = 0;
  #mostMs = 0;

  /** @param crc32c that of the client library */
  constructor(crc32c: (bytes: Uint8Array) => number, firstBytes: number = 4096) {
    this.#crc32c = crc32c;
    this.#area = Buffer.allocUnsafeSlow(Math.max(firstBytes, batchHeaderBytes));
  }

  /** Records. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of the batch, if it is not compressed. */
  get byteLength(): number {
    return this.#at;
  }

  /** Appends a copy of a record. */
  add(record: RecordParts): void {
    const { bytes, keyStart, keyEnd, valueStart, valueEnd, timestampMs, headers } = record;
    const keyLength = keyStart < 0 ? none : keyEnd - keyStart;
    const valueLength = valueStart < 0 ? none : valueEnd - valueStart;
    if (this.#count === 0) this.#firstMs = this.#mostMs = timestampMs;
    else if (timestampMs > this.#mostMs) this.#mostMs = timestampMs;
    const deltaMs = timestampMs - this.#firstMs;
    const size = 1 + varlongSize(deltaMs) + varintSize(this.#count) + partSize(keyLength) + partSize(valueLength) + (headers?.bytes.length ?? 1);
    this.#reserve(size + mostOverhead);
    this.#varint(size);
    this.#area[this.#at++] = 0;
    this.#varlong(deltaMs);
    this.#varint(this.#count);
    this.#part(bytes, keyStart, keyLength);
    this.#part(bytes, valueStart, valueLength);
    if (headers === undefined) this.#area[this.#at++] = 0;
    else this.#copy(headers.bytes, 0, headers.bytes.length);
    this.#count++;
  }

  /** The batch, whole. It may be sealed again, after a change of who sends it. A view of this writer's buffer, unless it is compressed. */
  seal({ producerId, producerEpoch, sequence, isTransactional, compression }: BatchSeal): Uint8Array {
    const packed = compression?.compress(this.#area.subarray(batchHeaderBytes, this.#at));
    // What does not get smaller stays as it is: a record that fits then fits with every compression.
    const isPacked = packed !== undefined && packed.length < this.#at - batchHeaderBytes;
    const batch = isPacked ? Buffer.allocUnsafeSlow(batchHeaderBytes + packed.length) : this.#area.subarray(0, this.#at);
    if (isPacked) batch.set(packed, batchHeaderBytes);
    batch.writeBigInt64BE(0n, 0);
    batch.writeInt32BE(batch.length - lengthEnd, 8);
    batch.writeInt32BE(none, 12);
    batch.writeInt8(magic, 16);
    batch.writeInt16BE((isPacked ? (compression?.codec ?? 0) : 0) | (isTransactional ? transactionalBit : 0), crcEnd);
    batch.writeInt32BE(this.#count - 1, 23);
    batch.writeBigInt64BE(BigInt(this.#firstMs), 27);
    batch.writeBigInt64BE(BigInt(this.#mostMs), 35);
    batch.writeBigInt64BE(producerId, 43);
    batch.writeInt16BE(producerEpoch, 51);
    batch.writeInt32BE(sequence, 53);
    batch.writeInt32BE(this.#count, 57);
    batch.writeUInt32BE(this.#crc32c(batch.subarray(crcEnd)) >>> 0, crcStart);
    return batch;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#area.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#area.length * 2, this.#at + count));
    this.#area.copy(grown, 0, 0, this.#at);
    this.#area = grown;
  }

  #part(bytes: Uint8Array, start: number, length: number): void {
    this.#varint(length);
    if (length > 0) this.#copy(bytes, start, length);
  }

  #copy(bytes: Uint8Array, start: number, length: number): void {
    this.#reserve(length + mostOverhead);
    this.#area.set(bytes.subarray(start, start + length), this.#at);
    this.#at += length;
  }

  /** A signed number of 32 bits: seven bits a byte, the sign in the lowest. */
  #varint(value: number): void {
    const area = this.#area;
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    while (rest >= 0x80) {
      area[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    area[this.#at++] = rest;
  }

  /** The same for what needs more bits: times may lie far apart. */
  #varlong(value: number): void {
    const area = this.#area;
    let rest = zigzag(value);
    while (rest >= 0x80) {
      area[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    area[this.#at++] = rest;
  }
}

/** Headers, ready to be written with any number of records. */
export function encodeHeaders(pairs: HeaderPairs): EncodedHeaders {
  const bytes: number[] = [];
  const number = (value: number): void => {
    let rest = zigzag(value);
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
    bytes.push(rest);
  };
  number(pairs.length);
  for (const [name, value] of pairs) {
    number(name.length);
    for (const byte of name) bytes.push(byte);
    number(value === null ? none : value.length);
    for (const byte of value ?? []) bytes.push(byte);
  }
  return { pairs, bytes: Uint8Array.from(bytes) };
}

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}

function partSize(length: number): number {
  return varintSize(length) + Math.max(0, length);
}

function varintSize(value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let size = 1;
  for (; rest >= 0x80; rest >>>= 7) size++;
  return size;
}

function varlongSize(value: number): number {
  let size = 1;
  for (let rest = zigzag(value); rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}
