// Where numbers stand in an open-addressing table: how large it is, and how it is searched. A place is two integers side by side: what is compared, and whose slot it is (0: free).
//   P1. An integer of 32 bits is compared as it is, and its slot + 1 is positive: one line of memory says where it stands. Of any other number the hash is compared, then the key by its
//       slot; its slot + 1 is negative.
//   P2. A table holds at least twice as many places as numbers, and a power of two.
// @see Knuth, The Art of Computer Programming 3, 6.4, Algorithms L and R (linear probing)

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

/** Room for the numbers of so many slots, a power of two. */
export function newPlaces(slots: number): Int32Array {
  return new Int32Array(4 * slots);
}

/** The slot of a number that is not NaN; −1: it is not there. */
export function findPlace(places: Int32Array, key: number, keys: Float64Array): number {
  const integer = key | 0;
  if (integer !== key) return findFraction(places, key, keys);
  const mask = places.length - 1;
  for (let at = (spread(integer) << 1) & mask; ; at = (at + 2) & mask) {
    const mark = places[at + 1]!;
    if (mark > 0 && places[at] === integer) return mark - 1;
    if (mark === 0) return -1;
  }
}

function findFraction(places: Int32Array, key: number, keys: Float64Array): number {
  const hash = hashOf(key);
  const mask = places.length - 1;
  for (let at = (hash << 1) & mask; ; at = (at + 2) & mask) {
    const mark = places[at + 1]!;
    if (mark < 0 && places[at] === hash && keys[-mark - 1] === key) return -mark - 1;
    if (mark === 0) return -1;
  }
}

/** Gives a number that is not there a place. */
export function takePlace(places: Int32Array, key: number, slot: number): void {
  const isInteger = (key | 0) === key;
  const hash = hashOf(key);
  const mask = places.length - 1;
  let at = (hash << 1) & mask;
  while (places[at + 1] !== 0) at = (at + 2) & mask;
  places[at] = isInteger ? key : hash;
  places[at + 1] = isInteger ? slot + 1 : -slot - 1;
}

/** Frees the place of a number, and moves what stands behind it up, so that every number is found from its hash without a gap. */
export function freePlace(places: Int32Array, key: number, slot: number): void {
  const mask = places.length - 1;
  const mark = (key | 0) === key ? slot + 1 : -slot - 1;
  let free = (hashOf(key) << 1) & mask;
  while (places[free + 1] !== mark) free = (free + 2) & mask;
  for (let at = (free + 2) & mask; places[at + 1] !== 0; at = (at + 2) & mask) {
    const home = ((places[at + 1]! > 0 ? spread(places[at]!) : places[at]!) << 1) & mask;
    if (((at - home) & mask) < ((at - free) & mask)) continue;
    places[free] = places[at]!;
    places[free + 1] = places[at + 1]!;
    free = at;
  }
  places[free] = places[free + 1] = 0;
}

/** Integers spread by their bits, fractions by all of theirs. */
export function hashOf(key: number): number {
  const integer = key | 0;
  if (integer === key) return spread(integer);
  bits[0] = key;
  return spread(halves[0]! ^ Math.imul(halves[1]!, 0x9e3779b1));
}

function spread(value: number): number {
  const hash = Math.imul(value, 0x9e3779b1);
  return hash ^ (hash >>> 15);
}
