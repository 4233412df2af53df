// The result, as a reader in a terminal sees it.
import type { DatabaseSync } from "node:sqlite";
import type { Airport } from "./airports.ts";
import { meanByDay, meanByHour, worstRows, type MeanDelay } from "./result-tables.ts";
import { drawBars, drawTable, sparkline } from "./table.ts";
import { grouped, tint, type Terminal } from "./terminal.ts";

/** What `present` shows, and where. */
export interface PresentOptions {
  readonly results: DatabaseSync;
  readonly airports: readonly Airport[];
  readonly terminal: Terminal;
}

/** The ten worst airports of the worst day, the mean delay of every day, and of every hour of the day. */
export function present({ results, airports, terminal }: PresentOptions): string {
  const days = meanByDay(results);
  // A day with few flights has no ranking, and is no candidate.
  const ranked = new Set(Array.from(worstRows(results), ({ day }) => day));
  const worst = days.filter(({ part }) => ranked.has(part)).sort((a, b) => b.meanDelay - a.meanDelay)[0];
  if (worst === undefined) return "No day with enough flights.";
  return [
    heading(`The ten worst airports of ${dayText(worst.part)}, the worst day (${minutes(worst.meanDelay)} min late on average)`, terminal),
    worstTable({ results, airports, terminal }, worst.part),
    heading(`Mean delay, day by day: ${dayText(days[0]?.part ?? 0)} to ${dayText(days.at(-1)?.part ?? 0)}`, terminal),
    dayChart(days, terminal),
    heading("Mean delay in minutes, by hour of the day", terminal),
    hourChart(meanByHour(results), terminal),
  ].join("\n");
}

function worstTable({ results, airports, terminal }: PresentOptions, day: number): string {
  const byCode = new Map(airports.map((airport) => [airport.iata, airport]));
  const rows = [...worstRows(results)]
    .filter((row) => row.day === day)
    .map(({ rank, destination, state, flights, meanDelay }) => {
      const airport = byCode.get(destination);
      return [String(rank), destination, airport?.name ?? "", airport?.city ?? "", state ?? "", grouped(flights), minutes(meanDelay)];
    });
  const right = (title: string): { title: string; align: "right" } => ({ title, align: "right" });
  const columns = [right("#"), { title: "code" }, { title: "airport" }, { title: "city" }, { title: "state" }, right("flights"), right("mean delay")];
  return drawTable(columns, rows, terminal);
}

function dayChart(days: readonly MeanDelay[], terminal: Terminal): string {
  const means = days.map(({ meanDelay }) => meanDelay);
  const least = minutes(Math.min(...means));
  const greatest = minutes(Math.max(...means));
  const room = terminal.width - least.length - greatest.length - 2;
  return `${least} ${tint(sparkline(means, room), "cyan", terminal)} ${greatest}`;
}

function hourChart(hours: readonly MeanDelay[], terminal: Terminal): string {
  const bars = hours.map(({ part, flights, meanDelay }) => ({
    label: `${String(part).padStart(2, "0")}:00`,
    value: meanDelay,
    note: `${minutes(meanDelay).padStart(5)}  ${grouped(flights)} flights`,
  }));
  return drawBars(bars, terminal);
}

function heading(text: string, terminal: Terminal): string {
  return `\n${tint(text, "bold", terminal)}\n`;
}

function dayText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function minutes(value: number): string {
  return value.toFixed(1);
}
