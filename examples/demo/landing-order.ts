// The order in which the flights landed, which is how they arrive at the pipeline; and how far that is from the order of their dates.
import type { Flights } from "./flights.ts";

const minuteMs = 60_000;

/**
 * Rows of the flights by landing time (`date` + `delay`), ties by row: a counting sort over the minutes.
 *
 * @throws when a date is not a whole minute
 */
export function landingOrder(flights: Flights): Uint32Array {
  const { count } = flights;
  const minutes = landingMinutes(flights);
  let first = Infinity;
  let last = -Infinity;
  for (const minute of minutes) {
    if (minute < first) first = minute;
    if (minute > last) last = minute;
  }
  if (count === 0) return new Uint32Array(0);
  const next = new Uint32Array(last - first + 2);
  for (let row = 0; row < count; row++) next[minutes[row]! - first + 1]! += 1;
  for (let i = 1; i < next.length; i++) next[i]! += next[i - 1]!;
  const order = new Uint32Array(count);
  for (let row = 0; row < count; row++) order[next[minutes[row]! - first]!++] = row;
  return order;
}

/** How late flights arrive, measured against the newest date among those before them. */
export interface Disorder {
  /** Flights more than 60 minutes behind. */
  readonly overOneHour: number;
  /** Flights more than four hours behind. */
  readonly overFourHours: number;
}

/** Counts the flights that arrive far behind the newest date seen. */
export function measureDisorder(flights: Flights, order: Uint32Array): Disorder {
  let newest = -Infinity;
  let overOneHour = 0;
  let overFourHours = 0;
  for (const row of order) {
    const date = flights.date[row]!;
    if (newest - date > 60 * minuteMs) overOneHour++;
    if (newest - date > 240 * minuteMs) overFourHours++;
    if (date > newest) newest = date;
  }
  return { overOneHour, overFourHours };
}

function landingMinutes({ count, date, delay }: Flights): Int32Array {
  const minutes = new Int32Array(count);
  for (let row = 0; row < count; row++) {
    const departure = date[row]! / minuteMs;
    if (!Number.isInteger(departure)) throw new Error(`flight ${row} does not start at a whole minute: ${date[row]}`);
    minutes[row] = departure + delay[row]!;
  }
  return minutes;
}
