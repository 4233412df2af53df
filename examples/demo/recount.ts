// What the result must be, counted from the raw flights by plain code that shares nothing with StreamFlow.
//
// The rules, to the millisecond. Flights arrive by landing time (ties by row of the file). After each one, the watermark is
//   W = newest date so far − outOfOrdernessMs − 1;
// a flight is judged by the W of those before it. It belongs to the hour [start, end) of its date, and is late, counted
// nowhere but in `late`, when end − 1 + allowedLatenessMs <= W. Its day takes it or not by the same rule.
import { createHash } from "node:crypto";
import { flightAt, type Flight, type Flights } from "./flights.ts";
import { hourlyKey, worstKey, type HourlyRow, type WorstRow } from "./result-rows.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The numbers in the rules. */
export interface Rules {
  readonly outOfOrdernessMs: number;
  readonly allowedLatenessMs: number;
  /** The same for the windows of a day. */
  readonly dayAllowedLatenessMs: number;
  /** An airport with fewer flights on a day is not ranked on it. */
  readonly minDayFlights: number;
  /** How many airports are ranked each day, the later code first where means are equal. */
  readonly ranks: number;
}

export const demoRules: Rules = {
  outOfOrdernessMs: hourMs,
  allowedLatenessMs: 3 * hourMs,
  dayAllowedLatenessMs: 0,
  minDayFlights: 10,
  ranks: 10,
};

/** The result as it must be. */
export interface Recount {
  /** By `hourlyKey`. */
  readonly hourly: ReadonlyMap<string, HourlyRow>;
  /** By `worstKey`. */
  readonly worst: ReadonlyMap<string, WorstRow>;
  /** In order of arrival. */
  readonly late: readonly Flight[];
  /** Flights that came too late for their day, in order of arrival. */
  readonly lateForDay: readonly Flight[];
}

interface Delays {
  readonly destination: string;
  readonly start: number;
  readonly delays: number[];
}

interface DaySum {
  readonly destination: string;
  flights: number;
  delay: number;
}

/** Counts the result again; `states` answers an airport's state. */
export function recount(flights: Flights, states: ReadonlyMap<string, string>, rules: Rules = demoRules): Recount {
  const hours = new Map<number, Delays>();
  const days = new Map<number, Map<number, DaySum>>();
  const late: Flight[] = [];
  const lateForDay: Flight[] = [];
  let newest = -Infinity;
  for (const row of byLandingTime(flights)) {
    const date = flights.date[row]!;
    const watermark = newest - rules.outOfOrdernessMs - 1;
    if (date > newest) newest = date;

    const hour = Math.floor(date / hourMs);
    if ((hour + 1) * hourMs - 1 + rules.allowedLatenessMs <= watermark) late.push(flightAt(flights, row));
    else addToHour(hours, flights, row, hour);

    const day = Math.floor(date / dayMs);
    if ((day + 1) * dayMs - 1 + rules.dayAllowedLatenessMs <= watermark) lateForDay.push(flightAt(flights, row));
    else addToDay(days, flights, row, day);
  }
  return { hourly: hourlyRows(hours, states), worst: worstRows(days, states, rules), late, lateForDay };
}

/** An MD5 of all rows in a fixed order: two results are the same exactly when their digests are. */
export function digest({ hourly, worst, late, lateForDay }: Recount): string {
  const hash = createHash("md5");
  for (const rows of [[...hourly.values()].map(hourlyText), [...worst.values()].map(worstText), late.map(flightText), lateForDay.map(flightText)]) {
    hash.update(`${rows.length}\n${rows.sort().join("\n")}\n`);
  }
  return hash.digest("hex");
}

/** All fields of a flight: what tells late flights from each other, up to identical ones. */
export function flightText({ date, delay, distance, origin, destination }: Flight): string {
  return `${date}|${delay}|${distance}|${origin}|${destination}`;
}

