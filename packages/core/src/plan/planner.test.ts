import { describe, expect, it } from "vitest";
import { StreamFlowError } from "../errors.ts";
import type { PhysicalPlan } from "./physical-plan.ts";
import { standardFunctionTable } from "./function-table.ts";
import { bridgeNode, edges, fakeOperator, keyed, logicalPlan, planLine, refusal, sinkNode, sourceNode, stageNode } from "./plan.fixture.ts";
import { planPipeline, planProblems } from "./planner.ts";

const pass = fakeOperator("pass");
const keyBy = fakeOperator("keyBy", { output: keyed });
const coKeyBy = fakeOperator("keyBy", { output: { key: { type: undefined, fields: ["k"], coPartitioned: true } } });
const count = fakeOperator("count", { needsKey: true, stateful: true, output: { key: undefined } });
const plan = (...given: Parameters<typeof logicalPlan>): PhysicalPlan => planPipeline(logicalPlan(...given), standardFunctionTable);
const scopes = ({ nodes }: PhysicalPlan): Record<string, string> => Object.fromEntries(nodes.map(({ node, scope, exchanged }) => [node.id, exchanged ? `${scope}, exchanged` : scope]));

describe("refuses", () => {
  it("state that can grow for ever, unless the pipeline says so", () => {
    const growing = fakeOperator("reduce", { needsKey: true, stateful: true, unboundedState: "it has no ttlMs" });
    const nodes = [sourceNode("in"), stageNode("k", keyBy), stageNode("r", growing), sinkNode("out")];
    const line = edges("in > k", "k > r", "r > out");
    expect(refusal(() => plan(nodes, line))).toContain('SF_PLAN_UNBOUNDED_STATE: the state of "r" (reduce) can grow for ever: it has no ttlMs | add a window or a time to live');
    expect(refusal(() => plan(nodes, line, { unboundedState: true }))).toBe("accepted");
  });

  it("two stages of one type with state and without ids: an edit could swap their state", () => {
    const unnamed = (id: string) => stageNode(id, count, { named: false });
    const nodes = [sourceNode("in"), stageNode("k", keyBy), unnamed("count"), stageNode("k2", keyBy), unnamed("count-2"), sinkNode("out")];
    const line = edges("in > k", "k > count", "count > k2", "k2 > count-2", "count-2 > out");
    expect(refusal(() => plan(nodes, line))).toContain('SF_PLAN_INVALID: "count" and "count-2" are both count stages with state and without an id of their own');
    const named = nodes.map((node) => (node.id === "count-2" ? { ...node, named: true } : node));
    expect(refusal(() => plan(named, line))).toBe("accepted");
  });
});

describe("decides where nodes run", () => {
  it("without a key everything stays with its partition", () => {
    const planned = planLine(sourceNode("in"), stageNode("p", pass), sinkNode("out"));
    expect(scopes(planned)).toEqual({ in: "partition", p: "partition", out: "partition" });
    expect([planned.sharding, planned.shardingReason]).toEqual(["partition", "no stage needs a key"]);
  });

  it("a stage that needs all records of a key stands behind an exchange, with everything behind it", () => {
    const planned = planLine(sourceNode("in"), stageNode("k", keyBy), stageNode("c", count), stageNode("p", pass), sinkNode("out"));
    expect(scopes(planned)).toEqual({ in: "partition", k: "partition", c: "shared, exchanged", p: "shared", out: "shared" });
    expect([planned.sharding, planned.shardingReason]).toEqual(["key-group", '"c" needs all records of a key, which may be in any partition']);
  });

  it.each([
    ["the key is declared to be in one partition", planLine(sourceNode("in"), stageNode("k", coKeyBy), stageNode("c", count), sinkNode("out"))],
    ["the source has one partition", planLine(sourceNode("in", { singlePartition: true }), stageNode("k", keyBy), stageNode("c", count), sinkNode("out"))],
  ])("no exchange where %s", (_, planned) => {
    expect(scopes(planned)).toEqual({ in: "partition", k: "partition", c: "partition", out: "partition" });
    expect([planned.sharding, planned.shardingReason]).toEqual(["partition", "all records of a key are in one input partition"]);
  });

  it("a merge of two sources is shared; a sink that reads two is not an exchange", () => {
    const merged = plan([sourceNode("a"), sourceNode("b"), stageNode("p", pass), sinkNode("out")], edges("a > p", "b > p", "p > out"));
    expect([merged.sharding, merged.shardingReason]).toEqual(["key-group", '"p" merges several sources']);
    const both = plan([sourceNode("a"), sourceNode("b"), sinkNode("out")], edges("a > out", "b > out"));
    expect([both.sharding, scopes(both)["out"]]).toEqual(["partition", "shared"]);
  });
});

describe("fuses", () => {
  const tasks = ({ tasks: all }: PhysicalPlan): string[] => all.map(({ nodes }) => nodes.join(" "));

  it("whatever stands in one line, branches included", () => {
    expect(tasks(planLine(sourceNode("in"), stageNode("a", pass), stageNode("b", pass), sinkNode("out")))).toEqual(["in a b out"]);
    expect(tasks(plan([sourceNode("in"), stageNode("a", pass), sinkNode("x"), sinkNode("y")], edges("in > a", "a > x", "a > y")))).toEqual(["in a x y"]);
  });

  it("up to an exchange, a merge and a bridged stage", () => {
    expect(tasks(planLine(sourceNode("in"), stageNode("k", keyBy), stageNode("c", count), sinkNode("out")))).toEqual(["in k", "c out"]);
    expect(tasks(planLine(sourceNode("in"), bridgeNode("b"), stageNode("a", pass), sinkNode("out")))).toEqual(["in", "b a out"]);
    expect(tasks(plan([sourceNode("a"), sourceNode("b"), stageNode("p", pass), sinkNode("out")], edges("a > p", "b > p", "p > out")))).toEqual(["a", "b", "p out"]);
  });
});

