// The keys and numbers of one namespace: columns of doubles behind an open-addressing table.
//   N1. Visiting goes by key group, then by first insertion, as in every table (TBL-2): a restore or a move changes nothing.
//   N2. A number is found by its bits, a text by its bytes (key-texts.ts), every other key by its canonical form, in a Map beside.
//   N3. What a slot is called (its key) never changes while the arrays stay the same, so that a copy for a checkpoint shares them. Columns and groups change:
//       whoever writes them has asked for the slot first, and then a copy that is under way keeps what was there (live-copy.ts). No slot is known across a barrier.
//   N4. Restored entries are made to be found when the first key is looked for that is not: `#places` has none until then.
//   N5. Growing takes many small steps: keys move to a larger table a few at a time, as others come. Only the columns are copied at once.
import type { NumberSpace } from "../contracts/number-table.ts";
import type { Texts } from "../record.ts";
import { hashText } from "../types/hash.ts";
import type { CanonicalKey } from "../types/key.ts";
import type { KeyRules } from "./keyed-table.ts";
import { KeyTexts } from "./key-texts.ts";
import { type ArrayPool, LiveCopy } from "./live-copy.ts";
import { capacityFor, findPlace, firstCapacity, freePlace, newPlaces, takePlace } from "./number-places.ts";
import { readSpace, removedMark, type StoredSpace } from "./space-copy.ts";
import { TextScratch } from "./text-scratch.ts";

const noFloats: Float64Array = new Float64Array(0);
const noBytes: Uint8Array = new Uint8Array(0);
/** Nothing is written to it: room is made first. */
const noPlaces: Int32Array = new Int32Array(2);

/** So many keys move to the larger table as one comes. */
const movedAtOnce = 8;

/** Texts that come as strings are looked for one at a time. */
const scratch = new TextScratch();

/** Slots in the order of visiting, as long as none is added or removed. */
interface Visiting {
  readonly slots: Int32Array;
  readonly used: number;
}

const nothing: Visiting = { slots: new Int32Array(0), used: 0 };

/** The keys and numbers of one namespace. */
export class Space implements NumberSpace {
  columns: Float64Array[];
  readonly extras: Map<number, unknown> = new Map();
  readonly #rules: KeyRules;
  /** Slots given, removed ones too. */
  #used = 0;
  #removed = 0;
  /** Keys by slot; NaN for those that are no numbers. */
  #keys: Float64Array = noFloats;
  #groups: Uint8Array = noBytes;
  readonly #counts: Int32Array;
  /** Where numbers are found (number-places.ts). */
  #places: Int32Array = noPlaces;
  /** What is in `#places` is all there is. */
  #isIndexed = true;
  readonly #others = new Map<CanonicalKey, number>();
  #ordered: Visiting = nothing;
  /** By slot: keys that are neither numbers nor texts, or whose canonical form is another value, as they came first. */
  #originals: unknown[] = [];
  /** Keys that are texts. */
  #texts = new KeyTexts();
  #isShared = false;
  /** A copy that wants to know what is asked for: it is under way, or the next one will ask it. */
  #copying: LiveCopy | undefined;
  /** So many copies more that nobody asks what has changed since. */
  #unwatched = 0;
  /** The smaller table, while keys move out of it; those of the slots below `#moved` are in the larger one too. */
  #oldPlaces: Int32Array | undefined;
  #moved = 0;
  /** Keys of slots from here on were never in the smaller one. */
  #oldUsed = 0;

  constructor(rules: KeyRules, columns: number) {
    this.#rules = rules;
    this.#counts = new Int32Array(rules.groups);
    this.columns = new Array<Float64Array>(columns).fill(noFloats);
  }

  get size(): number {
    return this.#used - this.#removed;
  }

  slotOf(key: unknown): number {
    const slot = this.#lookUp(key);
    if (this.#copying !== undefined && slot >= 0) this.#copying.keep(slot);
    return slot;
  }

  #lookUp(key: unknown): number {
    if (typeof key === "number" && key === key) return this.#find(key);
    const canonical = this.#rules.canonical(key);
    if (isNumber(canonical)) return this.#find(canonical);
    this.#ensureIndex();
    const end = endOfText(canonical);
    return end < 0 ? (this.#others.get(canonical) ?? -1) : this.#findText(scratch.bytes, 0, end);
  }

  #ensureIndex(): void {
    if (!this.#isIndexed) this.index();
  }

  /** Of a removed key the text is still there. */
  #findText(bytes: DataView, start: number, end: number): number {
    const slot = this.#texts.find(bytes, start, end);
    return slot >= 0 && this.#removed > 0 && this.#groups[slot] === removedMark ? -1 : slot;
  }

