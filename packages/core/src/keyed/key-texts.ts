// Keys that are texts, as bytes by slot, and the table that finds a slot by them: no string is made before somebody asks for one.
//   X1. A text is found by the bytes of its UTF-8, wherever they lie: in a decoder's input, in a string, in a checkpoint. Its hash is that of key groups.
//   X2. A slot whose key was removed is still found: the space knows that. When the key comes again, its new slot takes the place.
//   X3. Growing takes many small steps: places move to a larger table a few at a time, as texts come.
//   X4. A search looks at no more than `mostProbes` places of a table. Whoever sends texts that are made to have one hash fills so many, and the rest goes into a Map of strings,
//       which V8 hashes with a seed of its own.
// @see Knuth, The Art of Computer Programming 3, 6.4, Algorithm L (linear probing)
import type { Texts } from "../record.ts";
import { hashText } from "../types/hash.ts";
import { Strings, textMargin, textsAt } from "../types/text-store.ts";

/** Texts of consecutive entries as they are stored. */
export interface StoredTexts {
  /** In bytes of UTF-8; −1: the key is no text, or none that has UTF-8. */
  readonly lengths: Int32Array;
  /** As key groups are made from; 0 where there is no text. */
  readonly hashes: Int32Array;
  readonly bytes: Uint8Array;
}

/** A text where it lies: eight bytes behind it are readable. */
export interface TextBytes {
  readonly bytes: DataView;
  readonly start: number;
  readonly end: number;
}

const firstBytes = 1_024;
const firstSlots = 64;
/** A place is two numbers: the hash, and slot + 1, 0 where it is free. */
const firstPlaces: Int32Array = new Int32Array(2);
/** Most spaces have no text: those share what they are without one. */
const noBytes = new DataView(new ArrayBuffer(0));
const noFloats: Float64Array = new Float64Array(0);
const noInts: Int32Array = new Int32Array(0);
const mostProbes = 128;
const letters = 0x61616161;
/** Strings are cut out of one string of all bytes, up to so many: V8 has a bound for strings, and it takes memory. */
const mostInString = 1 << 26;
/** So many places move to the larger table as one text comes. */
const movedAtOnce = 8;

/** The texts of one space. */
export class KeyTexts {
  #bytes: DataView = noBytes;
  #byteCount = 0;
  #starts: Float64Array = noFloats;
  /** −1: no text. */
  #lengths: Int32Array = noInts;
  #hashes: Int32Array = noInts;
  /** Slots behind the last one that has a text. */
  #slots = 0;
  /** At least twice as many as are taken. */
  #places: Int32Array = firstPlaces;
  #taken = 0;
  /** The smaller table while its places move; those before `#moved` have moved. */
  #oldPlaces: Int32Array | undefined;
  #moved = 0;
  /** Texts that found no place. */
  #rest: Map<string, number> | undefined;
  /** What `find` was last asked for: its hash, where its place is or would be (−1: nowhere). */
  #hash = 0;
  #place = 0;

  /** Whether there has been no text. */
  get isEmpty(): boolean {
    return this.#slots === 0;
  }

  has(slot: number): boolean {
    return slot < this.#slots && this.#lengths[slot]! >= 0;
  }

  /** The length of a slot's text in bytes; −1: it has none. */
  lengthOf(slot: number): number {
    return slot < this.#slots ? this.#lengths[slot]! : -1;
  }

  hashOf(slot: number): number {
    return this.#hashes[slot]!;
  }

