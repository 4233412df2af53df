// Texts of JSON values, from the tame to the hostile.
import type { DataType } from "@streamflow/core";
import type { Draw } from "./draw.fixture.ts";
import { oddTexts } from "../ndjson/hostile-json.fixture.ts";

/** A kind of value: how its texts are made, and the types that fit it. */
export interface ValueKind {
  readonly text: (draw: Draw) => string;
  readonly types: readonly DataType[];
}

const int32: DataType = { type: "int32" };
const int64: DataType = { type: "int64" };
const float64: DataType = { type: "float64" };
const string: DataType = { type: "string" };
const bool: DataType = { type: "bool" };
const timestamp: DataType = { type: "timestamp" };
const any: DataType = { type: "any", nullable: true };
const decimal: DataType = { type: "decimal", precision: 30, scale: 6 };

const letters = ["a", "b", "Z", "0", " ", "#", "~", "{", "}", ":", ",", "[", "]", "\u007f"];
const wide = [...letters, "é", "日", "😀", "\u2028", "ÿ"];
const escapes = ["a", "é", "\\n", '\\"', "\\\\", "\\/", "\\u00e9", "\\uD83D\\ude00", "\\u0000", "\\t"];
const cities = ["Ada", "Oslo", "Bergen", "Trondheim", "apple", "channel-7", ""];

function word(draw: Draw, from: readonly string[], most: number): string {
  return `"${draw.list(0, most, () => draw.pick(from)).join("")}"`;
}

function digits(draw: Draw, most: number): string {
  return draw.list(1, most, () => String(draw.below(10))).join("").replace(/^0+(?=.)/, "");
}

function fraction(draw: Draw): string {
  return `${draw.chance(0.3) ? "-" : ""}${digits(draw, 5)}.${draw.list(1, 5, () => String(draw.below(10))).join("")}`;
}

/** Any number of the grammar. */
function anyNumber(draw: Draw): string {
  const exponent = draw.chance(0.4) ? `${draw.pick(["e", "E", "e+", "E-", "e-"])}${draw.below(draw.pick([10, 30, 400]))}` : "";
  return `${draw.chance(0.3) ? "-" : ""}${digits(draw, 21)}${draw.chance(0.5) ? `.${digits(draw, 8)}` : ""}${exponent}`;
}

function nested(draw: Draw, depth: number): string {
  const inner = (): string => (depth > 0 ? nested(draw, depth - 1) : scalar(draw));
  const gap = draw.chance(0.1) ? " " : "";
  if (draw.chance(0.35)) return scalar(draw);
  if (draw.chance(0.5)) return `[${gap}${draw.list(0, 3, inner).join(`,${gap}`)}]`;
  return `{${draw.list(0, 3, (i) => `"${draw.pick(["n", "s", "x y", "日", "__proto__", "1"])}${draw.chance(0.9) ? i : ""}"${gap}:${gap}${inner()}`).join(",")}${gap}}`;
}

function scalar(draw: Draw): string {
  return draw.pick([anyNumber, literal, (d: Draw) => word(d, wide, 9), (d: Draw) => digits(d, 6)])(draw);
}

function literal(draw: Draw): string {
  return draw.pick(["true", "false", "null"]);
}

function orNull(kind: ValueKind): ValueKind {
  return { text: (draw) => (draw.chance(0.3) ? "null" : kind.text(draw)), types: kind.types.map((type) => ({ ...type, nullable: true })) };
}

const small: ValueKind = { text: (draw) => digits(draw, 5), types: [int32, int64, float64, timestamp, decimal, any] };
const sized: ValueKind = { text: (draw) => digits(draw, 15), types: [int64, float64, timestamp, any] };
const longer: ValueKind = { text: (draw) => `${draw.chance(0.2) ? "-" : ""}${digits(draw, 19)}`, types: [int64, int64, float64, { type: "decimal", precision: 19, scale: 0 }, any] };
const plainWord: ValueKind = { text: (draw) => word(draw, letters, 14), types: [string, any] };
const city: ValueKind = { text: (draw) => `"${draw.pick(cities)}"`, types: [string] };
const fractional: ValueKind = { text: fraction, types: [float64, decimal, any] };

