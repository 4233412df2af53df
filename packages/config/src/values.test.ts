import { describe, expect, it } from "vitest";
import { Registry, type ConfigField, type ConfigType } from "@streamflow/core";
import { Redactor } from "@streamflow/core/node";
import { readDocument } from "./document.ts";
import { Problems } from "./problems.ts";
import { invalid, type ReadContext } from "./slot.ts";
import { readFields, readValue } from "./values.ts";
import { testRegistry } from "./registry.fixture.ts";

function read(type: ConfigType, yaml: string, secret = false): { value: unknown; told: string[] } {
  const problems = new Problems(undefined);
  const context: ReadContext = { registry: testRegistry(), problems, lookups: { secrets: { get: () => undefined }, files: new Map(), redactor: new Redactor() } };
  const node = readDocument(`v: ${yaml}`, problems);
  if (node?.kind !== "map" || node.entries[0] === undefined) throw new Error(JSON.stringify(problems.found));
  const value = readValue(type, { node: node.entries[0].value, path: "v", secret }, context);
  return { value, told: problems.found.map(({ message, hint }) => (hint === undefined ? message : `${message} (${hint})`)) };
}

describe("readValue", () => {
  it.each<[ConfigType, string, unknown]>([
    [{ kind: "string" }, "text", "text"],
    [{ kind: "string" }, "'5'", "5"],
    [{ kind: "string", oneOf: ["a", "b"] }, "b", "b"],
    [{ kind: "integer", min: 1, max: 3 }, "3", 3],
    [{ kind: "number" }, "-1.5e3", -1500],
    [{ kind: "boolean" }, "true", true],
    [{ kind: "duration" }, "1h30m", 5_400_000],
    [{ kind: "duration" }, "0", 0],
    [{ kind: "size" }, "64KiB", 65_536],
    [{ kind: "size" }, "100", 100],
    [{ kind: "schema" }, "{ a?: [string] }", { type: "struct", fields: [{ name: "a", type: { type: "list", element: { type: "string" }, nullable: true } }] }],
    [{ kind: "json" }, "{ a: [1, null, 'x', true] }", { a: [1, null, "x", true] }],
    [{ kind: "json" }, "'5'", "5"],
    [{ kind: "list", item: { kind: "integer" } }, "[3, 1]", [3, 1]],
    [{ kind: "map", value: { kind: "boolean" } }, "{ z: true, a: false }", { z: true, a: false }],
    [{ kind: "component", of: "decoder" }, "csv", { type: "csv", config: { header: false, delimiter: "," } }],
    [{ kind: "component", of: "decoder" }, "{ type: csv, header: true }", { type: "csv", config: { header: true, delimiter: "," } }],
    [{ kind: "either", options: [{ kind: "integer" }, { kind: "list", item: { kind: "integer" } }] }, "[1]", [1]],
  ])("%j reads %s", (type, yaml, expected) => {
    expect(read(type, yaml)).toEqual({ value: expected, told: [] });
  });

  it.each<[ConfigType, string, string]>([
    [{ kind: "string" }, "5", "expected a string, got 5"],
    [{ kind: "string" }, "", "expected a string, got nothing"],
    [{ kind: "string", oneOf: ["keep", "drop"] }, "kep", 'expected one of keep, drop, got "kep" (did you mean "keep"?)'],
    [{ kind: "integer" }, "1.5", "expected an integer, got 1.5"],
    [{ kind: "integer" }, "9007199254740993", "expected an integer within ±2^53, got 9007199254740993"],
    [{ kind: "integer", min: 1 }, "0", "expected an integer of at least 1, got 0"],
    [{ kind: "integer" }, "'5'", 'expected an integer, got "5" (remove the quotes)'],
    [{ kind: "number", max: 1 }, "1.01", "expected a number of at most 1, got 1.01"],
    [{ kind: "number" }, ".nan", "expected a number, got .nan"],
    [{ kind: "number" }, ".inf", "expected a number, got .inf"],
    [{ kind: "boolean" }, "yes", 'expected true or false, got "yes"'],
    [{ kind: "duration", minMs: 1 }, "-5s", 'expected a duration of at least 1ms, got "-5s"'],
    [{ kind: "duration" }, "5", "expected a duration with a unit, got 5 (did you mean 5s or 5ms?)"],
    [{ kind: "duration" }, "soon", 'expected a duration, got "soon" (durations look like 250ms, 30s, 5m, 1h30m or 7d)'],
    [{ kind: "duration" }, "[1s]", "expected a duration, got a list"],
    [{ kind: "size", minBytes: 1024 }, "1kB", 'expected a size of at least 1KiB, got "1kB"'],
    [{ kind: "size" }, "1 mb", 'expected a size, got "1 mb" (sizes look like 4096, 64KiB, 10MB or 1.5GiB)'],
    [{ kind: "expression" }, "[a]", "expected an expression, got a list"],
    [{ kind: "expression" }, "", "expected an expression, got nothing"],
    [{ kind: "schema" }, "[string, int32]", "expected one type inside [ ], got 2 (a list of strings is [string])"],
    [{ kind: "schema" }, "{ a: string, a?: string }", 'the field "a" is given twice'],
    [{ kind: "schema" }, "5", "expected a type, got 5"],
    [{ kind: "json" }, "12345678901234567890", "expected a number that JSON holds exactly, got 12345678901234567890 (write it as a string)"],
    [{ kind: "list", item: { kind: "string" }, min: 1 }, "[]", "expected a list of at least 1, got an empty list"],
    [{ kind: "list", item: { kind: "string" } }, "a", 'expected a list, got "a"'],
    [{ kind: "map", value: { kind: "string" } }, "[a]", "expected a mapping, got a list"],
    [{ kind: "object", fields: {} }, "x", 'expected a mapping, got "x"'],
    [{ kind: "component", of: "decoder" }, "jsn", 'no decoder of type "jsn" is registered (did you mean "json"?)'],
    [{ kind: "component", of: "decoder" }, "{ header: true }", '"type" is missing (decoders: csv, json)'],
    [{ kind: "component", of: "decoder" }, "5", 'expected a decoder: a mapping with a "type", got 5'],
    [{ kind: "either", options: [{ kind: "integer" }, { kind: "list", item: { kind: "integer" } }] }, "{}", "expected an integer or a list of an integer, got a mapping"],
    [{ kind: "either", options: [{ kind: "integer" }, { kind: "list", item: { kind: "integer" } }] }, "[x]", 'expected an integer, got "x"'],
    [{ kind: "either", options: [{ kind: "integer" }, { kind: "boolean" }] }, "x", 'expected an integer or true or false, got "x"'],
    [{ kind: "string", oneOf: ["a"] }, "x".repeat(100), `expected one of a, got "${"x".repeat(57)}..."`],
  ])("%j refuses %s", (type, yaml, expected) => {
    expect(read(type, yaml)).toEqual({ value: invalid, told: [expected] });
  });

  it.each<[ConfigType, string]>([
    [{ kind: "string", oneOf: ["keep"] }, "kept"],
    [{ kind: "integer" }, "12.5"],
    [{ kind: "duration" }, "7777"],
    [{ kind: "size" }, "7777x"],
    [{ kind: "schema" }, "strin"],
    [{ kind: "list", item: { kind: "integer" } }, "[12.5]"],
  ])("%j does not show a secret", (type, yaml) => {
    const { value, told } = read(type, yaml, true);
    expect(value).toBe(invalid);
    expect(told.join()).toContain("got ***");
    expect(told.join()).not.toMatch(/kept|12\.5|7777|strin\b/);
  });
});

