import { StreamFlowError, t, type Compute, type Expression } from "@streamflow/core";
import { OperatorHarness } from "@streamflow/core/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { route, routeOperator, routeSpec, type RouteConfig } from "./router.ts";

interface Flight {
  readonly delay: number | null;
}

const field = (name: string): Expression => ({ kind: "field", path: [name] });
const over = (limit: number): Expression => ({ kind: "binary", operator: ">", left: field("delay"), right: { kind: "literal", value: limit } });
const under = (limit: number): Expression => ({ kind: "binary", operator: "<", left: field("delay"), right: { kind: "literal", value: limit } });
const shape = { schema: t.struct({ delay: t.float64() }), key: undefined, time: false, changes: "insert" } as const;

function harness(config: RouteConfig, options: object = {}): OperatorHarness<RouteConfig> {
  return new OperatorHarness(routeOperator, config, options);
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return StreamFlowError.is(error) ? error.code : String(error);
  }
  return "no failure";
}

it("first: a record goes to the first route that takes it, else to `otherwise`", () => {
  const h = harness({ routes: { late: over(15), any: over(0) }, otherwise: "rest" }, { inputShapes: [shape] });
  for (const delay of [20, 5, -1]) h.push({ delay }, { key: delay, timestampMs: delay });
  expect(h.values("late")).toEqual([{ delay: 20 }]);
  expect(h.take("any")).toEqual([{ value: { delay: 5 }, key: 5, timestampMs: 5, change: 0 }]);
  expect(h.values("rest")).toEqual([{ delay: -1 }]);
  expect(h.shape).toMatchObject({ reads: [[["delay"]]], forwards: true, deterministic: true, stateful: false });
  expect(Object.keys(h.shape.outputs)).toEqual(["late", "any", "rest"]);
});

it("all: to each of them", () => {
  const h = harness({ routes: { late: over(15), any: over(0) }, mode: "all", otherwise: "rest" });
  h.push({ delay: 20 }).push({ delay: 5 }).push({ delay: 0 });
  expect([h.values("late").length, h.values("any").length, h.values("rest").length]).toEqual([1, 2, 1]);
});

it("rejects, with the reason, what no route takes and what a condition throws on", () => {
  const h = harness({ routes: { late: over(15), broken: ((r: Flight) => { if (r.delay === 1) throw new TypeError("bug"); return null; }) as Compute } });
  h.push({ delay: 0 }).push({ delay: 1 }).push({ delay: 99 });
  expect(h.rejected.map(({ error, value }) => [error.code, value])).toEqual([["SF_ROUTE_NONE", { delay: 0 }], ["SF_STAGE_FAILED", { delay: 1 }]]);
  expect(h.values("late")).toEqual([{ delay: 99 }]);
});

it("refuses conditions that are none, and promises", () => {
  expect(codeOf(() => harness({ routes: { x: field("delay") } }, { inputShapes: [shape] }))).toBe("SF_PLAN_INVALID");
  const h = harness({ routes: { x: (async () => true) as Compute } });
  expect(codeOf(() => h.push({ delay: 1 }))).toBe("SF_STAGE_PROMISE");
  const wrong = harness({ routes: { x: (() => 1) as Compute } }).push({ delay: 1 });
  expect(wrong.rejected.map(({ error }) => error.code)).toEqual(["SF_TYPE_MISMATCH"]);
});

it("refuses outputs that cannot be", () => {
  for (const config of [{ routes: {} }, { routes: { main: over(1) } }, { routes: { a: over(1) }, otherwise: "rejected" }, { routes: { a: over(1) }, otherwise: "a" }]) {
    expect(codeOf(() => route(config))).toBe("SF_CONFIG_INVALID");
  }
  expect(route({ routes: { a: over(1) }, id: "r" }).operator?.description).toEqual({ type: "route", config: { routes: { a: over(1) } }, id: "r" });
});

it("every record goes to exactly the outputs that its conditions say (property)", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: -5, max: 5 })), fc.constantFrom("first" as const, "all" as const), (delays, mode) => {
    const h = harness({ routes: { high: over(2), low: under(-2), positive: over(0) }, otherwise: "rest", mode });
    for (const delay of delays) h.push({ delay });
    const names = (delay: number): readonly string[] => {
      const all = [delay > 2 ? "high" : "", delay < -2 ? "low" : "", delay > 0 ? "positive" : ""].filter((name) => name !== "");
      return all.length === 0 ? ["rest"] : mode === "first" ? all.slice(0, 1) : all;
    };
    for (const output of ["high", "low", "positive", "rest"]) {
      expect(h.values(output)).toEqual(delays.filter((delay) => names(delay).includes(output)).map((delay) => ({ delay })));
    }
  }));
});

it("in configuration leaves out the default mode, as code does: plans of both are equal", () => {
  const context = {
    folder: "/",
    component: () => {
      throw new Error("no components inside");
    },
  };
  const routes = { late: over(15) };
  expect(routeSpec.create({ routes, mode: "first" }, context).config).toEqual({ routes });
  expect(routeSpec.create({ routes, mode: "all" }, context).config).toEqual({ routes, mode: "all" });
});
