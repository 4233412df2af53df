// Finds out which lines are valid UTF-8, so that one bad line takes no other with it.
import { isAscii, isUtf8 } from "node:buffer";
import type { TextBuffer } from "./text-buffer.ts";

/** What the bytes of a run are. */
export type Encoding = "ascii" | "utf8" | "invalid";

/** Takes a run of whole lines. */
export type TakeRun = (from: number, to: number, encoding: Encoding) => void;

/** Reports whole lines, `bytes[from, to)`, in order, as runs: as long as they are valid, and line by line where they are not. */
export function eachRun(bytes: TextBuffer, range: { readonly from: number; readonly to: number }, take: TakeRun): void {
  const { from, to } = range;
  const part = bytes.subarray(from, to);
  if (isAscii(part)) return take(from, to, "ascii");
  if (isUtf8(part)) return take(from, to, "utf8");
  const half = part.length >> 1;
  const before = part.subarray(0, half).lastIndexOf(0x0a);
  const middle = before < 0 ? part.indexOf(0x0a, half) : before;
  if (middle < 0 || middle + 1 === part.length) return take(from, to, "invalid");
  eachRun(bytes, { from, to: from + middle + 1 }, take);
  eachRun(bytes, { from: from + middle + 1, to }, take);
}
