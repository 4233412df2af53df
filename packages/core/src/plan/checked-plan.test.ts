import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { nextTurn } from "../node/turn.ts";
import { t } from "../types/constructors.ts";
import { field } from "./builder.ts";
import { checkPlan, knownPlans } from "./checked-plan.ts";
import { standardFunctionTable } from "./function-table.ts";
import type { LogicalPlan, PipelineConfig } from "./logical-plan.ts";
import type { PhysicalPlan } from "./physical-plan.ts";
import { edges, fakeOperator, logicalPlan, sinkNode, sourceNode, stageNode, type FakeSource } from "./plan.fixture.ts";
import { planPipeline } from "./planner.ts";

const operator = fakeOperator("filter");

interface Said {
  readonly config?: Partial<PipelineConfig>;
  readonly source?: FakeSource;
  readonly stage?: Readonly<Record<string, unknown>>;
}

function plan({ config = {}, source = {}, stage = {} }: Said = {}): LogicalPlan {
  return logicalPlan([sourceNode("in", source), stageNode("keep", operator, { config: stage }), sinkNode("out")], edges("in > keep", "keep > out"), config);
}

const physical = (logical: LogicalPlan): PhysicalPlan => checkPlan(logical, standardFunctionTable).physical();
/** Whether two plans have their nodes in common. */
const isShared = (a: LogicalPlan, b: LogicalPlan): boolean => physical(a).nodes[1] === physical(b).nodes[1];

it("gives what the planner gives, with the plan's own name, sources and sinks", () => {
  for (const logical of [plan({ config: { name: "one" } }), plan({ config: { name: "two" } })]) {
    expect(physical(logical)).toEqual(planPipeline(logical, standardFunctionTable));
    expect(physical(logical).nodes[0]?.node.source).toBe(logical.nodes[0]?.source);
    expect(physical(logical).logical.nodes[2]).toEqual(logical.nodes[2]);
    expect(physical(logical).logical.nodes[2]?.sink).toBe(logical.nodes[2]?.sink);
    expect(physical(logical).logical.config).toBe(logical.config);
  }
});

it("T2: equal plans share their nodes; whatever the planner can see keeps them apart", () => {
  const where = (): boolean => true;
  class Instance {}
  const one = new Instance();
  expect(isShared(plan({ config: { name: "a" } }), plan({ config: { name: "b" } }))).toBe(true);
  expect(isShared(plan({ stage: { where, one, x: [1, { y: 2n }] } }), plan({ stage: { where, one, x: [1, { y: 2n }] } }))).toBe(true);
  expect(isShared(plan({ stage: { where: field("a").gt(1) } }), plan({ stage: { where: field("a").gt(1) } }))).toBe(true);
  const apart: readonly Said[] = [
    { stage: { where: field("a").gt(1) } }, { stage: { where: field("a").gt(2) } }, { stage: { where: field("b").gt(1) } },
    { stage: { x: "a", y: "b" } }, { stage: { x: 'a,1"y:1"b' } },
    { config: { unboundedState: true } }, { source: { replayable: false } }, { source: { schema: t.struct({ a: t.int32() }) } }, { source: { schema: t.struct({ a: t.int64() }) } },
    { stage: { where } }, { stage: { where: () => true } }, { stage: { where: () => true } }, { stage: { one } }, { stage: { one: new Instance() } },
    { stage: { x: 1 } }, { stage: { x: "1" } }, { stage: { x: 1n } }, { stage: { x: -0 } }, { stage: { x: 0 } }, { stage: { x: null } }, { stage: { x: undefined } }, { stage: { x: "undefined" } },
    { stage: { x: [] } }, { stage: { x: {} } }, { stage: { x: [[]] } }, { stage: { x: ["a", "b"] } }, { stage: { x: ["a,b"] } },
  ];
  apart.forEach((a, i) => apart.forEach((b, j) => expect([i, j, isShared(plan(a), plan(b))]).toEqual([i, j, i === j])));
});

it("a plan that cannot work is refused, each time", () => {
  for (const _ of [1, 2]) expect(() => checkPlan({ config: { name: "x" }, nodes: plan().nodes, edges: [] }, standardFunctionTable)).toThrow(expect.objectContaining({ code: "SF_PLAN_INVALID" }));
});

it("T3: plans that nobody holds are forgotten as others come", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let i = 0; i < 2_000; i++) {
    checkPlan(plan({ stage: { i } }), standardFunctionTable);
    if (i % 100 !== 99) continue;
    // What a weak reference leads to stays until the turn is over.
    await nextTurn();
    collect();
  }
  expect(knownPlans()).toBeLessThan(1_000);
});
