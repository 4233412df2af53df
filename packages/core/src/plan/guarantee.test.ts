import { describe, expect, it } from "vitest";
import type { SinkCapabilities } from "../contracts/sink.ts";
import { weakestGuarantee } from "./guarantee.ts";
import type { PlanNode } from "./logical-plan.ts";
import type { SinkGuarantee } from "./physical-plan.ts";
import { bridgeNode, fakeOperator, keyed, planLine, sinkNode, sourceNode, stageNode } from "./plan.fixture.ts";

const storeFirst: SinkCapabilities = { delivery: "transactional", commitOrder: "store-first" };
const sinkFirst: SinkCapabilities = { delivery: "transactional", commitOrder: "sink-first" };
const idempotent: SinkCapabilities = { delivery: "idempotent" };
const appending: SinkCapabilities = { delivery: "at-least-once" };
const filter = stageNode("f", fakeOperator("filter"));
const keyBy = stageNode("k", fakeOperator("keyBy", { output: keyed }));
const count = stageNode("c", fakeOperator("count", { stateful: true, needsKey: true }));

function guaranteeOf(capabilities: SinkCapabilities, ...before: readonly PlanNode[]): string {
  const [found] = planLine(...before, sinkNode("out", capabilities)).guarantees;
  return `${found?.guarantee}; ${found?.reason}`;
}

describe("the weakest end decides, and is named", () => {
  it.each([
    [storeFirst, [count], "exactly-once; table is transactional: its output becomes visible only after the checkpoint that covers it"],
    [sinkFirst, [count], "exactly-once; table is transactional: output and positions are one transaction of the sink"],
    [idempotent, [filter], "exactly-once; table is idempotent, and every record keeps its identity (position and index)"],
    [idempotent, [count], 'at-least-once; table is idempotent, but records behind "c" have no identity of their own'],
    [appending, [filter], "at-least-once; table cannot take back what was written before a crash"],
  ] as const)("%o behind %#", (capabilities, stages, expected) => {
    expect(guaranteeOf(capabilities, sourceNode("in"), keyBy, ...stages)).toBe(expected);
  });

  it("a stage whose results differ from time to time takes identity away", () => {
    const random = stageNode("r", fakeOperator("random", { deterministic: false }));
    expect(guaranteeOf(idempotent, sourceNode("in"), random)).toContain('at-least-once; table is idempotent, but records behind "r"');
    expect(guaranteeOf(storeFirst, sourceNode("in"), random)).toContain("exactly-once");
  });

  it("so does a source that may give other records when it is read again", () => {
    const source = sourceNode("in", { deterministic: false });
    expect(guaranteeOf(idempotent, source, filter)).toBe('at-least-once; table is idempotent, but source "in" may give other records when it is read again');
    expect(guaranteeOf(sinkFirst, source, filter)).toContain("exactly-once");
  });

  it.each([storeFirst, sinkFirst, idempotent, appending])("a source that cannot be read again loses what was in flight, whatever the sink: %o", (capabilities) => {
    expect(guaranteeOf(capabilities, sourceNode("in", { replayable: false }), filter)).toBe(
      'at-most-once; source "in" (file) cannot be read again: what was in flight at a crash is lost',
    );
  });

  it("a stage that offers only process() is named", () => {
    expect(guaranteeOf(storeFirst, sourceNode("in"), bridgeNode("mine"), filter)).toContain('at-least-once; stage "mine" offers only process()');
  });
});

it("every sink has its own: what is upstream of another one does not count", () => {
  const planned = planLine(sourceNode("in"), keyBy, count, sinkNode("out", idempotent));
  expect(planned.guarantees.map(({ sink, guarantee }) => [sink, guarantee])).toEqual([["out", "at-least-once"]]);
});

describe("the guarantee of the whole pipeline", () => {
  const sink = (name: string, guarantee: SinkGuarantee["guarantee"]): SinkGuarantee => ({ sink: name, guarantee, reason: "" });

  it("is that of the first of its weakest sinks", () => {
    expect(weakestGuarantee([sink("a", "exactly-once"), sink("b", "at-least-once"), sink("c", "at-least-once")])?.sink).toBe("b");
    expect(weakestGuarantee([sink("b", "at-least-once"), sink("c", "at-most-once")])?.sink).toBe("c");
    expect(weakestGuarantee([sink("a", "exactly-once")])?.guarantee).toBe("exactly-once");
    expect(weakestGuarantee([])).toBeUndefined();
  });

  it("a sink may say why it promises no more", () => {
    expect(guaranteeOf({ ...appending, reason: "is a printer" }, sourceNode("in"))).toBe("at-least-once; table is a printer");
  });
});
