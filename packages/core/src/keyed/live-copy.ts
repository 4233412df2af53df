// A copy of a space as it was at a barrier, made while the space goes on changing: the barrier itself copies next to nothing.
//   L1. Before a slot changes for the first time, its stretch is kept aside as it was; every other stretch is read from the space when it is sorted.
//   L2. Nothing is kept aside for a stretch that is sorted, for slots that are newer than the barrier, or once the space has other arrays.
//   L3. Sorting goes stretch by stretch, and yields between: within a group slots stay in order of insertion.
//   L4. Where there is one group, and nothing was removed, slots stand in order: then what is kept aside is where it belongs.
import { GroupTexts } from "./group-texts.ts";
import type { KeyTexts } from "./key-texts.ts";
import { type Order, removedMark, type SortedCopy } from "./space-copy.ts";

/** Few slots are kept aside together: records of a batch touch keys everywhere, and each waits for its stretch. Two lines of a processor's cache for each column. */
const stretchBits = 4;
const stretchLength = 1 << stretchBits;
/** Stretches that stand in one block of what is kept. */
const blockBits = 8;
/** Slots of one block. */
export const blockLength: number = 1 << (stretchBits + blockBits);
/** So many stretches are sorted at once: less than a millisecond's work. The sooner all are, the fewer are kept aside. */
const stretchesAtOnce = 1 << 11;
/** So many are copied at once where slots stand in order. */
const orderedAtOnce = 1 << 14;

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

/** A copy under way. */
export class LiveCopy {
  readonly counts: Int32Array;
  readonly #parts: LiveCopyParts;
  readonly #stretches: number;
  /** By stretch: 0, or 1 + its number among those that are kept, in order of keeping. */
  readonly #kept: Int32Array;
  /** The columns of the copy, where slots stand in order. */
  readonly #ordered: readonly Float64Array[] | undefined;
  #keptCount = 0;
  /** There are keys that are neither numbers nor texts, or not only that. */
  #hasOthers = false;
  readonly #blocks: LiveArrays[] = [];
  /** Stretches below are sorted. */
  #next = 0;
  #sorted: SortedCopy | undefined;

  constructor(parts: LiveCopyParts) {
    this.#parts = parts;
    this.counts = parts.counts;
    this.#stretches = Math.ceil(parts.used / stretchLength);
    this.#kept = new Int32Array(this.#stretches);
    const { arrays, counts, keys, pool, used } = parts;
    if (counts.length === 1 && counts[0] === used) this.#ordered = arrays.columns.map(() => pool.take(keys.length));
  }

