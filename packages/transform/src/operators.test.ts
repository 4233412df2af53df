import { type AnyOperatorDefinition, type ComponentContext, type ComponentSpec, Registry } from "@streamflow/core";
import { OperatorHarness } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { count } from "./aggregates.ts";
import { transformComponents, transformOperators } from "./operators.ts";
import { AlignedWindows, session, sliding, tumbling } from "./windows/assigners.ts";

const context: ComponentContext = {
  folder: "/",
  component: () => {
    throw new Error("no components inside");
  },
};
const spec = (type: string): ComponentSpec<"stage"> => transformComponents.find((one) => one.type === type)!;
const configOf = (type: string, parsed: Record<string, unknown>): Readonly<Record<string, unknown>> => spec(type).create(parsed, context).config;

describe("the table of operators", () => {
  it("has an operator for every component, and is complete in a registry", () => {
    const registry = new Registry().add(...transformComponents).addOperators(...transformOperators);
    for (const { type } of transformComponents) expect(registry.operator(type).type).toBe(type);
    expect(registry.operators()).toHaveLength(transformComponents.length + 2); // mapAsync and reduce: code alone
  });

  it("shows an example of each that starts with its type and names only its fields", () => {
    for (const { type, example, fields } of transformComponents) {
      expect(example.startsWith(`type: ${type}`)).toBe(true);
      const names = [...example.matchAll(/^(\w+):/gm)].map((match) => match[1]!);
      expect(names.slice(1).filter((name) => !(name in fields))).toEqual([]);
      const required = Object.entries(fields).filter(([, field]) => field.required === true);
      expect(required.filter(([name]) => !names.includes(name))).toEqual([]);
    }
  });
});

it("leaves out what is at its default, as code does: plans of both are equal", () => {
  const key = { kind: "field", path: ["carrier"] };
  expect(configOf("keyBy", { key, coPartitioned: false })).toEqual({ key });
  expect(configOf("keyBy", { key, coPartitioned: true })).toEqual({ key, coPartitioned: true });
  expect(configOf("windowJoin", { tumbling: 5, join: "inner" })).toEqual({ window: tumbling({ sizeMs: 5 }) });
});

describe("windows in YAML", () => {
  const aggregate = { n: count() };
  const windowOf = (parsed: Record<string, unknown>): unknown => configOf("window", { aggregate, ...parsed })["window"];

  it("are the same data as in code", () => {
    expect(windowOf({ tumbling: 1000 })).toEqual(tumbling({ sizeMs: 1000 }));
    expect(windowOf({ tumbling: { size: 1000, offset: 250 } })).toEqual(new AlignedWindows("tumbling", { sizeMs: 1000, slideMs: 1000, offsetMs: 250 }));
    expect(windowOf({ tumbling: { count: 5 } })).toEqual(tumbling({ count: 5 }));
    expect(windowOf({ sliding: { size: 1000, slide: 100 } })).toEqual(sliding({ sizeMs: 1000, slideMs: 100 }));
    expect(windowOf({ sliding: { count: 10, every: 2 } })).toEqual(sliding({ count: 10, every: 2 }));
    expect(windowOf({ session: 50 })).toEqual(session({ gapMs: 50 }));
    expect(windowOf({ session: { gap: 50, count: 3 } })).toEqual(session({ gapMs: 50, maxCount: 3 }));
    expect(windowOf({ global: true, tumbling: undefined })).toEqual({ kind: "global" });
  });

  it("carry their options in milliseconds, and nothing that was not written", () => {
    expect(configOf("window", { aggregate, session: 5, allowedLateness: 7, mode: "discarding", early: { every: 3, count: 2 }, global: false })).toEqual({
      aggregate,
      window: session({ gapMs: 5 }),
      allowedLatenessMs: 7,
      mode: "discarding",
      early: { everyMs: 3, count: 2 },
    });
    expect(configOf("windowJoin", { tumbling: 5, join: "left", allowedLateness: 1 })).toEqual({ window: tumbling({ sizeMs: 5 }), join: "left", allowedLatenessMs: 1 });
    expect(configOf("streamJoin", { before: 5, after: 1 })).toEqual({ beforeMs: 5, afterMs: 1 });
    expect(configOf("streamJoin", {})).toEqual({});
    expect(configOf("aggregate", { aggregate, ttl: 9 })).toEqual({ aggregate, ttlMs: 9 });
  });

  it("name exactly one kind, completely", () => {
    for (const parsed of [{}, { tumbling: 5, session: 5 }, { tumbling: {} }, { tumbling: { size: 5, count: 5 } }, { sliding: { size: 5 } }, { sliding: { count: 5, slide: 5 } }]) {
      expect(() => windowOf(parsed)).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
    }
  });

  it("run as they are described", () => {
    const { type, config } = spec("window").create({ tumbling: 10, aggregate }, context);
    const definition = transformOperators.find((one) => one.type === type) as AnyOperatorDefinition;
    const harness = new OperatorHarness(definition as never, config as never).push({}, { timestampMs: 1, key: "k" }).end();
    expect(harness.values()).toEqual([{ windowStart: 0, windowEnd: 10, key: "k", n: 1 }]);
  });
});
