// Reads one file through a decoder. Where the disk answers at once a chunk is read when it is asked for, and decoded while a core still has it at hand;
// else a chunk is decoded while the next one is being read.
//   I1. Positions are exact: reading from one goes on with the record behind it.
//   I2. A buffer is filled again only after its batch was released; one that never is costs memory, never a wrong record.
import type { Decoder, Disk, Position } from "@streamflow/core";
import { BatchDecoder } from "../codecs/batch-decoder.ts";
import type { SizedBatch } from "../batch-cutter.ts";
import type { Batches, BatchIterator } from "../partition-readers.ts";
import { margin } from "../codecs/text-buffer.ts";
import { openContent, type Content, type ContentOptions } from "./content.ts";
import { changedFile, Fingerprint, formatPlace, type FilePlace } from "./file-position.ts";

/** A file and how it is read. */
export interface TextReadOptions {
  readonly disk: Disk;
  /** Where the file is. */
  readonly path: string;
  /** Its name in positions. */
  readonly name: string;
  readonly partition: string;
  readonly content: ContentOptions;
  readonly decoder: Decoder;
  readonly isText: boolean;
  readonly maxRejectedBytes: number;
  readonly signal: AbortSignal;
  /** Told how many bytes of the file have been read. */
  readonly onRead: (bytes: number) => void;
}

/**
 * Room in front of a chunk for the unfinished record of the chunk before. Half a page more than a whole number of pages: the kernel copies from the start
 * of a page, and where the target lies a few bytes behind the start of one, as memory from the allocator does, the copy takes five times as long (on x86,
 * loads wait for stores whose addresses are equal in the low twelve bits; measured: 2.5 GB in 1.4 s and in 0.28 s).
 */
const carryBytes = 65_536 + 2_048;

/**
 * A short chunk comes first: code that has come to its end once is compiled well by V8, and in the middle of a long first batch it would be compiled before that,
 * and thrown away.
 */
const firstBytes = 65_536;

/**
 * The records of a file behind `from`.
 *
 * Iterating throws SF_SOURCE_POSITION when the file is not what it was; SF_SOURCE_MISSING or SF_SOURCE_FAILED when it cannot be opened or read;
 * SF_CODEC_DECODE when it cannot be decompressed to its end.
 */
export function readText(options: TextReadOptions, from: FilePlace | undefined): Batches {
  return { [Symbol.asyncIterator]: () => new TextIterator(options, from) };
}

/** Opens the file when it is asked for the first time, and closes it at its end, after an error, and when nobody wants the rest. */
class TextIterator implements BatchIterator {
  readonly #options: TextReadOptions;
  readonly #from: FilePlace | undefined;
  #content: Content | undefined;
  #reader: TextReader | undefined;
  #turn: Promise<unknown> | undefined;
  #isOver = false;

  constructor(options: TextReadOptions, from: FilePlace | undefined) {
    this.#options = options;
    this.#from = from;
  }

  takeNow(): SizedBatch | undefined {
    return this.#isOver ? undefined : this.#reader?.takeNow();
  }

  next(): Promise<IteratorResult<SizedBatch>> {
    const turn = this.#next();
    this.#turn = turn;
    return turn;
  }

