// The keys and numbers of one namespace: columns of doubles behind an open-addressing table.
//   N1. Visiting goes by key group, then by first insertion, as in every table (TBL-2): a restore or a move changes nothing.
//   N2. A number is found by its bits; every other key by its canonical form, in a Map beside.
//   N3. What a slot is called (its key) never changes while the arrays stay the same, so that a copy for a checkpoint shares them: only columns and groups are copied.
// @see Knuth, The Art of Computer Programming 3, 6.4, Algorithms L and R (linear probing)
import type { NumberSpace } from "../contracts/number-table.ts";
import type { CanonicalKey } from "../types/key.ts";
import type { KeyRules } from "./keyed-table.ts";
import { emptyOrder, removedMark, type Order, orderOf, putFloats, type SpaceCopy, type StoredColumns } from "./space-copy.ts";

const firstCapacity = 64;
const bits = new Float64Array(1);
const halves = new Int32Array(bits.buffer);

/** Gives arrays for copies, and takes them back. */
export interface ArrayPool {
  take(length: number): Float64Array;
}

/** The keys and numbers of one namespace. */
export class Space implements NumberSpace {
  columns: Float64Array[];
  readonly extras: Map<number, unknown> = new Map();
  readonly #rules: KeyRules;
  /** Slots given, removed ones too. */
  #used = 0;
  #removed = 0;
  /** Keys by slot; NaN for those that are no numbers. */
  #keys: Float64Array = new Float64Array(firstCapacity);
  #groups: Uint8Array = new Uint8Array(firstCapacity);
  readonly #counts: Int32Array;
  /** Slot + 1 by place; 0: free. Twice as many places as slots. */
  #places: Int32Array = new Int32Array(2 * firstCapacity);
  readonly #others = new Map<CanonicalKey, number>();
  #ordered: Order;
  /** By slot: keys that are no numbers, or whose canonical form is another value, as they came first. */
  #originals: unknown[] = [];
  #isShared = false;

  constructor(rules: KeyRules, columns: number) {
    this.#rules = rules;
    this.#counts = new Int32Array(rules.groups);
    this.#ordered = emptyOrder(rules.groups);
    this.columns = Array.from({ length: columns }, () => new Float64Array(firstCapacity));
  }

  get size(): number {
    return this.#used - this.#removed;
  }

  slotOf(key: unknown): number {
    if (typeof key === "number" && key === key) return this.#find(key);
    const canonical = this.#rules.canonical(key);
    return isNumber(canonical) ? this.#find(canonical) : (this.#others.get(canonical) ?? -1);
  }

  slotFor(key: unknown): number {
    return typeof key === "number" && key === key ? this.slotForNumber(key) : this.#slotForOther(key);
  }

