// A stretch of a file that is read in ranges, by threads and by this one: whoever is free takes the next range, and they are handed on in order.
//   I1. A range is handed on only where it begins exactly where the one before has ended; else the stretch is over, and its place says how far it came.
//   I2. This thread reads ranges itself while those of others are not done: at most `mostOwn` are ahead of what is wanted.
//   I3. Others add up only while they wait for this thread. Where it waits for them, the sum of the work is what counts, and adding twice makes it more.
import type { Clock, DiskFile, MemoryBudget } from "@streamflow/core";
import type { SizedBatch } from "../batch-cutter.ts";
import { BatchDecoder, type Stretch } from "../codecs/batch-decoder.ts";
import { openFile } from "../files/content.ts";
import { Fingerprint, formatPlace, type FilePlace } from "../files/file-position.ts";
import type { TextReadOptions } from "../files/text-reader.ts";
import { untilAborted } from "../until-aborted.ts";
import { type LineRange, linesOf, rangeBufferBytes, type RangeBytes, type RangeLines, readRange } from "./line-range.ts";
import { unpacked } from "./packed-column.ts";
import type { RangeResult, RangeThreads, RangeWork } from "./range-threads.ts";
import { sharedRecords } from "./shared-columns.ts";

/** What a stretch is made of. */
export interface StretchOptions extends TextReadOptions {
  readonly sizeBytes: number;
  readonly budget: MemoryBudget;
  readonly clock: Clock;
  readonly threads: RangeThreads;
  /** The file's number with the threads. */
  readonly reader: number;
  readonly rangeBytes: number;
}

const headBytes = 1_024;
const mostOwn = 3;
/** A few may be chance. */
const enoughBehind = 16;