  async #next(): Promise<IteratorResult<SizedBatch>> {
    if (this.#isOver) return { done: true, value: undefined };
    try {
      const reader = (this.#reader ??= await this.#open());
      const batch = await reader.next();
      if (batch !== undefined) return { done: false, value: batch };
    } catch (thrown) {
      await this.#close();
      throw thrown;
    }
    await this.#close();
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<SizedBatch>> {
    await this.#turn?.catch(() => undefined);
    await this.#close();
    return { done: true, value: undefined };
  }

  async #open(): Promise<TextReader> {
    const { disk, path, content, decoder } = this.#options;
    const from = this.#from;
    this.#content = await openContent(disk, path, content);
    const head = new Fingerprint();
    const start = from?.offset ?? 0;
    if (from !== undefined && start > 0) await resume(this.#content, head, { from, path });
    if (start > 0) decoder.restore?.(from?.decoder ?? "");
    return new TextReader(this.#options, this.#content, { head, start });
  }

  async #close(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#reader?.close();
    await this.#content?.close();
  }
}

/** Moves to a place, after making sure that the content before it is what it was. */
async function resume(content: Content, head: Fingerprint, at: { from: FilePlace; path: string }): Promise<void> {
  const { from, path } = at;
  const first = new Uint8Array(Math.min(head.missing, from.offset));
  let read = 0;
  while (read < first.length) {
    const count = await content.read(first, read, first.length - read);
    if (count === 0) throw changedFile(path, `it has ${read} bytes, and the position is behind byte ${from.offset}`);
    read += count;
  }
  head.take(first);
  if (head.at(from.offset) !== from.fingerprint) throw changedFile(path, "its first bytes are not those that were read");
  if (!(await content.skip(from.offset - read))) throw changedFile(path, `it is shorter than the ${from.offset} bytes that were read`);
}

/** A chunk in a buffer: `bytes[start, end)`. */
interface Chunk {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

class TextReader {
  readonly #options: TextReadOptions;
  readonly #content: Content;
  readonly #head: Fingerprint;
  readonly #batches: BatchDecoder;
  readonly #free: Uint8Array[] = [];
  /** What was read ahead: it is there, or on its way. */
  #ahead: Chunk | undefined;
  #reading: Promise<Chunk> | undefined;
  #isLast = false;
  /** The unfinished record of the chunk before, and the buffer that it is still in. */
  #rest: Uint8Array = new Uint8Array(0);
  #owner: Uint8Array | undefined;
  /** Bytes of the record that is longer than what was read of it. */
  #unfinished = 0;
  readonly #start: number;
  /** Offset in the content behind the last chunk. */
  #behind: number;

  constructor(options: TextReadOptions, content: Content, at: { readonly head: Fingerprint; readonly start: number }) {
    this.#options = options;
    this.#content = content;
    this.#head = at.head;
    this.#start = at.start;
    this.#behind = at.start;
    this.#batches = new BatchDecoder({
      decoder: options.decoder,
      partition: options.partition,
      isText: options.isText,
      maxRejectedBytes: options.maxRejectedBytes,
      position: (offset, snapshot) => this.#position(offset, snapshot),
    });
  }

  /** The next records, or undefined at the end. */
  async next(): Promise<SizedBatch | undefined> {
    for (;;) {
      const batch = this.takeNow();
      if (batch !== undefined || this.#isDone) return batch;
      const chunk = await (this.#reading ?? this.#read());
      this.#reading = undefined;
      this.#ahead = chunk;
      // Whoever has waited once will wait again: the next chunk is read meanwhile.
      const records = this.#take(true);
      if (records !== undefined) return records;
    }
  }

  /** The next records, where they are had without waiting. */
  takeNow(): SizedBatch | undefined {
    while (!this.#isDone && this.#reading === undefined) {
      this.#ahead ??= this.#readNow();
      if (this.#ahead === undefined) return undefined;
      const batch = this.#take(false);
      if (batch !== undefined) return batch;
    }
    return undefined;
  }

  async close(): Promise<void> {
    await this.#reading?.catch(() => undefined);
  }

  get #isDone(): boolean {
    return this.#isLast || this.#options.signal.aborted;
  }

  /** Decodes the chunk that was read. Answers its records, where any are complete. */
  #take(readsAhead: boolean): SizedBatch | undefined {
    const read = this.#ahead!;
    this.#ahead = undefined;
    this.#isLast = read.end === read.start;
    this.#behind += read.end - read.start;
    const chunk = this.#join(this.#rest, read);
    if (this.#owner !== undefined) this.#giveBack(this.#owner);
    this.#owner = undefined;
    this.#unfinished = chunk.end - chunk.start;
    if (readsAhead && !this.#isLast) {
      this.#ahead = this.#readNow();
      if (this.#ahead === undefined) void this.#read();
    }
    const { batch, used } = this.#decode(chunk, { last: this.#isLast, behind: this.#behind });
    const rest = chunk.bytes.subarray(used, chunk.end);
    // With a batch, the buffer may be filled again before the rest is joined: it is copied.
    this.#rest = batch !== undefined && rest.length > 0 ? rest.slice() : rest;
    if (batch === undefined) this.#owner = chunk.bytes;
    this.#unfinished = rest.length;
    return batch;
  }

  #decode(chunk: Chunk, at: { last: boolean; behind: number }): { batch: SizedBatch | undefined; used: number } {
    const stretch = { bytes: chunk.bytes, from: chunk.start, to: chunk.end, last: at.last, base: at.behind - chunk.end };
    return this.#batches.decode(stretch, () => this.#giveBack(chunk.bytes));
  }

  #readNow(): Chunk | undefined {
    if (this.#content.readNow === undefined) return undefined;
    const target = this.#target();
    const count = this.#content.readNow(target.bytes, carryBytes, target.length);
    if (count !== undefined) return this.#arrived(target.bytes, count);
    this.#giveBack(target.bytes);
    return undefined;
  }

  #read(): Promise<Chunk> {
    const { bytes, length } = this.#target();
    this.#reading = this.#content.read(bytes, carryBytes, length).then((count) => this.#arrived(bytes, count));
    // A failure is thrown where the chunk is taken; until then it is not unheard of.
    this.#reading.catch(() => undefined);
    return this.#reading;
  }

  /** Where the next chunk goes. A long unfinished record makes it larger, so that it is not copied over and over. */
  #target(): { readonly bytes: Uint8Array; readonly length: number } {
    const { chunkBytes } = this.#options.content;
    const unfinished = this.#unfinished;
    const length = unfinished > 2 * chunkBytes ? Math.min(unfinished, 64 * chunkBytes) : chunkBytes;
    const bytes = length === chunkBytes ? (this.#free.pop() ?? newBuffer(chunkBytes)) : newBuffer(length);
    return { bytes, length: this.#behind === this.#start ? Math.min(length, firstBytes) : length };
  }

  #arrived(bytes: Uint8Array, count: number): Chunk {
    if (this.#head.missing > 0) this.#head.take(bytes.subarray(carryBytes, carryBytes + count));
    this.#options.onRead(this.#content.bytesRead);
    return { bytes, start: carryBytes, end: carryBytes + count };
  }

  /** Puts the unfinished record in front of the chunk that ends it. */
  #join(rest: Uint8Array, chunk: Chunk): Chunk {
    if (rest.length <= chunk.start) {
      chunk.bytes.set(rest, chunk.start - rest.length);
      return { bytes: chunk.bytes, start: chunk.start - rest.length, end: chunk.end };
    }
    const size = rest.length + chunk.end - chunk.start;
    const bytes = new Uint8Array(size + margin);
    bytes.set(rest);
    bytes.set(chunk.bytes.subarray(chunk.start, chunk.end), rest.length);
    this.#giveBack(chunk.bytes);
    return { bytes, start: 0, end: size };
  }

  #giveBack(bytes: Uint8Array): void {
    const isOurs = bytes.length === carryBytes + this.#options.content.chunkBytes + margin;
    if (isOurs && this.#free.length < 4) this.#free.push(bytes);
  }

  #position(offset: number, snapshot: string): Position {
    return formatPlace({ file: this.#options.name, offset, fingerprint: this.#head.at(offset), decoder: snapshot });
  }
}

function newBuffer(chunkBytes: number): Uint8Array {
  return new Uint8Array(carryBytes + chunkBytes + margin);
}