  /** Called before a slot of the space changes. */
  keep(slot: number): void {
    const at = slot >> stretchBits;
    if (at >= this.#next && at < this.#stretches && this.#kept[at] === 0) this.#keepStretch(at);
  }

  /** Called before everything changes. */
  keepAll(): void {
    for (let at = this.#next; at < this.#stretches; at++) if (this.#kept[at] === 0) this.#keepStretch(at);
  }

  /** The entries by key group. Yields where others may run. */
  *sorted(): Generator<undefined, SortedCopy> {
    if (this.#sorted !== undefined) return this.#sorted;
    const { keys, originals, texts, extras, counts, arrays, pool } = this.#parts;
    const starts = startsOf(counts);
    const total = starts[counts.length] ?? 0;
    const columns = [keys, ...(this.#ordered ?? arrays.columns.map(() => pool.take(keys.length)))];
    if (this.#ordered === undefined) columns[0] = pool.take(keys.length);
    const slots = originals.length > 0 || extras.size > 0 ? new Int32Array(total) : undefined;
    const grouped = texts.isEmpty ? undefined : new GroupTexts(texts, counts);
    const sorting: Sorting = { starts, next: starts.slice(0, counts.length), columns, slots, places: new Int32Array(stretchLength), texts: grouped };
    while (this.#next < this.#stretches) {
      const end = Math.min(this.#stretches, this.#next + (this.#ordered === undefined ? stretchesAtOnce : orderedAtOnce));
      if (this.#ordered === undefined) for (let at = this.#next; at < end; at++) this.#sortStretch(at, sorting);
      else this.#copyOrdered(this.#next, end, sorting);
      this.#next = end;
      if (end < this.#stretches) yield;
    }
    pool.giveBlocks(this.#blocks.splice(0));
    const order: Order = { ends: starts.slice(1), slots: extras.size > 0 || this.#hasOthers ? slots : undefined };
    this.#sorted = { order, columns, counts, keys, originals, texts, grouped, extras };
    this.#parts.over();
    return this.#sorted;
  }

  #keepStretch(at: number): void {
    const number = this.#keptCount++;
    this.#kept[at] = number + 1;
    const { arrays } = this.#parts;
    const [from, end] = [at * stretchLength, Math.min(this.#parts.used, (at + 1) * stretchLength)];
    if (this.#ordered !== undefined) return copyColumns(arrays.columns, { from, end, into: this.#ordered, at: from });
    const block = this.#blocks[number >> blockBits] ?? this.#newBlock();
    const offset = offsetOf(number);
    for (let i = from; i < end; i++) block.groups[offset + i - from] = arrays.groups[i]!;
    copyColumns(arrays.columns, { from, end, into: block.columns, at: offset });
  }

  #newBlock(): LiveArrays {
    const block = this.#parts.pool.takeBlock(this.#parts.arrays.columns.length);
    this.#blocks.push(block);
    return block;
  }

  /** What was not kept aside, run by run. */
  #copyOrdered(first: number, end: number, { slots, texts }: Sorting): void {
    const { arrays, used } = this.#parts;
    for (let at = first; at < end; ) {
      const from = at * stretchLength;
      while (at < end && this.#kept[at] === 0) at++;
      const to = Math.min(used, at * stretchLength);
      if (to > from) arrays.columns.forEach((column, c) => this.#ordered![c]!.set(column.subarray(from, to), from));
      while (at < end && this.#kept[at] !== 0) at++;
    }
    if (slots === undefined && texts === undefined) return;
    for (let slot = first * stretchLength; slot < Math.min(used, end * stretchLength); slot++) {
      if (slots !== undefined) slots[slot] = slot;
      this.#sortKey(slot, { group: 0, index: slot }, texts);
    }
  }

  #sortStretch(at: number, sorting: Sorting): void {
    const { starts, next, columns, slots, places, texts } = sorting;
    const { arrays, keys, used } = this.#parts;
    const from = at * stretchLength;
    const count = Math.min(used - from, stretchLength);
    const number = this.#kept[at]! - 1;
    const block = number < 0 ? arrays : this.#blocks[number >> blockBits]!;
    const offset = number < 0 ? from : offsetOf(number);
    for (let i = 0; i < count; i++) {
      const group = block.groups[offset + i]!;
      const place = group === removedMark ? -1 : next[group]!++;
      places[i] = place;
      if (place < 0) continue;
      if (slots !== undefined) slots[place] = from + i;
      this.#sortKey(from + i, { group, index: place - starts[group]! }, texts);
    }
    scatter(keys, from, { into: columns[0]!, places, count });
    for (let c = 1; c < columns.length; c++) scatter(block.columns[c - 1]!, offset, { into: columns[c]!, places, count });
  }

  /** Keys that are no numbers. */
  #sortKey(slot: number, { group, index }: { readonly group: number; readonly index: number }, texts: GroupTexts | undefined): void {
    const { keys, originals, texts: known } = this.#parts;
    if (texts !== undefined && known.has(slot)) texts.add(group, index, slot);
    else if (originals[slot] !== undefined || keys[slot] !== keys[slot]) this.#hasOthers = true;
  }
}

/** Where a stretch stands in its block. */
function offsetOf(number: number): number {
  return (number << stretchBits) & (blockLength - 1);
}

interface Sorting {
  /** Where the groups start. */
  readonly starts: Int32Array;
  readonly texts: GroupTexts | undefined;
  readonly next: Int32Array;
  readonly columns: readonly Float64Array[];
  readonly slots: Int32Array | undefined;
  readonly places: Int32Array;
}

/** Loops of their own: a view for each would cost more than what it copies. */
function copyColumns(columns: readonly Float64Array[], { from, end, into, at }: { readonly from: number; readonly end: number; readonly into: readonly Float64Array[]; readonly at: number }): void {
  const offset = at - from;
  for (let c = 0; c < columns.length; c++) {
    const [column, target] = [columns[c]!, into[c]!];
    for (let i = from; i < end; i++) target[offset + i] = column[i]!;
  }
}

function scatter(column: Float64Array, from: number, { into, places, count }: { readonly into: Float64Array; readonly places: Int32Array; readonly count: number }): void {
  for (let i = 0; i < count; i++) {
    const place = places[i]!;
    if (place >= 0) into[place] = column[from + i]!;
  }
}

/** Where each group starts, and where the last one ends. */
function startsOf(counts: Int32Array): Int32Array {
  const starts = new Int32Array(counts.length + 1);
  for (let group = 0; group < counts.length; group++) starts[group + 1] = starts[group]! + counts[group]!;
  return starts;
}
