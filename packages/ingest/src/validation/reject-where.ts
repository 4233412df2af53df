// Records of a batch that are refused after they were decoded.
import { rowsOf, type Batch, type Rejected, type StreamFlowError } from "@streamflow/core";
import { pickRecords } from "../pick-records.ts";

/** Moves every record for which `problem` has an error out of a batch, with its original bytes (at most `maxBytes`), in its place. */
export function rejectWhere(batch: Batch, problem: (value: unknown) => StreamFlowError | undefined, maxBytes: number): Batch {
  const values = rowsOf(batch);
  const bad = new Map<number, Rejected>();
  for (let index = 0; index < values.length; index++) {
    const error = problem(values[index]);
    if (error === undefined) continue;
    const bytes = batch.raw?.bytes.subarray(batch.raw.starts[index], batch.raw.ends[index]) ?? textOf(values[index]);
    // A copy: the batch's bytes are used again when it is released.
    bad.set(index, { beforeIndex: index, position: batch.positionAt(index), error, raw: bytes?.slice(0, maxBytes), ...(bytes !== undefined && bytes.length > maxBytes ? { truncated: true } : {}) });
  }
  return bad.size === 0 ? batch : pickRecords(batch, bad);
}

/** A record that never was bytes, as people read it in the dead letters. */
function textOf(value: unknown): Uint8Array | undefined {
  try {
    const text = JSON.stringify(value, (_name, part: unknown) => (typeof part === "bigint" ? String(part) : part instanceof Map ? Object.fromEntries(part) : part)) as string | undefined;
    return text === undefined ? undefined : Buffer.from(text);
  } catch {
    // A circle, or a getter that throws: what is wrong is told by the error.
    return undefined;
  }
}
