// The dead letters of a pipeline, for tools: the engine writes them, these functions read and remove them.
import { deadLetterLog, decodeDeadLetter, pipelineOfDeadLetterLog } from "@streamflow/core";
import type { DeadLetter, LogStore } from "@streamflow/core";

/** A dead letter with its place in the log. */
export interface StoredDeadLetter {
  readonly cursor: number;
  /** When it was stored, in UTC epoch milliseconds. */
  readonly storedMs: number;
  readonly letter: DeadLetter;
}

/** What `list` takes. */
export interface ListDeadLettersOptions {
  /** Only those behind this cursor: the last one of the page before. @defaultValue 0: from the first */
  readonly after?: number;
  /** At most so many. @defaultValue 100 */
  readonly limit?: number;
}

/** Answers dead letters in the order they were stored. Throws what the store throws, and SF_STATE_CORRUPT for an entry that is no dead letter. */
export async function listDeadLetters(logs: LogStore, pipeline: string, options: ListDeadLettersOptions = {}): Promise<readonly StoredDeadLetter[]> {
  const entries = await logs.read(deadLetterLog(pipeline), options.after ?? 0, options.limit ?? 100);
  return entries.map(({ cursor, timeMs, payload }) => ({ cursor, storedMs: timeMs, letter: decodeDeadLetter(payload) }));
}

/** Answers how many there are. */
export function countDeadLetters(logs: LogStore, pipeline: string): Promise<number> {
  return logs.count(deadLetterLog(pipeline));
}

/** Answers the pipelines that have dead letters, with their number, sorted by name. */
export async function deadLetterCounts(logs: LogStore): Promise<ReadonlyMap<string, number>> {
  const pipelines = (await logs.names()).flatMap((name) => pipelineOfDeadLetterLog(name) ?? []).sort();
  const counts = new Map<string, number>();
  for (const pipeline of pipelines) {
    const count = await countDeadLetters(logs, pipeline);
    if (count > 0) counts.set(pipeline, count);
  }
  return counts;
}

/**
 * Removes dead letters, durably; answers how many.
 * @param upTo the cursor of the last one to go. Those that are stored while this runs stay.
 * @defaultValue all that are stored when this is called
 */
export async function purgeDeadLetters(logs: LogStore, pipeline: string, upTo?: number): Promise<number> {
  const log = deadLetterLog(pipeline);
  let count = 0;
  let cursor = 0;
  const page = 1000;
  // Counted page by page: the letters themselves may be large, and their number unknown.
  for (let isLast = false; !isLast; ) {
    const entries = (await logs.read(log, cursor, page)).filter((entry) => upTo === undefined || entry.cursor <= upTo);
    count += entries.length;
    cursor = entries.at(-1)?.cursor ?? cursor;
    isLast = entries.length < page;
  }
  if (count > 0) await logs.trim(log, cursor);
  return count;
}
