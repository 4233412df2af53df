// Numbers and instants as digits, straight into a buffer. Each function writes at `p`, answers the offset behind, and may
// overwrite up to eight bytes further on.

/** Most bytes of one number. */
export const mostNumberBytes = 26;

/** Four digits each, with leading zeros, as they stand in memory. */
export const fourDigits: Int32Array = makeFourDigits();

function makeFourDigits(): Int32Array {
  const made = new Int32Array(10_000).fill(0x30303030);
  // As those of a tenth, without the first digit and with another behind the last.
  for (let n = 1; n < made.length; n++) made[n] = (made[(n / 10) | 0]! >>> 8) | ((0x30 + (n % 10)) << 24);
  return made;
}

/** A whole number from 0 to 2^53 - 1. */
export function writeWhole(data: DataView, p: number, value: number): number {
  if (value < 100_000_000) return write8(data, p, value);
  const high = Math.floor(value / 100_000_000);
  return writeLast8(data, high < 100_000_000 ? write8(data, p, high) : writeWhole(data, p, high), (value - high * 100_000_000) | 0);
}

function writeLast8(data: DataView, p: number, value: number): number {
  const high = (value / 10_000) | 0;
  data.setInt32(p, fourDigits[high]!, true);
  data.setInt32(p + 4, fourDigits[value - high * 10_000]!, true);
  return p + 8;
}

function write8(data: DataView, p: number, value: number): number {
  if (value < 10_000) return write4(data, p, value);
  const high = (value / 10_000) | 0;
  const at = write4(data, p, high);
  data.setInt32(at, fourDigits[value - high * 10_000]!, true);
  return at + 4;
}

function write4(data: DataView, p: number, value: number): number {
  const digits = value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4;
  data.setInt32(p, fourDigits[value]! >>> ((4 - digits) << 3), true);
  return p + digits;
}

/** Any finite number, as String writes it, but for -0, which is `-0`. */
export function writeNumber(data: DataView, p: number, value: number): number {
  const magnitude = Math.abs(value);
  if (!(magnitude < 1e15)) return writeAscii(data, p, String(value));
  let at = p;
  if (value < 0 || (value === 0 && 1 / value < 0)) data.setUint8(at++, 0x2d);
  const whole = Math.floor(magnitude);
  if (whole === magnitude) return writeWhole(data, at, whole);
  // A decimal of at most fifteen digits that is nearest to a number is its shortest text: no two such decimals have one number.
  const thousandths = Math.round(magnitude * 1000);
  if (magnitude < 1e11 && magnitude >= 0.001 && thousandths / 1000 === magnitude) return writeThousandths(data, at, thousandths);
  return writeAscii(data, p, String(value));
}

function writeThousandths(data: DataView, p: number, thousandths: number): number {
  const whole = Math.floor(thousandths / 1000);
  const fraction = thousandths - whole * 1000;
  const at = writeWhole(data, p, whole);
  data.setInt32(at, fourDigits[fraction]!, true);
  data.setUint8(at, 0x2e);
  return at + (fraction % 100 === 0 ? 2 : fraction % 10 === 0 ? 3 : 4);
}

function writeAscii(data: DataView, p: number, text: string): number {
  for (let i = 0; i < text.length; i++) data.setUint8(p + i, text.charCodeAt(i));
  return p + text.length;
}

const dayMs = 86_400_000;
/** The end of the year 9999: what follows has more digits. */
const endOfFourDigitYears = 253_402_300_800_000;

/** Whether `writeInstant` can write it: a whole number, in years of four digits from 1970 on. */
export function isUsualInstant(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value < endOfFourDigitYears && Math.floor(value) === value;
}

/** Times of a stream are mostly of one day. */
let lastDay = -1;
const lastDate = new Int32Array(3);
/** Or of a few in turns: windows of a day begin in one and end in the next. */
const knownDays = 16;
const days = new Float64Array(knownDays).fill(-1);
/** Three for each: the eleven bytes of a date. */
const dates = new Int32Array(3 * knownDays);

/** An instant as `formatTimestamp` writes it: 24 bytes. */
export function writeInstant(data: DataView, p: number, timestampMs: number): number {
  const day = Math.floor(timestampMs / dayMs);
  if (day !== lastDay) turnTo(day);
  const ms = timestampMs - day * dayMs;
  const seconds = Math.floor(ms / 1000);
  const minutes = (seconds / 60) | 0;
  const hours = (minutes / 60) | 0;
  for (let i = 0; i < 3; i++) data.setInt32(p + 4 * i, lastDate[i]!, true);
  writePair(data, p + 11, hours);
  data.setUint8(p + 13, 0x3a);
  writePair(data, p + 14, minutes - hours * 60);
  data.setUint8(p + 16, 0x3a);
  writePair(data, p + 17, seconds - minutes * 60);
  data.setInt32(p + 19, fourDigits[ms - seconds * 1000]!, true);
  data.setUint8(p + 19, 0x2e);
  data.setUint8(p + 23, 0x5a);
  return p + 24;
}

function writePair(data: DataView, p: number, value: number): void {
  data.setInt16(p, fourDigits[value]! >>> 16, true);
}

function turnTo(day: number): void {
  const known = day & (knownDays - 1);
  if (days[known] !== day) learnDay(day, known);
  for (let i = 0; i < 3; i++) lastDate[i] = dates[3 * known + i]!;
  lastDay = day;
}

function learnDay(day: number, at: number): void {
  const date = Buffer.from(`${new Date(day * dayMs).toISOString().slice(0, 11)} `, "latin1");
  for (let i = 0; i < 3; i++) dates[3 * at + i] = date.readInt32LE(4 * i);
  days[at] = day;
}
