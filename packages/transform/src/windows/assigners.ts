// Which windows a record belongs to: pure functions of its event time, and plain data for the plan.
import { StreamFlowError } from "@streamflow/core";

/** Event time from `startMs`, up to and without `endMs`. */
export interface TimeWindow {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Assigns records to time windows by their event time alone.
 * - WIN-1. `assign` answers the windows that contain the timestamp, ascending by start; none where it belongs nowhere.
 * - WIN-2. A window is known by its start: `endOf(w.startMs) === w.endMs`.
 */
export interface WindowAssigner {
  readonly kind: string;
  assign(timestampMs: number): readonly TimeWindow[];
  endOf(startMs: number): number;
}

/** Bounds of {@link tumbling} windows over time. */
export interface TumblingTime {
  /** Length, in milliseconds: a positive integer. */
  readonly sizeMs: number;
  /** Moves every window by this much, in milliseconds; only the remainder by the size matters. @defaultValue 0: aligned to 1970-01-01T00:00Z */
  readonly offsetMs?: number;
}

/** Bounds of {@link sliding} windows over time. */
export interface SlidingTime extends TumblingTime {
  /** From the start of a window to the start of the next, in milliseconds. Greater than the size it leaves gaps. */
  readonly slideMs: number;
}

/** Bounds of windows over counts. */
export interface TumblingCount {
  /** Records of a key in a window: a positive integer. */
  readonly count: number;
}

/** Bounds of {@link sliding} windows over counts. */
export interface SlidingCount extends TumblingCount {
  /** Records from the start of a window to the start of the next. Greater than `count` it leaves gaps. */
  readonly every: number;
}

/** Bounds of {@link session} windows. */
export interface SessionBounds {
  /** A session ends when no record came for this long, in milliseconds of event time: a positive integer. */
  readonly gapMs: number;
  /** A session also closes at this many records. @defaultValue unlimited */
  readonly maxCount?: number;
}

/** The remainder with the sign of the divisor: never negative for a positive one. */
export function floorMod(value: number, divisor: number): number {
  const remainder = value % divisor;
  return remainder < 0 ? remainder + divisor : remainder + 0;
}

/** Greatest common divisor of two positive integers. @see Euclid */
export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Tumbling and sliding windows over time: all of one size, starting every `slideMs`. */
export class AlignedWindows implements WindowAssigner {
  readonly kind: "tumbling" | "sliding";
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly offsetMs: number;

  constructor(kind: "tumbling" | "sliding", bounds: SlidingTime) {
    this.kind = kind;
    this.sizeMs = positive(bounds.sizeMs, `the size of a ${kind} window`, "ms");
    this.slideMs = positive(bounds.slideMs, `the slide of a ${kind} window`, "ms");
    this.offsetMs = floorMod(integer(bounds.offsetMs ?? 0, `the offset of a ${kind} window`), this.slideMs);
  }

  assign(timestampMs: number): readonly TimeWindow[] {
    const { sizeMs, slideMs } = this;
    const windows: TimeWindow[] = [];
    for (let startMs = this.startOf(timestampMs); startMs > timestampMs - sizeMs; startMs -= slideMs) windows.push({ startMs, endMs: startMs + sizeMs });
    return windows.reverse();
  }

  endOf(startMs: number): number {
    return startMs + this.sizeMs;
  }

