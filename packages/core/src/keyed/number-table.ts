// Keyed state that is nothing but numbers: columns of doubles behind an open-addressing table, one for each namespace.
//   N1. Visiting goes by key group, then by first insertion, as in every table (TBL-2): a restore or a move changes nothing.
//   N2. A number is found by its bits; every other key by its canonical form, in a Map beside.
//   N3. A space that was dropped is used again, without its keys: windows come and go.
// @see Knuth, The Art of Computer Programming 3, 6.4, Algorithm L (linear probing)
import type { NumberSpace, NumberTable, NumberTableOptions } from "../contracts/number-table.ts";
import { StreamFlowError } from "../errors.ts";
import type { CanonicalKey } from "../types/key.ts";
import type { KeyRules } from "./keyed-table.ts";
import { StateReader, type StateWriter } from "./state-codec.ts";

const firstCapacity = 1_024;
const maxFree = 4;
const bits = new Float64Array(1);
const halves = new Int32Array(bits.buffer);

/** Slots by key group: those of group g end at `ends[g]`. */
interface Order {
  readonly slots: Int32Array;
  readonly ends: Int32Array;
}

function emptyOrder({ groups }: KeyRules): Order {
  return { slots: new Int32Array(0), ends: new Int32Array(groups) };
}

/** The keys and numbers of one namespace. */
class Space implements NumberSpace {
  columns: Float64Array[];
  readonly extras: Map<number, unknown> = new Map();
  size = 0;
  readonly #rules: KeyRules;
  /** Keys by slot; NaN for those that are no numbers. */
  #keys: Float64Array = new Float64Array(firstCapacity);
  #groups: Uint8Array = new Uint8Array(firstCapacity);
  /** Slot + 1 by place; 0: free. Twice as many places as slots. */
  #places: Int32Array = new Int32Array(2 * firstCapacity);
  readonly #others = new Map<CanonicalKey, number>();
  #ordered: Order;
  /** Keys whose canonical form is another value, as they came first. */
  readonly #originals = new Map<number, unknown>();

  constructor(rules: KeyRules, columns: number) {
    this.#rules = rules;
    this.#ordered = emptyOrder(rules);
    this.columns = Array.from({ length: columns }, () => new Float64Array(firstCapacity));
  }

