import { expect, it } from "vitest";
import type { ExpressionFunction } from "../contracts/operator.ts";
import { eventTimeOperator } from "../engine/event-time.ts";
import { t } from "../types/constructors.ts";
import { addedUp } from "./added-up.ts";
import { functionTable, standardFunctionTable } from "./function-table.ts";
import { edges, fakeOperator, keyed, logicalPlan, sinkNode, sourceNode, stageNode } from "./plan.fixture.ts";
import { planPipeline } from "./planner.ts";

const threads = { threads: () => new URL("file:///operators.js") };
const some = fakeOperator("some", {}, threads);
const totals = fakeOperator("totals", { stateful: true, addsUp: true }, threads);
const source = sourceNode("in", { schema: t.struct({ at: t.timestamp() }), singlePartition: true });
const time = stageNode("time", eventTimeOperator, { config: { timestamp: { kind: "field", path: ["at"] } } });

function found(nodes: readonly Parameters<typeof logicalPlan>[0][number][], ways: readonly string[], functions = standardFunctionTable): readonly string[] | string {
  const plan = planPipeline(logicalPlan([source, ...nodes], edges(...ways)), functions);
  const { stages, why } = addedUp(plan, plan.nodes[0]!, functions);
  return stages.length === 0 ? why : stages.map(({ node }) => node.id);
}

const line = ["in > some", "some > time", "time > totals", "totals > out"];

it("finds the stages up to the one that adds up", () => {
  expect(found([stageNode("some", some), time, stageNode("totals", totals), sinkNode("out")], line)).toEqual(["some", "time", "totals"]);
  expect(found([stageNode("some", some), time, stageNode("totals", totals), sinkNode("out"), sinkNode("bad")], [...line, "some.rejected > bad"])).toEqual(["some", "time", "totals"]);
});

const call = { kind: "call", function: "upper", arguments: [] };
const own = functionTable([{ name: "upper" } as ExpressionFunction]);

it.each([
  ["no stage adds records up", [sinkNode("out")], ["in > out"]],
  ["\"in\" has not one reader", [time, stageNode("totals", totals), sinkNode("out"), sinkNode("all")], ["in > time", "time > totals", "totals > out", "in > all"]],
  ["\"some\" has functions, which no other thread can be given", [stageNode("some", some, { config: { where: { deep: [() => true] } } }), time, stageNode("totals", totals), sinkNode("out")], line],
  ["\"some\" (other) runs in the pipeline's thread", [stageNode("some", fakeOperator("other")), time, stageNode("totals", totals), sinkNode("out")], line],
  ["\"totals\" (state) runs in the pipeline's thread", [stageNode("some", some), time, stageNode("totals", fakeOperator("state", { stateful: true }, threads)), sinkNode("out")], line],
  ["event time is given more than once", [stageNode("some", eventTimeOperator, { config: time.config }), time, stageNode("totals", totals), sinkNode("out")], line],
] as const)("says why not: %s", (why, nodes, ways) => {
  expect(found(nodes, ways)).toBe(why);
});

it("leaves functions of a host, and what is behind an exchange, where they are", () => {
  const nodes = [stageNode("some", some, { config: { where: call } }), time, stageNode("totals", totals), sinkNode("out")];
  expect(found(nodes, line)).toEqual(["some", "time", "totals"]);
  expect(found(nodes, line, own)).toBe("\"some\" has functions, which no other thread can be given");
  const plan = planPipeline(logicalPlan([sourceNode("in", { schema: t.struct({ at: t.timestamp() }) }), stageNode("some", fakeOperator("some", { output: keyed }, threads)), stageNode("totals", fakeOperator("totals", { stateful: true, addsUp: true, needsKey: true }, threads)), sinkNode("out")], edges("in > some", "some > totals", "totals > out")), standardFunctionTable);
  expect(addedUp(plan, plan.nodes[0]!, standardFunctionTable).why).toBe("\"totals\" reads several partitions or outputs");
});
