// Newline-delimited JSON: one value a line.
import type { Encoder, EncoderFactory } from "@streamflow/core";
import { jsonWriter, type TimestampFormat } from "./json-text.ts";

/** Options of {@link ndjsonEncoder}. */
export interface NdjsonEncoderOptions {
  /** How fields of type timestamp are written: `iso` as "2024-01-01T00:00:00.000Z", `ms` as UTC epoch milliseconds. @defaultValue "iso" */
  readonly timestamps?: TimestampFormat;
}

/**
 * Encodes each value as a line of JSON.
 *
 * The `ndjson` decoder reads it back equal, given the same schema. int64 is a number within ±2^53 and a string of digits beyond, so that no
 * reader rounds it; NaN and the infinities are the strings "NaN", "Infinity", "-Infinity"; decimals are strings; bytes are base64; a map is an object
 * where its keys are strings, else a list of [key, value]; undefined is null.
 */
export function ndjsonEncoder(options: NdjsonEncoderOptions = {}): EncoderFactory {
  return {
    type: "ndjson",
    create({ schema }): Encoder {
      const write = jsonWriter(schema, options.timestamps ?? "iso");
      return { encode: (value, out) => out.text(`${write(value)}\n`) };
    },
  };
}
