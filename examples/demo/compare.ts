// Holds the pipeline's tables against the recount.
import type { DatabaseSync } from "node:sqlite";
import type { Flight } from "./flights.ts";
import { flightText, hourlyText, worstText, type Recount } from "./recount.ts";
import { hourlyKey, worstKey, type HourlyRow } from "./result-rows.ts";
import { hourlyRows, lateRows, worstRows, type LateTable } from "./result-tables.ts";

/** What the comparison found. The result is exact when `lost`, `doubled` and `differing` are all 0. */
export interface Comparison {
  /** Rows of `hourly`. */
  readonly windows: number;
  /** Rows of `late_flights`. */
  readonly late: number;
  /** Rows of `late_for_day`. */
  readonly lateForDay: number;
  /** Flights that are in too few windows and late rows. */
  readonly lost: number;
  /** Flights that are in too many. */
  readonly doubled: number;
  /** Rows of `hourly` with the right flights but another value, and rows of `worst_airports` that are wrong, missing or too many. */
  readonly differing: number;
  /** The first few findings, for people. */
  readonly examples: readonly string[];
}

const maxExamples = 10;

/** Compares every row of the four tables; identical late flights count as often as they are there. */
export function compare(results: DatabaseSync, expected: Recount): Comparison {
  const tally = new Tally();
  const windows = compareHourly(results, expected, tally);
  compareWorst(results, expected, tally);
  const late = compareLate(lateRows(results, "late_flights"), expected.late, { table: "late_flights", tally });
  const lateForDay = compareLate(lateRows(results, "late_for_day"), expected.lateForDay, { table: "late_for_day", tally });
  const { lost, doubled, differing, examples } = tally;
  return { windows, late, lateForDay, lost, doubled, differing, examples };
}

/** Compares every row of the two tables of hours. */
export function compareHours(results: DatabaseSync, expected: Pick<Recount, "hourly" | "late">): Comparison {
  const tally = new Tally();
  const windows = compareHourly(results, expected, tally);
  const late = compareLate(lateRows(results, "late_flights"), expected.late, { table: "late_flights", tally });
  const { lost, doubled, differing, examples } = tally;
  return { windows, late, lateForDay: 0, lost, doubled, differing, examples };
}

/** Whether nothing at all is wrong. */
export function isExact({ lost, doubled, differing }: Comparison): boolean {
  return lost === 0 && doubled === 0 && differing === 0;
}

/** The proof in one line. */
export function proofLine(comparison: Comparison): string {
  const { windows, late, lost, doubled, differing } = comparison;
  const counts = `${windows} windows, ${late} late, ${lost} lost, ${doubled} doubled`;
  return isExact(comparison) ? `exact: ${counts}` : `NOT exact: ${counts}, ${differing} rows differ`;
}

class Tally {
  lost = 0;
  doubled = 0;
  differing = 0;
  readonly examples: string[] = [];

  /** `more` flights too many (or too few, when negative). */
  flights(more: number, example: string): void {
    if (more > 0) this.doubled += more;
    else this.lost -= more;
    this.#note(example);
  }

  differs(example: string): void {
    this.differing += 1;
    this.#note(example);
  }

  #note(example: string): void {
    if (this.examples.length < maxExamples) this.examples.push(example);
  }
}

function compareHourly(results: DatabaseSync, { hourly }: Pick<Recount, "hourly">, tally: Tally): number {
  const missing = new Map<string, HourlyRow>(hourly);
  let windows = 0;
  for (const row of hourlyRows(results)) {
    windows += 1;
    const key = hourlyKey(row);
    const expected = missing.get(key);
    // Not asked for at all, or found before.
    if (!missing.delete(key) || expected === undefined) tally.flights(row.flights, `hourly: too many: ${hourlyText(row)}`);
    else if (row.flights !== expected.flights) {
      tally.flights(row.flights - expected.flights, `hourly: ${hourlyText(row)}, expected ${hourlyText(expected)}`);
    } else if (!sameHour(row, expected)) tally.differs(`hourly: ${hourlyText(row)}, expected ${hourlyText(expected)}`);
  }
  for (const row of missing.values()) tally.flights(-row.flights, `hourly: missing: ${hourlyText(row)}`);
  return windows;
}

/** Compared field by field: half a million rows as text would take seconds. */
function sameHour(a: HourlyRow, b: HourlyRow): boolean {
  return a.state === b.state && a.windowEnd === b.windowEnd && a.meanDelay === b.meanDelay && a.p95Delay === b.p95Delay;
}

function compareWorst(results: DatabaseSync, { worst }: Recount, tally: Tally): void {
  const missing = new Map(worst);
  for (const row of worstRows(results)) {
    const key = worstKey(row);
    const expected = missing.get(key);
    missing.delete(key);
    if (expected === undefined) tally.differs(`worst_airports: too many: ${worstText(row)}`);
    else if (worstText(row) !== worstText(expected)) tally.differs(`worst_airports: ${worstText(row)}, expected ${worstText(expected)}`);
  }
  for (const row of missing.values()) tally.differs(`worst_airports: missing: ${worstText(row)}`);
}

function compareLate(found: Iterable<Flight>, expected: readonly Flight[], { table, tally }: { readonly table: LateTable; readonly tally: Tally }): number {
  // How often each flight is still to be found.
  const open = new Map<string, number>();
  for (const flight of expected) open.set(flightText(flight), (open.get(flightText(flight)) ?? 0) + 1);
  let rows = 0;
  for (const flight of found) {
    rows += 1;
    const text = flightText(flight);
    open.set(text, (open.get(text) ?? 0) - 1);
  }
  for (const [text, times] of open) {
    if (times !== 0) tally.flights(-times, `${table}: ${text}: ${Math.abs(times)} ${times > 0 ? "missing" : "too many"}`);
  }
  return rows;
}
