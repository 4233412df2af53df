import { describe, expect, it } from "vitest";
import { t } from "../types/constructors.ts";
import { explainJson, explainMermaid, explainText } from "./explain.ts";
import { standardFunctionTable } from "./function-table.ts";
import type { PhysicalPlan } from "./physical-plan.ts";
import { edges, fakeOperator, keyed, logicalPlan, planLine, sinkNode, sourceNode, stageNode } from "./plan.fixture.ts";
import { planPipeline } from "./planner.ts";

const window = fakeOperator(
  "window",
  { needsKey: true, stateful: true, forwards: ["late"], reads: [[["k"], ["price"]]], summary: "tumbling 1 min" },
  { outputs: ["main", "late"] },
);

function windowed(): PhysicalPlan {
  const nodes = [
    sourceNode("orders", { schema: t.struct({ k: t.string(), price: t.float64(), note: t.string() }) }),
    stageNode("by-k", fakeOperator("keyBy", { output: keyed, reads: [[["k"]]] })),
    stageNode("per-minute", window),
    sinkNode("totals", { delivery: "transactional", commitOrder: "sink-first" }),
    stageNode("prices", fakeOperator("project", { forwards: false, reads: [[["price"]]], deterministic: false })),
    sinkNode("late"),
  ];
  return planPipeline(logicalPlan(nodes, edges("orders > by-k", "by-k > per-minute", "per-minute > totals", "per-minute.late > prices", "prices > late")), standardFunctionTable);
}

it("as text: tasks, nodes, what is read, shards and why, what every sink promises and why", () => {
  expect(explainText(windowed())).toBe(`pipeline test

task-1 (one for each input partition)
  orders: file
    reads k, price
  by-k: keyBy ← orders

task-2 (behind an exchange)
  per-minute: window ← by-k — tumbling 1 min
    keeps state, exchange by key
  totals: table ← per-minute
  prices: project ← per-minute.late
    not deterministic
  late: table ← prices

shards: 128 key groups, because "per-minute" needs all records of a key, which may be in any partition
guarantees:
  totals: exactly-once; table is transactional: output and positions are one transaction of the sink
  late: at-least-once; table cannot take back what was written before a crash
of the pipeline: at-least-once, as "late", its weakest end
`);
});

it("says when whole records are read, and what that is", () => {
  expect(explainText(planLine(sourceNode("in"), sinkNode("out")))).toContain("reads whole records (no schema is declared)");
  expect(explainText(planLine(sourceNode("in", { schema: t.struct({ a: t.string(), b: t.string() }) }), sinkNode("out")))).toContain("reads all declared fields: a, b");
  const count = stageNode("c", fakeOperator("count", { reads: [[]], forwards: false }));
  expect(explainText(planLine(sourceNode("in"), count, sinkNode("out")))).toContain("reads no field");
});

it("as JSON: plain data that survives JSON", () => {
  const json = explainJson(windowed());
  expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  expect(json).toMatchObject({
    pipeline: "test",
    reads: { orders: [["k"], ["price"]] },
    sharding: { by: "key-group" },
    tasks: [{ name: "task-1", scope: "partition", nodes: ["orders", "by-k"] }, { name: "task-2", scope: "shared" }],
  });
  expect(Object.keys(json["fingerprints"] as object)).toEqual(["per-minute"]);
});

describe("as Mermaid", () => {
  it("draws tasks, exchanges and side outputs", () => {
    expect(explainMermaid(windowed())).toBe(`flowchart LR
  subgraph task_1["task-1"]
    n1(["orders<br/>file"])
    n2["by-k<br/>keyBy"]
  end
  subgraph task_2["task-2"]
    n3["per-minute<br/>window"]
    n4(["totals<br/>table"])
    n5["prices<br/>project"]
    n6(["late<br/>table"])
  end
  n1 --> n2
  n2 ==> n3
  n3 --> n4
  n3 -->|late| n5
  n5 --> n6
`);
  });

  it("keeps nodes apart whose ids differ by a sign", () => {
    const pass = fakeOperator("pass");
    const drawn = explainMermaid(planLine(sourceNode("in"), stageNode("a-b", pass), stageNode("a_b", pass), sinkNode("end")));
    expect(new Set([...drawn.matchAll(/^ {4}(\w+)/gm)].map((match) => match[1])).size).toBe(4);
  });
});

it("says how many threads read a source, where any were asked for", () => {
  const shared = sourceNode("in", { schema: t.struct({ a: t.string() }) });
  const able = { ...shared, source: { ...shared.source!, capabilities: { ...shared.source!.capabilities, parallel: true } } };
  const planned = (source: typeof shared, parallelism?: number): PhysicalPlan => {
    const plan = logicalPlan([source, sinkNode("out")], edges("in > out"));
    return planPipeline({ ...plan, config: { ...plan.config, ...(parallelism === undefined ? {} : { parallelism }) } }, standardFunctionTable);
  };
  expect(explainText(planned(able, 3))).toContain("read by 3 threads, where the input is large enough");
  expect(explainText(planned(able, 3))).toContain("  the other threads decode alone: no stage adds records up\n");
  expect(explainText(planned(shared, 3))).toContain("read by one thread: this source cannot be shared");
  expect(explainText(planned(able))).not.toContain("read by");
  expect(explainText(planned({ ...able, source: { ...able.source, parallelism: 2 } }))).toContain("read by 2 threads");
  expect(explainJson(planned(able, 3))["nodes"]).toMatchObject([{ id: "in", parallelism: 3 }, { id: "out" }]);
  expect(() => planned(able, 0)).toThrow('parallelism of pipeline "test" must be a whole number from 1 to 256, got 0');
});