/** Opens the stretch from a place to the last whole range of the file; undefined: the file is not what it was. */
export async function openStretch(options: StretchOptions, from: FilePlace): Promise<RangeStretch | undefined> {
  const file = await openFile(options.disk, options.path);
  const head = new Fingerprint();
  try {
    const first = new Uint8Array(headBytes);
    let count = 0;
    for (let more = -1; more !== 0 && count < headBytes; count += more) more = await file.read(first, count, headBytes - count, count);
    head.take(first.subarray(0, count));
    if (count >= Math.min(headBytes, from.offset) && head.at(from.offset) === from.fingerprint) return new RangeStretch(options, { file, head, from });
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
  await file.close();
  return undefined;
}

/** A range that this thread reads. */
interface OwnRange {
  readonly range: LineRange;
  readonly reading: Promise<RangeBytes | undefined>;
  decoded?: Decoded;
}

/** What a range gave; no lines: it could not be read. */
interface Decoded {
  readonly lines: RangeLines | undefined;
  /** Offset in the file of byte 0 of the buffer. */
  readonly base: number;
  readonly batch: SizedBatch | undefined;
}

type Piece = { readonly work: RangeWork; readonly own?: never } | { readonly own: OwnRange; readonly work?: never };

/** Reads a stretch. One call at a time. */
export class RangeStretch {
  readonly #options: StretchOptions;
  readonly #file: DiskFile;
  readonly #head: Fingerprint;
  readonly #batches: BatchDecoder;
  readonly #pieces: Piece[] = [];
  readonly #buffers: Uint8Array[] = [];
  /** Where the next range begins, and where the last one ends. */
  #next: number;
  readonly #limit: number;
  /** Behind the last line that was handed on. */
  #reached: number;
  #isOver = false;
  /** So many ranges were taken while the others had next to nothing left to do, since this thread has last waited for them. */
  #timesBehind = 0;

  constructor(options: StretchOptions, at: { readonly file: DiskFile; readonly head: Fingerprint; readonly from: FilePlace }) {
    const { decoder, partition, isText, maxRejectedBytes, rangeBytes, sizeBytes } = options;
    this.#options = options;
    this.#file = at.file;
    this.#head = at.head;
    this.#next = at.from.offset;
    this.#reached = at.from.offset;
    this.#limit = at.from.offset + Math.floor((sizeBytes - at.from.offset) / rangeBytes) * rangeBytes;
    this.#batches = new BatchDecoder({ decoder, partition, isText, maxRejectedBytes, position: (offset) => formatPlace(this.#placeAt(offset)) });
  }

  /** How far it came: everything before has been handed on. */
  get place(): FilePlace {
    return this.#placeAt(this.#reached);
  }

  /** The next batch; undefined: the stretch is over. */
  async next(): Promise<SizedBatch | undefined> {
    const { threads, signal, clock } = this.#options;
    while (!this.#isOver && !signal.aborted) {
      threads.check();
      this.#assign();
      const [piece] = this.#pieces;
      if (piece === undefined) return undefined;
      if (piece.work?.isDone === false) {
        // It may have been done while this thread was busy: that is heard of in the next turn.
        await new Promise<void>((resolve) => clock.soon(resolve));
        if (!piece.work.isDone) this.#timesBehind = 0;
        if (!piece.work.isDone && !(await this.#readOwn())) await untilAborted(piece.work.wait(), signal);
        continue;
      }
      if (this.#pieces.filter(({ work }) => work?.isDone === false).length <= threads.count) this.#timesBehind++;
      const decoded = piece.work === undefined ? await this.#decodeOwn(piece.own) : this.#decodedBy(piece.work);
      this.#shift();
      const batch = this.#accept(piece.work?.range ?? piece.own!.range, decoded);
      if (batch !== undefined) return batch;
    }
    return undefined;
  }

  /** Gives up what nobody will take. */
  async close(): Promise<void> {
    this.#isOver = true;
    const own = this.#own().map(({ reading }) => reading);
    while (this.#pieces.length > 0) {
      const [{ work, own: mine }] = this.#pieces as [Piece];
      work?.release();
      mine?.decoded?.batch?.release?.();
      this.#shift();
    }
    await Promise.all(own);
    await this.#file.close();
  }

  // --- who reads what --------------------------------------------------------------------------------------------

  /** Hands ranges to threads that have room. */
  #assign(): void {
    const { threads, reader, budget, rangeBytes } = this.#options;
    while (this.#next < this.#limit && threads.hasRoomFor(reader) && budget.tryTake(rangeBytes, 1)) this.#pieces.push({ work: threads.assign(reader, this.#claim(), this.#timesBehind >= enoughBehind) });
  }

  #claim(): LineRange {
    const from = this.#next;
    this.#next += this.#options.rangeBytes;
    return { from, to: this.#next };
  }

  #shift(): void {
    const piece = this.#pieces.shift();
    if (piece?.work !== undefined) this.#options.budget.give(this.#options.rangeBytes);
  }

  /** Reads and decodes a range here, while others are not done. False: there is none to read, or enough are ahead. */
  async #readOwn(): Promise<boolean> {
    let waiting = this.#own().find((own) => own.decoded === undefined);
    waiting ??= this.#claimOwn();
    if (waiting === undefined) return false;
    await waiting.reading;
    // The next one is read meanwhile: who had to wait once will most likely wait again.
    this.#claimOwn();
    await this.#decodeOwn(waiting);
    return true;
  }

  #own(): readonly OwnRange[] {
    return this.#pieces.flatMap(({ own }) => own ?? []);
  }

  #claimOwn(): OwnRange | undefined {
    if (this.#next >= this.#limit || this.#own().length >= mostOwn) return undefined;
    const range = this.#claim();
    const bytes = this.#buffers.pop() ?? new Uint8Array(rangeBufferBytes(this.#options.rangeBytes));
    // What cannot be read is read again by who reads on from there, and fails there.
    const own: OwnRange = { range, reading: readRange(this.#file, range, bytes).catch(() => undefined) };
    this.#pieces.push({ own });
    return own;
  }

  // --- what comes of it ------------------------------------------------------------------------------------------

  async #decodeOwn(own: OwnRange): Promise<Decoded> {
    const read = own.decoded === undefined ? await own.reading : undefined;
    own.decoded ??= this.#decode(own.range, read);
    return own.decoded;
  }

  #decode(range: LineRange, read: RangeBytes | undefined): Decoded {
    const lines = read === undefined ? undefined : linesOf(read, range);
    if (read === undefined || lines === undefined) return { lines: undefined, base: 0, batch: undefined };
    const { bytes, lead } = read;
    const base = range.from - 1 - lead;
    if (lines.first < 0) {
      this.#giveBack(bytes);
      return { lines, base, batch: undefined };
    }
    this.#options.decoder.restore?.("");
    const stretch = stretchOf(bytes, lines, base);
    const { batch, used } = this.#batches.decode(stretch, () => this.#giveBack(bytes));
    if (batch === undefined) this.#giveBack(bytes);
    return { lines: used === lines.end ? lines : undefined, base, batch };
  }

  #decodedBy(work: RangeWork): Decoded {
    const { result } = work;
    if (result === undefined || result.first < 0) {
      work.release();
      return { lines: result, base: 0, batch: undefined };
    }
    const base = work.range.from - 1 - result.lead;
    const stretch = stretchOf(new Uint8Array(result.memory.raw), result, base);
    const batch = this.#batches.adopt(stretch, { ...this.#records(result), length: result.length, refused: result.refused }, () => work.release());
    if (batch === undefined) work.release();
    return { lines: result, base, batch: batch === undefined ? undefined : { ...batch, ...totalsOf(result) } };
  }

  #records({ memory, length, packed }: RangeResult): ReturnType<typeof sharedRecords> {
    const wanted = this.#options.decoder.columns ?? [];
    let at = 0;
    return sharedRecords({ wanted, memory: memory.columns, length }, (name) => unpacked(name, packed[at++]!, memory.texts));
  }

  /** What a range adds to what was handed on; undefined: nothing, or the stretch is over. */
  #accept(range: LineRange, { lines, base, batch }: Decoded): SizedBatch | undefined {
    const isNext = lines !== undefined && (lines.first < 0 ? this.#reached >= range.to : base + lines.first === this.#reached);
    if (!isNext) {
      this.#isOver = true;
      batch?.release?.();
      return undefined;
    }
    if (lines.first >= 0) this.#reached = base + lines.end;
    this.#isOver = !lines.isWhole;
    this.#options.onRead(this.#reached);
    return batch;
  }

  #placeAt(offset: number): FilePlace {
    return { file: this.#options.name, offset, fingerprint: this.#head.at(offset), decoder: "" };
  }

  #giveBack(bytes: Uint8Array): void {
    if (this.#buffers.length < mostOwn) this.#buffers.push(bytes);
  }
}

function totalsOf({ totals, memory }: RangeResult): Pick<SizedBatch, "totals"> {
  if (totals === undefined) return {};
  const { watermarkMs, dueMs, count } = totals;
  return { totals: { watermarkMs, dueMs, content: new Float64Array(memory.totals, 0, count) } };
}

function stretchOf(bytes: Uint8Array, { first, end }: RangeLines, base: number): Stretch {
  return { bytes, from: first, to: end, last: false, base };
}