describe("readFields", () => {
  const fields: Readonly<Record<string, ConfigField>> = {
    wait: { type: { kind: "duration" }, default: "1s", doc: "Wait." },
    pause: { type: { kind: "duration" }, default: 250, doc: "Pause." },
    table: { type: { kind: "string" }, required: true, doc: "Which table." },
    note: { type: { kind: "string" }, doc: "Note." },
  };

  function readAll(yaml: string): { value: unknown; told: string[] } {
    const problems = new Problems(undefined);
    const context: ReadContext = { registry: new Registry(), problems, lookups: { secrets: { get: () => undefined }, files: new Map(), redactor: new Redactor() } };
    const node = readDocument(yaml, problems);
    if (node?.kind !== "map") throw new Error("no map");
    return { value: readFields(fields, { node, path: "at", secret: false }, context), told: problems.found.map(({ message, hint, location }) => `${location.path}: ${message} (${hint})`) };
  }

  it("applies defaults by type, and leaves out what was not given", () => {
    expect(readAll("table: t\n")).toEqual({ value: { table: "t", wait: 1000, pause: 250 }, told: [] });
  });

  it("tells unknown names with the nearest, and what is missing with its meaning", () => {
    expect(readAll("tabel: t\nzzzzzz: 1\n").told).toEqual([
      'at.tabel: unknown key "tabel" (did you mean "table"?)',
      'at.zzzzzz: unknown key "zzzzzz" (known: note, pause, table, wait)',
      'at.table: "table" is missing (Which table.)',
    ]);
  });
});
