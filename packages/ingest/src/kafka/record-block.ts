// Records of one partition as they came in one fetch, packed: no object for each of them.

/** Bytes, and where each record's lie; a start of -1: null. */
export interface PackedBytes {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Bytes that are used. */
  readonly length: number;
}

/** What is wanted of records besides their values. */
export interface WantedParts {
  readonly keys: boolean;
  readonly headers: boolean;
}

/** Consecutive records of a partition, without those that were aborted. */
export interface RecordBlock {
  readonly length: number;
  /** Offset of record `i`: `baseOffset + BigInt(deltas[i])`. */
  readonly baseOffset: bigint;
  readonly deltas: Int32Array;
  /** UTC epoch milliseconds, as the topic says: of the producer or of the broker. */
  readonly timestamps: Float64Array;
  /** Each value is followed by a line end that belongs to none, and at least 8 bytes are readable behind the last. */
  readonly values: PackedBytes;
  /** Where they are wanted. */
  readonly keys?: PackedBytes;
  /** Headers of record `i`, where they are wanted. */
  headersAt?(index: number): Readonly<Record<string, string>>;
  /** The offset behind the block: where the next fetch begins. */
  readonly nextOffset: bigint;
  /** The offset that the next record of the partition will get, as of the fetch. */
  readonly endOffset: bigint;
  /** Bytes that it holds. */
  readonly byteLength: number;
}

/** Offset of a record of a block. */
export function offsetAt(block: RecordBlock, index: number): bigint {
  return block.baseOffset + BigInt(block.deltas[index] ?? 0);
}

/** The records of a block before an offset; the block itself where all are. Undefined where none is. */
export function blockBefore(block: RecordBlock, end: bigint | undefined): RecordBlock | undefined {
  if (end === undefined || offsetAt(block, block.length - 1) < end) return block;
  let length = block.length;
  while (length > 0 && offsetAt(block, length - 1) >= end) length--;
  if (length === 0) return undefined;
  const { values } = block;
  let used = 0;
  for (let i = 0; i < length; i++) used = Math.max(used, values.ends[i]! + 1);
  return { ...block, length, values: { ...values, length: used }, nextOffset: end };
}
