import { describe, expect, it } from "vitest";
import type { SinkCapabilities } from "../contracts/sink.ts";
import { explainText } from "./explain.ts";
import { standardFunctionTable } from "./function-table.ts";
import type { LogicalPlan } from "./logical-plan.ts";
import { edges, logicalPlan, sinkNode, sourceNode } from "./plan.fixture.ts";
import { planPipeline, planProblems } from "./planner.ts";
import type { DeliveryPolicy } from "./policies.ts";

function planOf(delivery: DeliveryPolicy, sinks: readonly string[] = ["a", "b", "c"], capabilities?: SinkCapabilities): LogicalPlan {
  const plan = logicalPlan([sourceNode("in"), ...sinks.map((id) => sinkNode(id, capabilities))], edges(...sinks.map((id) => `in > ${id}`)));
  return { ...plan, config: { ...plan.config, delivery } };
}

describe("B5: no policy is met by nothing", () => {
  const wrong: readonly (readonly [DeliveryPolicy, RegExp, (readonly string[])?])[] = [
    [{ required: [] }, /no sink is required/],
    [{ required: ["a", "x"] }, /no sink "x"/],
    [{ commitPolicy: "quorum" }, /a quorum of nothing out of 3/],
    [{ commitPolicy: "quorum", quorum: 0 }, /a quorum of 0 out of 3/],
    [{ commitPolicy: "quorum", quorum: 4 }, /a quorum of 4 out of 3/],
    [{ commitPolicy: "quorum", quorum: 1.5 }, /a quorum of 1.5/],
    [{ commitPolicy: "quorum", quorum: 2, required: ["a"] }, /`required` has no meaning/],
    [{ commitPolicy: "all", required: ["a"] }, /`required` has no meaning/],
    [{ commitPolicy: "all", quorum: 3 }, /`quorum` has a meaning for policy "quorum" only/],
    [{ quorum: 1 }, /not for "required"/],
    [{ maxBacklogBytes: 0 }, /maxBacklogBytes/],
    [{ commitPolicy: "all" }, /no sink that an epoch could wait for/, []],
  ];
  it.each(wrong.map(([delivery, message, sinks]) => ({ delivery, message, sinks })))("$delivery is refused before anything is opened", ({ delivery, message, sinks }) => {
    const plan = planOf(delivery, sinks);
    const refused = expect.objectContaining({ code: "SF_PLAN_INVALID", message: expect.stringMatching(message) as string, hint: expect.any(String) as string }) as Error;
    expect(planProblems(plan, standardFunctionTable)).toContainEqual(refused);
    expect(() => planPipeline(plan, standardFunctionTable)).toThrowError();
  });

  it.each([{}, { commitPolicy: "all" }, { required: ["b"] }, { required: ["a", "b", "c"] }, { commitPolicy: "quorum", quorum: 1 }, { commitPolicy: "quorum", quorum: 3 }] as readonly DeliveryPolicy[])("%o is fine", (delivery) => {
    expect(planProblems(planOf(delivery), standardFunctionTable)).toEqual([]);
  });
});

describe("explain", () => {
  const said = (delivery: DeliveryPolicy, capabilities: SinkCapabilities): string => explainText(planPipeline(planOf(delivery, undefined, capabilities), standardFunctionTable));
  const sinkFirst = { delivery: "transactional", commitOrder: "sink-first" } as const;

  it("says what an epoch waits for, where that is not everything", () => {
    expect(said({ required: ["a", "b"] }, sinkFirst)).toContain("delivery: an epoch counts when a, b have it; what others lack is kept");
    expect(said({ required: ["b"] }, sinkFirst)).toContain("counts when b has it");
    expect(said({ commitPolicy: "quorum", quorum: 2 }, sinkFirst)).toContain("counts when 2 of 3 sinks have it");
    for (const delivery of [{}, { commitPolicy: "all" as const }, { required: ["a", "b", "c"] }]) expect(said(delivery, sinkFirst)).not.toContain("delivery:");
  });

  it.each([
    [sinkFirst, "c: exactly-once; table is transactional, and knows which"],
    [{ delivery: "transactional", commitOrder: "store-first", remembersCommits: true }, "c: exactly-once; table is transactional, and knows which"],
    [{ delivery: "transactional", commitOrder: "store-first" }, "c: at-least-once; table does not know which"],
    [{ delivery: "idempotent" }, "c: exactly-once; table is idempotent, and what it has not taken yet"],
    [{ delivery: "at-least-once" }, "c: at-least-once; table cannot take back"],
  ] as readonly (readonly [SinkCapabilities, string])[])("what a sink with a backlog promises: %o", (capabilities, expected) => {
    expect(said({ required: ["a"] }, capabilities)).toContain(`  ${expected}`);
  });
});
