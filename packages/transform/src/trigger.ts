// When windows fire before their end, and what a firing holds.
import { StreamFlowError } from "@streamflow/core";
import { floorMod } from "./windows/assigners.ts";

/** What a firing holds: all records of the window so far, or those since its last firing. */
export type WindowMode = "accumulating" | "discarding";

/**
 * Firings before a window's end. Each is for the keys that got records since they last fired; a window with nothing new says nothing.
 * Several may be combined.
 */
export interface EarlyTriggers {
  /** Every so many milliseconds of event time: when the watermark reaches k · everyMs − 1 within the window. */
  readonly everyMs?: number;
  /** At most every so many milliseconds of processing time, counted from the first record that is new. Makes the stage non-deterministic. */
  readonly everyProcessingMs?: number;
  /** When a key's window got so many records since it last fired. */
  readonly count?: number;
}

/** Why a window fires: before its end, at its end, or for a record that came after it. */
export type FiringCause = "early" | "onTime" | "late";

/** @throws {@link StreamFlowError} SF_WINDOW_INVALID */
export function checkTriggers(early: EarlyTriggers): void {
  for (const name of ["everyMs", "everyProcessingMs", "count"] as const) {
    const value = early[name];
    if (value === undefined || (Number.isSafeInteger(value) && value > 0)) continue;
    throw new StreamFlowError("SF_WINDOW_INVALID", `early.${name} must be a whole number > 0, got ${String(value)}`);
  }
}

/** The first tick of an event-time trigger after a time. */
export function nextTickMs(afterMs: number, everyMs: number): number {
  const next = afterMs + 1;
  return next - floorMod(next, everyMs) + everyMs - 1;
}

/** Event times are at most 8.64e15: this is reached by the watermark +∞ alone, at the end of a bounded input. */
export const endOfTimeMs: number = Number.MAX_SAFE_INTEGER;
