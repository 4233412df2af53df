// A record that is longer than the bound: its head and its size, and nothing else of it.
import { StreamFlowError } from "@streamflow/core";

/** Bytes kept of a record that is too long. */
const headBytes = 65_536;
const carriageReturn = 0x0d;

/** Grows piece by piece. A carriage return at the very end belongs to the line end. */
export class LongRecord {
  #size: number;
  #head = new Uint8Array(0);
  #endsWithReturn = false;

  constructor(size = 0) {
    this.#size = size;
  }

  take(piece: Uint8Array): void {
    if (piece.length === 0) return;
    const room = headBytes - this.#head.length;
    if (room > 0) this.#head = new Uint8Array(Buffer.concat([this.#head, piece.subarray(0, room)]));
    this.#size += piece.length;
    this.#endsWithReturn = piece[piece.length - 1] === carriageReturn;
  }

  get size(): number {
    return this.#size - (this.#endsWithReturn ? 1 : 0);
  }

  get head(): Uint8Array {
    return this.#head.subarray(0, this.size);
  }
}

/** The error of a record that is too large. */
export function tooLarge(size: number, most: number, hint?: string): StreamFlowError {
  return new StreamFlowError("SF_RECORD_TOO_LARGE", `record of ${size} bytes is larger than maxRecordBytes ${most}`, { context: { bytes: size, maxRecordBytes: most }, ...(hint === undefined ? {} : { hint }) });
}

/** The bytes kept of a record that is too large, but there. */
export function headOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, Math.min(end, start + headBytes)));
}
