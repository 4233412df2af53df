// Texts straight into a buffer. Each function writes at `p`, sees to the room for it and for `spare` bytes behind, and answers the
// offset behind it: `out.area` and `out.data` may be others afterwards.
import type { ByteBuffer } from "./byte-buffer.ts";

/** Shorter ones are written unit by unit: a call of Buffer's methods costs more. */
const mostByUnit = 24;

/** A string as JSON.stringify writes it. */
export function writeJsonText(out: ByteBuffer, p: number, text: string, spare: number): number {
  const { length } = text;
  if (p + length * 3 + spare > out.area.length) makeRoom(out, p, length * 3 + spare);
  if (length > mostByUnit) return writeLong(out, p, text, spare);
  const { area } = out;
  area[p] = 0x22;
  const from = p + 1;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || unit > 0x7e) return writeLong(out, p, text, spare);
    area[from + i] = unit;
  }
  area[from + length] = 0x22;
  return from + length + 1;
}

function writeLong(out: ByteBuffer, p: number, text: string, spare: number): number {
  const { area } = out;
  const end = p + 1 + area.write(text, p + 1, "utf8");
  // What is no pair of surrogates is written as another character, where JSON has an escape.
  const isExact = end - p - 1 === text.length || text.isWellFormed();
  if (!isExact || !isPlain(out.data, p + 1, end)) return writePart(out, p, JSON.stringify(text), spare);
  area[p] = 0x22;
  area[end] = 0x22;
  return end + 1;
}

/** Whether bytes hold neither a quote nor a backslash nor a control character. See scanner.ts of the ndjson decoder. */
function isPlain(data: DataView, from: number, to: number): boolean {
  for (let at = from; at < to; at += 4) {
    const word = data.getInt32(at, true);
    const stop = (((word ^ 0x02020202) - 0x21212121) | ((word ^ 0x5c5c5c5c) - 0x01010101)) & ~word & -2139062144;
    if (stop !== 0) return at + ((31 - Math.clz32(stop & -stop)) >> 3) >= to;
  }
  return true;
}

/** A string as a cell of CSV; `cell` is what writes one that may have to be quoted. */
// oxlint-disable-next-line max-params -- called by generated code for each cell
export function writeCell(out: ByteBuffer, p: number, text: string, spare: number, { delimiter, cell }: { readonly delimiter: number; readonly cell: (text: string) => string }): number {
  const { length } = text;
  if (length === 0 || length > mostByUnit) return writePart(out, p, cell(text), spare);
  if (p + length + spare > out.area.length) makeRoom(out, p, length + spare);
  const { area } = out;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit === 0x22 || unit === delimiter || unit > 0x7e) return writePart(out, p, cell(text), spare);
    area[p + i] = unit;
  }
  return p + length;
}

/** Text as it is. */
export function writePart(out: ByteBuffer, p: number, text: string, spare: number): number {
  if (p + text.length * 3 + spare > out.area.length) makeRoom(out, p, text.length * 3 + spare);
  return p + out.area.write(text, p, "utf8");
}

function makeRoom(out: ByteBuffer, p: number, count: number): void {
  out.at = p;
  out.reserve(count);
}
