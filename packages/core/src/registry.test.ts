import { describe, expect, it } from "vitest";
import type { ComponentSpec } from "./contracts/component.ts";
import { Registry } from "./registry.ts";

function spec(kind: "source" | "sink", type: string): ComponentSpec {
  const made: ComponentSpec<"source"> = {
    kind: "source",
    type,
    summary: "For tests.",
    fields: {},
    example: `type: ${type}`,
    create: () => {
      throw new Error("not made by these tests");
    },
  };
  return { ...made, kind } as unknown as ComponentSpec;
}

describe("Registry", () => {
  it("finds components by kind and type, sorted", () => {
    const registry = new Registry().add(spec("source", "kafka"), spec("source", "file"), spec("sink", "file"));
    expect(registry.component("sink", "file").kind).toBe("sink");
    expect(registry.components("source").map(({ type }) => type)).toEqual(["file", "kafka"]);
  });

  it("refuses an unknown type, with the nearest as the hint", () => {
    const registry = new Registry().add(spec("source", "kafka"), spec("sink", "memory"));
    expect(() => registry.component("source", "kafak")).toThrow(expect.objectContaining({ code: "SF_COMPONENT_UNKNOWN", hint: 'did you mean "kafka"?' }));
    expect(() => registry.component("source", "memory")).toThrow(expect.objectContaining({ code: "SF_COMPONENT_UNKNOWN", hint: "known: kafka" }));
    expect(() => registry.operator("map")).toThrow(expect.objectContaining({ code: "SF_COMPONENT_UNKNOWN", hint: "known: none" }));
  });

  it("takes the same component twice, and refuses another of the same kind and type", () => {
    const file = spec("source", "file");
    const registry = new Registry().add(file).add(file);
    expect(() => registry.add(spec("source", "file"))).toThrow(expect.objectContaining({ code: "SF_COMPONENT_DUPLICATE" }));
  });
});
