// The ten worst airports of the worst day: a query over the hours.
import type { DatabaseSync } from "node:sqlite";
import type { Airport } from "../demo/airports.ts";
import { drawTable } from "../demo/table.ts";
import { grouped, type Terminal, tint } from "../demo/terminal.ts";

const query = `
  WITH days AS (
    SELECT window_start / 86400000 AS day, destination, sum(flights) AS flights, sum(flights * mean_delay) / sum(flights) AS delay
    FROM hourly GROUP BY day, destination HAVING sum(flights) >= 10),
  worst AS (SELECT day FROM days GROUP BY day ORDER BY sum(flights * delay) / sum(flights) DESC LIMIT 1)
  SELECT day, destination, flights, delay FROM days WHERE day = (SELECT day FROM worst) ORDER BY delay DESC, destination DESC LIMIT 10`;

/** As a table for people. */
export function worstAirports(results: DatabaseSync, { airports, terminal }: { readonly airports: readonly Airport[]; readonly terminal: Terminal }): string {
  const names = new Map(airports.map(({ iata, name }) => [iata, name]));
  const found = results.prepare(query).all() as { readonly day: number; readonly destination: string; readonly flights: number; readonly delay: number }[];
  const rows = found.map(({ destination, flights, delay }, at) => [String(at + 1), destination, names.get(destination) ?? "", grouped(flights), delay.toFixed(1)]);
  const day = new Date((found[0]?.day ?? 0) * 86_400_000).toISOString().slice(0, 10);
  const columns = [{ title: "#", align: "right" as const }, { title: "code" }, { title: "airport" }, { title: "flights", align: "right" as const }, { title: "mean delay", align: "right" as const }];
  return `\n${tint(`The ten worst airports of ${day}, the worst day`, "bold", terminal)}\n${drawTable(columns, rows, terminal)}`;
}
