// Reads record batches (format 2) where they lie: no object for each record.
// @see https://kafka.apache.org/documentation/#recordbatch
//   RB1. Of a transaction that was aborted nothing is reported, however its batches and its marker are spread over fetches; control records never are.
//   RB2. What the broker sends of a batch in part is left for the next fetch.
import { StreamFlowError } from "@streamflow/core";

/** A transaction that was aborted, as a fetch response lists it. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  /** Of its first record in the partition. */
  readonly firstOffset: bigint;
}

/** What reading needs of the client library. */
export interface RecordBatchTools {
  crc32c(bytes: Uint8Array): number;
  /** @throws for a compression that is not known */
  decompress(bytes: Uint8Array, codec: number): Uint8Array;
}

/** Told of each record, in order. The bytes are valid during the call only; a start of -1: null. */
export interface RecordVisitor {
  /** More records will come of a partition: `bytes` is about what they take. */
  reserve(bytes: number): void;
  /** Headers lie in `bytes[headersStart, …)` as the format has them: their number, then names and values, each with its length. */
  record(at: RecordPlace, bytes: Uint8Array): void;
}

/** Where the parts of a record lie. One object, used for every record. */
export interface RecordPlace {
  /** Behind the offset that was asked for. */
  offset: number;
  timestampMs: number;
  keyStart: number;
  keyEnd: number;
  valueStart: number;
  valueEnd: number;
  headersStart: number;
}

/** What is read. */
export interface RecordBatchInput {
  readonly bytes: Uint8Array;
  /** The offset that was asked for: a batch may begin before it. */
  readonly fromOffset: bigint;
  /** Absent: everything is delivered, committed or not. */
  readonly aborted?: readonly AbortedTransaction[];
}

const headerBytes = 61;
const lengthEnd = 12;
const crcStart = 17;
const crcEnd = 21;
const compressionMask = 0x07;
const logAppendTimeBit = 0x08;
const transactionalBit = 0x10;
const controlBit = 0x20;
const abortMarker = 0;

/** Reads what fetches of one partition bring, one after another. */
export class RecordBatchReader {
  readonly #tools: RecordBatchTools;
  readonly #place: RecordPlace = { offset: 0, timestampMs: 0, keyStart: -1, keyEnd: -1, valueStart: -1, valueEnd: -1, headersStart: 0 };
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(tools: RecordBatchTools) {
    this.#tools = tools;
  }

