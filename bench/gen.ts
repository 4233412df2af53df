// Input files, made once and kept: node_modules/.cache/streamflow-bench.
//   node bench/gen.ts [RECORDS]
import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type BidOptions, bidLines } from "./bids.ts";

/** Where input and output of measurements are. */
export const cacheFolder: string = join(import.meta.dirname, "node_modules/.cache/streamflow-bench");

/** The path of a file of bids; made if it is not there yet. */
export function bidsFile(options: Omit<BidOptions, "chunkBytes">): string {
  const { records, seed = 1, disorder = 0 } = options;
  mkdirSync(cacheFolder, { recursive: true });
  const path = join(cacheFolder, `bids-${records}-${seed}-${disorder}.ndjson`);
  if (existsSync(path)) return path;
  const file = openSync(`${path}.part`, "w");
  for (const chunk of bidLines(options)) writeSync(file, chunk);
  closeSync(file);
  renameSync(`${path}.part`, path);
  return path;
}

if (import.meta.main) process.stdout.write(`${bidsFile({ records: Number(process.argv[2] ?? 2_000_000) })}\n`);
