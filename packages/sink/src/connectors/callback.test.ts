import { BatchError, type SinkSession, StreamFlowError, type Sink } from "@streamflow/core";
import { registerConformance, sinkConformance, testEnvironment } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { sinkBatch } from "../sink-batch.ts";
import { callbackSink } from "./callback.ts";

class Target {
  readonly seen: number[] = [];
  readonly ids = new Set<string>();
  gate: Promise<void> | undefined;

  sink(delivery: "at-least-once" | "idempotent"): Sink<unknown> {
    return callbackSink(async (records, batch) => {
      await this.gate;
      const failures = records.flatMap((value, index) => (value === "bad" ? [{ index, error: new StreamFlowError("SF_CODEC_ENCODE", "bad") }] : []));
      records.forEach((value, index) => {
        if (value === "bad") return;
        const id = JSON.stringify(batch.identityAt(index));
        if (delivery === "idempotent" && this.ids.has(id)) return;
        this.ids.add(id);
        this.seen.push(value as number);
      });
      if (failures.length > 0) throw new BatchError("bad ones", failures);
    }, { delivery, maxBatchRecords: 3 });
  }
}

for (const delivery of ["at-least-once", "idempotent"] as const) {
  describe(`conformance, ${delivery}`, () => {
    registerConformance(it, sinkConformance<Target>({
      capabilities: { delivery },
      create: () => new Target(),
      sink: (target) => target.sink(delivery),
      value: (n) => n,
      visible: (target) => target.seen,
      refusedValue: "bad",
      stall(target) {
        let release = (): void => undefined;
        target.gate = new Promise((resolve) => (release = resolve));
        return release;
      },
    }));
  });
}

const context = { environment: testEnvironment().environment, pipeline: "p", node: "out", schema: undefined, keyFields: undefined, signal: new AbortController().signal };

/** A write fails by throwing as well as by its promise. */
async function written(session: SinkSession, values: readonly unknown[]): Promise<void> {
  await session.write(sinkBatch(values));
}

it("SNK-2: a retryable failure of a later call leaves its records and those behind, not those before", async () => {
  const calls: unknown[] = [];
  let failures = 1;
  const session = await callbackSink((records) => {
    if (calls.length === 1 && failures-- > 0) throw new StreamFlowError("SF_SINK_UNAVAILABLE", "later");
    calls.push([...records]);
  }, { maxBatchRecords: 2 }).open(context);
  const error = (await written(session, [0, 1, 2, 3, 4]).catch((thrown: unknown) => thrown)) as BatchError;
  expect(error.failures.map((failure) => failure.index)).toEqual([2, 3, 4]);
  expect(error.retryable).toBe(true);
  expect(calls).toEqual([[0, 1]]);
});

it("passes what the function throws on as it is, or as SF_SINK_FAILED", async () => {
  const later = new StreamFlowError("SF_SINK_UNAVAILABLE", "later");
  const session = await callbackSink(() => Promise.reject(later)).open(context);
  await expect(written(session, [1])).rejects.toBe(later);
  const bug = await callbackSink(() => {
    throw new TypeError("bug");
  }).open(context);
  await expect(written(bug, [1])).rejects.toMatchObject({ code: "SF_SINK_FAILED", retryable: false });
});
