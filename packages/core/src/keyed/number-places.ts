// Where numbers stand in an open-addressing table: their hash, and how large a table is.

/** Slots of the smallest space. */
export const firstCapacity = 64;
const bits = new Float64Array(1);
const halves = new Int32Array(bits.buffer);

/** The least power of two that holds so many, from `firstCapacity` on. */
export function capacityFor(size: number): number {
  let capacity = firstCapacity;
  while (capacity < size) capacity *= 2;
  return capacity;
}

/** Integers spread by their bits, fractions by all of theirs. */
export function hashOf(key: number): number {
  let hash = key | 0;
  if (hash !== key) {
    bits[0] = key;
    hash = halves[0]! ^ Math.imul(halves[1]!, 0x9e3779b1);
  }
  hash = Math.imul(hash, 0x9e3779b1);
  return hash ^ (hash >>> 15);
}
