// The pipeline in processes that die: starts run.ts, kills it on the way, and tells how far it is.
import { fileURLToPath } from "node:url";
import { type Kill, type KillReport, runWithKills } from "./kill.ts";
import { hasOutput, openResults } from "./result-tables.ts";

/** What the pipeline reads and writes. */
export interface RunFiles {
  readonly flights: URL;
  readonly airports: URL;
  readonly results: URL;
  readonly dataFolder: URL;
}

/** How far the pipeline is. */
export interface RunProgress {
  /** 0 … 1. */
  readonly fraction: number;
  /** Records per second, lately. */
  readonly rate: number;
  readonly watermarkMs: number | undefined;
  /** Kills so far. */
  readonly kills: number;
}

/** How to run it. */
export interface RunPipelineOptions {
  readonly kills: number;
  readonly onProgress?: (progress: RunProgress) => void;
  readonly onKill?: (kill: Kill) => void;
  readonly signal?: AbortSignal;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** What run.ts says of itself, as far as it is used here. */
interface ProgressLine {
  readonly recordsIn: number;
  readonly fraction?: number;
  /** Infinity is null in JSON. */
  readonly watermarkMs?: number | null;
}

/** Runs the pipeline to its end, with kills on the way. */
export async function runPipeline(files: RunFiles, options: RunPipelineOptions): Promise<KillReport> {
  const { flights, airports, results, dataFolder } = files;
  const paths = [new URL("run.ts", import.meta.url), flights, airports, results, dataFolder].map((url) => fileURLToPath(url));
  const meter = new RateMeter();
  let fraction: number | undefined;
  let died = 0;
  let isOutputStarted = false;
  return await runWithKills({
    command: [process.execPath, ...process.execArgv, ...paths],
    kills: options.kills,
    isOutputStarted: () => (isOutputStarted ||= hasOutputIn(results)),
    progress: () => fraction,
    onStart: () => {
      fraction = undefined;
      meter.restart();
    },
    onLine: (line) => {
      const { recordsIn, fraction: done, watermarkMs } = JSON.parse(line) as ProgressLine;
      fraction = done;
      // Before its first record a process has not found its place yet.
      if (recordsIn > 0) options.onProgress?.({ fraction: done ?? 0, rate: meter.rate(recordsIn), watermarkMs: watermarkMs ?? undefined, kills: died });
    },
    onKill: (kill) => {
      died++;
      options.onKill?.(kill);
    },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
}

/** No connection stays open: a process that starts again must find the database as a crash has left it. */
function hasOutputIn(file: URL): boolean {
  let results;
  try {
    results = openResults(file);
    return hasOutput(results);
  } catch {
    // Not there yet, or still being made.
    return false;
  } finally {
    results?.close();
  }
}

const meteredMs = 2000;

/** Records per second over the last two seconds. */
class RateMeter {
  #marks: { readonly ms: number; readonly records: number }[] = [];

  /** The next count starts from zero. */
  restart(): void {
    this.#marks = [{ ms: performance.now(), records: 0 }];
  }

  rate(records: number): number {
    const ms = performance.now();
    this.#marks.push({ ms, records });
    while (this.#marks.length > 2 && ms - (this.#marks[0]?.ms ?? ms) > meteredMs) this.#marks.shift();
    const [first] = this.#marks;
    return first === undefined || ms === first.ms ? 0 : ((records - first.records) / (ms - first.ms)) * 1000;
  }
}
