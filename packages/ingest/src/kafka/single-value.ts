// Decodes one value alone, where the values of a block cannot be read as lines. A value is one record, whatever line ends are in it.
import { isUtf8 } from "node:buffer";
import { type DecodeOutput, type DecoderFactory, type DecoderOptions, StreamFlowError } from "@streamflow/core";
import { tooLarge } from "../codecs/long-record.ts";

/** Where a value lies. */
export interface ValueRange {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Tells the records, or the error, of one value. */
export type SingleDecoder = (value: ValueRange, out: DecodeOutput) => void;

const lineEnd = 0x0a;
const carriageReturn = 0x0d;
/** What decoders of text may read behind the last byte. */
const margin = 8;

/** The decoder of single values of a format. */
export function singleDecoder(factory: DecoderFactory, options: DecoderOptions): SingleDecoder {
  if (factory.type === "lines") return (value, out) => wholeText(value, options.maxRecordBytes, out);
  const decoder = factory.create({ ...options, columns: false, texts: false });
  const isJson = factory.type === "ndjson";
  return (value, out) => {
    const { bytes, start, end } = isJson ? asOneLine(value) : value;
    decoder.restore?.("");
    decoder.decode(bytes, start, end, true, out);
  };
}

function wholeText({ bytes, start, end }: ValueRange, maxBytes: number, out: DecodeOutput): void {
  const text = bytes.subarray(start, end);
  if (text.length > maxBytes) out.reject(tooLarge(text.length, maxBytes), start, end);
  else if (!isUtf8(text)) out.reject(new StreamFlowError("SF_CODEC_DECODE", "not valid UTF-8"), start, end);
  else out.value(Buffer.from(text.buffer, text.byteOffset, text.length).toString("utf8"), start, end);
}

/** To JSON a carriage return is what a line end is: white space, and not allowed in a text. */
function asOneLine(value: ValueRange): ValueRange {
  const { bytes, start, end } = value;
  if (!bytes.subarray(start, end).includes(lineEnd)) return value;
  const copy = Buffer.alloc(end - start + margin);
  copy.set(bytes.subarray(start, end));
  for (let at = copy.indexOf(lineEnd); at >= 0; at = copy.indexOf(lineEnd, at + 1)) copy[at] = carriageReturn;
  return { bytes: copy, start: 0, end: end - start };
}
