import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DataType } from "@streamflow/core";
import { formatDataType, parseDataType } from "./schema.ts";

function withNullable<T extends object>(type: fc.Arbitrary<T>): fc.Arbitrary<T & { nullable?: boolean }> {
  return fc.tuple(type, fc.boolean()).map(([value, nullable]) => (nullable ? { ...value, nullable } : value));
}

const dataType = fc.letrec<{ type: DataType }>((tie) => ({
  type: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    withNullable(fc.constantFrom("bool", "int32", "int64", "float64", "string", "bytes", "timestamp", "any").map((type) => ({ type }) as DataType)),
    withNullable(fc.tuple(fc.integer({ min: 1, max: 38 }), fc.nat(38)).map(([precision, scale]) => ({ type: "decimal", precision, scale: Math.min(scale, precision) }) as DataType)),
    withNullable(tie("type").map((element) => ({ type: "list", element }) as DataType)),
    withNullable(fc.tuple(tie("type"), tie("type")).map(([key, value]) => ({ type: "map", key, value }) as DataType)),
    withNullable(
      fc
        .uniqueArray(fc.tuple(fc.oneof(fc.string(), fc.constantFrom("id", "user-name", "__proto__", 'say "hi"')), tie("type")), { selector: ([name]) => name, maxLength: 4 })
        .map((fields) => ({ type: "struct", fields: fields.map(([name, type]) => ({ name, type })) }) as DataType),
    ),
  ),
})).type;

describe("parseDataType", () => {
  it("reads every form", () => {
    expect(parseDataType("int64?")).toEqual({ type: "int64", nullable: true });
    expect(parseDataType(" decimal( 10 , 2 ) ")).toEqual({ type: "decimal", precision: 10, scale: 2 });
    expect(parseDataType("map(string, [int32?])?")).toEqual({
      type: "map",
      key: { type: "string" },
      value: { type: "list", element: { type: "int32", nullable: true } },
      nullable: true,
    });
    expect(parseDataType('{ id: int64, "odd name": { a: any } }')).toEqual({
      type: "struct",
      fields: [
        { name: "id", type: { type: "int64" } },
        { name: "odd name", type: { type: "struct", fields: [{ name: "a", type: { type: "any" } }] } },
      ],
    });
    expect(parseDataType("{}")).toEqual({ type: "struct", fields: [] });
  });

  it("reads back what formatDataType writes", () => {
    fc.assert(
      fc.property(dataType, (type) => {
        expect(parseDataType(formatDataType(type))).toEqual(type);
      }),
    );
  });

  it.each([
    ["", 1, "expected a type, got the end"],
    ["strin", 1, 'no type is called "strin"'],
    ["string??", 8, 'expected the end of the type, got "?"'],
    ["[string", 8, 'expected "]", got the end'],
    ["decimal(39, 2)", 1, "decimal needs a precision of 1 to 38"],
    ["decimal(3, 4)", 1, "decimal needs a precision of 1 to 38"],
    ["{ a: int32, a: int32 }", 13, 'the field "a" is given twice'],
    ["{ a int32 }", 5, 'expected ":", got "int32"'],
    ["int32 # x", 7, 'unexpected "#"'],
    ["[".repeat(10_000), 65, "nested deeper than 64 levels"],
  ])("refuses %j at column %d", (text, column, message) => {
    expect(() => parseDataType(text)).toThrow(expect.objectContaining({ code: "SF_SCHEMA_INVALID", message: expect.stringContaining(message), location: { line: 1, column } }));
  });

  it("throws nothing but SF_SCHEMA_INVALID, whatever the text", () => {
    const pieces = fc.array(fc.constantFrom("[", "]", "{", "}", "(", ")", ",", ":", "?", "string", "map", "decimal", "10", '"a', '"a\\q"', " ", "é"), { maxLength: 20 });
    fc.assert(
      fc.property(fc.oneof(fc.string(), pieces.map((parts) => parts.join(""))), (text) => {
        try {
          parseDataType(text);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: "SF_SCHEMA_INVALID" });
        }
      }),
    );
  });
});
