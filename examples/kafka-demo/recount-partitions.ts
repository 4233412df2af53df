// What the hours must be, counted from the raw flights by plain code: in each partition event time goes on by itself, so each is counted by itself.
import type { Flights } from "../demo/flights.ts";
import { recount, type Recount } from "../demo/recount.ts";
import { partitionOfAirport, partitions } from "./topic.ts";

/** Counts the hours again; `states` answers an airport's state. */
export function recountPartitions(flights: Flights, states: ReadonlyMap<string, string>): Pick<Recount, "hourly" | "late"> {
  const placed = flights.airports.map(partitionOfAirport);
  const parts = Array.from({ length: partitions }, (_, partition) => recount(rowsOf(flights, (row) => placed[flights.destination[row]!] === partition), states));
  return { hourly: new Map(parts.flatMap(({ hourly }) => [...hourly])), late: parts.flatMap(({ late }) => late) };
}

/** Some of the flights, in their order. */
function rowsOf(flights: Flights, isWanted: (row: number) => boolean): Flights {
  const rows = Uint32Array.from({ length: flights.count }, (_, row) => row).filter(isWanted);
  const { date, delay, distance, origin, destination, airports } = flights;
  return {
    count: rows.length, airports,
    date: Float64Array.from(rows, (row) => date[row]!), delay: Int32Array.from(rows, (row) => delay[row]!), distance: Int32Array.from(rows, (row) => distance[row]!),
    origin: Uint16Array.from(rows, (row) => origin[row]!), destination: Uint16Array.from(rows, (row) => destination[row]!),
  };
}