  /**
   * Reports the records of whole batches, from `fromOffset` on.
   *
   * @returns the offset behind what was read: of the next fetch.
   * @throws {@link StreamFlowError} SF_SOURCE_FAILED for bytes that are no record batches or fail their checksum
   */
  read({ bytes, fromOffset, aborted }: RecordBatchInput, visitor: RecordVisitor): bigint {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const pending = aborted === undefined ? [] : [...aborted].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
    const abortedNow = new Set<bigint>();
    let next = fromOffset;
    let at = 0;
    while (at + headerBytes <= bytes.length) {
      const baseOffset = view.getBigInt64(at);
      const end = at + lengthEnd + view.getInt32(at + 8);
      if (end > bytes.length) break;
      const magic = view.getInt8(at + 16);
      if (magic !== 2) throw damaged(`record batches of format ${magic} are not read: they are of brokers before 0.11`);
      if (end < at + headerBytes || this.#tools.crc32c(bytes.subarray(at + crcEnd, end)) >>> 0 !== view.getUint32(at + crcStart)) {
        throw damaged(`the record batch at offset ${baseOffset} fails its checksum`);
      }
      const batch: BatchHead = { view, at, end, baseOffset, attributes: view.getInt16(at + crcEnd), producerId: view.getBigInt64(at + 43) };
      const lastOffset = baseOffset + BigInt(view.getInt32(at + 23));
      while (pending.length > 0 && pending[0]!.firstOffset <= lastOffset) abortedNow.add(pending.shift()!.producerId);
      if ((batch.attributes & controlBit) !== 0) {
        if (this.#controlType(batch, bytes) === abortMarker) abortedNow.delete(batch.producerId);
      } else if ((batch.attributes & transactionalBit) === 0 || !abortedNow.has(batch.producerId)) {
        this.#records(batch, bytes, { fromOffset, visitor });
      }
      if (lastOffset >= next) next = lastOffset + 1n;
      at = end;
    }
    return next;
  }

  /** The key of a control record: its version, then its type. */
  #controlType({ view, at, end }: BatchHead, bytes: Uint8Array): number {
    this.#bytes = bytes;
    this.#at = at + headerBytes;
    this.#varint();
    this.#at++;
    this.#varlong();
    this.#varint();
    const keyLength = this.#varint();
    if (keyLength < 4 || this.#at + keyLength > end) throw damaged("a control record has no type");
    return view.getInt16(this.#at + 2);
  }

  #records({ view, at, end, baseOffset, attributes }: BatchHead, bytes: Uint8Array, to: { readonly fromOffset: bigint; readonly visitor: RecordVisitor }): void {
    const { fromOffset, visitor } = to;
    const place = this.#place;
    const codec = attributes & compressionMask;
    const content = codec === 0 ? bytes : this.#tools.decompress(bytes.subarray(at + headerBytes, end), codec);
    const contentEnd = codec === 0 ? end : content.length;
    const count = view.getInt32(at + 57);
    // With a delete horizon the base timestamp is that, and the records' are behind it all the same.
    const baseTimestamp = Number(view.getBigInt64(at + 27));
    const appendTime = (attributes & logAppendTimeBit) === 0 ? undefined : Number(view.getBigInt64(at + 35));
    const baseDelta = Number(baseOffset - fromOffset);
    visitor.reserve(contentEnd - (codec === 0 ? at + headerBytes : 0));
    this.#bytes = content;
    this.#at = codec === 0 ? at + headerBytes : 0;
    for (let i = 0; i < count; i++) {
      const recordEnd = this.#varint() + this.#at;
      this.#at++;
      const timestampDelta = this.#varlong();
      place.offset = baseDelta + this.#varint();
      place.timestampMs = appendTime ?? baseTimestamp + timestampDelta;
      const keyLength = this.#varint();
      place.keyStart = keyLength < 0 ? -1 : this.#at;
      place.keyEnd = this.#at += Math.max(0, keyLength);
      const valueLength = this.#varint();
      place.valueStart = valueLength < 0 ? -1 : this.#at;
      place.valueEnd = this.#at += Math.max(0, valueLength);
      place.headersStart = this.#at;
      if (this.#at >= recordEnd || recordEnd > contentEnd) throw damaged(`record ${i} of the batch at offset ${baseOffset} does not end where it says`);
      if (place.offset >= 0) visitor.record(place, content);
      this.#at = recordEnd;
    }
  }

  /** A signed number of at most 32 bits: seven bits a byte, the sign in the lowest. */
  #varint(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.#at++] ?? 0;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift > 28) throw damaged("a number has more than 32 bits");
      byte = bytes[this.#at++] ?? 0;
      value |= (byte & 0x7f) << shift;
    }
    return (value >>> 1) ^ -(value & 1);
  }

  /** A signed number of at most 64 bits; exact up to 2^53. */
  #varlong(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.#at++] ?? 0;
    let value = byte & 0x7f;
    for (let scale = 128; byte >= 0x80; scale *= 128) {
      if (scale > 2 ** 63) throw damaged("a number has more than 64 bits");
      byte = bytes[this.#at++] ?? 0;
      value += (byte & 0x7f) * scale;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

interface BatchHead {
  readonly view: DataView;
  readonly at: number;
  readonly end: number;
  readonly baseOffset: bigint;
  readonly attributes: number;
  readonly producerId: bigint;
}

/** The headers of a record, from where its place says. Of a name that comes twice the last one counts. */
export function readHeaders(bytes: Uint8Array, start: number): Readonly<Record<string, string>> {
  const headers: [string, string][] = [];
  let at = start;
  const number = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  };
  const text = (): string => {
    const length = Math.max(0, number());
    const from = at;
    at += length;
    return utf8.decode(bytes.subarray(from, at));
  };
  const count = number();
  for (let i = 0; i < count; i++) headers.push([text(), text()]);
  return Object.fromEntries(headers);
}

const utf8 = new TextDecoder("utf-8");

function damaged(what: string): StreamFlowError {
  return new StreamFlowError("SF_SOURCE_FAILED", what);
}