  slotOf(key: unknown): number {
    if (typeof key === "number" && key === key) return this.#find(key);
    const canonical = this.#rules.canonical(key);
    return typeof canonical === "number" && canonical === canonical ? this.#find(canonical) : (this.#others.get(canonical) ?? -1);
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

  forEach(visit: (key: unknown, slot: number) => void): void {
    for (const slot of this.#order().slots) visit(this.keyAt(slot), slot);
  }

  /** The slots of one key group, in order of insertion. */
  slotsOf(group: number): Int32Array {
    const { slots, ends } = this.#order();
    return slots.subarray(group === 0 ? 0 : ends[group - 1], ends[group]);
  }

  keyAt(slot: number): unknown {
    return this.#originals.size > 0 && this.#originals.has(slot) ? this.#originals.get(slot) : this.#keys[slot];
  }

  clear(): void {
    if (this.#places.length > 2 * firstCapacity && this.size < this.#places.length / 16) this.#shrink();
    else {
      this.#places.fill(0);
      for (const column of this.columns) column.fill(0, 0, this.size);
    }
    this.size = 0;
    this.#ordered = emptyOrder(this.#rules);
    this.extras.clear();
    this.#others.clear();
    this.#originals.clear();
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
    const before = this.size;
    if (typeof canonical === "number" && canonical === canonical) {
      // 1n and 1 are one key; the first of them is what is shown.
      const same = this.slotForNumber(canonical);
      if (this.size > before) this.#originals.set(same, key);
      return same;
    }
    const known = this.#others.get(canonical);
    if (known !== undefined) return known;
    const slot = this.#add(canonical);
    this.#keys[slot] = NaN;
    this.#others.set(canonical, slot);
    this.#originals.set(slot, key);
    return slot;
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

  #add(canonical: CanonicalKey): number {
    if (this.size === this.#keys.length) this.#grow();
    const slot = this.size++;
    this.#groups[slot] = this.#rules.group?.(canonical) ?? 0;
    return slot;
  }

  #grow(): void {
    const capacity = this.#keys.length * 2;
    this.columns = this.columns.map((column) => widened(column, new Float64Array(capacity)));
    this.#keys = widened(this.#keys, new Float64Array(capacity));
    this.#groups = widened(this.#groups, new Uint8Array(capacity));
    this.#places = new Int32Array(2 * capacity);
    for (let slot = 0; slot < this.size; slot++) {
      const key = this.#keys[slot]!;
      if (key === key) this.#place(key, slot);
    }
  }

  #shrink(): void {
    this.columns = this.columns.map(() => new Float64Array(firstCapacity));
    this.#keys = new Float64Array(firstCapacity);
    this.#groups = new Uint8Array(firstCapacity);
    this.#places = new Int32Array(2 * firstCapacity);
  }

  /** All slots by key group, then by insertion: a counting sort. Slots are only added, so their number tells whether it still holds. */
  #order(): Order {
    if (this.#ordered.slots.length === this.size) return this.#ordered;
    const ends = new Int32Array(this.#rules.groups);
    for (let slot = 0; slot < this.size; slot++) ends[this.#groups[slot]!]!++;
    let before = 0;
    for (let group = 0; group < ends.length; group++) {
      const count = ends[group]!;
      ends[group] = before;
      before += count;
    }
    const slots = new Int32Array(this.size);
    for (let slot = 0; slot < this.size; slot++) slots[ends[this.#groups[slot]!]!++] = slot;
    this.#ordered = { slots, ends };
    return this.#ordered;
  }
}

/** A table of numbers, snapshotted and restored by key group. */
export class MemoryNumberTable implements NumberTable {
  readonly name: string;
  readonly serializer: { readonly name: string; readonly version: number };
  readonly #columns: number;
  readonly #rules: KeyRules;
  readonly #spaces = new Map<number, Space>();
  readonly #free: Space[] = [];

  constructor(name: string, { columns, format, version = 1 }: NumberTableOptions, rules: KeyRules) {
    this.name = name;
    this.serializer = { name: `numbers:${format}`, version };
    this.#columns = columns;
    this.#rules = rules;
  }

  get(namespace: number): NumberSpace | undefined {
    return this.#spaces.get(namespace);
  }

  open(namespace: number): NumberSpace {
    return this.#open(namespace);
  }

  drop(namespace: number): void {
    const space = this.#spaces.get(namespace);
    if (space === undefined) return;
    this.#spaces.delete(namespace);
    if (this.#free.length >= maxFree) return;
    space.clear();
    this.#free.push(space);
  }

  namespaces(): readonly number[] {
    return [...this.#spaces.keys()].sort((a, b) => a - b);
  }

  /** Entries in all namespaces. */
  get size(): number {
    let size = 0;
    for (const space of this.#spaces.values()) size += space.size;
    return size;
  }

  /** Writes the entries of one key group, in visiting order, as every table does. Answers whether there were any. */
  snapshot(group: number, out: StateWriter): boolean {
    let any = false;
    for (const namespace of this.namespaces()) {
      const space = this.#spaces.get(namespace);
      const slots = space?.slotsOf(group) ?? [];
      if (space === undefined || slots.length === 0) continue;
      any = true;
      out.number(namespace);
      out.number(slots.length);
      for (const slot of slots) {
        out.value(space.keyAt(slot));
        const start = out.beginFrame();
        for (const column of space.columns) out.number(column[slot]!);
        out.value(space.extras.get(slot));
        out.endFrame(start);
      }
    }
    return any;
  }

  /** Adds the entries that `snapshot` wrote for a key group. */
  restore(_group: number, bytes: Uint8Array, _version: number): void {
    const from = new StateReader(bytes);
    while (!from.atEnd) {
      const space = this.#open(from.number());
      const count = from.number();
      for (let i = 0; i < count; i++) {
        const slot = space.slotFor(from.value());
        const framed = from.frame();
        for (const column of space.columns) column[slot] = framed.number();
        const extra = framed.value();
        if (extra !== undefined) space.extras.set(slot, extra);
        if (!framed.atEnd) throw new StreamFlowError("SF_STATE_CORRUPT", `state "${this.name}": an entry has more numbers than ${this.serializer.name} says`);
      }
    }
  }

  #open(namespace: number): Space {
    let space = this.#spaces.get(namespace);
    if (space === undefined) {
      space = this.#free.pop() ?? new Space(this.#rules, this.#columns);
      this.#spaces.set(namespace, space);
    }
    return space;
  }
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
