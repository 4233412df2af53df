// The partition of a key, as the Java client chooses it: records of a key meet those of other producers.

const seed = 0x9747b28c;
const m = 0x5bd1e995;

/**
 * MurmurHash2 of 32 bits with the seed of Kafka, as a signed integer.
 *
 * @see A. Appleby, MurmurHash2; the seed and the order of bytes as in `org.apache.kafka.common.utils.Utils.murmur2`.
 */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  let h = (seed ^ length) | 0;
  const blocks = length >> 2;
  for (let i = 0; i < blocks; i++) {
    const at = i << 2;
    let k = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    h = Math.imul(h, m) ^ Math.imul(k, m);
  }
  const rest = blocks << 2;
  const left = length & 3;
  if (left === 3) h ^= bytes[rest + 2]! << 16;
  if (left >= 2) h ^= bytes[rest + 1]! << 8;
  if (left >= 1) h = Math.imul(h ^ bytes[rest]!, m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}

/** The partition of a key among `count`, as Java's default partitioner has it. */
export function partitionOf(key: Uint8Array, count: number): number {
  return (murmur2(key) & 0x7fffffff) % count;
}
