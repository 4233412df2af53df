// Reads one file of lines by several threads: they decode ranges of it, and this one hands the ranges on in order (docs/adr/0004).
//   I1. Batches are those of one thread: the same records, rejections and positions, in the same order. Where they are cut carries no meaning (B2).
//   I2. A thread decides nothing: what is no plain range (the first and last bytes of a file, a record longer than a buffer, a failure) is read here, by `readText`.
import type { Clock, MemoryBudget } from "@streamflow/core";
import type { SizedBatch } from "../batch-cutter.ts";
import { parsePlace, type FilePlace } from "../files/file-position.ts";
import { readText, type TextReadOptions } from "../files/text-reader.ts";
import type { ReaderSetup } from "./range-messages.ts";
import { openStretch } from "./range-stretch.ts";
import type { RangeThreads } from "./range-threads.ts";

/** A file, how it is read, and by whom. */
export interface ParallelReadOptions extends TextReadOptions {
  /** When the source was opened: what has come since is read by one thread. */
  readonly sizeBytes: number;
  readonly budget: MemoryBudget;
  readonly clock: Clock;
  readonly threads: RangeThreads;
  readonly setup: ReaderSetup;
}

/** What makes a file worth more than one thread: so many ranges. */
const leastRanges = 4;

/** How long a range is: with the rest of its last line, no more than what is read at a time. */
export function rangeBytesOf(chunkBytes: number): number {
  return Math.max(1, chunkBytes - Math.ceil(chunkBytes / 16));
}

/** Whether so many bytes are read by several threads. */
export function isWorthThreads(bytes: number, chunkBytes: number): boolean {
  return bytes >= leastRanges * rangeBytesOf(chunkBytes);
}

/**
 * Yields the records of a file behind `from`, as {@link readText} does. The file is not compressed.
 * @throws {@link StreamFlowError} what `readText` throws; SF_SOURCE_FAILED when a thread ends by itself.
 */
export async function* readParallel(options: ParallelReadOptions, from: FilePlace | undefined): AsyncGenerator<SizedBatch> {
  const reader = options.threads.open(options.setup);
  let place = from;
  try {
    for (;;) {
      if (place !== undefined && isForThreads(options, place)) place = yield* readStretch({ ...options, reader }, place);
      let goesOn = false;
      for await (const batch of readText(options, place)) {
        place = parsePlace(batch.endPosition);
        goesOn = isForThreads(options, place);
        yield batch;
        if (goesOn) break;
      }
      if (!goesOn) return;
    }
  } finally {
    options.threads.closeReader(reader);
  }
}

/** Whether what is left of a file behind a place is read by several threads. */
function isForThreads({ signal, sizeBytes, content }: ParallelReadOptions, { offset, decoder }: FilePlace): boolean {
  return decoder === "" && isWorthThreads(sizeBytes - offset, content.chunkBytes) && !signal.aborted;
}

/** Answers how far it came. */
async function* readStretch(options: ParallelReadOptions & { readonly reader: number }, from: FilePlace): AsyncGenerator<SizedBatch, FilePlace> {
  const stretch = await openStretch({ ...options, rangeBytes: options.setup.rangeBytes }, from);
  if (stretch === undefined) return from;
  try {
    for (let batch = await stretch.next(); batch !== undefined; batch = await stretch.next()) yield batch;
    return stretch.place;
  } finally {
    await stretch.close();
  }
}
