import { expect, it } from "vitest";
import { checkSchema } from "./check-schema.ts";
import { nullable, t } from "./constructors.ts";

it("answers a well-formed schema as it is", () => {
  const schema = t.struct({ id: t.int64(), tags: nullable(t.list(t.string())), sums: t.map(t.struct({ a: t.string() }), t.decimal(38, 38)), rest: t.any(), none: t.struct({}) });
  expect(checkSchema(schema)).toBe(schema);
});

const at = (type: unknown): unknown => ({ type: "struct", fields: [{ name: "a", type }] });
it.each([
  [null, "schema", "must be a type, got null"],
  ["string", "schema", 'must be a type, got "string"'],
  [{ type: "strng" }, "schema.type", "is \"strng\", expected one of"],
  [{ type: "constructor" }, "schema.type", "is \"constructor\""],
  [{ type: "string", lenght: 5 }, "schema.lenght", "is not a member of string"],
  [{ type: "string", nullable: 1 }, "schema.nullable", "must be a boolean, got 1"],
  [at({ type: "decimal", precision: 39, scale: 2 }), "schema.a.precision", "must be an integer from 1 to 38, got 39"],
  [at({ type: "decimal", precision: 5, scale: 6 }), "schema.a.scale", "must be an integer from 0 to the precision, 5, got 6"],
  [at({ type: "list" }), "schema.a.element", "must be a type, got undefined"],
  [{ type: "map", key: { type: "any" }, value: { type: "string" } }, "schema.key", "is any, which cannot be a key"],
  [{ type: "map", key: t.struct({ m: t.map(t.string(), t.string()) }), value: t.string() }, "schema.key.m", "is map(string, string), which cannot be a key"],
  [{ type: "struct", fields: {} }, "schema.fields", "must be a list of { name, type }, got an object"],
  [{ type: "struct", fields: [{ name: "", type: t.string() }] }, "schema.fields[0].name", "must be a name"],
  [{ type: "struct", fields: [{ name: "a", type: t.string() }, { name: "a", type: t.string() }] }, "schema.fields[1]", 'is a second field of the name "a"'],
  [{ type: "struct", fields: [{ name: "a", type: t.string(), nullable: true }] }, "schema.fields[0].nullable", "is not a member of a field"],
])("refuses %j at %s", (schema, path, message) => {
  expect(() => checkSchema(schema)).toThrow(expect.objectContaining({ code: "SF_SCHEMA_INVALID", location: { path }, message: expect.stringContaining(`${path} ${message}`) as string }));
});

it("says what was probably meant", () => {
  expect(() => checkSchema({ type: "int46" })).toThrow(expect.objectContaining({ hint: 'did you mean "int64"?' }));
});

it("refuses a schema nested without end instead of overflowing the stack", () => {
  const loop: { type: string; element?: unknown } = { type: "list" };
  loop.element = loop;
  expect(() => checkSchema(loop)).toThrow(expect.objectContaining({ code: "SF_SCHEMA_INVALID" }));
});
