// Bytes as decoders want them: a Buffer with its fast slicers typed, a view over the same bytes, and a margin behind the last one.

/** Node's Buffer, with the slicers that its public types leave out. */
export interface TextBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
}

/** Four-byte loads may reach this far behind the last byte of the input. */
export const margin = 8;

/** Text of bytes that are known to be ASCII. */
export function asciiSlice(bytes: TextBuffer, start: number, end: number): string {
  return bytes.latin1Slice(start, end);
}

/** A Buffer over all of the memory behind `bytes`, from its first byte on. */
export function textBuffer(bytes: Uint8Array): TextBuffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.buffer.byteLength - bytes.byteOffset) as unknown as TextBuffer;
}

/** A view over the same bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
