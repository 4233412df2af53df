// The rows that the demo's pipeline writes into SQLite and that the recount makes by itself.

/** Table `hourly`: the flights to one airport whose date is in `[window_start, window_end)`. */
export interface HourlyRow {
  readonly destination: string;
  readonly state: string | null;
  /** UTC epoch milliseconds. */
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly flights: number;
  readonly meanDelay: number;
  readonly p95Delay: number;
}

/** Table `worst_airports`: one of the ten airports with the greatest mean delay of a day. */
export interface WorstRow {
  /** UTC epoch milliseconds of its first instant. */
  readonly day: number;
  /** From 1. */
  readonly rank: number;
  readonly destination: string;
  readonly state: string | null;
  readonly flights: number;
  readonly meanDelay: number;
}

/** What tells one row of `hourly` from another. */
export function hourlyKey({ destination, windowStart }: Pick<HourlyRow, "destination" | "windowStart">): string {
  return `${destination} ${windowStart}`;
}

/** What tells one row of `worst_airports` from another. */
export function worstKey({ day, rank }: Pick<WorstRow, "day" | "rank">): string {
  return `${day} ${rank}`;
}