  slotForNumber(key: number): number {
    const places = this.#places;
    const mask = places.length - 1;
    for (let at = hashOf(key) & mask; ; at = (at + 1) & mask) {
      const slot = places[at]! - 1;
      if (slot < 0) return this.#insert(key);
      if (this.#keys[slot] === key) return slot;
    }
  }

  remove(slot: number): void {
    const key = this.#keys[slot]!;
    if (key === key) this.#unplace(key, slot);
    else this.#others.delete(this.#rules.canonical(this.#originals[slot]));
    this.#counts[this.#groups[slot]!]!--;
    this.#groups[slot] = removedMark;
    this.#removed++;
    this.extras.delete(slot);
    // Nothing is left that a slot number could mean: begin again without copying anything.
    if (this.size === 0) this.clear();
  }

  forEach(visit: (key: unknown, slot: number) => void): void {
    for (const slot of this.#order().slots) visit(this.keyAt(slot), slot);
  }

  inOrder(slots: number[]): number[] {
    const groups = this.#groups;
    return slots.sort((a, b) => groups[a]! - groups[b]! || a - b);
  }

  keyAt(slot: number): unknown {
    const original = this.#originals[slot];
    const key = this.#keys[slot]!;
    return original === undefined && key === key ? key : original;
  }

  clear(): void {
    if (this.#keys.length > firstCapacity && this.#used < this.#keys.length / 8) this.#reset(firstCapacity);
    else {
      this.#places.fill(0);
      for (const column of this.columns) column.fill(0, 0, this.#used);
      if (this.#isShared) this.#keys = new Float64Array(this.#keys.length);
    }
    this.#used = this.#removed = 0;
    this.#counts.fill(0);
    this.#isShared = false;
    this.#originals = [];
    this.#ordered = emptyOrder(this.#rules.groups);
    this.extras.clear();
    this.#others.clear();
  }

  /** Everything as it is now, for a checkpoint. */
  copy(pool: ArrayPool): SpaceCopy {
    this.#isShared = true;
    const columns = this.columns.map((column) => {
      const copied = pool.take(column.length);
      copied.set(column.subarray(0, this.#used));
      return copied;
    });
    return { used: this.#used, keys: this.#keys, originals: this.#originals, groups: this.#groups.slice(0, this.#used), counts: this.#counts.slice(), columns, extras: new Map(this.extras) };
  }

  /** Adds the entries of one key group, without making them found: `index` follows. */
  append(group: number, { count, keys, columns, rest }: StoredColumns): void {
    const from = this.#used;
    const capacity = capacityFor(from + count);
    if (capacity > this.#keys.length) this.#widen(capacity);
    putFloats(keys, this.#keys, from);
    this.#groups.fill(group, from, from + count);
    this.columns.forEach((column, at) => putFloats(columns[at]!, column, from));
    this.#used += count;
    this.#counts[group]! += count;
    for (const [index, key, extra] of rest) {
      if (key !== undefined) this.#keep(from + index, key);
      if (extra !== undefined) this.extras.set(from + index, extra);
    }
  }

  /** Makes all entries found. */
  index(): void {
    this.#places = new Int32Array(2 * this.#keys.length);
    for (let slot = 0; slot < this.#used; slot++) {
      const key = this.#keys[slot]!;
      if (key === key) this.#place(key, slot);
      else this.#others.set(this.#rules.canonical(this.#originals[slot]), slot);
    }
  }

  #find(key: number): number {
    const places = this.#places;
    const mask = places.length - 1;
    for (let at = hashOf(key) & mask; ; at = (at + 1) & mask) {
      const slot = places[at]! - 1;
      if (slot < 0 || this.#keys[slot] === key) return slot;
    }
  }

  #slotForOther(key: unknown): number {
    const canonical = this.#rules.canonical(key);
    if (isNumber(canonical)) {
      // 1n and 1 are one key; the first of them is what is shown.
      const known = this.#find(canonical);
      if (known >= 0) return known;
      const slot = this.#insert(canonical);
      this.#keep(slot, key);
      return slot;
    }
    const known = this.#others.get(canonical);
    if (known !== undefined) return known;
    const slot = this.#add(canonical);
    this.#keys[slot] = NaN;
    this.#others.set(canonical, slot);
    this.#keep(slot, key);
    return slot;
  }

  #keep(slot: number, key: unknown): void {
    while (this.#originals.length < slot) this.#originals.push(undefined);
    this.#originals[slot] = key;
  }

  #insert(key: number): number {
    const slot = this.#add(key === 0 ? 0 : key);
    this.#keys[slot] = key;
    this.#place(key, slot);
    return slot;
  }

  #place(key: number, slot: number): void {
    const places = this.#places;
    const mask = places.length - 1;
    let at = hashOf(key) & mask;
    while (places[at] !== 0) at = (at + 1) & mask;
    places[at] = slot + 1;
  }

  /** Frees a place, and moves what stands behind it up, so that every key is found from its hash without a gap. */
  #unplace(key: number, slot: number): void {
    const places = this.#places;
    const mask = places.length - 1;
    let free = hashOf(key) & mask;
    while (places[free] !== slot + 1) free = (free + 1) & mask;
    for (let at = (free + 1) & mask; places[at] !== 0; at = (at + 1) & mask) {
      const home = hashOf(this.#keys[places[at]! - 1]!) & mask;
      if (((at - home) & mask) < ((at - free) & mask)) continue;
      places[free] = places[at]!;
      free = at;
    }
    places[free] = 0;
  }

  #add(canonical: CanonicalKey): number {
    if (this.#used === this.#keys.length) this.#makeRoom();
    const slot = this.#used++;
    const group = this.#rules.group?.(canonical) ?? 0;
    this.#groups[slot] = group;
    this.#counts[group]!++;
    return slot;
  }

  #makeRoom(): void {
    if (this.#removed > this.#used / 4) return this.#compact();
    this.#widen(this.#keys.length * 2);
    this.index();
  }

  #widen(capacity: number): void {
    this.columns = this.columns.map((column) => widened(column, new Float64Array(capacity)));
    this.#keys = widened(this.#keys, new Float64Array(capacity));
    this.#groups = widened(this.#groups, new Uint8Array(capacity));
  }

  /** Numbers the slots anew, without the removed ones. */
  #compact(): void {
    const [used, keys, groups, columns, originals] = [this.#used, this.#keys, this.#groups, this.columns, this.#originals];
    const extras = new Map(this.extras);
    this.#reset(capacityFor(2 * this.size));
    this.extras.clear();
    this.#others.clear();
    this.#originals = [];
    this.#used = this.#removed = 0;
    for (let old = 0; old < used; old++) {
      if (groups[old] === removedMark) continue;
      const slot = this.#used++;
      this.#keys[slot] = keys[old]!;
      this.#groups[slot] = groups[old]!;
      for (let c = 0; c < columns.length; c++) this.columns[c]![slot] = columns[c]![old]!;
      if (originals[old] !== undefined) this.#keep(slot, originals[old]);
      if (extras.has(old)) this.extras.set(slot, extras.get(old));
    }
    this.#isShared = false;
    this.#ordered = emptyOrder(this.#rules.groups);
    this.index();
  }

  #reset(capacity: number): void {
    this.columns = this.columns.map(() => new Float64Array(capacity));
    this.#keys = new Float64Array(capacity);
    this.#groups = new Uint8Array(capacity);
    this.#places = new Int32Array(2 * capacity);
  }

  #order(): Order {
    if (this.#ordered.slots.length !== this.size || this.#ordered.used !== this.#used) this.#ordered = orderOf(this.#groups.subarray(0, this.#used), this.#counts);
    return this.#ordered;
  }
}

function capacityFor(size: number): number {
  let capacity = firstCapacity;
  while (capacity < size) capacity *= 2;
  return capacity;
}

function isNumber(canonical: CanonicalKey): canonical is number {
  return typeof canonical === "number" && canonical === canonical;
}

/** Integers spread by their bits, fractions by all of theirs. */
function hashOf(key: number): number {
  let hash = key | 0;
  if (hash !== key) {
    bits[0] = key;
    hash = halves[0]! ^ Math.imul(halves[1]!, 0x9e3779b1);
  }
  hash = Math.imul(hash, 0x9e3779b1);
  return hash ^ (hash >>> 15);
}

function widened<T extends Float64Array | Uint8Array>(old: T, wide: T): T {
  wide.set(old);
  return wide;
}
