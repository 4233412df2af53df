// Functions that convert. What cannot be converted fails; the try… forms answer null.
import type { ExpressionFunction } from "../../contracts/operator.ts";
import { nullable } from "../../types/constructors.ts";
import { parseDecimal } from "../../types/decimal.ts";
import { toInt64 } from "../../types/int64.ts";
import { isTimestamp, parseTimestamp } from "../../types/timestamp.ts";
import { describeValue } from "../../types/value-path.ts";
import { failed } from "../expression-runtime.ts";
import { defineFunction, kinds } from "./define-function.ts";
import { textOf } from "./text-of.ts";

const { bool, float64, int64, string, timestamp, decimal, bytes } = kinds;
const numeral = [string, float64, int64, decimal, bool, timestamp] as const;
const whole = [string, float64, int64, decimal, timestamp] as const;
const instant = [string, float64, int64, timestamp] as const;

/** Functions that convert. */
export const conversionFunctions: readonly ExpressionFunction[] = [
  defineFunction({ name: "toString", summary: "A scalar as text: numbers in their shortest form, timestamps as milliseconds (see formatTimestamp), bytes in base64.", parameters: { value: [string, float64, int64, decimal, bool, timestamp, bytes] }, result: string, same: ["string"], example: 'toString(1.50) // => "1.5"', evaluate: (value: unknown) => textOf(value, "toString") }),
  defineFunction({ name: "toNumber", summary: "A float64: from text in decimal or exponent form, from int64 and decimal (the nearest), from true (1) and false (0), from a timestamp (its milliseconds).", parameters: { value: numeral }, result: float64, same: ["int32", "float64", "timestamp"], example: 'toNumber("1.5e3") // => 1500', evaluate: (value: unknown) => numberOf(value) ?? cannot("toNumber", value, "a number") }),
  defineFunction({ name: "tryNumber", summary: "As toNumber, but null where that would fail.", parameters: { value: numeral }, result: nullable(float64), example: 'tryNumber("NA") // => null', evaluate: numberOf }),
  defineFunction({ name: "toInt64", summary: "An int64: from the digits of a text, or from a number or decimal that is whole and exact. Nothing is rounded and nothing wraps.", parameters: { value: whole }, result: int64, same: ["int64"], example: 'toInt64("9007199254740993") // => 9007199254740993n', evaluate: (value: unknown) => wholeOf(value) ?? cannot("toInt64", value, "a whole number within 64 bits") }),
  defineFunction({ name: "tryInt64", summary: "As toInt64, but null where that would fail.", parameters: { value: whole }, result: nullable(int64), example: "tryInt64(1.5) // => null", evaluate: wholeOf }),
  defineFunction({ name: "toTimestamp", summary: "A timestamp: from ISO 8601 text (UTC where it names no zone) or from whole milliseconds since 1970.", parameters: { value: instant }, result: timestamp, same: ["timestamp"], example: 'toTimestamp("2024-01-01T00:00:00Z") // => 1704067200000', evaluate: (value: unknown) => instantOf(value) ?? cannot("toTimestamp", value, "an instant") }),
  defineFunction({ name: "tryTimestamp", summary: "As toTimestamp, but null where that would fail.", parameters: { value: instant }, result: nullable(timestamp), example: 'tryTimestamp("soon") // => null', evaluate: instantOf }),
];

function cannot(name: string, value: unknown, what: string): never {
  throw failed(`${name}: ${describeValue(value)} is not ${what}`);
}

function numberOf(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (typeof value === "boolean" || typeof value === "bigint") return Number(value);
  const text = (value as string).trim();
  return parseDecimal(text) === undefined ? null : Number(text);
}

function wholeOf(value: unknown): bigint | null {
  const text = typeof value === "string" ? value.trim().replace(/\.0+$/, "") : value;
  return toInt64(text as string | number | bigint) ?? null;
}

function instantOf(value: unknown): number | null {
  const ms = typeof value === "string" ? parseTimestamp(value.trim()) : Number(value);
  return isTimestamp(ms) ? ms + 0 : null;
}
