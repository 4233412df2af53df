// The bytes of a space by key group: written from a sorted copy after the pause, piece by piece; read back at once.
//
//   part     u8 255, u8 3, six bytes 0, then for each namespace:
//   space    f64 namespace, u32 entries, u32 columns, u32 length of the rest, u32 length of the texts; the kinds of the columns, a byte for each, keys first;
//            keys, NaN where the key is no number; each column (column-bytes.ts); texts; rest. Kinds, and texts with the rest, are followed by bytes 0 up to a multiple of 8
//   texts    nothing, or for each entry i32 length of its key in UTF-8, −1 where it is no text; for each entry i32 hash; the bytes
//   rest     for each entry that has more: its index, its key (undefined: the number above), what stands beside its numbers, as state values
// Numbers are little-endian. In version 2 keys and columns were all f64, without kinds, and nothing was followed by bytes 0, not even the version; version 1 had no texts either,
// nor their length: texts were part of the rest.
import { StreamFlowError } from "../errors.ts";
import { columnBytes, floatsKind, mostColumnBytes, padded, readColumn, readInts, writeColumn } from "./column-bytes.ts";
import type { GroupTexts } from "./group-texts.ts";
import type { KeyTexts, StoredTexts } from "./key-texts.ts";
import { StateReader, StateWriter } from "./state-codec.ts";

/** Stands for the group of a slot whose key was removed. */
export const removedMark = 255;
/** No state value begins with it: such bytes are columns. */
export const columnsMark = 255;
const columnsVersion = 3;
const partHeaderBytes = 8;
const headerBytes = 24;
/** Of version 1. */
const oldHeaderBytes = 20;
/** So much of the rest. */
const restLength = 1 << 13;
/** So many bytes of several spaces. */
const pieceBytes = 1 << 19;
const nothing: Uint8Array = new Uint8Array(0);

/** Where the entries of key groups stand: those of group g end at `ends[g]`. */
export interface Order {
  readonly ends: Int32Array;
  /** The slot of each entry; undefined where none has a rest. */
  readonly slots: Int32Array | undefined;
}

/** The entries of a copy by key group: within a group in order of insertion. */
export interface SortedCopy {
  readonly order: Order;
  /** Keys, then columns, in that order; undefined: all are 0. */
  readonly columns: readonly (Float64Array | undefined)[];
  /** Entries by group. */
  readonly counts: Int32Array;
  /** By slot. */
  readonly keys: Float64Array;
  readonly originals: readonly unknown[];
  /** Of all slots of the copy. */
  readonly texts: KeyTexts;
  /** The same by group; undefined: there are none. */
  readonly grouped: GroupTexts | undefined;
  readonly extras: ReadonlyMap<number, unknown>;
}

/** Entries of one key group as they were stored, in order. */
export interface StoredColumns {
  readonly count: number;
  /** NaN where the key is no number. */
  readonly keys: Float64Array;
  /** The array belongs to whoever takes it, as do the arrays of numbers. */
  readonly columns: Float64Array[];
  /** Keys that are texts; undefined: none are. */
  readonly texts: StoredTexts | undefined;
  /** What else there is of an entry: its key where the number above is not it, and what stands beside. */
  readonly rest: readonly (readonly [index: number, key: unknown, extra: unknown])[];
}

/** Gives room for the bytes of a part. */
type Room = (mostBytes: number) => Uint8Array;

/** A copy to be written, or what is stored already. */
export type SpaceToWrite = StoredSpace | (SortedCopy & { readonly namespace: number });

/** What stands behind the columns of a space. */
interface Ends {
  readonly texts: Uint8Array;
  readonly rest: Uint8Array;
}

