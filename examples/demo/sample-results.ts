// For tests: the tables of a pipeline that did everything right.
import { DatabaseSync } from "node:sqlite";
import type { Recount } from "./recount.ts";

/** A database in memory (or in `file`) that holds exactly what the recount expects. The tables have no keys, so that a test can put in what must not be there. */
export function sampleResults({ hourly, worst, late, lateForDay }: Recount, file = ":memory:"): DatabaseSync {
  const results = new DatabaseSync(file);
  results.exec(`
    CREATE TABLE hourly (destination TEXT, state TEXT, window_start INTEGER, window_end INTEGER, flights INTEGER, mean_delay REAL, p95_delay REAL);
    CREATE TABLE worst_airports (day INTEGER, destination TEXT, state TEXT, flights INTEGER, mean_delay REAL);
    CREATE TABLE late_flights (date INTEGER, delay INTEGER, distance INTEGER, origin TEXT, destination TEXT);
    CREATE TABLE late_for_day (date INTEGER, delay INTEGER, distance INTEGER, origin TEXT, destination TEXT);
  `);
  const addHourly = results.prepare("INSERT INTO hourly VALUES (?, ?, ?, ?, ?, ?, ?)");
  for (const row of hourly.values()) {
    addHourly.run(row.destination, row.state, row.windowStart, row.windowEnd, row.flights, row.meanDelay, row.p95Delay);
  }
  const addWorst = results.prepare("INSERT INTO worst_airports VALUES (?, ?, ?, ?, ?)");
  for (const row of worst.values()) addWorst.run(row.day, row.destination, row.state, row.flights, row.meanDelay);
  for (const [table, flights] of [["late_flights", late], ["late_for_day", lateForDay]] as const) {
    const add = results.prepare(`INSERT INTO ${table} VALUES (?, ?, ?, ?, ?)`);
    for (const row of flights) add.run(row.date, row.delay, row.distance, row.origin, row.destination);
  }
  return results;
}
