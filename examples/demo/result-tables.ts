// Reads the tables that the pipeline writes. Times are UTC epoch milliseconds, as integers.
//   hourly(destination, state, window_start, window_end, flights, mean_delay, p95_delay)
//   worst_airports(day, destination, state, flights, mean_delay)
//   late_flights(date, delay, distance, origin, destination): too late for their hour
//   late_for_day(the same, state): too late for their day
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import type { Flight } from "./flights.ts";
import type { HourlyRow, WorstRow } from "./result-rows.ts";

/** Opens the results for reading; the pipeline may be writing meanwhile. */
export function openResults(file: URL): DatabaseSync {
  return new DatabaseSync(fileURLToPath(file), { readOnly: true, timeout: 5000 });
}

/** Whether the pipeline has committed a first window. */
export function hasOutput(results: DatabaseSync): boolean {
  const table = results.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'hourly'").get();
  return table !== undefined && results.prepare("SELECT 1 FROM hourly LIMIT 1").get() !== undefined;
}

/** All rows of `hourly`. */
export function hourlyRows(results: DatabaseSync): Iterable<HourlyRow> {
  const columns = "destination, state, window_start, window_end, flights, mean_delay, p95_delay";
  return rows(results, `SELECT ${columns} FROM hourly`, (cells) => {
    const [destination, state, windowStart, windowEnd, flights, meanDelay, p95Delay] = cells as HourlyCells;
    return { destination, state, windowStart, windowEnd, flights, meanDelay, p95Delay };
  });
}

/** All rows of `worst_airports`, by day and rank. The table holds no ranks: they follow from the means, the later code first where these are equal. */
export function worstRows(results: DatabaseSync): Iterable<WorstRow> {
  const rank = "ROW_NUMBER() OVER (PARTITION BY day ORDER BY mean_delay DESC, destination DESC) AS rank";
  const query = `SELECT day, ${rank}, destination, state, flights, mean_delay FROM worst_airports ORDER BY day, rank`;
  return rows(results, query, (cells) => {
    const [day, rank, destination, state, flights, meanDelay] = cells as WorstCells;
    return { day, rank, destination, state, flights, meanDelay };
  });
}

/** The tables of flights that came too late. */
export type LateTable = "late_flights" | "late_for_day";

/** All rows of a table of late flights. */
export function lateRows(results: DatabaseSync, table: LateTable): Iterable<Flight> {
  return rows(results, `SELECT date, delay, distance, origin, destination FROM ${table}`, (cells) => {
    const [date, delay, distance, origin, destination] = cells as LateCells;
    return { date, delay, distance, origin, destination };
  });
}

/** Mean delay of all flights that were counted, over some part of their hours. */
export interface MeanDelay {
  readonly part: number;
  readonly flights: number;
  readonly meanDelay: number;
}

/** By hour of the day, 0 … 23. */
export function meanByHour(results: DatabaseSync): readonly MeanDelay[] {
  return meanBy(results, "window_start / 3600000 % 24");
}

/** By day, as its first instant. */
export function meanByDay(results: DatabaseSync): readonly MeanDelay[] {
  return meanBy(results, "window_start - window_start % 86400000");
}

function meanBy(results: DatabaseSync, part: string): readonly MeanDelay[] {
  const query = `SELECT ${part} AS part, sum(flights), sum(mean_delay * flights) / sum(flights) FROM hourly GROUP BY part ORDER BY part`;
  const means = rows(results, query, (cells) => {
    const [value, flights, meanDelay] = cells as [number, number, number];
    return { part: value, flights, meanDelay };
  });
  return [...means];
}

type HourlyCells = [string, string | null, number, number, number, number, number];
type WorstCells = [number, number, string, string | null, number, number];
type LateCells = [number, number, number, string, string];

/** Rows one by one; SQLite hands over arrays, which is twice as fast as objects. */
function* rows<Row>(results: DatabaseSync, query: string, row: (cells: unknown) => Row): Generator<Row> {
  const statement = results.prepare(query);
  statement.setReturnArrays(true);
  for (const cells of statement.iterate()) yield row(cells);
}
