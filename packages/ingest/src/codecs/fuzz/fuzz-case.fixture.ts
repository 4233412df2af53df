// A stream and how it is to be decoded: what a fuzzer makes, compares and shrinks.
import type { Projection, StructType } from "@streamflow/core";
import type { CsvOptions } from "../csv/csv.ts";

/** One stream. */
export interface FuzzCase {
  readonly format: "ndjson" | "csv";
  /** Of CSV. */
  readonly csv: CsvOptions;
  /** Lines, each with its end. */
  readonly lines: readonly Uint8Array[];
  /** Whether a byte order mark comes first. */
  readonly mark: boolean;
  /** How many bytes are torn off the end. */
  readonly torn: number;
  /** The stream comes in pieces that end here. */
  readonly cuts: readonly number[];
  /** Whether each piece is read by a decoder of its own, which goes on behind the snapshot of the one before (DEC-5). */
  readonly restarts: boolean;
  readonly schema: StructType | undefined;
  readonly projection: Projection;
  readonly columns: boolean;
  /** Whether texts of columns may stay bytes. */
  readonly texts: boolean;
  readonly maxRecordBytes: number;
}

/** What a record became: a value, or a code; and the bytes it was made of. */
export interface Item {
  readonly value: unknown;
  readonly code: string | undefined;
  readonly raw: Uint8Array;
}

/** The bytes of a stream. */
export function bytesOf(one: FuzzCase): Uint8Array {
  const whole = Buffer.concat([...(one.mark ? [Buffer.from([0xef, 0xbb, 0xbf])] : []), ...one.lines]);
  return whole.subarray(0, Math.max(0, whole.length - one.torn));
}

/** A case as one reads it. */
export function caseText(one: FuzzCase): string {
  const { lines, ...rest } = one;
  const text = (line: Uint8Array): string => JSON.stringify(Buffer.from(line).toString("latin1")).replaceAll(/[\u007f-\u00ff]/g, (c) => `\\x${c.charCodeAt(0).toString(16)}`);
  const shown = lines.length > 200 ? [...lines.slice(0, 200).map(text), `… ${lines.length - 200} more`] : lines.map(text);
  return `${JSON.stringify(rest)}\nlines, bytes as latin1:\n${shown.join("\n")}`;
}