/** Numbers near where a way of reading them ends. */
export const edges: readonly ValueKind[] = [
  // More digits than a double has: in every number, and now and then.
  { text: (draw) => `${draw.chance(0.2) ? "-" : ""}9${digits(draw, 4).padStart(4, "7")}${digits(draw, 13).padStart(13, "3")}`, types: [int64, { type: "decimal", precision: 19, scale: 0 }] },
  { text: (draw) => (draw.chance(0.03) ? `9007199254${digits(draw, 8).padStart(6, "5")}` : digits(draw, 5)), types: [int64, float64, any] },
  // What is not of its type, now and then.
  { text: (draw) => (draw.chance(0.04) ? draw.pick(["2147483648", "-2147483649", "4294967301", "999999999999999"]) : digits(draw, 5)), types: [int32] },
  { text: (draw) => (draw.chance(0.04) ? draw.pick(["null", "true", '"1.5"', '"x"', "[1]", "{}"]) : fraction(draw)), types: [float64] },
];

/** Kinds of values that a well-behaved stream has in one place. */
export const kinds: readonly ValueKind[] = [
  small, small, sized, longer, plainWord, plainWord, city, fractional,
  // Escapes: in every text, and now and then.
  { text: (draw) => word(draw, escapes, 9), types: [string, any] },
  { text: (draw) => word(draw, draw.chance(0.03) ? escapes : letters, 9), types: [string, any] },
  ...edges,
  { text: (draw) => (draw.chance(0.04) ? '{"n":1,"s":2}' : draw.chance(0.5) ? "null" : '"x"'), types: [any] },
  { text: (draw) => word(draw, wide, 9), types: [string, any] },
  { text: (draw) => `"${"x".repeat(draw.below(70))}"`, types: [string] },
  { text: anyNumber, types: [float64, any] },
  { text: (draw) => String(draw.chance(0.5)), types: [bool, any] },
  { text: (draw) => String(1_700_000_000_000 + draw.below(1e9)), types: [timestamp, int64, float64] },
  { text: (draw) => `"20${10 + draw.below(20)}-0${1 + draw.below(9)}-1${draw.below(10)}T0${draw.below(10)}:1${draw.below(10)}:20.${100 + draw.below(900)}Z"`, types: [timestamp, string] },
  { text: (draw) => `"${fraction(draw)}"`, types: [decimal, string, float64] },
  { text: (draw) => nested(draw, 2), types: [any] },
  { text: (draw) => `[${draw.list(0, 4, () => digits(draw, 17)).join()}]`, types: [{ type: "list", element: int64 }, { type: "list", element: float64 }, any] },
  { text: (draw) => `{${draw.list(0, 3, (i) => `"k${i}":${digits(draw, 18)}`).join()}}`, types: [{ type: "map", key: string, value: int64 }, { type: "map", key: string, value: float64 }] },
  { text: (draw) => `"${Buffer.from(word(draw, letters, 6)).toString("base64")}"`, types: [{ type: "bytes" }, string] },
  { text: literal, types: [any, { ...bool, nullable: true }] },
  orNull(small), orNull(plainWord), orNull(city), orNull(fractional),
  { text: (draw) => draw.pick([digits, (d: Draw) => word(d, letters, 5)])(draw, 4), types: [any] },
];

/** Types of which any may be declared for any field. */
export const anyType: readonly DataType[] = [...new Set(kinds.flatMap(({ types }) => types))];

/** Where a type or a way of reading ends. */
const bounds = ["2147483647", "2147483648", "-2147483648", "-2147483649", "4294967296", "4294967301", "999999999999999", "9007199254740991", "9007199254740993", "-9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "8640000000000000", "8640000000000001", "1e-400"];

/** Texts that stand where a value should, and many are no value at all. */
export function oddValue(draw: Draw): string {
  const made = draw.below(14);
  if (made === 13) return draw.pick(['{"n":1,"s":2}', '{"n":{"n":1},"s":2}', '[{"n":1,"s":2}]', '{"s":2}']);
  if (made > 9) return draw.pick(kinds).text(draw);
  if (made === 9) return draw.pick(bounds);
  if (made === 0) return anyNumber(draw);
  if (made === 1) return digits(draw, 24);
  if (made === 2) return `-${digits(draw, 16)}`;
  if (made === 3) return nested(draw, 3);
  if (made === 4) return `"${draw.list(1, 8, () => draw.pick([...wide, "\\n", '\\"', "\\\\", "\\u0041", "\\ud83d", "\\/", "\\u00", "\\x", "\t", "\u0001"])).join("")}"`;
  if (made === 5) return `${"[".repeat(1 + draw.below(90))}1${"]".repeat(1 + draw.below(90))}`;
  return draw.pick(oddTexts);
}
