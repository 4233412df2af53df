// Functions over text.
import type { ExpressionFunction } from "../../contracts/operator.ts";
import { failed } from "../expression-runtime.ts";
import { defineFunction, kinds } from "./define-function.ts";
import { textOf } from "./text-of.ts";

const { bool, float64, int32, string, any } = kinds;
const maxTextLength = 16_777_216;

/** Functions over text. Lengths and places count UTF-16 code units, as JavaScript does. */
export const stringFunctions: readonly ExpressionFunction[] = [
  defineFunction({ name: "lower", summary: "The text in lower case, the same in every locale.", parameters: { text: string }, result: string, example: 'lower("LAX") // => "lax"', evaluate: (text: string) => text.toLowerCase() }),
  defineFunction({ name: "upper", summary: "The text in upper case, the same in every locale.", parameters: { text: string }, result: string, example: 'upper("lax") // => "LAX"', evaluate: (text: string) => text.toUpperCase() }),
  defineFunction({ name: "trim", summary: "The text without white space at both ends.", parameters: { text: string }, result: string, example: 'trim("  a b ") // => "a b"', evaluate: (text: string) => text.trim() }),
  defineFunction({ name: "length", summary: "How many UTF-16 code units a text has.", parameters: { text: string }, result: int32, example: 'length("abc") // => 3', evaluate: (text: string) => text.length }),
  defineFunction({
    name: "substring", summary: "The part of a text from `start` up to, not including, `end` (or its end). Negative places count from the end.",
    parameters: { text: string, start: float64, "end?": float64 }, result: string, example: 'substring("streamflow", 0, 6) // => "stream"',
    evaluate: (text: string, start: number, end?: number) => text.slice(start, end),
  }),
  defineFunction({ name: "startsWith", summary: "Whether a text starts with another.", parameters: { text: string, start: string }, result: bool, example: 'startsWith("LAX", "L") // => true', evaluate: (text: string, start: string) => text.startsWith(start) }),
  defineFunction({ name: "endsWith", summary: "Whether a text ends with another.", parameters: { text: string, end: string }, result: bool, example: 'endsWith("a.csv", ".csv") // => true', evaluate: (text: string, end: string) => text.endsWith(end) }),
  defineFunction({ name: "contains", summary: "Whether a text contains another.", parameters: { text: string, part: string }, result: bool, example: 'contains("streamflow", "amf") // => true', evaluate: (text: string, part: string) => text.includes(part) }),
  defineFunction({
    name: "concat", summary: "All values as text, one behind the other. Null is the empty text. Template literals are written with it.", nulls: "own",
    parameters: { value: any }, variadic: true, result: string, example: 'concat("a", 1, null, true) // => "a1true"',
    evaluate: (...values: unknown[]) => values.map((value) => (value === null || value === undefined ? "" : textOf(value, "concat"))).join(""),
  }),
  defineFunction({
    name: "replace", summary: "The text with every occurrence of `part` replaced. Nothing in `part` or `by` has a special meaning; an empty `part` is found nowhere.",
    parameters: { text: string, part: string, by: string }, result: string, example: 'replace("a.b.c", ".", "-") // => "a-b-c"', evaluate: replace,
  }),
  defineFunction({
    name: "split", summary: "The parts of a text between the separators; an empty separator gives the code units.",
    parameters: { text: string, separator: string }, result: { type: "list", element: string }, example: 'split("a,b", ",") // => ["a", "b"]', evaluate: (text: string, separator: string) => text.split(separator),
  }),
  defineFunction({
    name: "join", summary: "The items of a list as text, with a separator between them. Null items are empty.",
    parameters: { list: kinds.list, separator: string }, result: string, example: 'join(["a", null, 1], "-") // => "a--1"',
    evaluate: (list: readonly unknown[], separator: string) => list.map((item) => (item === null || item === undefined ? "" : textOf(item, "join"))).join(separator),
  }),
];

function replace(text: string, part: string, by: string): string {
  if (part === "") return text;
  const pieces = text.split(part);
  if (text.length + (pieces.length - 1) * by.length > maxTextLength) throw failed(`replace: the result would have more than ${maxTextLength} code units`);
  return pieces.join(by);
}
