// The bytes of a space by key group: written from a sorted copy after the pause, piece by piece; read back at once.
//
//   part     u8 255, u8 2, then for each namespace:
//   space    f64 namespace, u32 entries, u32 columns, u32 length of the rest, u32 length of the texts; keys as f64, NaN where the key is no number; each column as f64;
//            texts; rest
//   texts    nothing, or for each entry i32 length of its key in UTF-8, −1 where it is no text; for each entry i32 hash; the bytes
//   rest     for each entry that has more: its index, its key (undefined: the number above), what stands beside its numbers, as state values
// Numbers are little-endian. Version 1 had no texts, nor their length: texts were part of the rest.
import { StreamFlowError } from "../errors.ts";
import type { GroupTexts } from "./group-texts.ts";
import type { KeyTexts, StoredTexts } from "./key-texts.ts";
import { StateReader, StateWriter } from "./state-codec.ts";

/** Stands for the group of a slot whose key was removed. */
export const removedMark = 255;
/** No state value begins with it: such bytes are columns. */
export const columnsMark = 255;
const columnsVersion = 2;
const headerBytes = 24;
/** Of version 1. */
const oldHeaderBytes = 20;
/** So many numbers are written at once. */
const pieceLength = 1 << 16;
/** So much of the rest. */
const restLength = 1 << 13;
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Where the entries of key groups stand: those of group g end at `ends[g]`. */
export interface Order {
  readonly ends: Int32Array;
  /** The slot of each entry; undefined where none has a rest. */
  readonly slots: Int32Array | undefined;
}

/** The entries of a copy by key group: within a group in order of insertion. */
export interface SortedCopy {
  readonly order: Order;
  /** Keys, then columns, in that order. */
  readonly columns: readonly Float64Array[];
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
  /** NaN where the key is no number. Little-endian doubles, as the columns are. */
  readonly keys: Uint8Array;
  readonly columns: readonly Uint8Array[];
  /** Keys that are texts; undefined: none are. */
  readonly texts: StoredTexts | undefined;
  /** What else there is of an entry: its key where the number above is not it, and what stands beside. */
  readonly rest: readonly (readonly [index: number, key: unknown, extra: unknown])[];
}

/** Writes the entries of one group, in order. Yields where others may run. */
export function* writeColumns(spaces: readonly (SortedCopy & { readonly namespace: number })[], group: number): Generator<undefined, Uint8Array> {
  const ends: { readonly texts: Uint8Array; readonly rest: Uint8Array }[] = [];
  for (const space of spaces) ends.push({ texts: space.grouped?.stored(group) ?? new Uint8Array(), rest: yield* restOf(space, group) });
  const total = spaces.reduce((sum, { counts, columns }, at) => sum + headerBytes + 8 * counts[group]! * columns.length + ends[at]!.texts.length + ends[at]!.rest.length, 2);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  bytes.set([columnsMark, columnsVersion]);
  let at = 2;
  for (const [i, { namespace, counts, order, columns }] of spaces.entries()) {
    const [{ texts, rest }, count] = [ends[i]!, counts[group]!];
    view.setFloat64(at, namespace, true);
    view.setUint32(at + 8, count, true);
    view.setUint32(at + 12, columns.length - 1, true);
    view.setUint32(at + 16, rest.length, true);
    view.setUint32(at + 20, texts.length, true);
    at += headerBytes;
    for (const column of columns) {
      const end = order.ends[group]!;
      for (let from = end - count; from < end; from += pieceLength) {
        const piece = column.subarray(from, Math.min(end, from + pieceLength));
        bytes.set(bytesOf(piece), at);
        at += 8 * piece.length;
        if (count > pieceLength) yield;
      }
    }
    bytes.set(texts, at);
    bytes.set(rest, at + texts.length);
    at += texts.length + rest.length;
  }
  return bytes;
}

/** Reads what `writeColumns` wrote. @throws {@link StreamFlowError} SF_STATE_CORRUPT */
export function* readColumns(bytes: Uint8Array): Generator<{ readonly namespace: number } & StoredColumns> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[1];
  if (bytes[0] !== columnsMark || (version !== 1 && version !== columnsVersion)) throw corrupt(`it is no table of columns of version ${columnsVersion}`);
  const header = version === 1 ? oldHeaderBytes : headerBytes;
  for (let at = 2; at < bytes.length; ) {
    if (at + header > bytes.length) throw corrupt("it ends inside a header");
    const namespace = view.getFloat64(at, true);
    const [count, columns, restLength] = [view.getUint32(at + 8, true), view.getUint32(at + 12, true), view.getUint32(at + 16, true)];
    const textLength = version === 1 ? 0 : view.getUint32(at + 20, true);
    const from = at + header;
    const textAt = from + 8 * count * (1 + columns);
    const restAt = textAt + textLength;
    if (restAt + restLength > bytes.length) throw corrupt("it ends inside its columns");
    const column = (c: number): Uint8Array => bytes.subarray(from + 8 * c * count, from + 8 * (c + 1) * count);
    at = restAt + restLength;
    yield {
      namespace, count, keys: column(0), columns: Array.from({ length: columns }, (_, c) => column(c + 1)),
      texts: textLength === 0 ? undefined : readTexts(bytes.subarray(textAt, restAt), count), rest: readRest(bytes.subarray(restAt, at), count),
    };
  }
}

function readTexts(bytes: Uint8Array, count: number): StoredTexts {
  if (bytes.length < 8 * count) throw corrupt("it ends inside its texts");
  const [lengths, hashes] = [putInts(bytes, 0, count), putInts(bytes, 4 * count, count)];
  let total = 8 * count;
  for (let i = 0; i < count; i++) total += Math.max(0, lengths[i]!);
  if (total !== bytes.length) throw corrupt("its texts have another length than they say");
  return { lengths, hashes, bytes: bytes.subarray(8 * count) };
}

function putInts(bytes: Uint8Array, from: number, count: number): Int32Array {
  const ints = new Int32Array(count);
  const target = Buffer.from(ints.buffer);
  target.set(bytes.subarray(from, from + 4 * count));
  if (!isLittleEndian) target.swap32();
  return ints;
}

function* restOf({ keys, originals, texts, extras, counts, order }: SortedCopy, group: number): Generator<undefined, Uint8Array> {
  const end = order.ends[group]!;
  const slots = order.slots?.subarray(end - counts[group]!, end);
  if (slots === undefined) return new Uint8Array();
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

function readRest(bytes: Uint8Array, count: number): StoredColumns["rest"] {
  const from = new StateReader(bytes);
  const rest: [number, unknown, unknown][] = [];
  while (!from.atEnd) rest.push([from.number(), from.value(), from.value()]);
  if (rest.some(([index]) => !(index >= 0 && index < count))) throw corrupt("what stands beside an entry has none");
  return rest;
}

function bytesOf(values: Float64Array): Uint8Array {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return isLittleEndian ? bytes : Buffer.from(bytes).swap64();
}

/** Puts stored numbers into an array. */
export function putFloats(bytes: Uint8Array, into: Float64Array, from: number): void {
  const target = Buffer.from(into.buffer, into.byteOffset + 8 * from, bytes.length);
  target.set(bytes);
  if (!isLittleEndian) target.swap64();
}

function corrupt(what: string): StreamFlowError {
  return new StreamFlowError("SF_STATE_CORRUPT", `stored state cannot be read: ${what}`);
}
