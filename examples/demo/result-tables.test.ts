import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { flightsOf, type Flight } from "./flights.ts";
import { recount } from "./recount.ts";
import { hasOutput, hourlyRows, lateRows, meanByDay, meanByHour, openResults } from "./result-tables.ts";
import { sampleResults } from "./sample-results.ts";

const hourMs = 3_600_000;
const flight = (hour: number, delay: number, destination = "AAA"): Flight => ({ date: hour * hourMs, delay, distance: 7, origin: "ZZZ", destination });
const expected = recount(flightsOf([flight(1, 10), flight(1, 20), flight(1, 60, "BBB"), flight(25, 2), flight(1, 1700)]), new Map());

it("reads back what was written", () => {
  const results = sampleResults(expected);
  expect([...hourlyRows(results)]).toEqual([...expected.hourly.values()]);
  expect([...lateRows(results, "late_flights")]).toEqual(expected.late);
  expect([...lateRows(results, "late_for_day")]).toEqual(expected.lateForDay);
  expect(expected.late).toHaveLength(1);
});

it("weighs windows by their flights", () => {
  const results = sampleResults(expected);
  expect(meanByHour(results)).toEqual([{ part: 1, flights: 4, meanDelay: 23 }]);
  expect(meanByDay(results)).toEqual([
    { part: 0, flights: 3, meanDelay: 30 },
    { part: 24 * hourMs, flights: 1, meanDelay: 2 },
  ]);
});

it("sees output from the first window on", () => {
  expect(hasOutput(new DatabaseSync(":memory:"))).toBe(false);
  expect(hasOutput(sampleResults(recount(flightsOf([]), new Map())))).toBe(false);
  expect(hasOutput(sampleResults(expected))).toBe(true);
});

it("opens a file that it cannot change", async () => {
  const folder = await mkdtemp(join(tmpdir(), "streamflow-demo-"));
  const file = join(folder, "results.db");
  sampleResults(expected, file).close();
  const results = openResults(pathToFileURL(file));
  expect([...hourlyRows(results)]).toHaveLength(expected.hourly.size);
  expect(() => results.exec("DELETE FROM hourly")).toThrow("readonly");
  results.close();
  await rm(folder, { recursive: true });
});
