import { registerConformance, sourceConformance } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { drain } from "../testing/drain.ts";
import { memorySource } from "./memory.ts";

const records = (count: number): { id: number }[] => Array.from({ length: count }, (_, id) => ({ id }));

describe.each([1, 3])("over %i partitions", (partitions) => {
  registerConformance(
    it,
    sourceConformance<{ id: number }[]>({
      capabilities: { replayable: true, bounded: true, deterministic: true, ...(partitions === 1 ? { singlePartition: true } : {}) },
      create: records,
      source: (subject) => memorySource(subject, { partitions }),
      expected: (subject) => new Map(Array.from({ length: partitions }, (_, p) => [String(p), subject.filter((record) => record.id % partitions === p)])),
      typed: ({ schema, rows }) => ({ source: memorySource(rows, { schema, partitions: () => "all" }) }),
    }),
  );
});

it("a function names each record's partition", async () => {
  const source = memorySource(records(6), { partitions: (record) => (record.id < 4 ? "low" : "high") });
  expect((await drain(source, { partition: "low" })).values).toEqual(records(4));
  expect((await drain(source, { partition: "high" })).values).toEqual(records(6).slice(4));
});

it("an empty array has no records", async () => {
  expect((await drain(memorySource([]))).values).toEqual([]);
});

it("SF_CONFIG_INVALID: partitions that are no positive integer; SF_SOURCE_POSITION: a position beyond the records", async () => {
  for (const partitions of [0, -1, 1.5]) expect(() => memorySource([], { partitions })).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
  for (const from of ["4", "-1", "x"]) expect((await drain(memorySource(records(3)), { from: { "0": from } })).failure).toMatchObject({ code: "SF_SOURCE_POSITION" });
});
