// Places in files: which file, how far, and what the file began with, so that a changed file is noticed.
import { createHash } from "node:crypto";
import { StreamFlowError, type Position } from "@streamflow/core";

/** A place in a file. */
export interface FilePlace {
  /** Name of the file in its source. */
  readonly file: string;
  /** Bytes of content (decompressed), or rows, before the place. */
  readonly offset: number;
  /** Fingerprint of the content before the place: of its first kilobyte at most, so equal places have equal positions. */
  readonly fingerprint: string;
  /** What the decoder needs to go on; "" for nothing. */
  readonly decoder: string;
}

/** The position of a place: a canonical text. */
export function formatPlace(place: FilePlace): Position {
  const parts = [place.file, place.offset, place.fingerprint];
  return JSON.stringify(place.decoder === "" ? parts : [...parts, place.decoder]);
}

/** @throws {@link StreamFlowError} SF_SOURCE_POSITION for a text that no file source wrote. */
export function parsePlace(position: Position): FilePlace {
  try {
    const [file, offset, fingerprint, decoder = ""] = JSON.parse(position) as unknown[];
    if (typeof file === "string" && Number.isSafeInteger(offset) && typeof fingerprint === "string" && typeof decoder === "string") {
      return { file, offset: offset as number, fingerprint, decoder };
    }
  } catch {
    // Falls through: what is not JSON is no position either.
  }
  throw new StreamFlowError("SF_SOURCE_POSITION", `not the position of a file source: ${position}`);
}

/** A file that is not what it was when a position in it was stored. */
export function changedFile(path: string, observed: string): StreamFlowError {
  return new StreamFlowError("SF_SOURCE_POSITION", `cannot resume in "${path}": ${observed}`, { context: { path } });
}

const headBytes = 1024;

/** Fingerprints of what a stream of bytes began with. */
export class Fingerprint {
  readonly #head = new Uint8Array(headBytes);
  #length = 0;
  #full: string | undefined;

  /** How many more bytes from the start are of interest. */
  get missing(): number {
    return headBytes - this.#length;
  }

  /** Takes the bytes that follow those taken so far; those beyond the head are ignored. */
  take(bytes: Uint8Array): void {
    const taken = bytes.subarray(0, this.missing);
    this.#head.set(taken, this.#length);
    this.#length += taken.length;
  }

  /** The fingerprint of the first `offset` bytes, which must have been taken. */
  at(offset: number): string {
    if (offset < headBytes) return hash(this.#head.subarray(0, offset));
    this.#full ??= hash(this.#head);
    return this.#full;
  }
}

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}
