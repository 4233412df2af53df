import { describe, expect, it } from "vitest";
import { StreamFlowError } from "../errors.ts";
import { registerConformance } from "./conformance/case.ts";
import { commitOf, sampleBatch, type SinkHarness } from "./conformance/sink-trial.ts";
import { sinkConformance } from "./conformance/sink.ts";
import { testEnvironment } from "./environment.ts";
import { ScriptedFaults } from "./fault-plan.ts";
import { RecordingSink, type RecordingSinkKind } from "./recording-sink.ts";
import { SinkTarget } from "./sink-target.ts";

class WatchedTarget extends SinkTarget {
  readonly sinks: RecordingSink[] = [];
}

function harness(kind: RecordingSinkKind): SinkHarness<WatchedTarget> {
  return {
    capabilities: new RecordingSink(kind).capabilities,
    create: () => new WatchedTarget(),
    sink(target) {
      const sink = new RecordingSink(kind, { target, maxBufferedRecords: 64, refuse: (value) => (value === "no" ? "refused by the test" : undefined) });
      target.sinks.push(sink);
      return sink;
    },
    value: (n) => ({ n }),
    visible: (target) => target.values.map((value) => (value as { n: number }).n),
    refusedValue: "no",
    stall: (target) => target.stall(),
    mostBufferedRecords: 1000,
    openHandles: (target) => target.sinks.reduce((sum, sink) => sum + sink.openSessions, 0),
  };
}

for (const kind of ["store-first", "remembering", "sink-first", "idempotent", "at-least-once"] as const) {
  describe(`recording sink, ${kind}`, () => registerConformance(it, sinkConformance(harness(kind))));
}

describe("recording sink", () => {
  it("keeps time, change kind and identity of what it wrote", async () => {
    const sink = new RecordingSink("at-least-once");
    const session = await sink.open({ environment: testEnvironment().environment, pipeline: "p", node: "n", schema: undefined, keyFields: undefined, signal: new AbortController().signal });
    await session.write({ ...sampleBatch(["a"], 7), changes: Uint8Array.of(3) });
    await session.flush();
    expect(sink.target.visible).toEqual([{ value: "a", timestampMs: 1_767_225_600_007, change: 3, identity: { shard: "k:0", origin: "7", index: 0 } }]);
  });

  it("reaches its fault points after the effect", async () => {
    const faults = new ScriptedFaults({ at: { point: "test-sink.committed" } });
    const sink = new RecordingSink("sink-first");
    const { environment } = testEnvironment({ faults });
    const session = await sink.open({ environment, pipeline: "p", node: "n", schema: undefined, keyFields: undefined, signal: new AbortController().signal });
    await session.write(sampleBatch(["a"]));
    await expect(session.commitTransaction?.(commitOf(1))).rejects.toSatisfy((error) => StreamFlowError.is(error, "EXT_SIMULATED_CRASH"));
    expect(sink.target.values).toEqual(["a"]);
  });
});
