// The event times that records span, for windows that have no bounds of their own.

/** Least and greatest event time; [∞, −∞] of no records, or of records without event time. */
export interface Extent {
  minMs: number;
  maxMs: number;
}

/** Stretches an extent over an event time; NaN changes nothing. */
export function stretch(extent: Extent, timestampMs: number): void {
  if (timestampMs < extent.minMs) extent.minMs = timestampMs;
  if (timestampMs > extent.maxMs) extent.maxMs = timestampMs;
}

/** Stretches an extent over another one; one of no event times changes nothing. */
export function stretchOver(extent: Extent, { minMs, maxMs }: Extent): void {
  extent.minMs = Math.min(extent.minMs, minMs);
  extent.maxMs = Math.max(extent.maxMs, maxMs);
}

/** As window bounds, `[startMs, endMs)`. */
export function boundsOf({ minMs, maxMs }: Extent): { readonly startMs: number | null; readonly endMs: number | null } {
  return minMs === Infinity ? { startMs: null, endMs: null } : { startMs: minMs, endMs: maxMs + 1 };
}
