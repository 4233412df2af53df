// Records of one partition as they came in one fetch, packed: no object for each of them.

/** Bytes, and where each record's lie; a start of -1: null. */
export interface PackedBytes {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
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
