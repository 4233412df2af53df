// Input files, made once and kept: node_modules/.cache/streamflow-bench.
//   node bench/gen.ts [RECORDS]
import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { bidLines } from "./bids.ts";
import { keyedLines, type KeyedOptions } from "./keyed-lines.ts";
import { nexmarkLines } from "./nexmark/events.ts";

/** Where input and built programs are. */
export const cacheFolder: string = join(import.meta.dirname, "node_modules/.cache/streamflow-bench");

/** What a file of events is made from. Equal inputs are equal files. */
export interface Input {
  readonly records: number;
  /** @defaultValue 1 */
  readonly seed?: number;
  /** Of 1: how many records come out of order. @defaultValue 0 */
  readonly disorder?: number;
}

/** The path of a file of bids; made if it is not there yet. */
export function bidsFile(input: Input): string {
  const { records, seed = 1, disorder = 0 } = input;
  return madeOnce(`bids-${records}-${seed}-${disorder}.ndjson`, () => bidLines(input));
}

/** The path of a file of Nexmark events, in order; made if it is not there yet. */
export function nexmarkFile({ records, seed = 1 }: Omit<Input, "disorder">): string {
  return madeOnce(`nexmark-${records}-${seed}.ndjson`, () => nexmarkLines({ events: records, seed }));
}

/** The path of a file of lines with keys; made if it is not there yet. */
export function keyedFile(options: KeyedOptions): string {
  const { keys, records, tail = 0 } = options;
  return madeOnce(`keyed-${keys}-${records}-${tail}.ndjson`, () => keyedLines(options));
}

function madeOnce(name: string, chunks: () => Iterable<Buffer>): string {
  mkdirSync(cacheFolder, { recursive: true });
  const path = join(cacheFolder, name);
  if (existsSync(path)) return path;
  const file = openSync(`${path}.part`, "w");
  for (const chunk of chunks()) writeSync(file, chunk);
  closeSync(file);
  renameSync(`${path}.part`, path);
  return path;
}

if (import.meta.main) process.stdout.write(`${bidsFile({ records: Number(process.argv[2] ?? 2_000_000) })}\n`);
