// Encodes the records of a batch: straight from their columns where encoder and batch can, else one by one.
import { type BatchFailure, type Encoder, type SinkBatch, toStreamFlowError } from "@streamflow/core";
import type { ByteBuffer } from "./byte-buffer.ts";

/** Appends every record that can be encoded; answers the others. */
export function encodeBatch(encoder: Encoder, batch: SinkBatch, out: ByteBuffer): readonly BatchFailure[] {
  const failures: BatchFailure[] = [];
  const { columns, length } = batch;
  for (let i = 0; i < length; i++) {
    if (columns !== undefined && encoder.encodeColumns !== undefined) i = encoder.encodeColumns(columns, { from: i, to: length }, out);
    if (i >= length) break;
    try {
      encoder.encode(batch.values[i], out);
    } catch (thrown) {
      failures.push({ index: i, error: toStreamFlowError(thrown, "SF_CODEC_ENCODE", "a record cannot be encoded") });
    }
  }
  return failures;
}
