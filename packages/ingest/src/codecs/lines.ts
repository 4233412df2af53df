// Text, one record a line: each record is a string without its line end.
import { isUtf8 } from "node:buffer";
import { StreamFlowError, type DecodeOutput, type Decoder, type DecoderFactory, type DecoderOptions } from "@streamflow/core";
import { LineSplitter, type LineHandler } from "./line-splitter.ts";
import { headOf, tooLarge } from "./long-record.ts";
import type { TextBuffer } from "./text-buffer.ts";

/** Decodes lines of UTF-8 text. Blank lines are records too; a line that is not valid UTF-8 is rejected. */
export function lines(): DecoderFactory {
  return { type: "lines", create: (options) => new LinesDecoder(options) };
}

class LinesDecoder implements Decoder, LineHandler {
  readonly maxRecordBytes: number;
  readonly #splitter = new LineSplitter(this);

  constructor(options: DecoderOptions) {
    if (options.schema !== undefined && options.schema.type !== "string" && options.schema.type !== "any") {
      throw new StreamFlowError("SF_SCHEMA_INVALID", `lines are strings: their schema must be of type "string", got "${options.schema.type}"`);
    }
    this.maxRecordBytes = options.maxRecordBytes;
  }

  // oxlint-disable-next-line max-params -- the contract's parameters
  decode(bytes: Uint8Array, from: number, to: number, last: boolean, out: DecodeOutput): number {
    return this.#splitter.split(bytes, { from, to, last, out });
  }

  snapshot(): string {
    return this.#splitter.snapshot();
  }

  restore(state: string): void {
    this.#splitter.restore(state);
  }

  /** @internal Called by the splitter. */
  lines(bytes: TextBuffer, range: { from: number; to: number }, out: DecodeOutput): void {
    const isValid = isUtf8(bytes.subarray(range.from, range.to));
    for (let start = range.from; start < range.to; ) {
      const newline = bytes.indexOf(0x0a, start);
      const end = newline > start && bytes[newline - 1] === 0x0d ? newline - 1 : newline;
      if (end - start > this.maxRecordBytes) out.reject(tooLarge(end - start, this.maxRecordBytes), start, end, headOf(bytes, start, end));
      else if (!isValid && !isUtf8(bytes.subarray(start, end))) out.reject(new StreamFlowError("SF_CODEC_DECODE", "not valid UTF-8"), start, end);
      else out.value(bytes.utf8Slice(start, end), start, end);
      start = newline + 1;
    }
  }
}
