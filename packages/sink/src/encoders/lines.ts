// Text, one record a line.
import type { Encoder, EncoderFactory } from "@streamflow/core";
import { describeValue, isPlainObject, StreamFlowError } from "@streamflow/core";
import { fieldReader } from "../field.ts";

/** Options of {@link linesEncoder}. */
export interface LinesEncoderOptions {
  /** The field of the record that holds the text. @defaultValue none: the record is the text */
  readonly field?: string;
}

const lineBreak = /\n|\r$/;

/** Encodes each string as a line, ended by LF. A string that holds a line end cannot be encoded: it would be read back as two. A byte order mark that begins a file is read as none of its text. */
export function linesEncoder(options: LinesEncoderOptions = {}): EncoderFactory {
  const { field } = options;
  const read = field === undefined ? undefined : fieldReader(field);
  return {
    type: "lines",
    create(): Encoder {
      return {
        encode(value, out) {
          const text = read === undefined ? value : isPlainObject(value) ? read(value) : undefined;
          if (typeof text !== "string") throw new StreamFlowError("SF_CODEC_ENCODE", `a line must be a string${field === undefined ? "" : ` in field "${field}"`}, got ${describeValue(text)}`);
          if (lineBreak.test(text)) throw new StreamFlowError("SF_CODEC_ENCODE", "a string with a line end is not one line", { hint: "use the ndjson encoder" });
          out.text(`${text}\n`);
        },
      };
    },
  };
}
