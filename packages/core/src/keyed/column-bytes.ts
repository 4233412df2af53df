// Columns of numbers as bytes: no wider than the numbers of a column need. What aggregates keep are mostly counts and whole numbers, and zeros where nothing was ever lost.
//
//   kind 0   all are 0: no bytes
//   kind 1   u8
//   kind 2   i32
//   kind 3   f64
//   kind 4   all are NaN: no bytes; as keys that are no numbers have it
// Numbers are little-endian; −0, fractions and large numbers are f64. Behind each column stand bytes 0 up to a multiple of 8.

const kinds = { zeros: 0, bytes: 1, integers: 2, floats: 3, nans: 4 } as const;
const widths = [0, 1, 4, 8, 0] as const;
/** Numbers as they are. */
export const floatsKind: number = kinds.floats;
/** So many numbers are written at once: less than a millisecond's work. */
const pieceLength = 1 << 18;
/** A loop that is called again and again is compiled sooner than one that runs on and on. */
const loopLength = 1 << 12;
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

interface Stretch {
  readonly from: number;
  readonly end: number;
}

/** A column that has been written: its kind, and where it ends. */
export interface WrittenColumn {
  readonly kind: number;
  readonly end: number;
}

/** The most bytes that a column takes. */
export function mostColumnBytes(count: number): number {
  return 8 * count;
}

/** The bytes that a column of a kind takes; NaN: there is no such kind. */
export function columnBytes(kind: number, count: number): number {
  return padded((widths[kind] ?? NaN) * count);
}

/** Length with what follows up to a multiple of 8. */
export function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

/** Writes `column[from, end)`, undefined where all are 0, at `at`, a multiple of 8 in `bytes`, of which the buffer begins at one. Yields where others may run. */
export function* writeColumn(column: Float64Array | undefined, { from, end }: Stretch, { bytes, at }: { readonly bytes: Uint8Array; readonly at: number }): Generator<undefined, WrittenColumn> {
  const count = end - from;
  const integers = new Int32Array(bytes.buffer, bytes.byteOffset + at, count);
  if (column === undefined || areZeros(column, from, end)) return { kind: kinds.zeros, end: at };
  if (isAllNaN(column, from, end)) return { kind: kinds.nans, end: at };
  // All bits that any of them has.
  let seen = 0;
  let isInteger = isLittleEndian;
  for (let next = from; isInteger && next < end; next += pieceLength) {
    if (next > from) yield;
    const piece = writeIntegers(column, { from: next, end: Math.min(end, next + pieceLength) }, integers, next - from);
    isInteger = piece !== undefined;
    seen |= piece ?? 0;
  }
  if (!isInteger) {
    for (let next = from; next < end; next += pieceLength) {
      if (next > from) yield;
      bytes.set(bytesOf(column.subarray(next, Math.min(end, next + pieceLength))), at + 8 * (next - from));
    }
    return { kind: kinds.floats, end: at + 8 * count };
  }
  const isNarrow = (seen & ~0xff) === 0;
  if (isNarrow) narrow(integers, bytes, at);
  const kind = isNarrow ? kinds.bytes : kinds.integers;
  const [written, stop] = [at + widths[kind] * count, at + columnBytes(kind, count)];
  bytes.fill(0, written, stop);
  return { kind, end: stop };
}

function isAllNaN(column: Float64Array, from: number, end: number): boolean {
  for (let i = from; i < end; i++) if (column[i] === column[i]) return false;
  return true;
}

/** Whether no bit is set: −0 has one. */
export function areZeros(column: Float64Array, from: number, end: number): boolean {
  const halves = new Int32Array(column.buffer, column.byteOffset, 2 * column.length);
  for (let next = 2 * from; next < 2 * end; next += loopLength) if (bitsOf(halves, next, Math.min(2 * end, next + loopLength)) !== 0) return false;
  return true;
}

function bitsOf(halves: Int32Array, from: number, end: number): number {
  let seen = 0;
  for (let i = from; i < end; i += 2) seen |= halves[i]! | halves[i + 1]!;
  return seen;
}

const narrowed = new Uint8Array(loopLength);

/** Each in a byte of its own, where the first of them begins: none is overwritten before it is read. V8 converts between arrays faster than a loop, but copies first what lies in one buffer. */
function narrow(integers: Int32Array, bytes: Uint8Array, at: number): void {
  for (let from = 0; from < integers.length; from += loopLength) {
    narrowed.set(integers.subarray(from, from + loopLength));
    bytes.set(narrowed.subarray(0, integers.length - from), at + from);
  }
}

/** The bits that any of them has; undefined: one is no integer of 32 bits. */
function writeIntegers(column: Float64Array, { from, end }: Stretch, into: Int32Array, at: number): number | undefined {
  const halves = new Int32Array(column.buffer, column.byteOffset, 2 * column.length);
  let seen = 0;
  for (let next = from; next < end; next += loopLength) {
    const found = writeSome(column, { from: next, end: Math.min(end, next + loopLength), halves }, into, at - from);
    if (found === undefined) return undefined;
    seen |= found;
  }
  return seen;
}

function writeSome(column: Float64Array, { from, end, halves }: Stretch & { readonly halves: Int32Array }, into: Int32Array, offset: number): number | undefined {
  let seen = 0;
  for (let i = from; i < end; i++) {
    const value = column[i]!;
    const integer = value | 0;
    // −0 has a bit that 0 has not.
    if (integer !== value || (integer === 0 && halves[2 * i + 1] !== 0)) return undefined;
    into[i + offset] = integer;
    seen |= integer;
  }
  return seen;
}

/** Reads a column of a kind that starts at `at` into an array of as many numbers that are 0. */
export function readColumn(kind: number, bytes: Uint8Array, at: number, into: Float64Array): void {
  if (kind === kinds.nans) into.fill(NaN);
  else if (kind === kinds.floats) readFloats(bytes, at, into);
  else if (kind === kinds.integers) into.set(readInts(bytes, at, into.length));
  else if (kind === kinds.bytes) into.set(bytes.subarray(at, at + into.length));
}

/** Reads doubles. */
function readFloats(bytes: Uint8Array, at: number, into: Float64Array): void {
  const target = Buffer.from(into.buffer, into.byteOffset, into.byteLength);
  target.set(bytes.subarray(at, at + into.byteLength));
  if (!isLittleEndian) target.swap64();
}

/** Integers of 32 bits: in place where they lie at a multiple of four and the machine writes them so, too. */
export function readInts(bytes: Uint8Array, at: number, count: number): Int32Array {
  if (isLittleEndian && (bytes.byteOffset + at) % 4 === 0) return new Int32Array(bytes.buffer, bytes.byteOffset + at, count);
  const ints = new Int32Array(count);
  const target = Buffer.from(ints.buffer);
  target.set(bytes.subarray(at, at + 4 * count));
  if (!isLittleEndian) target.swap32();
  return ints;
}

function bytesOf(values: Float64Array): Uint8Array {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return isLittleEndian ? bytes : Buffer.from(bytes).swap64();
}
