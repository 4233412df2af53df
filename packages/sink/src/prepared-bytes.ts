// The bytes that `prepare` answers: what a connector needs to publish an epoch, with a checksum, since another version may read them much later.
import { crc32 } from "node:zlib";
import { StreamFlowError } from "@streamflow/core";

const format = 1;
const headerBytes = 5;

/** Wraps a body: format, CRC-32 of the body, body. */
export function sealEnvelope(body: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(headerBytes + body.length);
  sealed[0] = format;
  new DataView(sealed.buffer).setUint32(1, crc32(body), true);
  sealed.set(body, headerBytes);
  return sealed;
}

/**
 * Answers the body.
 * @throws {@link StreamFlowError} SF_STATE_CORRUPT where it was damaged, SF_STATE_INCOMPATIBLE where a newer version wrote it.
 */
export function openEnvelope(sealed: Uint8Array, name: string): Uint8Array {
  if (sealed.length < headerBytes) throw new StreamFlowError("SF_STATE_CORRUPT", `${name}: a prepared epoch of ${sealed.length} bytes is too short`);
  if (sealed[0] !== format) throw new StreamFlowError("SF_STATE_INCOMPATIBLE", `${name}: a prepared epoch has format ${sealed[0]}; this version reads format ${format}`);
  const body = sealed.subarray(headerBytes);
  const expected = new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength).getUint32(1, true);
  if (crc32(body) !== expected) throw new StreamFlowError("SF_STATE_CORRUPT", `${name}: a prepared epoch fails its checksum`);
  return body;
}

/** Plain data as a body. */
export function jsonBody(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** Plain data from a body that `jsonBody` made; the checksum has vouched for it. */
export function parseBody(body: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(body));
}