/** Writes the entries of one group, in order, into the room that it is given. Yields where others may run. */
export function* writeColumns(spaces: readonly SpaceToWrite[], group: number, room: Room): Generator<undefined, Uint8Array> {
  const ends: (Ends | undefined)[] = [];
  for (const space of spaces) ends.push("bytes" in space ? undefined : { texts: space.grouped?.stored(group) ?? nothing, rest: yield* restOf(space, group) });
  const bytes = room(spaces.reduce((sum, space, i) => sum + mostBytes(space, group, ends[i]), partHeaderBytes));
  bytes.fill(0, 0, partHeaderBytes);
  bytes.set([columnsMark, columnsVersion]);
  let at = partHeaderBytes;
  let paused = at;
  for (const [i, space] of spaces.entries()) {
    if ("bytes" in space) bytes.set(space.bytes, at);
    at = "bytes" in space ? at + space.bytes.length : yield* writeSpace(space, { group, ...ends[i]! }, { bytes, at });
    if (at - paused < pieceBytes) continue;
    paused = at;
    yield;
  }
  return bytes.subarray(0, at);
}

function mostBytes(space: SpaceToWrite, group: number, ends: Ends | undefined): number {
  if ("bytes" in space || ends === undefined) return "bytes" in space ? space.bytes.length : 0;
  return headerBytes + padded(space.columns.length) + space.columns.length * padded(mostColumnBytes(space.counts[group]!)) + padded(ends.texts.length + ends.rest.length);
}

/** Answers where it ends. */
function* writeSpace(space: SortedCopy & { readonly namespace: number }, { group, texts, rest }: Ends & { readonly group: number }, into: { readonly bytes: Uint8Array; readonly at: number }): Generator<undefined, number> {
  const { bytes } = into;
  let { at } = into;
  const { namespace, counts, order, columns } = space;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  view.setFloat64(0, namespace, true);
  view.setUint32(8, counts[group]!, true);
  view.setUint32(12, columns.length - 1, true);
  view.setUint32(16, rest.length, true);
  view.setUint32(20, texts.length, true);
  at += headerBytes;
  const kinds = bytes.subarray(at, at + padded(columns.length)).fill(0);
  at += kinds.length;
  const end = order.ends[group]!;
  for (let c = 0; c < columns.length; c++) ({ kind: kinds[c], end: at } = yield* writeColumn(columns[c], { from: end - counts[group]!, end }, { bytes, at }));
  bytes.set(texts, at);
  bytes.set(rest, at + texts.length);
  const used = texts.length + rest.length;
  bytes.fill(0, at + used, at + padded(used));
  return at + padded(used);
}

/** A space as it is stored: it becomes columns when somebody asks for it, and until then may go into the next checkpoint as it is. */
export interface StoredSpace {
  readonly namespace: number;
  readonly count: number;
  /** Without the keys. */
  readonly columns: number;
  /** Of the part that it was in. */
  readonly version: number;
  /** Header and all. */
  readonly bytes: Uint8Array;
}

