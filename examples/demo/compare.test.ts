import type { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { compare, isExact, proofLine, type Comparison } from "./compare.ts";
import { flightsOf, type Flight } from "./flights.ts";
import { demoRules, recount } from "./recount.ts";
import { sampleResults } from "./sample-results.ts";

const hourMs = 3_600_000;
const flight = (hour: number, delay: number, destination: string): Flight => ({ date: hour * hourMs, delay, distance: 7, origin: "ZZZ", destination });
const rows = [flight(0, 1, "AAA"), flight(0, 3, "AAA"), flight(0, 5, "BBB"), flight(9, 0, "AAA"), flight(0, 700, "AAA"), flight(0, 700, "AAA"), flight(26, 0, "BBB"), flight(0, 1700, "AAA")];
const expected = recount(flightsOf(rows), new Map([["AAA", "GA"]]), { ...demoRules, minDayFlights: 1 });

function after(change: string): Comparison {
  const results: DatabaseSync = sampleResults(expected);
  results.exec(change);
  return compare(results, expected);
}

describe("compare", () => {
  it("finds nothing in an exact result", () => {
    const found = after("");
    expect(found).toEqual({ windows: 4, late: 3, lateForDay: 1, lost: 0, doubled: 0, differing: 0, examples: [] });
    expect(proofLine(found)).toBe("exact: 4 windows, 3 late, 0 lost, 0 doubled");
  });

  it.each([
    ["a window that is missing", "DELETE FROM hourly WHERE destination = 'AAA' AND window_start = 0", { windows: 3, lost: 2 }],
    ["a window that lacks a flight", "UPDATE hourly SET flights = 1 WHERE destination = 'AAA' AND window_start = 0", { lost: 1 }],
    ["a window that counted a flight twice", "UPDATE hourly SET flights = 3 WHERE destination = 'AAA' AND window_start = 0", { doubled: 1 }],
    ["a window that is there twice", "INSERT INTO hourly SELECT * FROM hourly WHERE destination = 'AAA' AND window_start > 0", { windows: 5, doubled: 1 }],
    ["a window that nobody asked for", "INSERT INTO hourly VALUES ('CCC', NULL, 0, 3600000, 4, 1, 1)", { windows: 5, doubled: 4 }],
    ["another mean", "UPDATE hourly SET mean_delay = mean_delay + 1e-9 WHERE destination = 'BBB' AND window_start = 0", { differing: 1 }],
    ["another p95", "UPDATE hourly SET p95_delay = 7 WHERE destination = 'BBB' AND window_start = 0", { differing: 1 }],
    ["another window end", "UPDATE hourly SET window_end = 1 WHERE destination = 'BBB' AND window_start = 0", { differing: 1 }],
    ["another state", "UPDATE hourly SET state = 'NY' WHERE destination = 'BBB' AND window_start = 0", { differing: 1 }],
    ["a ranking that is missing", "DELETE FROM worst_airports WHERE day = 0 AND destination = 'BBB'", { differing: 1 }],
    ["a ranking that is there twice", "INSERT INTO worst_airports SELECT * FROM worst_airports WHERE day > 0", { differing: 1 }],
    ["another ranking", "UPDATE worst_airports SET destination = 'CCC' WHERE day > 0", { differing: 1 }],
    ["one of two identical late flights missing", "DELETE FROM late_flights WHERE rowid = 1", { late: 2, lost: 1 }],
    ["a late flight written again", "INSERT INTO late_flights SELECT * FROM late_flights WHERE rowid = 1", { late: 4, doubled: 1 }],
    ["another late flight in its place", "UPDATE late_flights SET distance = 8 WHERE rowid = 1", { lost: 1, doubled: 1 }],
    ["a flight too late for its day that is missing", "DELETE FROM late_for_day", { lateForDay: 0, lost: 1 }],
    ["a flight too late for its day written again", "INSERT INTO late_for_day SELECT * FROM late_for_day", { lateForDay: 2, doubled: 1 }],
  ])("finds %s", (_name, change, found) => {
    const comparison = after(change);
    expect(comparison).toMatchObject({ windows: 4, late: 3, lateForDay: 1, lost: 0, doubled: 0, differing: 0, ...found });
    expect(isExact(comparison)).toBe(false);
    expect(comparison.examples.length).toBeGreaterThan(0);
    expect(proofLine(comparison)).toMatch(/^NOT exact: /);
  });

  it("gives only a few examples of many findings", () => {
    const many = recount(flightsOf(Array.from({ length: 30 }, (_, hour) => flight(hour, 0, "AAA"))), new Map());
    const results = sampleResults(many);
    results.exec("DELETE FROM hourly");
    const { lost, examples } = compare(results, many);
    expect([lost, examples.length]).toEqual([30, 10]);
  });
});
