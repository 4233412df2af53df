import { expect, it } from "vitest";
import { StreamFlowError } from "../errors.ts";
import { diffPlans, samePlan } from "./diff.ts";
import type { PlanNode } from "./logical-plan.ts";
import { fakeOperator, logicalPlan, sinkNode, sourceNode, stageNode } from "./plan.fixture.ts";

const stage = (id: string, type: string, config: object = {}): PlanNode => stageNode(id, fakeOperator(type), { config: { ...config } });
const keeper = (id: string, type: string, config: object = {}): PlanNode => stageNode(id, fakeOperator(type, { stateful: true }), { config: { ...config } });
const diff = (before: readonly PlanNode[], after: readonly PlanNode[]): string[] =>
  diffPlans(logicalPlan(before, []), logicalPlan(after, [])).map(({ node, change, state, reason }) => `${node} ${change}, state ${state}: ${reason}`);

it("tells what becomes of every node, dropped ones last", () => {
  const before = [sourceNode("in"), stage("gone", "map"), keeper("lost", "reduce"), stage("same", "filter", { where: 1 }), stage("kind", "map"), sinkNode("out")];
  const after = [sourceNode("in"), stage("same", "filter", { where: 1 }), stage("kind", "filter"), stage("fresh", "map"), { ...sinkNode("out"), config: { table: "t" } }];
  expect(diff(before, after)).toEqual([
    "in kept, state none: unchanged",
    "same kept, state none: unchanged",
    "kind replaced, state none: was a map stage, is a filter stage",
    "fresh new, state none: map is new",
    "out changed, state none: its configuration changed",
    "gone dropped, state none: map is gone",
    "lost dropped, state lost: reduce is gone",
  ]);
});

it("a stage without state is changed, whatever of it is another", () => {
  expect(diff([stage("a", "filter", { where: 1 }), stage("b", "map", { map: () => 1 })], [stage("a", "filter", { where: 2 }), stage("b", "map", { map: () => 2 })])).toEqual([
    "a changed, state none: its configuration changed; it keeps no state",
    "b changed, state none: its configuration changed; it keeps no state",
  ]);
});

it("of a stage with state it says whether the state goes on", () => {
  const before = [keeper("same", "window", { sizeMs: 5 }), keeper("fn", "reduce", { add: () => 1 }), keeper("size", "window", { sizeMs: 5 }), keeper("kind", "window")];
  const after = [keeper("same", "window", { sizeMs: 5 }), keeper("fn", "reduce", { add: () => 2 }), keeper("size", "window", { sizeMs: 6 }), keeper("kind", "reduce")];
  expect(diff(before, after)).toEqual([
    "same kept, state kept: unchanged",
    "fn migrated, state kept: its functions changed; its state means the same",
    "size changed, state lost: its configuration changed, and with it what its state means",
    "kind replaced, state lost: was a window stage, is a reduce stage",
  ]);
});

it("another version of the state is a change, also with the same configuration", () => {
  const versioned = (stateVersion: number): PlanNode => stageNode("w", fakeOperator("window", { stateful: true }, { stateVersion }));
  expect(diff([versioned(1)], [versioned(2)])).toEqual(["w changed, state lost: its configuration changed, and with it what its state means"]);
});

it("a plan that cannot be shaped is taken for one whose stages keep state", () => {
  const refusing = stageNode("r", { ...fakeOperator("r"), shape: () => { throw new StreamFlowError("SF_PLAN_INVALID", "no such function"); } }, { config: { x: 1 } });
  expect(diff([refusing], [{ ...refusing, config: { x: 2 } }])).toEqual(["r changed, state lost: its configuration changed, and with it what its state means"]);
});

it("equal plans are the same, whatever the order of names in their configuration", () => {
  const plan = (config: object) => logicalPlan([sourceNode("in"), stage("a", "map", config)], []);
  expect(samePlan(plan({ x: 1, y: 2 }), plan({ y: 2, x: 1 }))).toBe(true);
  expect(samePlan(plan({ x: 1 }), plan({ x: 2 }))).toBe(false);
  expect(samePlan(plan({}), logicalPlan([sourceNode("in"), stage("a", "map")], [], { unboundedState: true }))).toBe(false);
});