/** All fields of a row of `hourly`. Numbers print exactly: equal texts are equal numbers. */
export function hourlyText({ destination, state, windowStart, windowEnd, flights, meanDelay, p95Delay }: HourlyRow): string {
  return `${destination}|${state}|${windowStart}|${windowEnd}|${flights}|${meanDelay}|${p95Delay}`;
}

/** All fields of a row of `worst_airports`. */
export function worstText({ day, rank, destination, state, flights, meanDelay }: WorstRow): string {
  return `${day}|${rank}|${destination}|${state}|${flights}|${meanDelay}`;
}

/**
 * The quantile of ascending values, linear between neighbours.
 *
 * @see Hyndman and Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50 (1996), definition 7
 */
export function quantile(ascending: readonly number[], fraction: number): number {
  const place = (ascending.length - 1) * fraction;
  const below = Math.floor(place);
  const low = ascending[below] ?? Number.NaN;
  const high = ascending[below + 1] ?? low;
  return low + (place - below) * (high - low);
}

/** Rows by landing time; the sort is stable. It compares, while the preparation counts minutes: neither can hide a mistake of the other. */
function byLandingTime({ count, date, delay }: Flights): Uint32Array {
  const landing = date.map((ms, row) => ms + delay[row]! * minuteMs);
  const rows = Uint32Array.from({ length: count }, (_, row) => row);
  return rows.sort((a, b) => landing[a]! - landing[b]!);
}

function addToHour(hours: Map<number, Delays>, flights: Flights, row: number, hour: number): void {
  const code = flights.destination[row]!;
  const key = hour * flights.airports.length + code;
  const found = hours.get(key);
  if (found !== undefined) found.delays.push(flights.delay[row]!);
  else hours.set(key, { destination: flights.airports[code]!, start: hour * hourMs, delays: [flights.delay[row]!] });
}

function addToDay(days: Map<number, Map<number, DaySum>>, flights: Flights, row: number, day: number): void {
  const code = flights.destination[row]!;
  let sums = days.get(day);
  if (sums === undefined) days.set(day, (sums = new Map()));
  let sum = sums.get(code);
  if (sum === undefined) sums.set(code, (sum = { destination: flights.airports[code]!, flights: 0, delay: 0 }));
  sum.flights += 1;
  sum.delay += flights.delay[row]!;
}

function hourlyRows(hours: ReadonlyMap<number, Delays>, states: ReadonlyMap<string, string>): Map<string, HourlyRow> {
  const rows = new Map<string, HourlyRow>();
  for (const { destination, start, delays } of hours.values()) {
    delays.sort((a, b) => a - b);
    const row: HourlyRow = {
      destination,
      state: states.get(destination) ?? null,
      windowStart: start,
      windowEnd: start + hourMs,
      flights: delays.length,
      meanDelay: delays.reduce((sum, delay) => sum + delay, 0) / delays.length,
      p95Delay: quantile(delays, 0.95),
    };
    rows.set(hourlyKey(row), row);
  }
  return rows;
}

function worstRows(days: ReadonlyMap<number, ReadonlyMap<number, DaySum>>, states: ReadonlyMap<string, string>, rules: Rules): Map<string, WorstRow> {
  const rows = new Map<string, WorstRow>();
  for (const [day, sums] of days) {
    const ranked = [...sums.values()]
      .filter(({ flights }) => flights >= rules.minDayFlights)
      .map(({ destination, flights, delay }) => ({ destination, flights, meanDelay: delay / flights }))
      .sort((a, b) => b.meanDelay - a.meanDelay || (a.destination > b.destination ? -1 : 1))
      .slice(0, rules.ranks);
    for (const [index, { destination, flights, meanDelay }] of ranked.entries()) {
      const row: WorstRow = { day: day * dayMs, rank: index + 1, destination, state: states.get(destination) ?? null, flights, meanDelay };
      rows.set(worstKey(row), row);
    }
  }
  return rows;
}
