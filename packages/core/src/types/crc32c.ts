// CRC-32C (Castagnoli), the checksum of everything that is stored.

const polynomial = 0x82f63b78;
const tables = makeTables();

/** Eight tables of 256 entries in one array: table `k` holds the checksum of a byte that is followed by `k` zero bytes. */
function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256);
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
 * High Performance, Software-based, CRC Generators" (2005), for the tables that take eight bytes at a time
 */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  const t = tables;
  let crc = ~previous;
  let at = 0;
  // Every index below is in bounds by its mask and by the loop's condition, which the type system cannot see.
  for (const end = bytes.length - 7; at < end; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      t[1792 + (crc & 255)]! ^
      t[1536 + ((crc >>> 8) & 255)]! ^
      t[1280 + ((crc >>> 16) & 255)]! ^
      t[1024 + (crc >>> 24)]! ^
      t[768 + bytes[at + 4]!]! ^
      t[512 + bytes[at + 5]!]! ^
      t[256 + bytes[at + 6]!]! ^
      t[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ t[(crc ^ bytes[at]!) & 255]!;
  return ~crc >>> 0;
}

/** The CRC-32C of bytes as the 8 hex digits that manifests hold. */
export function checksumOf(bytes: Uint8Array): string {
  return crc32c(bytes).toString(16).padStart(8, "0");
}
