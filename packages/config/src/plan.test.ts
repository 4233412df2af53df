import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { testRegistry } from "./registry.fixture.ts";
import { ConfigError, renderDiagnostics } from "./diagnostic.ts";
import { parsePipeline } from "./parser.ts";
import { buildPlan } from "./plan.ts";
import { redactSecrets, type PipelineSpec } from "./spec.ts";

const registry = testRegistry();
const variables: Readonly<Record<string, string>> = { TOKEN: "t", RETRIES: "1", PASSWORD: "hunter2" };

function spec(text: string): PipelineSpec {
  return parsePipeline(text, { registry, file: "p.yaml", secrets: { get: (name) => variables[name] } });
}

function refusal(text: string): ConfigError {
  try {
    buildPlan(spec(text), registry);
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown;
    throw thrown;
  }
  throw new Error("not refused");
}

describe("buildPlan", () => {
  it("makes live nodes and edges, in the order of the text", () => {
    const text = readFileSync(new URL("../test/valid/orders.yaml", import.meta.url), "utf8");
    const plan = buildPlan(spec(text), registry);
    expect(plan.config.name).toBe("orders");
    expect(plan.nodes.map(({ id, kind, type, named, source, sink, definition }) => [id, kind, type, named, source !== undefined, sink !== undefined, definition?.type])).toEqual([
      ["orders", "source", "file", true, true, false, undefined],
      ["payments", "source", "http", true, true, false, undefined],
      ["generator", "source", "generator", false, true, false, undefined],
      ["filter", "stage", "filter", false, false, false, "filter"],
      ["paid", "stage", "join", true, false, false, "join"],
      ["window", "stage", "window", false, false, false, "window"],
      ["map", "stage", "map", false, false, false, "map"],
      ["database", "sink", "database", false, false, true, undefined],
      ["memory", "sink", "memory", false, false, true, undefined],
    ]);
    expect(plan.edges.map(({ from, output, to, input }) => `${from}.${output} > ${to}.${input}`)).toEqual([
      "orders.main > filter.main",
      "filter.main > paid.left",
      "payments.main > paid.right",
      "generator.main > paid.right",
      "paid.main > window.main",
      "window.main > map.main",
      "map.main > database.main",
      "window.late > memory.main",
      "filter.rejected > memory.main",
    ]);
  });

  it("tells what all components refuse, at their entries", () => {
    const error = refusal(`
name: p
source: { type: generator }
stages:
  - type: window
    size: 1m
    slide: 2m
    aggregates: {}
  - type: window
    size: 1s
    slide: 2s
    aggregates: {}
sinks:
  - { type: memory, from: window-2.early }
`);
    expect(renderDiagnostics(error.diagnostics)).toBe(`error[SF_CONFIG_INVALID]: slide must be at most size, got 120000 ms
  --> p.yaml:5:5   stages[0]
  hint: hopping windows leave gaps

error[SF_CONFIG_INVALID]: slide must be at most size, got 2000 ms
  --> p.yaml:9:5   stages[1]
  hint: hopping windows leave gaps`);
  });

  it("tells what an operator finds wrong with its input, and not what follows from that", () => {
    const error = refusal(`
name: p
source: { type: generator }
stages:
  - { type: sample, rate: 0.5 }
  - { type: filter, where: a, from: sample }
  - { type: sample, rate: 0.5, from: generator }
sinks:
  - { type: memory, from: sample-2 }
`);
    expect(renderDiagnostics(error.diagnostics)).toBe(`error[SF_PLAN_INVALID]: stage "sample" (sample) behind "generator": needs a numeric field
  --> p.yaml:5:5   stages[0]
  hint: put a map before it

error[SF_PLAN_INVALID]: stage "sample-2" (sample) behind "generator": needs a numeric field
  --> p.yaml:7:5   stages[2]
  hint: put a map before it`);
  });

  it.each([
    ["where: idd > 5", "4:27", "there is no field"],
    ["where: name == 'x' && (name > 5)", "4:43", '">" does not take string and int32'],
    ['where: "id > 0 && uper(name) == name"', "4:38", 'there is no function "uper"'],
  ])("an expression that does not fit its input is told at its part: %s", (where, place, message) => {
    const [line = "0", column = "0"] = place.split(":");
    const [told] = refusal(`name: p\nsource: { type: generator }\nstages:\n  - { type: check, ${where} }\nsinks: [{ type: memory }]\n`).diagnostics;
    expect(told).toMatchObject({ code: "SF_EXPRESSION_INVALID", message: expect.stringContaining(message) as string, location: { file: "p.yaml", line: Number(line), column: Number(column), path: "stages[0].where" } });
  });

  it("tells all that the planner refuses, each at the entry of its node", () => {
    const error = refusal(`
name: p
source: { type: generator, id: in }
stages:
  - { type: keep, id: lasts }
  - { type: keep, from: lasts }
  - { type: keep }
  - type: filter
    id: lonely
    from: in
    where: a
sinks:
  - { type: memory, from: keep-2 }
`);
    expect(renderDiagnostics(error.diagnostics)).toBe(`error[SF_PLAN_UNBOUNDED_STATE]: the state of "lasts" (keep) can grow for ever: it keeps every record
  --> p.yaml:5:5   stages[0]
  hint: add a window or a time to live, or declare \`unboundedState: true\`

error[SF_PLAN_UNBOUNDED_STATE]: the state of "keep" (keep) can grow for ever: it keeps every record
  --> p.yaml:6:5   stages[1]
  hint: add a window or a time to live, or declare \`unboundedState: true\`

error[SF_PLAN_UNBOUNDED_STATE]: the state of "keep-2" (keep) can grow for ever: it keeps every record
  --> p.yaml:7:5   stages[2]
  hint: add a window or a time to live, or declare \`unboundedState: true\`

error[SF_PLAN_INVALID]: "keep" and "keep-2" are both keep stages with state and without an id of their own: a later edit could swap their state
  --> p.yaml:7:5   stages[2]
  hint: give each an id

error[SF_PLAN_INVALID]: nothing reads the output of "lonely" (filter)
  --> p.yaml:8:5   stages[3]
  hint: add a sink behind it, or remove it`);
  });

  it("an entry without an id keeps its place among the named ones, and is not named", () => {
    const plan = buildPlan(spec("name: p\nsource: { type: generator }\nstages:\n  - { type: filter, where: a }\n  - { type: map, set: { a: b }, id: filter }\nsinks: [{ type: memory }]\n"), registry);
    expect(plan.nodes.map(({ id, named }) => [id, named])).toEqual([
      ["generator", false],
      ["filter-2", false],
      ["filter", true],
      ["memory", false],
    ]);
  });

  it("refuses outputs that a made stage does not have", () => {
    const error = refusal("name: p\nsource: { type: generator }\nstages: [{ type: window, size: 1s, aggregates: {} }]\nsinks: [{ type: memory, from: window.early }]\n");
    expect(renderDiagnostics(error.diagnostics)).toBe(`error[SF_PLAN_INVALID]: "window" (window) has no output "early"
  --> p.yaml:4:31   sinks[0].from
  hint: its outputs: main, late, rejected`);
  });

  it("P2: what a component says of a secret is hidden, as it is, in URLs and in JSON", () => {
    const text = 'name: p\nsource: { type: generator }\nsinks: [{ type: database, table: t, url: "${PASSWORD}/\\"x" }]\n';
    const { message, diagnostics, stack } = refusal(text);
    expect(message).toContain("cannot use");
    expect(message + JSON.stringify(diagnostics) + stack).not.toContain("hunter2");
    expect(redactSecrets(spec(text), "login with hunter2 failed")).not.toContain("hunter2");
  });

  it("a secret that stands in the text itself is hidden as well", () => {
    const { message, stack } = refusal("name: p\nsource: { type: generator }\nsinks: [{ type: database, table: t, url: mysql-with-password }]\n");
    expect(message + stack).not.toContain("mysql-with-password");
  });

  it("builds from a spec that was stored and read back", () => {
    const parsed = spec("name: p\nsource: { type: generator }\nsinks: [{ type: memory }]\n");
    expect(buildPlan(structuredClone(parsed), registry).nodes.map(({ id }) => id)).toEqual(["generator", "memory"]);
  });
});
