import { StreamFlowError } from "@streamflow/core";
import { registerConformance, sinkConformance, testEnvironment } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { sinkBatch } from "../sink-batch.ts";
import { memorySink, type MemorySink } from "./memory.ts";

describe("conformance", () => {
  registerConformance(it, sinkConformance<MemorySink<unknown>>({
    capabilities: memorySink().capabilities,
    create: () => memorySink(),
    sink: (target) => target,
    value: (n) => n,
    visible: (target) => target.values as readonly number[],
  }));
});

const context = { environment: testEnvironment().environment, pipeline: "p", node: "out", schema: undefined, keyFields: undefined, signal: new AbortController().signal };

it("exposes committed records with time and change, and tells of each commit", async () => {
  const seen: number[] = [];
  const sink = memorySink<string>({ onCommit: (records) => seen.push(records.length) });
  const session = await sink.open(context);
  await session.write(sinkBatch(["a", "b"], { timestamps: [5, 6], changes: [0, 3] }));
  expect(sink.records).toEqual([]);
  await session.commitTransaction?.({ epoch: 1, shards: [] });
  expect(sink.records).toEqual([{ value: "a", timestampMs: 5, change: 0 }, { value: "b", timestampMs: 6, change: 3 }]);
  expect(seen).toEqual([2]);
  sink.clear();
  expect(sink.values).toEqual([]);
});

it("SNK-8: is bounded, what waits included", async () => {
  const session = await memorySink({ maxRecords: 3 }).open(context);
  await session.write(sinkBatch([1, 2]));
  expect(() => session.write(sinkBatch([3, 4]))).toThrowError(expect.objectContaining({ code: "SF_BUDGET_EXCEEDED" }) as StreamFlowError);
  await session.write(sinkBatch([3]));
});

it("keeps pipelines and nodes apart", async () => {
  const sink = memorySink();
  const shards = [{ shard: "k:0", generation: 1, epoch: 7, positions: {} }];
  await (await sink.open(context)).commitTransaction?.({ epoch: 7, shards });
  const other = await sink.open({ ...context, node: "other" });
  expect(await other.recover?.([{ shard: "k:0", generation: 1 }])).toEqual([]);
});
