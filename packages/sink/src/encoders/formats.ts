// Formats by name, as in YAML.
import type { EncoderFactory } from "@streamflow/core";
import { csvEncoder } from "./csv.ts";
import { linesEncoder } from "./lines.ts";
import { ndjsonEncoder } from "./ndjson.ts";

/** How records become bytes: a format by name, with its defaults, or an encoder. */
export type OutputFormat = "ndjson" | "csv" | "lines" | EncoderFactory;

/** The encoder of a format. */
export function encoderOf(format: OutputFormat): EncoderFactory {
  switch (format) {
    case "ndjson": return ndjsonEncoder();
    case "csv": return csvEncoder();
    case "lines": return linesEncoder();
    default: return format;
  }
}