  slotFor(key: unknown): number {
    if (typeof key === "number" && key === key) return this.slotForNumber(key);
    const slot = this.#slotForOther(key);
    if (this.#copying !== undefined) this.#copying.keep(slot);
    return slot;
  }

  slotForNumber(key: number): number {
    const slot = findPlace(this.#places, key, this.#keys);
    if (slot < 0) return this.#slotForMissing(key);
    if (this.#copying !== undefined) this.#copying.keep(slot);
    return slot;
  }

  slotOfText(bytes: DataView, start: number, end: number): number {
    const slot = this.#findText(bytes, start, end);
    if (slot < 0 && !this.#isIndexed) return this.#indexed().slotOfText(bytes, start, end);
    if (this.#copying !== undefined && slot >= 0) this.#copying.keep(slot);
    return slot;
  }

  slotForText(bytes: DataView, start: number, end: number): number {
    const slot = this.#findText(bytes, start, end);
    if (slot < 0) return this.#isIndexed ? this.#addText(bytes, start, end) : this.#indexed().slotForText(bytes, start, end);
    if (this.#copying !== undefined) this.#copying.keep(slot);
    return slot;
  }

  #addText(bytes: DataView, start: number, end: number): number {
    if (this.#used === this.#keys.length) {
      this.#makeRoom();
      // Without the removed ones, texts stand at other places.
      this.#texts.find(bytes, start, end);
    }
    const slot = this.#add(this.#counts.length === 1 ? 0 : (hashText(bytes, start, end) >>> 0) % this.#counts.length);
    this.#keys[slot] = NaN;
    this.#texts.give(slot, { bytes, start, end });
    return slot;
  }

  #indexed(): this {
    this.index();
    return this;
  }

  /** The larger table does not have it. */
  #slotForMissing(key: number): number {
    if (!this.#isIndexed) return this.#indexed().slotForNumber(key);
    const known = this.#oldPlaces === undefined ? -1 : findPlace(this.#oldPlaces, key, this.#keys);
    if (known < 0) return this.#insert(key);
    this.#copying?.keep(known);
    return known;
  }

  remove(slot: number): void {
    this.#ensureIndex();
    this.#copying?.keep(slot);
    const key = this.#keys[slot]!;
    if (key === key) this.#unplaceAll(key, slot);
    else if (!this.#texts.has(slot)) this.#others.delete(this.#rules.canonical(this.keyAt(slot)));
    this.#counts[this.#groups[slot]!]!--;
    this.#groups[slot] = removedMark;
    this.#removed++;
    this.extras.delete(slot);
    // Nothing is left that a slot number could mean: begin again without copying anything.
    if (this.size === 0) this.clear();
  }

  forEach(visit: (key: unknown, slot: number) => void): void {
    const keyAt = this.keyReader();
    for (const slot of this.slots()) {
      // Whoever visits a slot may change it.
      this.#copying?.keep(slot);
      visit(keyAt(slot), slot);
    }
  }

  /** A counting sort by groups. */
  slots(): Int32Array {
    if (this.#ordered.slots.length === this.size && this.#ordered.used === this.#used) return this.#ordered.slots;
    const next = new Int32Array(this.#counts.length);
    for (let group = 1; group < next.length; group++) next[group] = next[group - 1]! + this.#counts[group - 1]!;
    const slots = new Int32Array(this.size);
    for (let slot = 0; slot < this.#used; slot++) {
      const group = this.#groups[slot]!;
      if (group !== removedMark) slots[next[group]!++] = slot;
    }
    this.#ordered = { slots, used: this.#used };
    return slots;
  }

  inOrder(slots: number[]): number[] {
    const groups = this.#groups;
    return slots.sort((a, b) => groups[a]! - groups[b]! || a - b);
  }

  keyAt(slot: number): unknown {
    const original = this.#originals[slot];
    const key = this.#keys[slot]!;
    if (original !== undefined) return original;
    return key === key ? key : this.#texts.has(slot) ? this.#texts.at(slot) : undefined;
  }

  keyReader(): (slot: number) => unknown {
    const texts = this.#texts;
    const textAt = texts.isEmpty ? undefined : texts.reader();
    return (slot) => (textAt !== undefined && texts.has(slot) ? textAt(slot) : this.keyAt(slot));
  }

  textsOf(slots: Int32Array): Texts | undefined {
    return this.#texts.of(slots, (slot) => this.keyAt(slot));
  }

  clear(): void {
    const isLarge = this.#keys.length > firstCapacity && this.#used < this.#keys.length / 8;
    // A copy that is under way keeps the arrays as they are.
    if (isLarge || this.#copying?.isOver === false) this.#reset(isLarge ? firstCapacity : this.#keys.length);
    else {
      this.#places.fill(0);
      for (const column of this.columns) column.fill(0, 0, this.#used);
      if (this.#isShared) this.#keys = new Float64Array(this.#keys.length);
    }
    this.#copying = undefined;
    if (isLarge || this.#isShared) this.#texts = new KeyTexts();
    else this.#texts.clear();
    this.#forgetOld();
    this.#used = this.#removed = 0;
    this.#counts.fill(0);
    this.#isShared = false;
    this.#originals = [];
    this.#ordered = nothing;
    this.extras.clear();
    this.#others.clear();
  }

  /** Everything as it is now, for a checkpoint: next to nothing is copied before it changes, or is written. */
  copy(pool: ArrayPool): LiveCopy {
    // Indexing may find that keys of old bytes are texts.
    if (this.#originals.length > 0) this.#ensureIndex();
    const before = this.#copying;
    before?.keepAll();
    this.#isShared = true;
    const over = (): void => void (this.#copying = this.#copying === copy ? undefined : this.#copying);
    const arrays = { columns: this.columns, groups: this.#groups };
    const own = { counts: this.#counts.slice(), extras: new Map(this.extras) };
    const copy: LiveCopy = new LiveCopy({ used: this.#used, arrays, keys: this.#keys, originals: this.#originals, texts: this.#texts, ...own, pool, over }, before);
    this.#copying = copy;
    this.#unwatched = copy.watch(before, this.#unwatched);
    return copy;
  }

  /** Makes room for so many entries. */
  reserve(count: number): void {
    if (count > this.#keys.length) this.#widen(capacityFor(count));
  }

  /** Adds the entries of one key group. */
  append(group: number, space: StoredSpace): void {
    const [from, { count }] = [this.#used, space];
    this.#isIndexed = false;
    this.#places = noPlaces;
    this.#forgetOld();
    this.reserve(from + count);
    const { texts, rest } = readSpace(space, [this.#keys, ...this.columns].map((array) => array.subarray(from, from + count)));
    this.#groups.fill(group, from, from + count);
    this.#used += count;
    this.#counts[group]! += count;
    if (texts !== undefined) this.#texts.append(from, texts);
    for (const [index, key, extra] of rest) {
      if (key !== undefined) this.#keep(from + index, key);
      if (extra !== undefined) this.extras.set(from + index, extra);
    }
  }

  /** Makes all entries found. */
  index(): void {
    this.#forgetOld();
    this.#isIndexed = true;
    if (!this.#texts.isEmpty) this.#texts.index();
    this.#places = newPlaces(capacityFor(this.#keys.length));
    for (let slot = 0; slot < this.#used; slot++) {
      const key = this.#keys[slot]!;
      if (key === key) takePlace(this.#places, key, slot);
      else if (!this.#texts.has(slot)) this.#placeOther(slot);
    }
  }

  /** Texts stood among the others once (space-copy.ts, version 1). */
  #placeOther(slot: number): void {
    const canonical = this.#rules.canonical(this.#originals[slot]);
    const end = endOfText(canonical);
    if (end < 0) {
      this.#others.set(canonical, slot);
      return;
    }
    this.#originals[slot] = undefined;
    this.#texts.find(scratch.bytes, 0, end);
    this.#texts.give(slot, { bytes: scratch.bytes, start: 0, end });
  }

  #find(key: number): number {
    this.#ensureIndex();
    const slot = findPlace(this.#places, key, this.#keys);
    return slot >= 0 || this.#oldPlaces === undefined ? slot : findPlace(this.#oldPlaces, key, this.#keys);
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
    this.#ensureIndex();
    const end = endOfText(canonical);
    if (end >= 0) {
      const known = this.#findText(scratch.bytes, 0, end);
      return known >= 0 ? known : this.#addText(scratch.bytes, 0, end);
    }
    const known = this.#others.get(canonical);
    if (known !== undefined) return known;
    const slot = this.#add(this.#groupOf(canonical));
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
    const slot = this.#add(this.#groupOf(key === 0 ? 0 : key));
    this.#keys[slot] = key;
    takePlace(this.#places, key, slot);
    if (this.#oldPlaces !== undefined) this.#moveSome();
    return slot;
  }

  #moveSome(): void {
    const end = Math.min(this.#oldUsed, this.#moved + movedAtOnce);
    for (let slot = this.#moved; slot < end; slot++) {
      const key = this.#keys[slot]!;
      if (key === key && this.#groups[slot] !== removedMark) takePlace(this.#places, key, slot);
    }
    this.#moved = end;
    if (end === this.#oldUsed) this.#forgetOld();
  }

  #forgetOld(): void {
    this.#oldPlaces = undefined;
    this.#moved = this.#oldUsed = 0;
  }

  #unplaceAll(key: number, slot: number): void {
    const old = this.#oldPlaces;
    if (old !== undefined && slot < this.#oldUsed) freePlace(old, key, slot);
    if (old === undefined || slot < this.#moved || slot >= this.#oldUsed) freePlace(this.#places, key, slot);
  }

  #groupOf(canonical: CanonicalKey): number {
    return this.#rules.group?.(canonical) ?? 0;
  }

  #add(group: number): number {
    if (this.#used === this.#keys.length) this.#makeRoom();
    const slot = this.#used++;
    this.#groups[slot] = group;
    this.#counts[group]!++;
    return slot;
  }

  #makeRoom(): void {
    if (this.#removed > this.#used / 4) return this.#compact();
    // As many keys have come since the table last grew as there were: those have moved long since.
    while (this.#oldPlaces !== undefined) this.#moveSome();
    this.#widen(capacityFor(Math.ceil(1.5 * this.#keys.length)));
    if (this.#used > 0) this.#oldPlaces = this.#places;
    this.#oldUsed = this.#used;
    this.#places = newPlaces(this.#keys.length);
  }

  /** A copy that is under way keeps the arrays that were there: they do not change any more. */
  #widen(capacity: number): void {
    this.#copying = undefined;
    this.columns = this.columns.map((column) => widened(column, new Float64Array(capacity)));
    this.#keys = widened(this.#keys, new Float64Array(capacity));
    this.#groups = widened(this.#groups, new Uint8Array(capacity));
  }

  /** Numbers the slots anew, without the removed ones. */
  #compact(): void {
    const [used, keys, groups, columns, originals, texts] = [this.#used, this.#keys, this.#groups, this.columns, this.#originals, this.#texts];
    const extras = new Map(this.extras);
    this.#reset(capacityFor(2 * this.size));
    this.extras.clear();
    this.#others.clear();
    this.#originals = [];
    this.#texts = new KeyTexts();
    this.#used = this.#removed = 0;
    for (let old = 0; old < used; old++) {
      if (groups[old] === removedMark) continue;
      const slot = this.#used++;
      this.#keys[slot] = keys[old]!;
      this.#groups[slot] = groups[old]!;
      for (let c = 0; c < columns.length; c++) this.columns[c]![slot] = columns[c]![old]!;
      if (texts.has(old)) this.#texts.adopt(slot, texts, old);
      else if (originals[old] !== undefined) this.#keep(slot, originals[old]);
      if (extras.has(old)) this.extras.set(slot, extras.get(old));
    }
    this.#isShared = false;
    this.#ordered = nothing;
    this.index();
  }

  #reset(capacity: number): void {
    this.#copying = undefined;
    this.columns = this.columns.map(() => new Float64Array(capacity));
    this.#keys = new Float64Array(capacity);
    this.#groups = new Uint8Array(capacity);
    this.#places = newPlaces(capacityFor(capacity));
    this.#isIndexed = true;
  }
}

/** Writes a text to the scratch, and answers where it ends; −1: the key is no text, or one without UTF-8. */
function endOfText(canonical: CanonicalKey): number {
  // What begins with U+0000 is no text, but the canonical form of something else.
  return typeof canonical === "string" && canonical.charCodeAt(0) !== 0 ? scratch.write(canonical) : -1;
}

function isNumber(canonical: CanonicalKey): canonical is number {
  return typeof canonical === "number" && canonical === canonical;
}

function widened<T extends Float64Array | Uint8Array>(old: T, wide: T): T {
  wide.set(old);
  return wide;
}
