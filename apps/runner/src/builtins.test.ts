import { describe, expect, it } from "vitest";
import { parseComponent, pipelineJsonSchema } from "@streamflow/config";
import type { ComponentKind, ComponentSpec } from "@streamflow/core";
import { builtinRegistry } from "./builtins.ts";

const kinds: readonly ComponentKind[] = ["source", "stage", "sink", "decoder", "encoder"];
const registry = builtinRegistry();
const specs = kinds.flatMap((kind) => (registry.components(kind) as readonly ComponentSpec[]).map((spec) => ({ kind, type: spec.type, spec })));

describe("builtinRegistry", () => {
  it("has what a pipeline needs, of every kind", () => {
    const types = specs.map(({ kind, type }) => `${kind} ${type}`);
    expect(types).toEqual(expect.arrayContaining(["source file", "source stdin", "stage eventTime", "stage keyBy", "stage window", "stage route", "sink sqlite", "sink file", "sink stdout", "decoder ndjson", "encoder ndjson"]));
    expect(registry.functions.names()).toEqual(expect.arrayContaining(["upper", "matches"]));
  });

  it.each(specs)("the example of $kind $type is one", ({ kind, type, spec }) => {
    expect(parseComponent(kind, spec.example, { registry, secrets: { get: (name) => `value of ${name}` } }).type).toBe(type);
  });

  it.each(specs.filter(({ kind }) => kind === "stage"))("stage $type has an operator", ({ type }) => {
    expect(() => registry.operator(type)).not.toThrow();
  });

  it("gives a registry of its own each time", () => {
    expect(builtinRegistry()).not.toBe(registry);
    expect(Object.keys(pipelineJsonSchema(registry)["$defs"] as object)).toContain("stage.window");
  });
});
