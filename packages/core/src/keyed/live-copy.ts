// A copy of a space as it was at a barrier, made while the space goes on changing: the barrier itself copies next to nothing.
//   L1. Before a slot changes for the first time, its stretch is kept aside as it was; every other stretch is read from the space when it is written.
//   L2. Nothing is kept aside for a stretch that is written, for slots that are newer than the barrier, or once the space has other arrays.
//   L3. A part of the copy has the content of the barrier before where none of its slots was asked for since, and none is new: then it is the same object.
import type { KeyTexts } from "./key-texts.ts";

/** Few slots are kept aside together: records of a batch touch keys everywhere, and each waits for its stretch. A line of a processor's cache for each column. */
const stretchBits = 3;
export const stretchLength: number = 1 << stretchBits;
/** Stretches that stand in one block of what is kept. */
const blockBits = 9;
/** Slots of one block. */
export const blockLength: number = 1 << (stretchBits + blockBits);
/** Slots that are written, and found unchanged, together, where there is one group. */
const chunkBits = 14;
export const chunkLength: number = 1 << chunkBits;
/** With fewer slots it is not worth knowing what has changed from one copy to the next. */
export const leastWatched: number = chunkLength;
/** To know it costs something at each record: where most has changed, it is asked again after so many copies. */
const unwatchedCopies = 15;
/** Shifts every slot to 0. */
const allBits = 31;

/** The arrays of a space that change in place. */
export interface LiveArrays {
  readonly columns: readonly Float64Array[];
  readonly groups: Uint8Array;
}

/** Gives arrays, and takes them back. */
export interface ArrayPool {
  take(length: number): Float64Array;
  takeBlock(columns: number): LiveArrays;
  giveBlocks(blocks: readonly LiveArrays[]): void;
}

/** What a copy is made from. */
export interface LiveCopyParts {
  readonly used: number;
  readonly arrays: LiveArrays;
  /** These never change below `used`. */
  readonly keys: Float64Array;
  readonly originals: readonly unknown[];
  readonly texts: KeyTexts;
  /** These are the copy's own. */
  readonly counts: Int32Array;
  readonly extras: ReadonlyMap<number, unknown>;
  readonly pool: ArrayPool;
  /** The space need not tell of changes any more. */
  over(): void;
}

/** A copy under way; and, once it is over, what has changed since. */
export class LiveCopy {
  readonly parts: LiveCopyParts;
  /** Stands for what each chunk holds where there is one group, else each group. */
  readonly contents: readonly object[];
  readonly #stretches: number;
  /** By stretch: 0, or 1 + its number among those that are kept, in order of keeping; −1: nobody will ask for it. */
  readonly #kept: Int32Array;
  #keptCount = 0;
  readonly #blocks: LiveArrays[] = [];
  /** Stretches below are written. */
  #next = 0;
  /** By chunk, or for all together: whether a slot was asked for. */
  readonly #asked: Uint8Array;
  readonly #askedBits: number;
  #isWatched = false;

  constructor(parts: LiveCopyParts, before: LiveCopy | undefined) {
    const { counts, keys, used } = parts;
    this.parts = parts;
    this.#stretches = Math.ceil(used / stretchLength);
    this.#kept = new Int32Array(this.#stretches);
    this.#askedBits = counts.length === 1 ? chunkBits : allBits;
    this.#asked = new Uint8Array((keys.length >> this.#askedBits) + 1);
    const units = counts.length === 1 ? Math.ceil(used / chunkLength) : counts.length;
    this.contents = Array.from({ length: units }, (_, unit) => (before?.isAsBefore(unit, used) === true ? before.contents[unit]! : {}));
  }

