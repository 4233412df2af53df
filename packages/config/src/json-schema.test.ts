import { readFileSync, readdirSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { testRegistry } from "./registry.fixture.ts";
import { pipelineJsonSchema } from "./json-schema.ts";

const registry = testRegistry();
const schema = pipelineJsonSchema(registry);
const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true, strictRequired: false, strictTypes: false }).compile(schema);

function read(name: string): unknown {
  return parse(readFileSync(new URL(`../test/${name}`, import.meta.url), "utf8"));
}

function pipeline(stage: object): unknown {
  return { name: "p", source: { type: "generator" }, stages: [stage], sinks: [{ type: "memory" }] };
}

describe("pipelineJsonSchema", () => {
  it.each(readdirSync(new URL("../test/valid", import.meta.url)))("accepts %s", (name) => {
    validate(read(`valid/${name}`));
    expect(validate.errors).toBeNull();
  });

  it.each([
    ["an unknown key", { type: "filter", where: "a", wher: "b" }],
    ["a missing field", { type: "filter" }],
    ["an unknown type", { type: "filtre", where: "a" }],
    ["no type", { where: "a" }],
    ["a number out of bounds", { type: "sample", rate: 2 }],
    ["a quoted number", { type: "sample", rate: "1" }],
    ["a bare duration", { type: "window", size: 5, aggregates: {} }],
    ["a malformed duration", { type: "window", size: "soon", aggregates: {} }],
    ["a word that is none of the choice", { type: "window", size: "1s", aggregates: {}, lateness: "ignore" }],
    ["an empty list", { type: "window", size: "1s", aggregates: {}, by: [] }],
    ["a join without its right side", { type: "join", on: ["id"], left: "a" }],
    ["an id with a dot", { type: "filter", where: "a", id: "a.b" }],
  ])("refuses %s", (_what, stage) => {
    expect(validate(pipeline(stage))).toBe(false);
  });

  it.each([
    ["no name", { source: { type: "generator" }, sinks: [{ type: "memory" }] }],
    ["no source", { name: "p", sinks: [{ type: "memory" }] }],
    ["two kinds of source", { name: "p", source: { type: "generator" }, sources: [{ type: "generator" }], sinks: [{ type: "memory" }] }],
    ["no sink", { name: "p", source: { type: "generator" }, sinks: [] }],
    ["a bad decoder", { name: "p", source: { type: "file", path: "a", format: { type: "csv", header: 3 } }, sinks: [{ type: "memory" }] }],
    ["an unknown decoder", { name: "p", source: { type: "file", path: "a", format: "xml" }, sinks: [{ type: "memory" }] }],
    ["a source that reads from something", { name: "p", source: { type: "generator", from: "x" }, sinks: [{ type: "memory" }] }],
    ["an unknown setting", { name: "p", checkpoint: { evry: "1s" }, source: { type: "generator" }, sinks: [{ type: "memory" }] }],
  ])("refuses a pipeline with %s", (_what, value) => {
    expect(validate(value)).toBe(false);
  });

  it.each([
    ["references", { type: "sample", rate: "${RATE}" }],
    ["a join", { type: "join", left: "a", right: ["b", "c.late"], on: ["id"] }],
    ["an expression that is a number", { type: "filter", where: 1 }],
  ])("accepts %s", (_what, stage) => {
    validate(pipeline(stage));
    expect(validate.errors).toBeNull();
  });

  it("carries docs and defaults", () => {
    expect(schema).toMatchObject({
      $defs: {
        "source.generator": { description: "The source generator.", properties: { records: { description: "How many.", default: 10 } } },
        "stage.window": { required: ["type", "size", "aggregates"] },
      },
    });
  });
});
