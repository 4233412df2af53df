import { StreamFlowError } from "@streamflow/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonSchemaCheck } from "./json-schema.ts";
import type { JsonSchema } from "./prepare-schema.ts";

const draft7 = "http://json-schema.org/draft-07/schema#";
const draft2019 = "https://json-schema.org/draft/2019-09/schema";

// oxlint-disable unicorn/no-thenable -- `then` is a keyword of JSON Schema
/** Schema, values that satisfy it, and values that do not with the rule that they break. */
const cases: readonly (readonly [schema: JsonSchema, valid: readonly unknown[], invalid: readonly (readonly [unknown, string])[]])[] = [
  [true, [1, null, {}], []],
  [false, [], [[1, "false schema"]]],
  [{ type: "integer" }, [1, 1.0, -0, 1e20], [[1.5, "type"], ["1", "type"], [null, "type"]]],
  [{ type: ["string", "null"] }, ["", null], [[0, "type"], [{}, "type"]]],
  [{ type: "object", required: ["a", "toString"], properties: { a: { type: "number" } } }, [{ a: 1, toString: 1 }], [[{ a: 1 }, "required"], [{ a: "x", toString: 1 }, "type"], [[], "type"]]],
  [{ properties: { toString: { type: "string" }, __proto__x: { type: "string" } } }, [{}, { toString: "x" }, 5], [[{ toString: 1 }, "type"]]],
  [{ additionalProperties: false, properties: { a: {} }, patternProperties: { "^x": { type: "number" } } }, [{ a: 1, xy: 2 }], [[{ b: 1 }, "additionalProperties"], [{ xy: "s" }, "type"]]],
  [{ minimum: 1, exclusiveMaximum: 3 }, [1, 2.99, "x"], [[0.5, "minimum"], [3, "exclusiveMaximum"]]],
  [{ multipleOf: 0.1 }, [0.3, 1, 0, 4.2, 1e10], [[0.35, "multipleOf"]]],
  [{ multipleOf: 0.01 }, [19.99, 1.1, 0.07], [[0.001, "multipleOf"]]],
  [{ minLength: 2, maxLength: 2 }, ["ab", "😀é"], [["a", "minLength"], ["abc", "maxLength"]]],
  [{ pattern: "^\\p{Lu}" }, ["É", 1], [["é", "pattern"]]],
  [{ enum: [1, "1", { a: [null] }] }, [1, "1", { a: [null] }], [[true, "enum"], [{ a: [] }, "enum"]]],
  [{ const: { a: 1 } }, [{ a: 1 }], [[{ a: 1, b: 2 }, "const"]]],
  [{ items: { type: "number" }, minItems: 1, uniqueItems: true }, [[1, 2]], [[[], "minItems"], [["x"], "type"], [[1, 1], "uniqueItems"]]],
  [{ prefixItems: [{ type: "string" }], items: false }, [["a"], []], [[[1], "type"], [["a", 1], "items"]]],
  [{ contains: { const: 1 }, minContains: 2, maxContains: 3 }, [[1, 1], [1, 1, 1, 0]], [[[1], "contains"], [[1, 1, 1, 1], "contains"]]],
  [{ allOf: [{ minimum: 1 }], anyOf: [{ type: "number" }, { type: "string" }] }, [1, "x"], [[0, "minimum"], [null, "anyOf"]]],
  [{ oneOf: [{ minimum: 5 }, { multipleOf: 2 }] }, [7, 4], [[6, "oneOf"], [3, "oneOf"]]],
  [{ not: { type: "string" } }, [1], [["x", "not"]]],
  [{ if: { properties: { k: { const: 1 } } }, then: { required: ["a"] }, else: { required: ["b"] } }, [{ k: 1, a: 0 }, { k: 2, b: 0 }], [[{ k: 1 }, "required"], [{ k: 2 }, "required"]]],
  [{ dependentRequired: { a: ["b"] }, dependentSchemas: { c: { minProperties: 2 } } }, [{ a: 1, b: 1 }, {}], [[{ a: 1 }, "dependentRequired"], [{ c: 1 }, "minProperties"]]],
  [{ propertyNames: { maxLength: 2 }, maxProperties: 2 }, [{ ab: 1 }], [[{ abc: 1 }, "propertyNames"], [{ a: 1, b: 1, c: 1 }, "maxProperties"]]],
  [{ $ref: "#/$defs/node", $defs: { node: { type: "object", properties: { next: { $ref: "#/$defs/node" } }, unevaluatedProperties: false } } }, [{ next: { next: {} } }], [[{ next: { next: 1 } }, "type"], [{ other: 1 }, "unevaluatedProperties"]]],
  [{ $defs: { a: { $anchor: "here", type: "number" } }, properties: { x: { $ref: "#here" } } }, [{ x: 1 }], [[{ x: "1" }, "type"]]],
  [{ format: "email", type: "string" }, ["no address"], [[1, "type"]]],
  [{ $schema: draft7, items: [{ type: "number" }], additionalItems: { type: "string" } }, [[1, "a"]], [[[1, 2], "type"]]],
  [{ $schema: draft7, definitions: { n: { type: "number" } }, properties: { a: { $ref: "#/definitions/n", minimum: 5 } } }, [{ a: 1 }], [[{ a: "x" }, "type"]]],
  [{ $schema: draft7, unevaluatedProperties: false }, [{ a: 1 }], []],
  [{ $schema: draft2019, items: [{ type: "number" }], unevaluatedItems: false }, [[1]], [[[1, 2], "unevaluatedItems"]]],
];