  /** Whether a chunk, or a group, holds now what it held at this barrier. */
  isAsBefore(unit: number, used: number): boolean {
    if (this.#askedBits === allBits) return used === this.parts.used && this.#asked[0] === 0;
    return Math.min(used, (unit + 1) * chunkLength) <= this.parts.used && this.#asked[unit] === 0;
  }

  /** Decides whether the space tells what is asked for until the next copy. `unwatched` is a number for it to keep from copy to copy, 0 at first: answers the next one. */
  watch(before: LiveCopy | undefined, unwatched: number): number {
    if (this.parts.used < leastWatched) return unwatched;
    if (before !== undefined && before.#isWatched && !this.#isMostlyAs(before)) return unwatchedCopies;
    this.#isWatched = (before !== undefined && before.#isWatched) || unwatched <= 0;
    return Math.max(0, unwatched - 1);
  }

  #isMostlyAs(before: LiveCopy): boolean {
    return 2 * this.contents.filter((content, unit) => content === before.contents[unit]).length >= this.contents.length;
  }

  /** Called before a slot of the space changes. */
  keep(slot: number): void {
    this.#asked[slot >> this.#askedBits] = 1;
    const at = slot >> stretchBits;
    if (at >= this.#next && at < this.#stretches && this.#kept[at] === 0) this.#keepStretch(at);
  }

  /** Called before everything changes. */
  keepAll(): void {
    for (let at = this.#next; at < this.#stretches; at++) if (this.#kept[at] === 0) this.#keepStretch(at);
  }

  /** Nobody will ask for the slots of a chunk. */
  leave(chunk: number): void {
    const first = chunk * (chunkLength >> stretchBits);
    this.#kept.fill(-1, first, first + (chunkLength >> stretchBits));
  }

  /** Whether nobody will ask for the slots of a chunk. */
  isLeft(chunk: number): boolean {
    return this.#kept[chunk * (chunkLength >> stretchBits)] === -1;
  }

  /** The slots below are written. */
  written(slots: number): void {
    this.#next = Math.ceil(slots / stretchLength);
    if (this.#next >= this.#stretches) this.end();
  }

  /** Whether there is nothing left that is to be written. */
  get isOver(): boolean {
    return this.#next >= this.#stretches;
  }

  /** Nobody will ask for anything any more. */
  end(): void {
    this.#next = this.#stretches;
    this.parts.pool.giveBlocks(this.#blocks.splice(0));
    if (!this.#isWatched) this.parts.over();
  }

  /** Where the arrays of a stretch are now: kept aside, or in the space, and where in them it begins. */
  stretch(at: number): { readonly arrays: LiveArrays; readonly offset: number } {
    const number = this.#kept[at]! - 1;
    return number < 0 ? { arrays: this.parts.arrays, offset: at * stretchLength } : { arrays: this.#blocks[number >> blockBits]!, offset: offsetOf(number) };
  }

  /** Whether one of the stretches of some slots is kept aside. */
  hasKept(from: number, end: number): boolean {
    for (let at = from >> stretchBits; at * stretchLength < end; at++) if (this.#kept[at]! > 0) return true;
    return false;
  }

  /** Puts what is kept aside of some slots over what `columns` have of them; `from` is the first slot of a stretch. */
  layKept(columns: readonly Float64Array[], from: number, end: number): void {
    for (let at = from >> stretchBits; at * stretchLength < end; at++) {
      const number = this.#kept[at]! - 1;
      if (number < 0) continue;
      const offset = offsetOf(number);
      const to = at * stretchLength - from;
      copyColumns(this.#blocks[number >> blockBits]!.columns, { from: offset, end: offset + Math.min(stretchLength, end - from - to), into: columns, at: to });
    }
  }

  #keepStretch(at: number): void {
    const number = this.#keptCount++;
    this.#kept[at] = number + 1;
    const { arrays, used } = this.parts;
    const [from, end] = [at * stretchLength, Math.min(used, (at + 1) * stretchLength)];
    const block = this.#blocks[number >> blockBits] ?? this.#newBlock();
    const offset = offsetOf(number);
    for (let i = from; i < end; i++) block.groups[offset + i - from] = arrays.groups[i]!;
    copyColumns(arrays.columns, { from, end, into: block.columns, at: offset });
  }

  #newBlock(): LiveArrays {
    const block = this.parts.pool.takeBlock(this.parts.arrays.columns.length);
    this.#blocks.push(block);
    return block;
  }
}

/** Where a stretch stands in its block. */
function offsetOf(number: number): number {
  return (number << stretchBits) & (blockLength - 1);
}

/** Loops of their own: a view for each would cost more than what it copies. */
function copyColumns(columns: readonly Float64Array[], { from, end, into, at }: { readonly from: number; readonly end: number; readonly into: readonly Float64Array[]; readonly at: number }): void {
  const offset = at - from;
  for (let c = 0; c < columns.length; c++) {
    const [column, target] = [columns[c]!, into[c]!];
    for (let i = from; i < end; i++) target[offset + i] = column[i]!;
  }
}
