// docs/types.md, row by row.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { keyGroupOf } from "../keyed/key-group.ts";
import type { DataType } from "../schema.ts";
import { checkSchema } from "./check-schema.ts";
import { coerceJson, coerceText } from "./coerce.ts";
import { compareValues, equalValues } from "./compare.ts";
import { conform } from "./conform.ts";
import { nullable, t } from "./constructors.ts";
import { formatType } from "./format-type.ts";
import { hashKey } from "./hash.ts";
import { canonicalKey } from "./key.ts";
import { toJson } from "./to-json.ts";

const page = readFileSync(new URL("../../../../docs/types.md", import.meta.url), "utf8");

const types: readonly DataType[] = [
  t.bool(), t.int32(), t.int64(), t.float64(), t.string(), t.bytes(), t.timestamp(), t.decimal(10, 2), t.decimal(4, 2), { type: "any" },
  t.list(t.int64()), t.map(t.string(), t.int64()), t.map(t.int64(), t.string()), nullable(t.string()),
  t.struct({ a: t.int64(), b: nullable(t.string()) }), t.struct({ a: nullable(t.string()) }), t.struct({ a: t.string() }),
];
const typeNamed = new Map(types.map((type) => [formatType(type), type]));

/** Rows of the table under a heading, cells without their back ticks. */
function rowsUnder(heading: string): string[][] {
  const section = page.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("|")).slice(2);
  expect(lines.length, `a table under "${heading}"`).toBeGreaterThan(10);
  return lines.map((line) => line.slice(2, -2).split(" | ").map((cell) => cell.trim().replace(/^`|`$/g, "")));
}

/** A cell is our own page's JavaScript. */
const valueOf = (cell: string): unknown => new Function(`return (${cell});`)();
const typeOf = (cell: string): DataType => typeNamed.get(cell) ?? expect.fail(`no type ${cell} in this test`);

describe("types and their JSON", () => {
  it.each(rowsUnder("Types and their JSON"))("%s %s", (typeCell, valueCell, jsonCell, csvCell) => {
    const type = checkSchema(typeOf(typeCell!));
    const value = valueOf(valueCell!);
    expect(conform(value, type)).toBe(value);
    expect(JSON.stringify(toJson(value, type))).toBe(JSON.stringify(JSON.parse(jsonCell!)));
    expect(coerceJson(JSON.parse(jsonCell!), type)).toEqual(value);
    if (csvCell !== "" || typeCell === "string?") expect(coerceText(csvCell!.replace("\\u0000", "\0"), type)).toEqual(value);
  });
});

describe("what else is read", () => {
  it.each(rowsUnder("What else is read, and what is refused"))("%s %s → %s", (typeCell, jsonCell, resultCell) => {
    const type = typeOf(typeCell!);
    const json: unknown = JSON.parse(jsonCell!);
    if (!resultCell!.startsWith("SF_")) return expect(coerceJson(json, type)).toEqual(valueOf(resultCell!));
    return expect(() => coerceJson(json, type)).toThrow(expect.objectContaining({ code: "SF_TYPE_MISMATCH" }));
  });
});

describe("equality and order", () => {
  it.each(rowsUnder("Equality and order"))("%s, %s: %s, %s", (left, right, order, key) => {
    const a = valueOf(left!);
    const b = valueOf(right!);
    const sign = { less: -1, equal: 0, greater: 1 }[order!];
    expect(Math.sign(compareValues(a, b))).toBe(sign);
    expect(Math.sign(compareValues(b, a)) + 0).toBe(-sign! + 0);
    expect(equalValues(a, b)).toBe(order === "equal");
    if (key === "refused") return expect(() => canonicalKey(a)).toThrow(expect.objectContaining({ code: "SF_KEY_INVALID" }));
    expect(new Set([canonicalKey(a), canonicalKey(b)]).size).toBe(key === "same" ? 1 : 2);
    return expect(hashKey(a) === hashKey(b)).toBe(key === "same");
  });
});

describe("the hash of keys", () => {
  it.each(rowsUnder("The hash of keys"))("%s has %s", (key, hash, group) => {
    expect(hashKey(valueOf(key!))).toBe(Number(hash));
    expect(keyGroupOf(valueOf(key!))).toBe(Number(group));
  });
});
