import { describe, expect, it } from "vitest";
import { t } from "../types/constructors.ts";
import { standardFunctionTable } from "./function-table.ts";
import { PlanBuilder } from "./plan-builder.ts";
import { fakeOperator, fakeSink, fakeSource, keyed, refusal } from "./plan.fixture.ts";

const builder = (): PlanBuilder => new PlanBuilder({ name: "test" }, standardFunctionTable);
const part = (type: string, ...given: Parameters<typeof fakeOperator> extends [string, ...infer Rest] ? Rest : never) => ({ description: { type, config: {} }, definition: fakeOperator(type, ...given) });

describe("refuses as soon as something is added", () => {
  it("an id that cannot name state, files and metrics, and one that is taken", () => {
    const plan = builder();
    plan.addSource(fakeSource(), "in");
    expect(refusal(() => plan.addSource(fakeSource(), "a.b"))).toBe('SF_PLAN_INVALID: "a.b" cannot be a node id | letters, digits, "_" and "-", starting with a letter');
    expect(refusal(() => plan.addSource(fakeSource(), "in"))).toBe('SF_PLAN_INVALID: the id "in" is used by two nodes | give one of them another id');
  });

  it("an input or an output that a node does not have", () => {
    const plan = builder();
    const input = plan.addSource(fakeSource(), "in");
    expect(refusal(() => plan.addStage(part("map"), { left: [input] }))).toBe('SF_PLAN_INVALID: "map" (map) has no input "left" | its inputs: main');
    expect(refusal(() => plan.tail("in", "late"))).toBe('SF_PLAN_INVALID: "in" (file) has no output "late" | its outputs: main, rejected');
    expect(refusal(() => plan.tail("nowhere", "main"))).toContain('there is no node "nowhere" | nodes so far: in');
  });

  it("a stage that its input does not suit", () => {
    const plan = builder();
    const input = plan.addSource(fakeSource(), "in");
    expect(refusal(() => plan.addStage(part("count", { needsKey: true }), { main: [input] }))).toContain('"count" (count) needs a key, but records from "in" have none');
  });

  it("a sink that its input does not suit", () => {
    const plan = builder();
    const input = plan.addSource(fakeSource({ schema: t.struct({ id: t.int64() }) }), "in");
    expect(refusal(() => plan.addSink(fakeSink(undefined, { fields: ["name"] }), [input]))).toContain('sink "table" (table) needs "name", but "in" gives id');
    const updates = plan.addStage(part("count", { output: { changes: "all" } }), { main: [input] });
    expect(refusal(() => plan.addSink(fakeSink(), [updates], "out"))).toContain('sink "out" (table) takes only new records, but "count" also gives updates');
  });

  it("merged inputs that do not agree", () => {
    const plan = builder();
    const a = plan.addSource(fakeSource({ schema: t.struct({ id: t.int64() }) }), "a");
    const b = plan.addSource(fakeSource({ schema: t.struct({ id: t.string() }) }), "b");
    expect(refusal(() => plan.addStage(part("map"), { main: [a, b] }))).toContain('"a" and "b" give different types, and both feed "map" (map)');
    const withKey = plan.addStage(part("keyBy", { output: keyed }), { main: [a] });
    expect(refusal(() => plan.addStage(part("count", { needsKey: true }), { main: [withKey, a] }))).toContain('"count" (count) needs a key');
  });

  it("a pipeline that uses the id of another one that it is joined with", () => {
    const [left, right] = [builder(), builder()];
    left.addSource(fakeSource(), "in");
    right.addSource(fakeSource(), "in");
    expect(refusal(() => left.merge(right))).toBe('SF_PLAN_INVALID: both of the joined pipelines have a node with the id "in" | give those of one pipeline other ids: addStage(…, { id: "…" }), from(…, { id: "…" })');
    expect(refusal(() => left.merge(left))).toBe("accepted");
  });
});

it("what was refused leaves no trace: a mended stage takes its place", () => {
  const plan = builder();
  const input = plan.addSource(fakeSource(), "in");
  const before = plan.build();
  expect(refusal(() => plan.addStage(part("count", { needsKey: true }), { main: [input] }, "c"))).toContain("needs a key");
  const updates = plan.addStage(part("updates", { output: { changes: "all" } }), { main: [input] });
  expect(refusal(() => plan.addSink(fakeSink(), [updates], "out"))).toContain("takes only new records");
  const other = builder();
  other.addSource(fakeSource(), "other");
  other.addSource(fakeSource(), "in");
  expect(refusal(() => plan.merge(other))).toContain('the id "in"');
  expect(plan.build().nodes.map((node) => node.id)).toEqual([...before.nodes.map((node) => node.id), "updates"]);
  plan.addStage(part("count"), { main: [input] }, "c");
  plan.addSink(fakeSink(), [input], "out");
  expect(plan.build().edges.map(({ from, to }) => `${from} > ${to}`)).toEqual(["in > updates", "in > c", "in > out"]);
});

it("builds nodes in the order they were added, with the shapes of all outputs", () => {
  const plan = builder();
  const input = plan.addSource(fakeSource());
  const first = plan.addStage(part("map"), { main: [input] });
  const second = plan.addStage(part("map", { output: { time: true } }), { main: [first] });
  plan.addSink(fakeSink(), [second]);
  expect(plan.build().nodes.map(({ id, named }) => [id, named])).toEqual([["file", false], ["map", false], ["map-2", false], ["table", false]]);
  expect(plan.build().edges.map(({ from, to }) => `${from} > ${to}`)).toEqual(["file > map", "map > map-2", "map-2 > table"]);
  expect([plan.shapeOf(first).time, plan.shapeOf(second).time]).toEqual([false, true]);
});
