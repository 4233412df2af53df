import { expect, it } from "vitest";
import { flightAt, flightsOf, readFlights } from "./flights.ts";

const sample = new URL("./testdata/flights.parquet", import.meta.url);
const newYear = Date.UTC(2001, 0, 1);

it("reads all columns, across row groups", async () => {
  const flights = await readFlights(sample);
  expect(flights.count).toBe(8);
  expect(flightAt(flights, 0)).toEqual({ date: newYear + 60_000, delay: 33, distance: 2176, origin: "LAS", destination: "PHL" });
  expect(flightAt(flights, 7)).toEqual({ date: newYear + 301 * 60_000, delay: 5, distance: 719, origin: "ATL", destination: "PHL" });
  expect([...flights.airports].sort()).toEqual(["ANC", "ATL", "LAS", "LAX", "ORD", "PHL"]);
});

it("keeps identical rows apart by their place", async () => {
  const flights = await readFlights(sample);
  expect(flightAt(flights, 3)).toEqual(flightAt(flights, 4));
});

it("gives rows back that it was made from", () => {
  const rows = [
    { date: newYear, delay: -5, distance: 100, origin: "AAA", destination: "BBB" },
    { date: newYear + 1, delay: 0, distance: 0, origin: "BBB", destination: "AAA" },
  ];
  const flights = flightsOf(rows);
  expect([flightAt(flights, 0), flightAt(flights, 1)]).toEqual(rows);
  expect(() => flightAt(flights, 2)).toThrow("no entry 2");
});
