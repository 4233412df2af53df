import { expect, it } from "vitest";
import { diffPlans, samePlan } from "./diff.ts";
import type { PlanNode } from "./logical-plan.ts";
import { fakeOperator, logicalPlan, sinkNode, sourceNode, stageNode } from "./plan.fixture.ts";

const stage = (id: string, type: string, config: object = {}): PlanNode => stageNode(id, fakeOperator(type), { config: { ...config } });
const diff = (before: readonly PlanNode[], after: readonly PlanNode[]): string[] =>
  diffPlans(logicalPlan(before, []), logicalPlan(after, [])).map(({ node, change, reason }) => `${node} ${change}: ${reason}`);

it("tells what becomes of every node, dropped ones last", () => {
  const before = [sourceNode("in"), stage("gone", "map"), stage("same", "filter", { where: 1 }), stage("fn", "map", { map: () => 1 }), stage("size", "window", { sizeMs: 5 }), stage("kind", "map"), sinkNode("out")];
  const after = [sourceNode("in"), stage("same", "filter", { where: 1 }), stage("fn", "map", { map: () => 2 }), stage("size", "window", { sizeMs: 6 }), stage("kind", "filter"), stage("fresh", "map"), { ...sinkNode("out"), config: { table: "t" } }];
  expect(diff(before, after)).toEqual([
    "in kept: unchanged",
    "same kept: unchanged",
    "fn migrated: its functions changed; its state means the same",
    "size replaced: its configuration changed, and with it what its state means",
    "kind replaced: was a map stage, is a filter stage",
    "fresh new: map is new",
    "out migrated: its configuration changed",
    "gone dropped: map is gone",
  ]);
});

it("equal plans are the same, whatever the order of names in their configuration", () => {
  const plan = (config: object) => logicalPlan([sourceNode("in"), stage("a", "map", config)], []);
  expect(samePlan(plan({ x: 1, y: 2 }), plan({ y: 2, x: 1 }))).toBe(true);
  expect(samePlan(plan({ x: 1 }), plan({ x: 2 }))).toBe(false);
  expect(samePlan(plan({}), logicalPlan([sourceNode("in"), stage("a", "map")], [], { unboundedState: true }))).toBe(false);
});
