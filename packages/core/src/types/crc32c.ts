// CRC-32C (Castagnoli), the checksum of everything that is stored.

const polynomial = 0x82f63b78;
const tables = makeTables();

/** Sixteen tables of 256 entries in one array: table `k` holds the checksum of a byte that is followed by `k` zero bytes. */
function makeTables(): Int32Array {
  const made = new Int32Array(16 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    made[byte] = value;
  }
  for (let at = 256; at < made.length; at++) {
    const shorter = made[at - 256] as number;
    made[at] = (shorter >>> 8) ^ (made[shorter & 255] as number);
  }
  return made;
}

/**
 * Computes the CRC-32C of bytes, as an unsigned 32-bit number.
 *
 * @param previous the checksum of the bytes before these, to go on from it
 * @example
 * ```ts
 * crc32c(new TextEncoder().encode("123456789")).toString(16); // => "e3069283"
 * ```
 * @see RFC 3720, appendix B.4, for the polynomial and test vectors; Kounavis and Berry, "A Systematic Approach to Building
 * High Performance, Software-based, CRC Generators" (2005), for the tables that take several bytes at a time
 */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  let crc = ~previous;
  let at = 0;
  // Words lie at multiples of four.
  const words = isLittleEndian && bytes.length >= leastWords ? wordsOf(bytes) : undefined;
  if (words !== undefined) {
    at = words.byteOffset - bytes.byteOffset;
    crc = ofBytes(bytes.subarray(0, at), crc);
    for (let from = 0; from < words.length; from += wordsAtOnce) crc = ofWords(words, { from, end: Math.min(words.length, from + wordsAtOnce) }, crc);
    at += words.byteLength;
  }
  return ~ofBytes(at === 0 ? bytes : bytes.subarray(at), crc) >>> 0;
}

/** For less it is not worth a view. */
const leastWords = 256;
/** A loop that is called again and again is compiled sooner than one that runs on and on. */
const wordsAtOnce = 1 << 11;
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** As many words as are a multiple of four, from the first that lies well on. */
function wordsOf(bytes: Uint8Array): Int32Array {
  const start = -bytes.byteOffset & 3;
  return new Int32Array(bytes.buffer, bytes.byteOffset + start, ((bytes.length - start) >> 4) << 2);
}

// Every index below is in bounds by its mask and by the loop's condition, which the type system cannot see.
function ofWords(words: Int32Array, { from, end }: { readonly from: number; readonly end: number }, before: number): number {
  const t = tables;
  let crc = before;
  for (let at = from; at < end; at += 4) {
    const a = crc ^ words[at]!;
    const b = words[at + 1]!;
    const c = words[at + 2]!;
    const d = words[at + 3]!;
    crc =
      t[3840 + (a & 255)]! ^ t[3584 + ((a >>> 8) & 255)]! ^ t[3328 + ((a >>> 16) & 255)]! ^ t[3072 + (a >>> 24)]! ^
      t[2816 + (b & 255)]! ^ t[2560 + ((b >>> 8) & 255)]! ^ t[2304 + ((b >>> 16) & 255)]! ^ t[2048 + (b >>> 24)]! ^
      t[1792 + (c & 255)]! ^ t[1536 + ((c >>> 8) & 255)]! ^ t[1280 + ((c >>> 16) & 255)]! ^ t[1024 + (c >>> 24)]! ^
      t[768 + (d & 255)]! ^ t[512 + ((d >>> 8) & 255)]! ^ t[256 + ((d >>> 16) & 255)]! ^ t[d >>> 24]!;
  }
  return crc;
}

function ofBytes(bytes: Uint8Array, before: number): number {
  const t = tables;
  let crc = before;
  for (let at = 0; at < bytes.length; at++) crc = (crc >>> 8) ^ t[(crc ^ bytes[at]!) & 255]!;
  return crc;
}

/** The CRC-32C of bytes as the 8 hex digits that manifests hold. */
export function checksumOf(bytes: Uint8Array): string {
  return crc32c(bytes).toString(16).padStart(8, "0");
}