  at(slot: number): string {
    return Buffer.from(this.#bytes.buffer, this.#starts[slot]!, this.#lengths[slot]!).toString("utf8");
  }

  /** As `at`, cheap for many of the texts that are there now. */
  reader(): (slot: number) => string {
    if (this.#byteCount > mostInString) return (slot) => this.at(slot);
    const strings = new Strings(this.#bytes, { used: this.#byteCount });
    const [starts, lengths] = [this.#starts, this.#lengths];
    return (slot) => strings.of(starts[slot]!, starts[slot]! + lengths[slot]!);
  }

  /** The keys of some slots as texts where they lie, until another one comes; what is no text that JSON writes as it is comes from `keyAt`. Undefined: there are none, or too many bytes. */
  of(slots: Int32Array, keyAt: (slot: number) => unknown): Texts | undefined {
    if (this.isEmpty || this.#byteCount > mostInString) return undefined;
    const [starts, ends, others] = [new Int32Array(slots.length), new Int32Array(slots.length), new Array<unknown>()];
    this.#lay(slots, starts, ends);
    for (let i = 0; i < slots.length; i++) if (starts[i]! < 0) others[i] = keyAt(slots[i]!);
    return textsAt({ bytes: this.#bytes, used: this.#byteCount, starts, ends, others });
  }

  /** Where the texts of some slots lie; −1: there is none, or one that JSON does not write as it is. By itself, since V8 comes back from a loop it has compiled as from a call. */
  #lay(slots: Int32Array, starts: Int32Array, ends: Int32Array): void {
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i]!;
      const start = this.has(slot) ? this.#starts[slot]! : -1;
      const end = start + this.#lengths[slot]!;
      if (start >= 0 && isPlain(this.#bytes, start, end)) [starts[i], ends[i]] = [start, end];
      else starts[i] = -1;
    }
  }

  /** Copies the bytes of a slot's text. Answers where they end. */
  copyTo(slot: number, into: Uint8Array, from: number): number {
    const [bytes, start, length] = [this.#bytes, this.#starts[slot]!, this.#lengths[slot]!];
    // For short texts a loop costs less than a view.
    if (length > 64) into.set(new Uint8Array(bytes.buffer, start, length), from);
    else for (let i = 0; i < length; i++) into[from + i] = bytes.getUint8(start + i);
    return from + length;
  }

  /** The slot of the text `bytes[start, end)`; −1: none. Eight bytes behind it are readable. */
  find(bytes: DataView, start: number, end: number): number {
    this.#hash = quickHash(bytes, start, end);
    const slot = this.#search(this.#places, bytes, start, end);
    return slot >= 0 || (this.#oldPlaces === undefined && this.#rest === undefined) ? slot : this.#findElsewhere({ bytes, start, end });
  }

  #findElsewhere(text: TextBytes): number {
    const place = this.#place;
    const slot = this.#search(this.#oldPlaces ?? firstPlaces, text.bytes, text.start, text.end);
    this.#place = place;
    return slot >= 0 ? slot : (this.#rest?.get(stringOf(text)) ?? -1);
  }

  #search(places: Int32Array, bytes: DataView, start: number, end: number): number {
    const hash = this.#hash;
    const [own, starts, lengths] = [this.#bytes, this.#starts, this.#lengths];
    const mask = places.length - 1;
    let at = (hash << 1) & mask;
    let left = mostProbes;
    for (; left > 0; at = (at + 2) & mask, left--) {
      const slot = places[at + 1]! - 1;
      if (slot < 0) break;
      if (places[at] !== hash || lengths[slot] !== end - start) continue;
      let from = starts[slot]!;
      let i = start;
      for (; i + 4 <= end; i += 4, from += 4) if (own.getInt32(from, true) !== bytes.getInt32(i, true)) break;
      if (i + 4 > end && (i === end || (own.getInt32(from, true) ^ bytes.getInt32(i, true)) << ((4 - end + i) << 3) === 0)) {
        this.#place = at;
        return slot;
      }
    }
    this.#place = left > 0 ? at : -1;
    return -1;
  }

  /** Gives a slot the text that `find` was last asked for: it had none, or one whose key was removed (X2). */
  give(slot: number, text: TextBytes): void {
    this.#keep(slot, text);
    if (this.#place < 0) return this.#giveRest(slot, stringOf(text));
    const isNew = this.#places[this.#place + 1] === 0;
    if (isNew && this.#isFull) {
      this.#grow();
      this.#put(this.#hash, slot);
    } else {
      this.#places[this.#place] = this.#hash;
      this.#places[this.#place + 1] = slot + 1;
      if (isNew) this.#taken++;
    }
    if (this.#oldPlaces !== undefined) this.#moveSome(this.#oldPlaces);
  }

  /** Gives a slot the text of a slot of other texts. `index` follows. */
  adopt(slot: number, others: KeyTexts, other: number): void {
    const start = others.#starts[other]!;
    this.#keep(slot, { bytes: others.#bytes, start, end: start + others.#lengths[other]! });
  }

  /** Adds stored texts for the slots from one on. `index` follows. */
  append(from: number, { lengths, hashes, bytes }: StoredTexts): void {
    const slots = from + lengths.length;
    if (slots > this.#lengths.length) this.#widen(Math.max(slots, 2 * from));
    this.#room(bytes.length);
    new Uint8Array(this.#bytes.buffer).set(bytes, this.#byteCount);
    this.#lengths.set(lengths, from);
    this.#hashes.set(hashes, from);
    for (let i = 0; i < lengths.length; i++) {
      if (lengths[i]! < 0) continue;
      this.#starts[from + i] = this.#byteCount;
      this.#byteCount += lengths[i]!;
    }
    this.#slots = slots;
  }

  /** Makes all texts found. */
  index(): void {
    let count = 0;
    for (let slot = 0; slot < this.#slots; slot++) if (this.#lengths[slot]! >= 0) count++;
    let length = 4 * firstSlots;
    while (length < 4 * count) length *= 2;
    this.#places = new Int32Array(length);
    this.#oldPlaces = this.#rest = undefined;
    this.#taken = 0;
    for (let slot = 0; slot < this.#slots; slot++) if (this.#lengths[slot]! >= 0) this.#put(quickHash(this.#bytes, this.#starts[slot]!, this.#starts[slot]! + this.#lengths[slot]!), slot);
  }

  /** Forgets everything. */
  clear(): void {
    this.#places.fill(0);
    this.#lengths.fill(-1, 0, this.#slots);
    this.#oldPlaces = this.#rest = undefined;
    this.#slots = this.#taken = this.#byteCount = 0;
  }

  /** There is room for it, and it is not there yet. */
  #put(hash: number, slot: number): void {
    const places = this.#places;
    const mask = places.length - 1;
    let at = (hash << 1) & mask;
    for (let left = mostProbes; places[at + 1] !== 0; at = (at + 2) & mask) if (--left === 0) return this.#giveRest(slot, this.at(slot));
    places[at] = hash;
    places[at + 1] = slot + 1;
    this.#taken++;
  }

  #giveRest(slot: number, text: string): void {
    (this.#rest ??= new Map()).set(text, slot);
  }

  /** A third is free at least. */
  get #isFull(): boolean {
    return 3 * (this.#taken + 1) > this.#places.length;
  }

  #grow(): void {
    // As many texts have come since the table last grew as there were: those have moved long since.
    while (this.#oldPlaces !== undefined) this.#moveSome(this.#oldPlaces);
    this.#oldPlaces = this.#places;
    this.#moved = 0;
    this.#places = new Int32Array(Math.max(4 * firstSlots, 2 * this.#places.length));
    // What moves counts as it comes.
    this.#taken = 0;
  }

  #moveSome(old: Int32Array): void {
    const end = Math.min(old.length, this.#moved + 2 * movedAtOnce);
    for (let at = this.#moved; at < end; at += 2) if (old[at + 1] !== 0) this.#put(old[at]!, old[at + 1]! - 1);
    this.#moved = end;
    if (end === old.length) this.#oldPlaces = undefined;
  }

  #keep(slot: number, { bytes, start, end }: TextBytes): void {
    if (slot >= this.#lengths.length) this.#widen(Math.max(firstSlots, 2 * slot));
    this.#room(end - start);
    const own = this.#bytes;
    for (let i = start, to = this.#byteCount; i < end; i += 4, to += 4) own.setInt32(to, bytes.getInt32(i, true), true);
    this.#starts[slot] = this.#byteCount;
    this.#lengths[slot] = end - start;
    this.#hashes[slot] = hashText(own, this.#byteCount, this.#byteCount + end - start);
    this.#byteCount += end - start;
    this.#slots = Math.max(this.#slots, slot + 1);
  }

  #room(count: number): void {
    if (this.#byteCount + count + textMargin <= this.#bytes.byteLength) return;
    const grown = new Uint8Array(Math.max(firstBytes, 2 * this.#bytes.byteLength, this.#byteCount + count + textMargin));
    grown.set(new Uint8Array(this.#bytes.buffer, 0, this.#byteCount));
    this.#bytes = new DataView(grown.buffer);
  }

  #widen(slots: number): void {
    const [starts, lengths, hashes] = [new Float64Array(slots), new Int32Array(slots).fill(-1, this.#lengths.length), new Int32Array(slots)];
    starts.set(this.#starts);
    lengths.set(this.#lengths);
    hashes.set(this.#hashes);
    [this.#starts, this.#lengths, this.#hashes] = [starts, lengths, hashes];
  }
}

/** Cheap, and good enough for places: the last four bytes stand for what is left of the one before. */
export function quickHash(bytes: DataView, start: number, end: number): number {
  let hash = end - start;
  if (hash < 4) return spread(hash ^ (bytes.getInt32(start, true) & ((1 << (hash << 3)) - 1)));
  const last = end - 4;
  for (let i = start; i < last; i += 4) hash = Math.imul(((hash << 5) | (hash >>> 27)) ^ bytes.getInt32(i, true), 0x9e3779b1);
  return spread(((hash << 5) | (hash >>> 27)) ^ bytes.getInt32(last, true));
}

function spread(hash: number): number {
  const spread = Math.imul(hash, 0x85ebca6b);
  return spread ^ (spread >>> 15);
}

/** Whether JSON escapes nothing in it. */
function isPlain(bytes: DataView, start: number, end: number): boolean {
  let found = 0;
  for (let i = start; i < end; i += 4) {
    const all = bytes.getInt32(i, true);
    const left = end - i;
    const word = left >= 4 ? all : (all & ((1 << (left << 3)) - 1)) | (letters << (left << 3));
    // Bytes below 32 and quotes, then backslashes: a byte of a difference has its highest bit where it went below zero.
    found |= (((word ^ 0x02020202) - 0x21212121) | ((word ^ 0x5c5c5c5c) - 0x01010101)) & ~word;
  }
  return (found & 0x80808080) === 0;
}

function stringOf({ bytes, start, end }: TextBytes): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
}
