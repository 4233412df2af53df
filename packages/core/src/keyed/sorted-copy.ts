// The entries of a live copy as they are written: by key group, stretch by stretch; or, where there is one group, chunk by chunk.
//   Sorting yields between stretches. Within a group slots stay in order of insertion.
import { areZeros } from "./column-bytes.ts";
import { GroupTexts } from "./group-texts.ts";
import { chunkLength, type LiveCopy, type LiveCopyParts, stretchLength } from "./live-copy.ts";
import { removedMark, type SortedCopy } from "./space-copy.ts";

/** So many chunks are copied at once: a few milliseconds' work. The sooner all are, the fewer stretches are kept aside, each of which costs more than its copy. */
const chunksAtOnce = 32;
/** So many stretches are sorted at once: less than a millisecond's work. The sooner all are, the fewer are kept aside. */
const stretchesAtOnce = 1 << 12;

interface Sorting {
  /** Where the groups start. */
  readonly starts: Int32Array;
  readonly texts: GroupTexts | undefined;
  readonly next: Int32Array;
  readonly columns: readonly Float64Array[];
  readonly slots: Int32Array | undefined;
  readonly places: Int32Array;
}

/** All entries by key group. Yields where others may run. */
export function* sortedCopy(copy: LiveCopy): Generator<undefined, SortedCopy> {
  const { keys, originals, texts, extras, counts, arrays, pool, used } = copy.parts;
  const starts = startsOf(counts);
  const columns = [keys, ...arrays.columns].map(() => pool.take(keys.length));
  const slots = hasRest(copy.parts) ? new Int32Array(starts[counts.length]!) : undefined;
  const grouped = texts.isEmpty ? undefined : new GroupTexts(texts, counts);
  const sorting: Sorting = { starts, next: starts.slice(0, counts.length), columns, slots, places: new Int32Array(stretchLength), texts: grouped };
  const stretches = Math.ceil(used / stretchLength);
  for (let next = 0; next < stretches; ) {
    const end = Math.min(stretches, next + stretchesAtOnce);
    for (; next < end; next++) sortStretch(copy, next, sorting);
    copy.written(Math.min(used, end * stretchLength));
    if (end < stretches) yield;
  }
  return { order: { ends: starts.slice(1), slots }, columns, counts, keys, originals, texts, grouped, extras };
}

function sortStretch(copy: LiveCopy, at: number, { starts, next, columns, slots, places, texts }: Sorting): void {
  const { keys, used, texts: known } = copy.parts;
  const from = at * stretchLength;
  const count = Math.min(used - from, stretchLength);
  const { arrays, offset } = copy.stretch(at);
  for (let i = 0; i < count; i++) {
    const group = arrays.groups[offset + i]!;
    const place = group === removedMark ? -1 : next[group]!++;
    places[i] = place;
    if (place < 0) continue;
    if (slots !== undefined) slots[place] = from + i;
    if (texts !== undefined && known.has(from + i)) texts.add(group, place - starts[group]!, from + i);
  }
  scatter(keys, from, { into: columns[0]!, places, count });
  for (let c = 1; c < columns.length; c++) scatter(arrays.columns[c - 1]!, offset, { into: columns[c]!, places, count });
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

/** The entries of each chunk of a copy that has one group; those that are left out are undefined. Yields where others may run. */
export function* chunkCopies(copy: LiveCopy): Generator<undefined, readonly (SortedCopy | undefined)[]> {
  const chunks = copy.contents.map((_, chunk) => chunk);
  const copies: (SortedCopy | undefined)[] = [];
  let copied = 0;
  for (const chunk of chunks) {
    copies.push(copy.isLeft(chunk) ? undefined : chunkCopy(copy, chunk));
    copy.written((chunk + 1) * chunkLength);
    if (copies[chunk] !== undefined && ++copied % chunksAtOnce === 0 && chunk + 1 < chunks.length) yield;
  }
  return copies;
}

function chunkCopy(copy: LiveCopy, chunk: number): SortedCopy {
  const { keys, originals, texts, extras, arrays, counts, used, pool } = copy.parts;
  const from = chunk * chunkLength;
  const end = Math.min(used, from + chunkLength);
  const slots = counts[0] === used && !hasRest(copy.parts) ? undefined : slotsOf(copy, from, end);
  const own = Int32Array.of(slots?.length ?? end - from);
  const grouped = texts.isEmpty ? undefined : textsOf(copy.parts, { from, end, slots }, own);
  const hasKept = copy.hasKept(from, end);
  const columns = arrays.columns.map((column) => (!hasKept && areZeros(column, from, end) ? undefined : copyTo(pool.take(chunkLength), column.subarray(from, end))));
  if (hasKept) copy.layKept(columns as readonly Float64Array[], from, end);
  // They never change: a view will do.
  const keyColumn = slots === undefined ? keys.subarray(from, end) : copyTo(pool.take(chunkLength), keys.subarray(from, end));
  const all = [keyColumn, ...columns];
  if (slots !== undefined) for (const column of all) if (column !== undefined) squeeze(column, slots, from);
  return { order: { ends: own, slots }, columns: all, counts: own, keys, originals, texts, grouped, extras };
}

interface Stretch {
  readonly from: number;
  readonly end: number;
}

function copyTo(into: Float64Array, column: Float64Array): Float64Array {
  into.set(column);
  return into;
}

/** Those that have a key. */
function slotsOf(copy: LiveCopy, from: number, end: number): Int32Array {
  const slots = new Int32Array(end - from);
  let count = 0;
  for (let first = from; first < end; first += stretchLength) {
    const { arrays, offset } = copy.stretch(first / stretchLength);
    for (let slot = first; slot < Math.min(end, first + stretchLength); slot++) if (arrays.groups[offset + slot - first] !== removedMark) slots[count++] = slot;
  }
  return slots.subarray(0, count);
}

/** Slots ascend: none is overwritten before it is read. */
function squeeze(column: Float64Array, slots: Int32Array, from: number): void {
  for (let i = 0; i < slots.length; i++) column[i] = column[slots[i]! - from]!;
}

function textsOf({ texts }: LiveCopyParts, { from, end, slots }: Stretch & { readonly slots: Int32Array | undefined }, counts: Int32Array): GroupTexts {
  const grouped = new GroupTexts(texts, counts);
  const count = slots?.length ?? end - from;
  for (let index = 0; index < count; index++) {
    const slot = slots?.[index] ?? from + index;
    if (texts.has(slot)) grouped.add(0, index, slot);
  }
  return grouped;
}

/** Whether an entry may have more than its numbers and a key that is a number or a text. */
function hasRest({ originals, extras }: LiveCopyParts): boolean {
  return originals.length > 0 || extras.size > 0;
}
