import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inputNames, orderNodes, outputNames } from "./graph.ts";
import { edges, fakeOperator, logicalPlan, refusal, sinkNode, sourceNode, stageNode } from "./plan.fixture.ts";

const pass = fakeOperator("pass");
const join = fakeOperator("join", {}, { inputs: ["left", "right"] });
const split = fakeOperator("split", {}, { outputs: ["main", "late"] });
const orderOf = (...given: Parameters<typeof logicalPlan>): string[] => orderNodes(logicalPlan(...given)).map(({ node }) => node.id);

describe("a refusal names the nodes and what to change", () => {
  it("an id that is used twice", () => {
    expect(refusal(() => orderOf([sourceNode("a"), sinkNode("a")], []))).toBe('SF_PLAN_INVALID: the id "a" is used by two nodes | give one of them another id');
  });

  it("an edge from or to nowhere, with what was probably meant", () => {
    const nodes = [sourceNode("orders"), sinkNode("out")];
    expect(refusal(() => orderOf(nodes, edges("order > out")))).toBe('SF_PLAN_INVALID: there is no node "order" | did you mean "orders"?');
    expect(refusal(() => orderOf(nodes, edges("orders > elsewhere")))).toBe('SF_PLAN_INVALID: there is no node "elsewhere" | nodes: orders, out');
  });

  it("an output that a node does not have", () => {
    const nodes = [sourceNode("in"), stageNode("s", split), sinkNode("out")];
    expect(refusal(() => orderOf(nodes, edges("in > s", "s.early > out")))).toBe(
      'SF_PLAN_INVALID: "s" (split) has no output "early", which "out" (table) reads | its outputs: main, late, rejected',
    );
    expect(refusal(() => orderOf(nodes, edges("out > s")))).toContain('"out" (table) has no output "main", which "s" (split) reads | its outputs: none');
  });

  it("an input that a node does not have", () => {
    expect(refusal(() => orderOf([sourceNode("in"), stageNode("j", join)], edges("in > j")))).toBe(
      'SF_PLAN_INVALID: "j" (join) has no input "main", which "in" (file) feeds | its inputs: left, right',
    );
    expect(refusal(() => orderOf([sourceNode("a"), sourceNode("b")], edges("a > b")))).toContain('"b" (file) has no input "main", which "a" (file) feeds | its inputs: none');
  });

  it("an input that nothing feeds", () => {
    const nodes = [sourceNode("in"), stageNode("j", join), sinkNode("out")];
    expect(refusal(() => orderOf(nodes, edges("in > j.left", "j > out")))).toBe('SF_PLAN_INVALID: input "right" of "j" (join) is not connected | feed it from a source or a stage');
  });

  it("an output that nothing reads; reading only what it rejects is not reading", () => {
    const nodes = [sourceNode("in"), stageNode("s", pass), sinkNode("out")];
    expect(refusal(() => orderOf(nodes, edges("in > s", "s.rejected > out")))).toBe('SF_PLAN_INVALID: nothing reads the output of "s" (pass) | add a sink behind it, or remove it');
  });

  it("nodes in a circle, and not those behind it", () => {
    const nodes = [sourceNode("in"), stageNode("a", pass), stageNode("b", pass), sinkNode("out")];
    expect(refusal(() => orderOf(nodes, edges("in > a", "b > a", "a > b", "b > out")))).toBe(
      'SF_PLAN_INVALID: "a", "b" form a circle | records must flow in one direction',
    );
  });
});

it("a side output may be the only one that is read", () => {
  expect(orderOf([sourceNode("in"), stageNode("s", split), sinkNode("out")], edges("in > s", "s.late > out"))).toEqual(["in", "s", "out"]);
});

it("names inputs and outputs: sources have no input, sinks no output, all others also give what they reject", () => {
  expect(inputNames(sourceNode("a"))).toEqual([]);
  expect(inputNames(sinkNode("a"))).toEqual(["main"]);
  expect(outputNames(sinkNode("a"))).toEqual([]);
  expect(outputNames(sourceNode("a"))).toEqual(["main", "rejected"]);
  const routes = fakeOperator("route", {}, { outputs: (config: { names: string[] }) => config.names });
  expect(outputNames(stageNode("r", routes, { config: { names: ["x", "y"] } }))).toEqual(["x", "y", "rejected"]);
});

it("orders any graph so that every edge points forward, whatever order nodes were added in", () => {
  const graphs = fc.integer({ min: 1, max: 8 }).chain((count) =>
    fc.record({
      count: fc.constant(count),
      extra: fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 10 }),
      order: fc.shuffledSubarray([...Array(count + 2).keys()], { minLength: count + 2 }),
    }),
  );
  fc.assert(
    fc.property(graphs, ({ count, extra, order }) => {
      const ids = Array.from({ length: count }, (_, index) => `s${index}`);
      const nodes = [sourceNode("in"), ...ids.map((id) => stageNode(id, pass)), sinkNode("out")];
      const line = edges(`in > ${ids[0]}`, ...ids.slice(1).map((id, index) => `${ids[index]} > ${id}`), `${ids.at(-1)} > out`);
      const forward = extra.filter(([a, b]) => a < b).map(([a, b]) => ({ from: ids[a]!, output: "main", to: ids[b]!, input: "main" }));
      const connections = [...line, ...forward];
      const found = orderOf(order.map((index) => nodes[index]!), connections);
      expect([...found].sort()).toEqual(nodes.map((node) => node.id).sort());
      for (const { from, to } of connections) expect(found.indexOf(from)).toBeLessThan(found.indexOf(to));
    }),
  );
});
