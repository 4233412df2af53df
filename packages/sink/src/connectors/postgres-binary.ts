// Rows in the binary form of COPY, put together in one piece of memory. Three times as quick as the text form to make, and twice as quick for the server to read.
// Numbers are big-endian; a value has its length in front of it, and NULL the length -1.

/** Longer ones go through the methods of Buffer, of which a call costs more than a few bytes. */
const mostByWord = 64;
const mostByUnit = 24;
const copySlack = 4;

/** Bytes that rows are written into; grows as needed. */
export class CopyBuffer {
  #bytes: Buffer;
  #view: DataView;
  /** How much is written. To go back is to forget what came behind. */
  length = 0;

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** What is written so far, without a copy. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  int16(value: number): void {
    this.#reserve(2);
    this.#view.setInt16(this.length, value);
    this.length += 2;
  }

  int32(value: number): void {
    this.#reserve(4);
    this.#view.setInt32(this.length, value);
    this.length += 4;
  }

  int64(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigInt64(this.length, value);
    this.length += 8;
  }

  float32(value: number): void {
    this.#reserve(4);
    this.#view.setFloat32(this.length, value);
    this.length += 4;
  }

  float64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.length, value);
    this.length += 8;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.length++] = value;
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.length);
    this.length += value.length;
  }

  /** A whole number of 32 bits, with its length in front. */
  sizedInt32(value: number): void {
    this.#reserve(8);
    this.#view.setInt32(this.length, 4);
    this.#view.setInt32(this.length + 4, value);
    this.length += 8;
  }

  /** A whole number that a float64 holds exactly, as 64 bits with its length in front: quicker than by way of a bigint. */
  sizedSafeInt64(value: number): void {
    this.#reserve(12);
    const high = Math.floor(value / 2 ** 32);
    this.#view.setInt32(this.length, 8);
    this.#view.setInt32(this.length + 4, high);
    this.#view.setUint32(this.length + 8, value - high * 2 ** 32);
    this.length += 12;
  }

  /** Bytes `[start, end)`, with their length in front. Eight bytes behind them are readable. */
  sizedBytes(bytes: DataView, start: number, end: number): void {
    const size = end - start;
    this.#reserve(4 + size + copySlack);
    const view = this.#view;
    let to = this.length;
    view.setInt32(to, size);
    to += 4;
    // Short ones, as most are, four at a time: a call of a copying method costs more.
    if (size > mostByWord) this.#bytes.set(new Uint8Array(bytes.buffer, bytes.byteOffset + start, size), to);
    else for (let at = 0; at < size; at += 4) view.setInt32(to + at, bytes.getInt32(start + at));
    this.length = to + size;
  }

  /** A text in UTF-8, with its length in front. */
  sizedText(text: string): void {
    // No character of a string has more than three bytes for each of its units.
    this.#reserve(4 + text.length * 3);
    if (text.length <= mostByUnit && this.#shortText(text)) return;
    const size = this.#bytes.write(text, this.length + 4, "utf8");
    this.#view.setInt32(this.length, size);
    this.length += 4 + size;
  }

  /** Leaves room for a length, which `endSized` fills in. */
  beginSized(): number {
    this.#reserve(4);
    this.length += 4;
    return this.length;
  }

  endSized(start: number): void {
    this.#view.setInt32(start - 4, this.length - start);
  }

  /** Unit by unit; false where a unit is no byte. */
  #shortText(text: string): boolean {
    const bytes = this.#bytes;
    const from = this.length + 4;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) return false;
      bytes[from + i] = unit;
    }
    this.#view.setInt32(from - 4, text.length);
    this.length = from + text.length;
    return true;
  }

  #reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.written);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** What every binary COPY begins with: a signature, no flags, no extension. */
export const copyHeader: Uint8Array = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
/** And ends with: a row of -1 columns. */
export const copyTrailer: Uint8Array = Uint8Array.of(0xff, 0xff);

const digitsPerGroup = 4;
const negative = 0x4000;

/** A decimal in canonical text (no exponent) as a numeric: groups of four digits, around the point. */
export function writeNumeric(text: string, out: CopyBuffer): void {
  const isNegative = text.startsWith("-");
  const unsigned = isNegative ? text.slice(1) : text;
  const point = unsigned.indexOf(".");
  const [whole, fraction] = point < 0 ? [unsigned, ""] : [unsigned.slice(0, point), unsigned.slice(point + 1)];
  const wholeGroups = Math.ceil(whole.length / digitsPerGroup);
  const padded = whole.padStart(wholeGroups * digitsPerGroup, "0") + fraction.padEnd(Math.ceil(fraction.length / digitsPerGroup) * digitsPerGroup, "0");
  const groups: number[] = [];
  for (let at = 0; at < padded.length; at += digitsPerGroup) groups.push(Number(padded.slice(at, at + digitsPerGroup)));
  let first = 0;
  while (first < groups.length && groups[first] === 0) first++;
  let end = groups.length;
  while (end > first && groups[end - 1] === 0) end--;
  out.int32(8 + (end - first) * 2);
  out.int16(end - first);
  out.int16(end === first ? 0 : wholeGroups - 1 - first);
  out.int16(isNegative && end > first ? negative : 0);
  out.int16(fraction.length);
  for (let at = first; at < end; at++) out.int16(groups[at] ?? 0);
}
