// A range of a file of lines, and the lines that belong to it: those whose first byte lies in it.
//   R1. Ranges that lie side by side have every line once: what one of them reads behind its end, the next one skips.
//   R2. A range is cut into lines by its own bytes alone, so several can be read at once.
import type { DiskFile } from "@streamflow/core";
import { margin } from "../codecs/text-buffer.ts";

/** Bytes `[from, to)` of a file; `from` is not 0. */
export interface LineRange {
  readonly from: number;
  readonly to: number;
}

/** What was read for a range: `bytes[lead, end)`, where `bytes[lead]` is the byte before the range. */
export interface RangeBytes {
  readonly bytes: Uint8Array;
  readonly lead: number;
  readonly end: number;
}

/** The lines of a range: `bytes[first, end)`. */
export interface RangeLines {
  /** -1: no line begins in the range. */
  readonly first: number;
  readonly end: number;
  /** False: the last line of the range does not end within what was read. It is left out. */
  readonly isWhole: boolean;
}

const pageBytes = 4_096;
/** Memory is filled half a page away from where the kernel copies from: see `files/text-reader.ts`. */
const leadBytes = pageBytes / 2;
/** Read behind a range at once, for the end of its last line; and how far it is looked for at all. */
const tailBytes = 4_096;
const farthestBytes = 65_536;
const newline = 0x0a;

/** The size of a buffer for ranges of so many bytes. */
export function rangeBufferBytes(rangeBytes: number): number {
  return leadBytes + pageBytes + rangeBytes + farthestBytes + margin;
}

/** Reads a range, and what follows until its last line ends: not farther than the buffer reaches. */
export async function readRange(file: DiskFile, range: LineRange, bytes: Uint8Array): Promise<RangeBytes> {
  const before = range.from - 1;
  const lead = leadBytes + (before % pageBytes);
  const rangeEnd = lead + 1 + range.to - range.from;
  const room = bytes.length - margin;
  const fill = async (from: number, to: number): Promise<number> => {
    let at = from;
    while (at < to) {
      const count = await file.read(bytes, at, to - at, before + at - lead);
      if (count === 0) break;
      at += count;
    }
    return at;
  };
  let end = await fill(lead, Math.min(room, rangeEnd + tailBytes));
  while (end >= rangeEnd && end < room && bytes.subarray(rangeEnd - 1, end).indexOf(newline) < 0) {
    const more = await fill(end, Math.min(room, end + tailBytes));
    if (more === end) break;
    end = more;
  }
  return { bytes, lead, end };
}

/** Finds the lines of a range in what was read for it. */
export function linesOf({ bytes, lead, end }: RangeBytes, { from, to }: LineRange): RangeLines {
  const read = bytes.subarray(0, end);
  const first = read.indexOf(newline, lead) + 1;
  const last = lead + to - from;
  if (first === 0 || first > last) return { first: -1, end: -1, isWhole: first > 0 };
  const behind = read.indexOf(newline, last) + 1;
  if (behind > 0) return { first, end: behind, isWhole: true };
  return { first, end: read.lastIndexOf(newline) + 1, isWhole: false };
}
