// A record that could not be processed, as it is kept: written by the engine into a LogStore, read by tools.
import { StreamFlowError } from "../errors.ts";
import type { Position } from "../record.ts";
import type { RecordIdentity } from "./sink.ts";

/** A record that was taken out of a pipeline, with where it came from and why. */
export interface DeadLetter {
  readonly pipeline: string;
  /** Id of the node that refused it. */
  readonly node: string;
  /** undefined: it came from no input record, but from a timer. */
  readonly partition?: string | undefined;
  readonly position?: Position | undefined;
  /** Why: the error's code and message. */
  readonly code: string;
  readonly message: string;
  /** Path of the value inside the record that was refused, where known: `order.items[2].price`. */
  readonly path?: string | undefined;
  /** When it was refused, in UTC epoch milliseconds. */
  readonly timeMs: number;
  /** The original bytes, or the value as JSON where the source keeps none; cut where `truncated`. */
  readonly raw: Uint8Array;
  readonly truncated: boolean;
  /** Id of the source that the partition is of. */
  readonly source?: string | undefined;
  /** How it can be given to its node again; absent for a source, which reads `raw`, and for a value too large to be kept. */
  readonly entry?: DeadLetterEntry | undefined;
  /** The number of the letter that was replayed, and came to this one. */
  readonly replayOf?: number | undefined;
  /** The same for the same refusal after every restart; it makes a repeated append harmless. */
  readonly key?: string | undefined;
}

/** A record as a stage or sink got it: dead letters are replayed from there, so that nobody else gets it twice. */
export interface DeadLetterEntry {
  /** Value and key, as base64 of their stored form. */
  readonly state: string;
  /** Event time; null: it has none. */
  readonly timestampMs: number | null;
  readonly change: number;
  /** Who it is to the sink that refused it. */
  readonly identity?: RecordIdentity | undefined;
}

/** The log that holds a pipeline's dead letters. */
export function deadLetterLog(pipeline: string): string {
  return `${prefix}${pipeline}`;
}

/** The pipeline whose dead letters a log holds; undefined for any other log. */
export function pipelineOfDeadLetterLog(log: string): string | undefined {
  return log.startsWith(prefix) ? log.slice(prefix.length) : undefined;
}

const prefix = "dead-letters/";
/** First byte of an encoded dead letter. */
const format = 1;
const headerBytes = 5;

/** Writes a dead letter as bytes: format, length of what follows, everything but the raw bytes as JSON, the raw bytes. */
export function encodeDeadLetter(letter: DeadLetter): Uint8Array {
  const { raw, ...rest } = letter;
  const text = new TextEncoder().encode(JSON.stringify(rest));
  const bytes = new Uint8Array(headerBytes + text.byteLength + raw.byteLength);
  bytes[0] = format;
  new DataView(bytes.buffer).setUint32(1, text.byteLength);
  bytes.set(text, headerBytes);
  bytes.set(raw, headerBytes + text.byteLength);
  return bytes;
}

/**
 * Reads what `encodeDeadLetter` wrote. `raw` is a copy.
 * @throws {@link StreamFlowError} SF_STATE_CORRUPT when it is something else; SF_STATE_INCOMPATIBLE for a format that this version does not know.
 */
export function decodeDeadLetter(bytes: Uint8Array): DeadLetter {
  if (bytes.byteLength < headerBytes) throw corrupt(`${bytes.byteLength} bytes are too few`);
  if (bytes[0] !== format) throw new StreamFlowError("SF_STATE_INCOMPATIBLE", `a dead letter has format ${bytes[0]}; this version reads format ${format}`);
  const textEnd = headerBytes + new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(1);
  if (textEnd > bytes.byteLength) throw corrupt(`its header ends at byte ${textEnd} of ${bytes.byteLength}`);
  let rest: Omit<DeadLetter, "raw">;
  try {
    rest = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(headerBytes, textEnd))) as Omit<DeadLetter, "raw">;
  } catch (thrown) {
    throw corrupt("its header is not JSON", thrown);
  }
  return { ...rest, raw: bytes.slice(textEnd) };
}

function corrupt(what: string, cause?: unknown): StreamFlowError {
  return new StreamFlowError("SF_STATE_CORRUPT", `a dead letter cannot be read: ${what}`, cause === undefined ? {} : { cause });
}
