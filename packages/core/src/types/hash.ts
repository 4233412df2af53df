// The hash of keys. Frozen: key groups, and so stored state, depend on every bit of it (docs/types.md lists test vectors).
import { type CanonicalKey, canonicalKey } from "./key.ts";

const float = new Float64Array(1);
const halves = new Int32Array(float.buffer);
const encoder = new TextEncoder();
const nanHigh = 0x7ff80000;

/**
 * Hashes a key to 32 bits: MurmurHash3 x86_32 with seed 0 over the bytes of its canonical form. These are the UTF-8 bytes of a text (a lone
 * surrogate counts as U+FFFD), the 8 bytes of a number as IEEE 754 little endian (−0 as 0, NaN as 0x7ff8000000000000), the 8 bytes of an int64
 * that float64 cannot hold, or one byte: 0 for null, 1 for false, 2 for true. Equal keys have equal hashes, whatever their declared type.
 *
 * @throws {@link StreamFlowError} SF_KEY_INVALID for what cannot be a key.
 * @see Austin Appleby, MurmurHash3.cpp (public domain), MurmurHash3_x86_32
 */
export function hashKey(key: unknown): number {
  return hashCanonical(canonicalKey(key));
}

/** The hash of a key that is already in canonical form: see {@link hashKey}. */
export function hashCanonical(key: CanonicalKey): number {
  switch (typeof key) {
    case "string": return hashString(key);
    case "number": return hashNumber(key);
    case "bigint": return hashHalves(Number(BigInt.asIntN(32, key)), Number(BigInt.asIntN(32, key >> 32n)));
    case "boolean": return finish(mixTail(0, key ? 2 : 1), 1);
    default: return finish(mixTail(0, 0), 1);
  }
}

function hashNumber(key: number): number {
  if (key !== key) return hashHalves(0, nanHigh);
  float[0] = key === 0 ? 0 : key;
  return hashHalves(halves[0] ?? 0, halves[1] ?? 0);
}

function hashHalves(low: number, high: number): number {
  return finish(mixBlock(mixBlock(0, low), high), 8);
}

function hashString(text: string): number {
  const length = text.length;
  const whole = length & ~3;
  let hash = 0;
  let seen = 0;
  let i = 0;
  for (; i < whole; i += 4) {
    const a = text.charCodeAt(i);
    const b = text.charCodeAt(i + 1);
    const c = text.charCodeAt(i + 2);
    const d = text.charCodeAt(i + 3);
    seen |= a | b | c | d;
    hash = mixBlock(hash, a | (b << 8) | (c << 16) | (d << 24));
  }
  let tail = 0;
  for (let shift = 0; i < length; i++, shift += 8) {
    const unit = text.charCodeAt(i);
    seen |= unit;
    tail |= unit << shift;
  }
  if (seen > 127) return hashBytes(encoder.encode(text));
  return finish(length === whole ? hash : mixTail(hash, tail), length);
}

/** MurmurHash3 x86_32, seed 0, of bytes. */
export function hashBytes(bytes: Uint8Array): number {
  const length = bytes.length;
  const whole = length & ~3;
  let hash = 0;
  for (let i = 0; i < whole; i += 4) {
    hash = mixBlock(hash, (bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8) | ((bytes[i + 2] ?? 0) << 16) | ((bytes[i + 3] ?? 0) << 24));
  }
  let tail = 0;
  for (let i = whole, shift = 0; i < length; i++, shift += 8) tail |= (bytes[i] ?? 0) << shift;
  return finish(length === whole ? hash : mixTail(hash, tail), length);
}

/** The same of a part of some bytes, signed; eight bytes behind it are readable. */
export function hashText(bytes: DataView, start: number, end: number): number {
  const length = end - start;
  let hash = 0;
  let i = start;
  for (const whole = start + (length & ~3); i < whole; i += 4) hash = mixBlock(hash, bytes.getInt32(i, true));
  const rest = (length & 3) << 3;
  if (rest !== 0) hash = mixTail(hash, bytes.getInt32(i, true) & ((1 << rest) - 1));
  return finish(hash, length) | 0;
}

function mixTail(hash: number, block: number): number {
  let k = Math.imul(block, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  return hash ^ Math.imul(k, 0x1b873593);
}

function mixBlock(hash: number, block: number): number {
  const mixed = mixTail(hash, block);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number, length: number): number {
  let h = hash ^ length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
