import { registerConformance, sourceConformance } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { drain, nextBatch, openSource, roomy } from "../testing/drain.ts";
import { iterableSource } from "./iterable.ts";

async function* numbers(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) yield i;
}

async function* generated(rows: Iterable<unknown>): AsyncGenerator<unknown> {
  yield* rows;
}

const capabilities = { replayable: false, bounded: true, deterministic: false, singlePartition: true };
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe.each([
  ["an async generator", (count: number): AsyncIterable<number> | Iterable<number> => numbers(count)],
  ["an array", range],
])("%s", (_, make) => {
  registerConformance(
    it,
    sourceConformance<number>({
      capabilities,
      create: (count) => count,
      source: (count) => iterableSource(make(count)),
      expected: (count) => new Map([["0", range(count)]]),
      typed: ({ schema, rows }) => ({ source: iterableSource(Array.isArray(make(1)) ? rows : generated(rows), { schema }) }),
    }),
  );
});

it("hands on what is there, without waiting for what comes later", async () => {
  let push = (_: number): void => undefined;
  async function* slow(): AsyncGenerator<number> {
    yield 1;
    yield 2;
    yield await new Promise<number>((resolve) => (push = resolve));
  }
  const { session } = await openSource(iterableSource(slow()));
  expect(await nextBatch(session, "0")).toMatchObject({ values: [1, 2] });
  expect(session.poll("0", roomy)).toBe("idle");
  push(3);
  expect(await nextBatch(session, "0")).toMatchObject({ values: [3] });
  expect(await nextBatch(session, "0")).toBe("end");
  await session.close();
});

it("delivers what came before a failure, from async and plain iterables", async () => {
  function* plain(): Generator<number> {
    yield 1;
    throw new TypeError("boom");
  }
  async function* later(): AsyncGenerator<number> {
    yield* plain();
  }
  for (const iterable of [plain(), later()]) {
    const { values, failure } = await drain(iterableSource(iterable));
    expect(values).toEqual([1]);
    expect(failure).toMatchObject({ code: "SF_SOURCE_FAILED" });
  }
});

it("SRC-4: closing does not wait for an iterable that is stuck, and tells it to end", async () => {
  let returned = false;
  const stuck: AsyncIterable<number> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined), return: async () => ((returned = true), { done: true, value: undefined }) }) };
  const { session } = await openSource(iterableSource(stuck));
  session.poll("0", roomy);
  await Promise.resolve();
  await session.close();
  expect(returned).toBe(true);
});

it("positions go on from those of an earlier run", async () => {
  expect((await drain(iterableSource([7, 8]), { from: { "0": "5" } })).positions).toEqual(["6", "7"]);
  expect((await drain(iterableSource([7]), { from: { "0": "x" } })).failure).toMatchObject({ code: "SF_SOURCE_POSITION" });
});
