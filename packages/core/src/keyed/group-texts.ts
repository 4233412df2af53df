// The texts of a copy by key group, gathered in the order of slots: read from end to end, and written at as many places as there are groups.
import type { KeyTexts } from "./key-texts.ts";

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
/** Room that is made at first for a text, in bytes. */
const usualBytes = 12;

interface GroupOfTexts {
  readonly lengths: Int32Array;
  readonly hashes: Int32Array;
  bytes: Uint8Array;
  byteCount: number;
}

/** Texts by group. */
export class GroupTexts {
  readonly #texts: KeyTexts;
  readonly #groups: readonly GroupOfTexts[];

  /** @param counts entries by group */
  constructor(texts: KeyTexts, counts: Int32Array) {
    this.#texts = texts;
    // Most groups of a small copy have no entry: they share a group that nothing is added to.
    const none = { lengths: new Int32Array(0), hashes: new Int32Array(0), bytes: new Uint8Array(0), byteCount: 0 };
    this.#groups = Array.from(counts, (count) => (count === 0 ? none : { lengths: new Int32Array(count).fill(-1), hashes: new Int32Array(count), bytes: new Uint8Array(count * usualBytes), byteCount: 0 }));
  }

  /** The text of a slot, the next of its group that has one; `index` counts all entries of the group. */
  add(group: number, index: number, slot: number): void {
    const into = this.#groups[group]!;
    const length = this.#texts.lengthOf(slot);
    into.lengths[index] = length;
    into.hashes[index] = this.#texts.hashOf(slot);
    if (into.byteCount + length > into.bytes.length) {
      const grown = new Uint8Array(Math.max(2 * into.bytes.length, into.byteCount + length));
      grown.set(into.bytes.subarray(0, into.byteCount));
      into.bytes = grown;
    }
    into.byteCount = this.#texts.copyTo(slot, into.bytes, into.byteCount);
  }

  /** How they are stored: lengths, hashes, bytes. */
  stored(group: number): Uint8Array {
    const { lengths, hashes, bytes, byteCount } = this.#groups[group]!;
    const stored = Buffer.alloc(8 * lengths.length + byteCount);
    stored.set(Buffer.from(lengths.buffer), 0);
    stored.set(Buffer.from(hashes.buffer), 4 * lengths.length);
    if (!isLittleEndian) stored.subarray(0, 8 * lengths.length).swap32();
    stored.set(bytes.subarray(0, byteCount), 8 * lengths.length);
    return stored;
  }
}
