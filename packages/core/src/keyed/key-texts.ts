// Keys that are texts, as bytes by slot: what checkpoints write, and what a restore finds keys by without making strings of them.
//   X1. Each text becomes bytes once, when it is first written, however many checkpoints hold it: the key of a slot never changes.
//   X2. A slot is found by hash, then by its bytes. One whose key was removed stays where it is: the space knows that.
import { hashCanonical } from "../types/hash.ts";

/** Texts of consecutive entries as they are stored. */
export interface StoredTexts {
  /** In bytes of UTF-8; −1: the key is no text, or none that has UTF-8. */
  readonly lengths: Int32Array;
  /** As key groups are made from; 0 where there is no text. */
  readonly hashes: Int32Array;
  readonly bytes: Uint8Array;
}

const firstBytes = 1_024;
const firstSlots = 64;
/** So many texts become bytes at once. */
const pieceLength = 1 << 13;
const encoder = new TextEncoder();

/** The texts of one space. */
export class KeyTexts {
  #bytes: Uint8Array = new Uint8Array(0);
  #byteCount = 0;
  #starts: Float64Array = new Float64Array(0);
  #lengths: Int32Array = new Int32Array(0);
  #hashes: Int32Array = new Int32Array(0);
  /** Slots that are known here, with a text or without. */
  #slots = 0;
  #texts = 0;
  /** Slot + 1 by place, for those that were restored; undefined: none were. */
  #places: Int32Array | undefined;

  /** How many slots are known, with a text or without. */
  get slots(): number {
    return this.#slots;
  }

  /** Whether there is any text. */
  get isEmpty(): boolean {
    return this.#texts === 0;
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
    const start = this.#starts[slot]!;
    return Buffer.from(this.#bytes.buffer, start, this.#lengths[slot]!).toString("utf8");
  }

  /** Copies the bytes of a slot's text. Answers where they end. */
  copyTo(slot: number, into: Uint8Array, from: number): number {
    const [start, length] = [this.#starts[slot]!, this.#lengths[slot]!];
    // For short texts a loop costs less than a view.
    if (length > 64) into.set(this.#bytes.subarray(start, start + length), from);
    else for (let i = 0; i < length; i++) into[from + i] = this.#bytes[start + i]!;
    return from + length;
  }

  /** Makes bytes of the texts of all slots up to `used` that have none yet (X1). Yields where others may run. */
  *encode(originals: readonly unknown[], used: number): Generator<undefined, void> {
    while (this.#slots < used) {
      this.add(originals[this.#slots]);
      if (this.#slots % pieceLength === 0) yield;
    }
  }

  /** The key of the next slot; what is no text is known as such. */
  add(key: unknown): void {
    const slot = this.#slots++;
    if (slot === this.#lengths.length) this.#widen(Math.max(firstSlots, 2 * slot));
    // What begins with U+0000 is no key in canonical form.
    const length = typeof key === "string" && key.charCodeAt(0) !== 0 ? this.#write(key) : -1;
    this.#lengths[slot] = length;
    if (length < 0) return;
    this.#starts[slot] = this.#byteCount;
    this.#byteCount += length;
    this.#hashes[slot] = hashCanonical(key as string);
    this.#texts++;
  }

  /** Adds stored texts for the next slots. `index` follows. */
  append({ lengths, hashes, bytes }: StoredTexts): void {
    const slots = this.#slots + lengths.length;
    if (slots > this.#lengths.length) this.#widen(Math.max(firstSlots, slots, 2 * this.#slots));
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#byteCount);
    this.#lengths.set(lengths, this.#slots);
    this.#hashes.set(hashes, this.#slots);
    for (let i = 0; i < lengths.length; i++) {
      if (lengths[i]! < 0) continue;
      this.#starts[this.#slots + i] = this.#byteCount;
      this.#byteCount += lengths[i]!;
      this.#texts++;
    }
    this.#slots = slots;
  }

  /** Makes the texts so far found by `find`. */
  index(): void {
    let capacity = 2 * firstSlots;
    while (capacity < 2 * this.#texts) capacity *= 2;
    const places = new Int32Array(capacity);
    const mask = capacity - 1;
    for (let slot = 0; slot < this.#slots; slot++) {
      if (this.#lengths[slot]! < 0) continue;
      let at = this.#hashes[slot]! & mask;
      while (places[at] !== 0) at = (at + 1) & mask;
      places[at] = slot + 1;
    }
    this.#places = places;
  }

  /** The slot of a text that was restored; −1: none. */
  find(text: string): number {
    const places = this.#places;
    if (places === undefined) return -1;
    const hash = hashCanonical(text) | 0;
    const mask = places.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = places[at]! - 1;
      if (slot < 0) return -1;
      if (this.#hashes[slot] === hash && this.#isText(slot, text)) return slot;
    }
  }

  #isText(slot: number, text: string): boolean {
    const start = this.#starts[slot]!;
    if (this.#lengths[slot] !== text.length) return this.at(slot) === text;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 127) return this.at(slot) === text;
      if (unit !== this.#bytes[start + i]) return false;
    }
    return true;
  }

  /** Answers how many bytes a text takes; −1 where it has no UTF-8. */
  #write(text: string): number {
    this.#room(3 * text.length);
    const bytes = this.#bytes;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 127) return text.isWellFormed() ? encoder.encodeInto(text, bytes.subarray(this.#byteCount)).written : -1;
      bytes[this.#byteCount + i] = unit;
    }
    return text.length;
  }

  #room(count: number): void {
    if (this.#byteCount + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(firstBytes, 2 * this.#bytes.length, this.#byteCount + count));
    grown.set(this.#bytes.subarray(0, this.#byteCount));
    this.#bytes = grown;
  }

  #widen(slots: number): void {
    const [starts, lengths, hashes] = [new Float64Array(slots), new Int32Array(slots), new Int32Array(slots)];
    starts.set(this.#starts);
    lengths.set(this.#lengths);
    hashes.set(this.#hashes);
    [this.#starts, this.#lengths, this.#hashes] = [starts, lengths, hashes];
  }
}
