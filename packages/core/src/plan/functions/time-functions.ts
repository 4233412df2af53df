// Functions over timestamps. All of them work in UTC.
import type { ExpressionFunction } from "../../contracts/operator.ts";
import { formatTimestamp, isTimestamp, parseTimestamp } from "../../types/timestamp.ts";
import { failed } from "../expression-runtime.ts";
import { badLiteral, defineFunction, kinds } from "./define-function.ts";

const { int32, string, timestamp } = kinds;
const dayMs = 86_400_000;
const fixedUnits: ReadonlyMap<string, number> = new Map([["second", 1000], ["minute", 60_000], ["hour", 3_600_000], ["day", dayMs]]);
const units: readonly string[] = [...fixedUnits.keys(), "week", "month", "year"];
const instant = 'toTimestamp("2024-02-29T13:45:30.500Z")';

/** Functions over timestamps. */
export const timeFunctions: readonly ExpressionFunction[] = [
  part("year", "The year of the calendar, negative before year 0.", 2024, (date) => date.getUTCFullYear()),
  part("month", "The month, 1 to 12.", 2, (date) => date.getUTCMonth() + 1),
  part("day", "The day of the month, 1 to 31.", 29, (date) => date.getUTCDate()),
  part("hour", "The hour, 0 to 23.", 13, (date) => date.getUTCHours()),
  part("minute", "The minute, 0 to 59.", 45, (date) => date.getUTCMinutes()),
  part("second", "The second, 0 to 59.", 30, (date) => date.getUTCSeconds()),
  part("dayOfWeek", "The day of the week as ISO 8601 counts: 1 is Monday, 7 is Sunday.", 4, (date) => ((date.getUTCDay() + 6) % 7) + 1),
  defineFunction({ name: "formatTimestamp", summary: "A timestamp as ISO 8601 text in UTC, with milliseconds.", parameters: { timestamp }, result: string, example: 'formatTimestamp(toTimestamp(0)) // => "1970-01-01T00:00:00.000Z"', evaluate: formatTimestamp }),
  defineFunction({ name: "parseTimestamp", summary: "The timestamp that ISO 8601 text stands for; text without a zone is UTC, digits beyond milliseconds are cut off. Anything else fails.", parameters: { text: string }, result: timestamp, example: 'parseTimestamp("2024-01-01T01:00+01:00") // => 1704067200000', evaluate: parse }),
  defineFunction({
    name: "truncate", summary: 'The start of the "second", "minute", "hour", "day", "week" (Monday), "month" or "year" that a timestamp lies in.',
    parameters: { timestamp, unit: string }, result: timestamp, check: ([, unit]) => checkUnit(unit), example: `formatTimestamp(truncate(${instant}, "hour")) // => "2024-02-29T13:00:00.000Z"`, evaluate: truncate,
  }),
];

function part(name: string, summary: string, result: number, read: (date: Date) => number): ExpressionFunction {
  return defineFunction({ name, summary, parameters: { timestamp }, result: int32, example: `${name}(${instant}) // => ${result}`, evaluate: (ms: number) => read(new Date(ms)) });
}

function parse(text: string): number {
  const ms = parseTimestamp(text.trim());
  if (ms === undefined) throw failed(`parseTimestamp: ${JSON.stringify(text.slice(0, 40))} is not an ISO 8601 date or time`);
  return ms;
}

function checkUnit(unit: unknown): void {
  if (typeof unit === "string" && !units.includes(unit)) throw badLiteral(`truncate: there is no unit "${unit.slice(0, 40)}"`, `the units are ${units.join(", ")}`);
}

function truncate(ms: number, unit: string): number {
  const start = startOf(ms, unit);
  if (!isTimestamp(start)) throw failed(`truncate: the start of the ${unit} is out of range`);
  return start;
}

function startOf(ms: number, unit: string): number {
  const fixed = fixedUnits.get(unit);
  if (fixed !== undefined) return Math.floor(ms / fixed) * fixed;
  const day = Math.floor(ms / dayMs);
  // 1970-01-01 was a Thursday, three days into its week.
  if (unit === "week") return (day - ((((day + 3) % 7) + 7) % 7)) * dayMs;
  const date = new Date(ms);
  if (unit === "month") return (day - (date.getUTCDate() - 1)) * dayMs;
  if (unit !== "year") throw failed(`truncate: there is no unit ${JSON.stringify(unit.slice(0, 40))}; the units are ${units.join(", ")}`);
  return new Date(0).setUTCFullYear(date.getUTCFullYear());
}