describe.each([["compiled", true], ["interpreted", false]] as const)("%s", (_, generate) => {
  it.each(cases.map((one, i) => [i, ...one] as const))("case %i: %j", (_i, schema, valid, invalid) => {
    const check = jsonSchemaCheck(schema, { generate });
    for (const value of valid) expect(check(value), JSON.stringify(value)).toBeUndefined();
    for (const [value] of invalid) expect(check(value), JSON.stringify(value)).toMatchObject({ rule: expect.any(String) as unknown, message: expect.any(String) as unknown });
  });

  it("names the path and the rule", () => {
    const check = jsonSchemaCheck({ properties: { "a/b": { items: { properties: { n: { maximum: 3 } } } } } }, { generate });
    expect(check({ "a/b": [{ n: 1 }, { n: 5 }] })).toMatchObject({ path: "/a~1b/1/n", rule: "maximum" });
    expect(jsonSchemaCheck({ type: "object" }, { generate })(1)).toMatchObject({ path: "", rule: "type" });
  });

  it("SF_SCHEMA_INVALID: malformed schemas, with the same verdict and path", () => {
    for (const schema of [{ type: "strng" }, { minimum: "1" }, { required: "a" }, { pattern: "(" }, { properties: { a: 1 } }, { allOf: [] }, { $ref: "#/nowhere" }, { $ref: "https://example.com/x" }, { $dynamicRef: "#x" }, { $schema: "http://json-schema.org/draft-04/schema#" }, { items: [{}] }, { multipleOf: 0 }, { patternProperties: { "(": {} } }]) {
      let code: unknown;
      try {
        jsonSchemaCheck(schema as JsonSchema, { generate });
      } catch (thrown) {
        code = (thrown as StreamFlowError).code;
      }
      expect(code, JSON.stringify(schema)).toBe("SF_SCHEMA_INVALID");
    }
  });
});

it("both name the rules of the table", () => {
  for (const [schema, , invalid] of cases) {
    for (const [value, rule] of invalid) {
      const found = [true, false].map((generate) => jsonSchemaCheck(schema, { generate })(value)?.rule);
      expect(found, JSON.stringify([schema, value])).toEqual([rule, rule]);
    }
  }
});

it("a field named toString does not upset the comparison of values", () => {
  for (const generate of [true, false]) {
    const check = jsonSchemaCheck({ enum: [{ a: 1 }, { toString: 1 }] }, { generate });
    expect([{ toString: "x" }, { toString: 1 }, { valueOf: 1 }, { a: 1 }].map((value) => check(value) === undefined)).toEqual([false, true, false, true]);
  }
});

it("the compiler and the interpreter give the same verdict on any value", () => {
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom(...cases.flatMap(([, valid, invalid]) => [...valid, ...invalid.map(([bad]) => bad)])));
  for (const [schema] of cases) {
    const [compiled, interpreted] = [jsonSchemaCheck(schema, { generate: true }), jsonSchemaCheck(schema, { generate: false })];
    fc.assert(fc.property(value, (any) => (compiled(any) === undefined) === (interpreted(any) === undefined)), { numRuns: 100 });
  }
});
