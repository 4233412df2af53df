// The bytes of a state snapshot, the same for every StateStore: frames, each with a checksum that also covers all frames before it, so that a
// changed bit, a lost, repeated or moved frame and a missing end are all noticed.
//
//   frame    u8 kind, u32 byte length of the body, u32 CRC-32C of everything up to here without checksums, body included; body
//   kind 0   the beginning: "streamflow state 1"
//   kind 1   a namespace begins: its name in UTF-8
//   kind 2   entries of it: for each u32 length, key, u32 length, value
//   kind 3   the end: u64 count of all entries
// Numbers are little-endian. Nothing follows the end.
import type { StateEntry } from "../contracts/state-store.ts";
import { StreamFlowError } from "../errors.ts";
import { crc32c } from "../types/crc32c.ts";

/** One namespace of a snapshot. */
export interface SnapshotPart {
  readonly namespace: string;
  readonly pages: AsyncIterable<readonly StateEntry[]>;
}

const format = new TextEncoder().encode("streamflow state 1");
const kinds = { beginning: 0, namespace: 1, entries: 2, end: 3 } as const;
const headerBytes = 9;
/** A frame is closed when it has this many bytes; a larger entry has one of its own. */
const frameBytes = 256 * 1024;

/** Answers the bytes of a snapshot, frame by frame. */
export async function* encodeStateSnapshot(parts: Iterable<SnapshotPart> | AsyncIterable<SnapshotPart>): AsyncGenerator<Uint8Array, void, void> {
  const frames = new FrameWriter();
  let count = 0n;
  yield frames.frame(kinds.beginning, [format]);
  for await (const { namespace, pages } of parts) {
    yield frames.frame(kinds.namespace, [new TextEncoder().encode(namespace)]);
    for await (const page of pages) {
      count += BigInt(page.length);
      for (const pieces of bodies(page)) yield frames.frame(kinds.entries, pieces);
    }
  }
  const body = new Uint8Array(8);
  viewOf(body).setBigUint64(0, count, true);
  yield frames.frame(kinds.end, [body]);
}

/**
 * Reads a snapshot: for each namespace one page without entries, then its entries, page by page. What it has answered is checked; that the
 * snapshot is whole is known when it ends without an error.
 * @throws {@link StreamFlowError} SF_STATE_CORRUPT where a byte is changed, missing, or too much.
 */
export async function* decodeStateSnapshot(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<{ readonly namespace: string; readonly entries: readonly StateEntry[] }, void, void> {
  let namespace: string | undefined;
  let count = 0n;
  let last: number | undefined;
  for await (const { kind, body } of readFrames(chunks)) {
    if (!mayFollow(last, kind)) throw corrupt(`a frame of kind ${kind} is out of place`);
    last = kind;
    if (kind === kinds.beginning) {
      if (!sameBytes(body, format)) throw corrupt("it is none of this format");
    } else if (kind === kinds.namespace) {
      namespace = new TextDecoder().decode(body);
      yield { namespace, entries: [] };
    } else if (kind === kinds.entries && namespace !== undefined) {
      const entries = entriesOf(body);
      count += BigInt(entries.length);
      yield { namespace, entries };
    } else if (body.length !== 8 || viewOf(body).getBigUint64(0, true) !== count) {
      throw corrupt(`it holds ${count} entries, and says something else at its end`);
    }
  }
  if (last !== kinds.end) throw corrupt("its end is missing");
}

/** Whether a frame may stand behind another one; undefined: at the beginning. */
function mayFollow(last: number | undefined, kind: number): boolean {
  if (last === undefined || kind === kinds.beginning) return last === undefined && kind === kinds.beginning;
  if (last === kinds.end) return false;
  return kind === kinds.namespace || kind === kinds.end || (kind === kinds.entries && last !== kinds.beginning);
}

class FrameWriter {
  #checksum = 0;

  frame(kind: number, pieces: readonly Uint8Array[]): Uint8Array {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const bytes = new Uint8Array(headerBytes + length);
    const view = viewOf(bytes);
    view.setUint8(0, kind);
    view.setUint32(1, length, true);
    let at = headerBytes;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    this.#checksum = crc32c(bytes.subarray(headerBytes), crc32c(bytes.subarray(0, 5), this.#checksum));
    view.setUint32(5, this.#checksum, true);
    return bytes;
  }
}

/** Cuts a page into bodies of about `frameBytes`. */
function* bodies(page: readonly StateEntry[]): Generator<readonly Uint8Array[], void, void> {
  let pieces: Uint8Array[] = [];
  let length = 0;
  for (const { key, value } of page) {
    pieces.push(lengthOf(key), key, lengthOf(value), value);
    length += 8 + key.length + value.length;
    if (length < frameBytes) continue;
    yield pieces;
    [pieces, length] = [[], 0];
  }
  if (pieces.length > 0) yield pieces;
}

function entriesOf(body: Uint8Array): readonly StateEntry[] {
  const view = viewOf(body);
  const entries: StateEntry[] = [];
  let at = 0;
  const next = (): Uint8Array => {
    const start = at + 4;
    const end = start <= body.length ? start + view.getUint32(at, true) : Infinity;
    if (end > body.length) throw corrupt("an entry is longer than its frame");
    at = end;
    return body.slice(start, end);
  };
  while (at < body.length) entries.push({ key: next(), value: next() });
  return entries;
}

async function* readFrames(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<{ readonly kind: number; readonly body: Uint8Array }, void, void> {
  const input = new ByteQueue(chunks);
  let checksum = 0;
  try {
    for (;;) {
      const header = await input.take(headerBytes);
      if (header.length === 0) return;
      if (header.length < headerBytes) throw corrupt("it ends inside a frame");
      const view = viewOf(header);
      const length = view.getUint32(1, true);
      const body = await input.take(length);
      if (body.length < length) throw corrupt("it ends inside a frame");
      checksum = crc32c(body, crc32c(header.subarray(0, 5), checksum));
      if (checksum !== view.getUint32(5, true)) throw corrupt("a checksum is wrong");
      yield { kind: view.getUint8(0), body };
    }
  } finally {
    await input.end();
  }
}

/** Bytes that come in chunks and are taken in other pieces. */
class ByteQueue {
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #waiting: Uint8Array[] = [];
  #length = 0;

  constructor(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#chunks = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  }

  /** Tells the giver of chunks that no more are wanted. */
  async end(): Promise<void> {
    await this.#chunks.return?.();
  }

  /** Takes so many bytes; fewer where the input ends. */
  async take(length: number): Promise<Uint8Array> {
    while (this.#length < length) {
      const next = await this.#chunks.next();
      if (next.done === true) break;
      this.#waiting.push(next.value);
      this.#length += next.value.length;
    }
    const all = this.#waiting.length === 1 ? (this.#waiting[0] ?? new Uint8Array()) : concat(this.#waiting, this.#length);
    const rest = all.subarray(Math.min(length, all.length));
    this.#waiting = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
    return all.subarray(0, length);
  }
}

function concat(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function lengthOf(bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(4);
  viewOf(length).setUint32(0, bytes.length, true);
  return length;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function corrupt(what: string): StreamFlowError {
  return new StreamFlowError("SF_STATE_CORRUPT", `the state snapshot is damaged: ${what}`, { hint: "restore from an older checkpoint" });
}
