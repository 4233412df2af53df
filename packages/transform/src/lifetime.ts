// Time to live of a key's state: it goes when event time has passed the key's newest record by `ttlMs`.
import type { OperatorContext } from "@streamflow/core";

/** State with a time to live. */
export interface Mortal {
  /** Greatest event time of the key's records; −∞ before the first, or without a time to live. */
  latestMs: number;
}

/** Notes the record in hand. One timer per key is kept; it is set again when it comes too early. */
export function touch(entry: Mortal, { cursor, timers }: OperatorContext, ttlMs: number | undefined): void {
  if (ttlMs === undefined || Number.isNaN(cursor.timestampMs)) return;
  if (entry.latestMs === -Infinity) timers.setEventForKey(cursor.timestampMs + ttlMs, cursor.key);
  entry.latestMs = Math.max(entry.latestMs, cursor.timestampMs);
}

/** Whether a key's time is over; where it is not, its timer is set. */
export function isOver(entry: Mortal, ttlMs: number | undefined, { timeMs, key, timers }: { readonly timeMs: number; readonly key: unknown; readonly timers: OperatorContext["timers"] }): boolean {
  if (ttlMs === undefined || entry.latestMs === -Infinity) return false;
  if (entry.latestMs + ttlMs <= timeMs) return true;
  timers.setEventForKey(entry.latestMs + ttlMs, key);
  return false;
}
