import { describe, expect, it } from "vitest";
import type { Schema } from "../schema.ts";
import { t } from "../types/constructors.ts";
import { StreamFlowError } from "../errors.ts";
import { standardFunctionTable } from "./function-table.ts";
import { orderNodes } from "./graph.ts";
import { bridgeNode, edges, fakeOperator, keyed, logicalPlan, refusal, sinkNode, sourceNode, stageNode } from "./plan.fixture.ts";
import { shapeNodes, type ShapedNode } from "./shapes.ts";

const order = t.struct({ id: t.int64(), k: t.string() });
const shapesOf = (...given: Parameters<typeof logicalPlan>): Map<string, ShapedNode> =>
  new Map(shapeNodes(orderNodes(logicalPlan(...given)), standardFunctionTable).map((entry) => [entry.node.id, entry]));
const keyBy = fakeOperator("keyBy", { output: keyed });
const timed = fakeOperator("eventTime", { output: { time: true } });
const updates = fakeOperator("count", { output: { changes: "all" } });

describe("a refusal names both nodes and what to change", () => {
  it("a stage that needs a key", () => {
    const count = fakeOperator("count", { needsKey: true });
    expect(refusal(() => shapesOf([sourceNode("in"), stageNode("c", count), sinkNode("out")], edges("in > c", "c > out")))).toBe(
      'SF_PLAN_INVALID: "c" (count) needs a key, but records from "in" have none | put a keyBy between "in" and "c"',
    );
  });

  it("a stage that needs event time", () => {
    const window = fakeOperator("window", { needsTime: true });
    expect(refusal(() => shapesOf([sourceNode("in"), stageNode("w", window), sinkNode("out")], edges("in > w", "w > out")))).toBe(
      'SF_PLAN_INVALID: "w" (window) needs event time, but records from "in" carry none | put an eventTime stage between "in" and "w"',
    );
  });

  it("the input of a join that lacks a key, by the node that feeds it", () => {
    const join = fakeOperator("join", { needsKey: true }, { inputs: ["left", "right"] });
    const nodes = [sourceNode("a"), sourceNode("b"), stageNode("k", keyBy), stageNode("j", join), sinkNode("out")];
    expect(refusal(() => shapesOf(nodes, edges("a > k", "k > j.left", "b > j.right", "j > out")))).toContain('"j" (join) needs a key, but records from "b" have none');
  });

  it("a sink that takes only new records", () => {
    const nodes = [sourceNode("in"), stageNode("c", updates), sinkNode("out")];
    expect(refusal(() => shapesOf(nodes, edges("in > c", "c > out")))).toBe(
      'SF_PLAN_INVALID: sink "out" (table) takes only new records, but "c" also gives updates | use a sink with upserts, or emit only final results in "c"',
    );
    expect(refusal(() => shapesOf([...nodes.slice(0, 2), sinkNode("out", undefined, { insertOnly: false })], edges("in > c", "c > out")))).toBe("accepted");
  });

  it("a sink that needs fields which the records do not have; unknown records are let through", () => {
    const sink = sinkNode("out", undefined, { fields: ["id", "total", "name"] });
    expect(refusal(() => shapesOf([sourceNode("in", { schema: order }), sink], edges("in > out")))).toBe(
      'SF_PLAN_INVALID: sink "out" (table) needs "total", "name", but "in" gives id, k | add the field in "in", or change the sink',
    );
    expect(refusal(() => shapesOf([sourceNode("in"), sink], edges("in > out")))).toBe("accepted");
  });

  it("two inputs of a merge that give different types", () => {
    const nodes = [sourceNode("a", { schema: order }), sourceNode("b", { schema: t.struct({ id: t.string() }) }), sinkNode("out")];
    expect(refusal(() => shapesOf(nodes, edges("a > out", "b > out")))).toBe(
      'SF_PLAN_INVALID: "a" and "b" give different types, and both feed "out" (table) | project both to the same fields first',
    );
  });

  it("two inputs of a merge of which one carries event time", () => {
    const nodes = [sourceNode("a"), sourceNode("b"), stageNode("e", timed), sinkNode("out")];
    expect(refusal(() => shapesOf(nodes, edges("a > e", "e > out", "b > out")))).toBe(
      'SF_PLAN_INVALID: "e" and "b" both feed "out", but only one of them carries event time | put an eventTime stage behind each source',
    );
  });

  it("what a stage itself refuses, with its neighbour; code and hint stay", () => {
    const picky = fakeOperator("picky", {}, {
      shape: () => {
        throw new StreamFlowError("SF_WINDOW_INVALID", "size must be > 0 ms, got -5", { hint: "write a positive size" });
      },
    });
    expect(refusal(() => shapesOf([sourceNode("in"), stageNode("p", picky), sinkNode("out")], edges("in > p", "p > out")))).toBe(
      'SF_WINDOW_INVALID: stage "p" (picky) behind "in": size must be > 0 ms, got -5 | write a positive size',
    );
    const broken = fakeOperator("broken", {}, {
      shape: () => {
        throw new TypeError("undefined is not a function");
      },
    });
    expect(refusal(() => shapesOf([sourceNode("in"), stageNode("b", broken), sinkNode("out")], edges("in > b", "b > out")))).toContain('SF_PIPELINE_STAGE_REJECTED: stage "b" (broken)');
  });
});

describe("shapes", () => {
  it("start at the source's schema and go on through each stage", () => {
    const shaped = shapesOf([sourceNode("in", { schema: order }), stageNode("e", timed), stageNode("k", keyBy), sinkNode("out")], edges("in > e", "e > k", "k > out"));
    expect(shaped.get("out")?.inputShapes).toEqual([{ schema: order, key: keyed.key, time: true, changes: "insert" }]);
  });

  it("behind a bridged stage only event time is known", () => {
    const shaped = shapesOf([sourceNode("in", { schema: order }), stageNode("e", timed), bridgeNode("b"), sinkNode("out")], edges("in > e", "e > b", "b > out"));
    expect(shaped.get("out")?.inputShapes).toEqual([{ schema: undefined, key: undefined, time: true, changes: "insert" }]);
  });

  it("of a merge: one unknown type makes it unknown, different keys make none, updates of one are updates of all", () => {
    const merged = (a: Schema | undefined, b: Schema | undefined): Schema | undefined => {
      const nodes = [sourceNode("a", a === undefined ? {} : { schema: a }), sourceNode("b", b === undefined ? {} : { schema: b }), sinkNode("out")];
      return shapesOf(nodes, edges("a > out", "b > out")).get("out")?.inputShapes[0]?.schema;
    };
    expect(merged(order, order)).toEqual(order);
    expect(merged(order, undefined)).toBeUndefined();
    const nodes = [sourceNode("a"), sourceNode("b"), stageNode("k", keyBy), stageNode("c", updates), sinkNode("out", undefined, { insertOnly: false })];
    expect(shapesOf(nodes, edges("a > k", "b > c", "k > out", "c > out")).get("out")?.inputShapes[0]).toMatchObject({ key: undefined, changes: "all" });
  });
});