describe("asks a source only for what is read", () => {
  const reads = (...fields: string[]) => fields.map((field) => [field]);
  const sum = fakeOperator("sum", { reads: [reads("price")], forwards: false });
  const filter = fakeOperator("filter", { reads: [reads("kind")] });

  it("behind the last stage that hands records on, nothing more", () => {
    const planned = planLine(sourceNode("in"), stageNode("f", filter), stageNode("s", sum), sinkNode("out"));
    expect(planned.projections.get("in")).toEqual(reads("kind", "price"));
  });

  it("everything, where whole records reach a sink or a stage of one's own", () => {
    expect(planLine(sourceNode("in"), stageNode("f", filter), sinkNode("out")).projections.get("in")).toBe("all");
    expect(planLine(sourceNode("in"), bridgeNode("b"), stageNode("s", sum), sinkNode("out")).projections.get("in")).toBe("all");
  });

  it("also what only a side output hands on", () => {
    const window = fakeOperator("window", { reads: [reads("price")], forwards: ["late"] }, { outputs: ["main", "late"] });
    const nodes = [sourceNode("in"), stageNode("w", window), sinkNode("out"), stageNode("s", fakeOperator("sum", { reads: [reads("at")], forwards: false })), sinkNode("late")];
    const line = edges("in > w", "w > out", "w.late > s", "s > late");
    expect(plan(nodes, line).projections.get("in")).toEqual(reads("price", "at"));
    expect(plan([...nodes.slice(0, 3), sinkNode("late")], edges("in > w", "w > out", "w.late > late")).projections.get("in")).toBe("all");
  });

  it("for each input of a join by itself", () => {
    const join = fakeOperator("join", { reads: [reads("a"), reads("b")], forwards: false }, { inputs: ["left", "right"] });
    const planned = plan([sourceNode("l"), sourceNode("r"), stageNode("j", join), sinkNode("out")], edges("l > j.left", "r > j.right", "j > out"));
    expect([planned.projections.get("l"), planned.projections.get("r")]).toEqual([reads("a"), reads("b")]);
  });
});

it("fingerprints the nodes with state, and no others", () => {
  expect(Object.keys(planLine(sourceNode("in"), stageNode("k", keyBy), stageNode("c", count), sinkNode("out")).fingerprints)).toEqual(["c"]);
});

describe("planProblems: everything at once, with the nodes to edit", () => {
  const problems = (...given: Parameters<typeof logicalPlan>): readonly string[] =>
    planProblems(logicalPlan(...given), standardFunctionTable).map(({ code, message, context }) => `${code} ${JSON.stringify(context?.["nodes"])} ${message}`);
  const line = (...ids: readonly string[]): Parameters<typeof logicalPlan>[1] => edges(...ids.slice(1).map((id, index) => `${ids[index]} > ${id}`));

  it("nothing of a plan that can be run", () => {
    expect(problems([sourceNode("in"), stageNode("p", pass), sinkNode("out")], line("in", "p", "out"))).toEqual([]);
  });

  it("outputs that nothing reads, unbounded state and stages that could swap their state", () => {
    const growing = fakeOperator("reduce", { stateful: true, unboundedState: "it has no ttlMs" });
    const reduce = (id: string) => stageNode(id, growing, { named: false });
    const nodes = [sourceNode("in"), reduce("a"), reduce("b"), stageNode("lonely", pass), sinkNode("out")];
    expect(problems(nodes, [...line("in", "a", "b", "out"), ...line("in", "lonely")])).toEqual([
      'SF_PLAN_INVALID ["lonely"] nothing reads the output of "lonely" (pass)',
      'SF_PLAN_UNBOUNDED_STATE ["a"] the state of "a" (reduce) can grow for ever: it has no ttlMs',
      'SF_PLAN_UNBOUNDED_STATE ["b"] the state of "b" (reduce) can grow for ever: it has no ttlMs',
      'SF_PLAN_INVALID ["b","a"] "a" and "b" are both reduce stages with state and without an id of their own: a later edit could swap their state',
    ]);
  });

  it("an input that nothing feeds, and not what follows from it", () => {
    const join = fakeOperator("join", { needsKey: true }, { inputs: ["left", "right"] });
    expect(problems([sourceNode("in"), stageNode("j", join), sinkNode("out")], edges("in > j.left", "j > out"))).toEqual([
      'SF_PLAN_INVALID ["j"] input "right" of "j" (join) is not connected',
    ]);
  });

  it("what a stage cannot take or refuses, a circle, and an edge to nowhere", () => {
    const refusing = { ...pass, shape: () => { throw new StreamFlowError("SF_PLAN_INVALID", 'the field of "r" is wrong', { context: { field: "f" } }); } };
    const [refusal] = planProblems(logicalPlan([sourceNode("in"), stageNode("r", refusing), sinkNode("out")], line("in", "r", "out")), standardFunctionTable);
    expect(refusal).toMatchObject({ message: 'the field of "r" is wrong', context: { field: "f", nodes: ["r"] } });
    expect(problems([sourceNode("in"), stageNode("c", count), sinkNode("out")], line("in", "c", "out"))[0]).toContain('["c"] "c" (count) needs a key');
    expect(problems([sourceNode("in"), stageNode("a", pass), stageNode("b", pass), sinkNode("out")], [...line("in", "a", "b", "out"), ...line("b", "a")])[0]).toContain('["a","b"]');
    expect(problems([sourceNode("in"), sinkNode("out")], line("inn", "out"))[0]).toContain('["out"] there is no node "inn"');
  });
});