/** Finds the spaces of what `writeColumns` wrote. @throws {@link StreamFlowError} SF_STATE_CORRUPT */
export function* spacesOf(bytes: Uint8Array): Generator<StoredSpace> {
  const version = bytes[1]!;
  if (bytes[0] !== columnsMark || !(version >= 1 && version <= columnsVersion)) throw corrupt(`it is no table of columns of version ${columnsVersion}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = version < 3 ? 2 : partHeaderBytes;
  if (at > bytes.length) throw corrupt("it ends before its first header");
  while (at < bytes.length) {
    const from = at;
    const places = placesOf(view, from, version);
    at = places.end;
    yield { namespace: view.getFloat64(from, true), count: places.count, columns: places.columns, version, bytes: bytes.subarray(from, at) };
  }
}

/** Whether a stored space may stand in a part that is written now. */
export function isPresent({ version }: StoredSpace): boolean {
  return version === columnsVersion;
}

/** Where what a space has stands in its bytes. */
interface Places {
  readonly count: number;
  readonly columns: number;
  /** Of the keys. */
  readonly keys: number;
  readonly texts: number;
  readonly rest: number;
  readonly restEnd: number;
  readonly end: number;
}

function placesOf(view: DataView, at: number, version: number): Places {
  const header = at + (version === 1 ? oldHeaderBytes : headerBytes);
  if (header > view.byteLength) throw corrupt("it ends inside a header");
  const [count, columns, restBytes] = [view.getUint32(at + 8, true), view.getUint32(at + 12, true), view.getUint32(at + 16, true)];
  const keys = version < 3 ? header : header + padded(1 + columns);
  // No key is there twice: so many entries take as many bytes.
  if (keys > view.byteLength || count > view.byteLength) throw corrupt("it ends inside its columns");
  let texts = keys;
  if (version < 3) texts += mostColumnBytes(count) * (1 + columns);
  else for (let c = 0; c <= columns; c++) texts += columnBytes(view.getUint8(header + c), count);
  const rest = texts + (version === 1 ? 0 : view.getUint32(at + 20, true));
  const restEnd = rest + restBytes;
  const end = version < 3 ? restEnd : texts + padded(restEnd - texts);
  // What a kind that there is not makes of it is no number.
  if (!(end <= view.byteLength)) throw corrupt("it ends inside its columns, or has one of a kind that there is not");
  return { count, columns, keys, texts, rest, restEnd, end };
}

/** Reads a space, into arrays for keys and columns where there are any: of the columns all numbers are 0. @throws {@link StreamFlowError} SF_STATE_CORRUPT */
export function readSpace({ version, bytes }: StoredSpace, into?: readonly Float64Array[]): StoredColumns {
  const { count, columns, keys: keysAt, texts, rest, restEnd } = placesOf(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, version);
  const read = new Array<Float64Array>(1 + columns);
  let at = keysAt;
  for (let c = 0; c <= columns; c++) {
    const kind = version < 3 ? floatsKind : bytes[headerBytes + c]!;
    const array = into?.[c] ?? new Float64Array(count);
    if (c === 0) array.fill(0);
    readColumn(kind, bytes, at, array);
    at += columnBytes(kind, count);
    read[c] = array;
  }
  const [keys, ...others] = read as [Float64Array, ...Float64Array[]];
  return { count, keys, columns: others, texts: rest === texts ? undefined : readTexts(bytes.subarray(texts, rest), count), rest: readRest(bytes.subarray(rest, restEnd), count) };
}

function readTexts(bytes: Uint8Array, count: number): StoredTexts {
  if (bytes.length < 8 * count) throw corrupt("it ends inside its texts");
  const [lengths, hashes] = [readInts(bytes, 0, count), readInts(bytes, 4 * count, count)];
  let total = 8 * count;
  for (let i = 0; i < count; i++) total += Math.max(0, lengths[i]!);
  if (total !== bytes.length) throw corrupt("its texts have another length than they say");
  return { lengths, hashes, bytes: bytes.subarray(8 * count) };
}

function* restOf({ keys, originals, texts, extras, counts, order }: SortedCopy, group: number): Generator<undefined, Uint8Array> {
  const end = order.ends[group]!;
  const slots = order.slots?.subarray(end - counts[group]!, end);
  if (slots === undefined) return nothing;
  const out = new StateWriter();
  for (let index = 0; index < slots.length; index++) {
    const slot = slots[index]!;
    const isText = texts.has(slot);
    const [original, extra, key] = [isText ? undefined : originals[slot], extras.get(slot), keys[slot]!];
    if (original === undefined && extra === undefined && (isText || key === key)) continue;
    out.number(index);
    out.value(original);
    out.value(extra);
    if (index % restLength === restLength - 1) yield;
  }
  return out.finish();
}

const noRest: StoredColumns["rest"] = [];

function readRest(bytes: Uint8Array, count: number): StoredColumns["rest"] {
  if (bytes.length === 0) return noRest;
  const from = new StateReader(bytes);
  const rest: [number, unknown, unknown][] = [];
  while (!from.atEnd) rest.push([from.number(), from.value(), from.value()]);
  if (rest.some(([index]) => !(index >= 0 && index < count))) throw corrupt("what stands beside an entry has none");
  return rest;
}

function corrupt(what: string): StreamFlowError {
  return new StreamFlowError("SF_STATE_CORRUPT", `stored state cannot be read: ${what}`);
}