  /** Where the last window that starts at or before a time starts. */
  startOf(timestampMs: number): number {
    return timestampMs - floorMod(timestampMs - this.offsetMs, this.slideMs);
  }
}

/** Windows over counts of a key's records: window k holds records k·every … k·every + count − 1. */
export interface CountWindows {
  readonly kind: "tumblingCount" | "slidingCount";
  readonly count: number;
  readonly every: number;
}

/** Sessions of a key's records. */
export interface SessionWindows extends SessionBounds {
  readonly kind: "session";
}

/** One window per key that never ends. */
export interface GlobalWindows {
  readonly kind: "global";
}

/** Any kind of windows. */
export type Windows = WindowAssigner | CountWindows | SessionWindows | GlobalWindows;

/**
 * Fixed-size windows that do not overlap: over event time, `[startMs, endMs)`, or over counts of a key's records.
 *
 * Time windows start at multiples of the size (plus the offset), also below zero: with `sizeMs: 60_000` a record stamped 119_999 belongs to
 * [60_000, 120_000), one stamped −1 to [−60_000, 0).
 *
 * @throws {@link StreamFlowError} SF_WINDOW_INVALID when a size or count is not a positive integer.
 * @example
 * ```ts
 * tumbling({ sizeMs: 60_000 }).assign(119_999); // => [{ startMs: 60_000, endMs: 120_000 }]
 * ```
 * @see Akidau et al., "The Dataflow Model", VLDB 2015, section 2.2
 */
export function tumbling(bounds: TumblingTime): AlignedWindows;
export function tumbling(bounds: TumblingCount): CountWindows;
export function tumbling(bounds: TumblingTime | TumblingCount): AlignedWindows | CountWindows {
  if ("count" in bounds) {
    const count = positive(bounds.count, "the count of a tumbling window", "records");
    return { kind: "tumblingCount", count, every: count };
  }
  return aligned("tumbling", { ...bounds, slideMs: bounds.sizeMs });
}

/**
 * Fixed-size windows that start every `slideMs` (or every `every` records of a key), so that a record belongs to several; where the slide is
 * greater than the size, a record between two windows belongs to none.
 *
 * @throws {@link StreamFlowError} SF_WINDOW_INVALID when a size, slide or count is not a positive integer.
 * @example
 * ```ts
 * sliding({ sizeMs: 10, slideMs: 5 }).assign(7); // => [{ startMs: 0, endMs: 10 }, { startMs: 5, endMs: 15 }]
 * ```
 */
export function sliding(bounds: SlidingTime): AlignedWindows;
export function sliding(bounds: SlidingCount): CountWindows;
export function sliding(bounds: SlidingTime | SlidingCount): AlignedWindows | CountWindows {
  if (!("count" in bounds)) return aligned("sliding", bounds);
  const count = positive(bounds.count, "the count of a sliding window", "records");
  return { kind: "slidingCount", count, every: positive(bounds.every, "the step of a sliding window", "records") };
}

/**
 * Windows of activity: each record opens [timestamp, timestamp + gap) for its key, and windows that overlap or touch become one.
 *
 * With `maxCount` a session also closes as soon as it holds that many records; the next record opens a new one. Where a record joins two
 * sessions that together hold more, the joined session closes with all of them.
 *
 * @throws {@link StreamFlowError} SF_WINDOW_INVALID when the gap or the count is not a positive integer.
 */
export function session(bounds: SessionBounds): SessionWindows {
  const gapMs = positive(bounds.gapMs, "the gap of a session", "ms");
  if (bounds.maxCount === undefined) return { kind: "session", gapMs };
  return { kind: "session", gapMs, maxCount: positive(bounds.maxCount, "the count of a session", "records") };
}

/** One window per key that ends with the input; it fires by its early triggers, and at the end of a bounded input. */
export function global(): GlobalWindows {
  return { kind: "global" };
}

const known = new Map<string, AlignedWindows>();
const maxKnown = 256;

/** Equal windows are one object, so that plans that say the same are equal. */
function aligned(kind: "tumbling" | "sliding", bounds: SlidingTime): AlignedWindows {
  const made = new AlignedWindows(kind, bounds);
  const key = `${kind} ${made.sizeMs} ${made.slideMs} ${made.offsetMs}`;
  const one = known.get(key) ?? made;
  if (known.size < maxKnown) known.set(key, one);
  return one;
}

/** Whether windows are of a kind that assigns by event time alone. */
export function isAssigner(windows: Windows): windows is WindowAssigner {
  return "assign" in windows;
}

function positive(value: number, what: string, unit: string): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new StreamFlowError("SF_WINDOW_INVALID", `${what} must be a whole number > 0 ${unit}, got ${String(value)}`);
}

function integer(value: number, what: string): number {
  if (Number.isSafeInteger(value)) return value;
  throw new StreamFlowError("SF_WINDOW_INVALID", `${what} must be a whole number of ms, got ${String(value)}`);
}
