import { Pipeline, PipelineRun, StreamFlowError, type Batch } from "@streamflow/core";
import { memoryStores, RecordingSink, testEnvironment } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { rowBatch } from "./row-batch.ts";
import { defineSource, sourceOf } from "./source.ts";
import { drain, nextBatch, openSource, roomy } from "./testing/drain.ts";

const capabilities = { replayable: true, bounded: true, deterministic: true };

/** Numbers 0 … count − 1 in batches of ten; counts what was read and what was closed. */
function numbers(count: number, options: { failAt?: number; partitions?: readonly string[]; seen?: string[] } = {}): ReturnType<typeof defineSource<number>> {
  const { failAt = Infinity, partitions = ["0"], seen = [] } = options;
  return defineSource<number>({
    type: "numbers",
    config: { count },
    capabilities,
    partitions: () => partitions,
    async *read(partition, from) {
      try {
        for (let first = from === undefined ? 0 : Number(from); first < count; first += 10) {
          if (first >= failAt) throw new StreamFlowError("SF_SOURCE_CONNECT", "gone");
          seen.push(`${partition}:${first}`);
          yield rowBatch({ partition, values: Array.from({ length: Math.min(10, count - first) }, (_, i) => first + i), positionAt: (i) => String(first + i + 1) });
        }
      } finally {
        seen.push(`${partition}:closed`);
      }
    },
  });
}

it("SRC-1, SRC-8: delivers each record once, in order, then ends for good", async () => {
  const { session, partitions } = await openSource(numbers(25));
  expect(partitions).toEqual(["0"]);
  const values: unknown[] = [];
  for (let batch = await nextBatch(session, "0"); batch !== "end"; batch = await nextBatch(session, "0")) values.push(...(batch.values ?? []));
  expect(values).toEqual(Array.from({ length: 25 }, (_, i) => i));
  expect(session.poll("0", roomy)).toBe("end");
  await session.close();
});

it("SRC-2: starts behind a position, wherever it lies in a batch", async () => {
  const all = await drain(numbers(25));
  for (const [i, position] of all.positions.entries()) {
    expect((await drain(numbers(25), { from: { "0": position } })).values).toEqual(all.values.slice(i + 1));
  }
});

it("SRC-5: reads nothing before the first poll of a partition, and then one batch ahead", async () => {
  const seen: string[] = [];
  const { session } = await openSource(numbers(100, { seen, partitions: ["a", "b"] }));
  await Promise.resolve();
  expect(seen).toEqual([]);
  expect(session.poll("a", roomy)).toBe("idle");
  await session.ready();
  expect(seen).toEqual(["a:0"]);
  await nextBatch(session, "a");
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual(["a:0", "a:10"]);
  await session.close();
});

it("SRC-10, SRC-11: cuts batches to the limits of each poll, and the records stay the same", async () => {
  for (const maxRecords of [1, 3, 7, 10, 11]) {
    const drained = await drain(numbers(25), { limits: { maxRecords, maxBytes: 1 << 20 } });
    expect(drained.values).toEqual(Array.from({ length: 25 }, (_, i) => i));
    expect(drained.batches.every((batch) => batch.length <= maxRecords)).toBe(true);
    expect(drained.positions).toEqual(Array.from({ length: 25 }, (_, i) => String(i + 1)));
  }
});

it("I2: delivers what came before a failure, then throws it", async () => {
  const { values, failure } = await drain(numbers(50, { failAt: 20 }), { limits: { maxRecords: 3, maxBytes: 1000 } });
  expect(values).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(failure).toMatchObject({ code: "SF_SOURCE_CONNECT", retryable: true });
});

it("names the source and partition of an error that is not its own", async () => {
  const source = defineSource({
    type: "bad",
    config: {},
    capabilities,
    partitions: () => ["p"],
    // oxlint-disable-next-line require-yield
    async *read(): AsyncGenerator<Batch> {
      throw new TypeError("boom");
    },
  });
  const { failure } = await drain(source);
  expect(failure).toMatchObject({ code: "SF_SOURCE_FAILED", message: 'source "source", partition "p": boom' });
});

it("SRC-4: an abort ends ready(), answers idle, and closes every reader", async () => {
  const abort = new AbortController();
  const closed: string[] = [];
  const waiting = defineSource({
    type: "waiting",
    config: {},
    capabilities,
    partitions: () => ["a", "b"],
    // oxlint-disable-next-line require-yield -- it only waits
    async *read(partition, _, context): AsyncGenerator<Batch> {
      try {
        await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
      } finally {
        closed.push(partition);
      }
    },
  });
  const { session } = await openSource(waiting, { signal: abort.signal });
  expect(session.poll("a", roomy)).toBe("idle");
  expect(session.poll("b", roomy)).toBe("idle");
  const ready = session.ready();
  abort.abort();
  await ready;
  expect(session.poll("a", roomy)).toBe("idle");
  await session.close();
  expect(closed.sort()).toEqual(["a", "b"]);
});

it("SRC-6: close is idempotent, ends a reader in its middle, and may come before anything was read", async () => {
  const seen: string[] = [];
  const { session } = await openSource(numbers(100, { seen }));
  await nextBatch(session, "0");
  await Promise.all([session.close(), session.close()]);
  expect(seen.at(-1)).toBe("0:closed");
  const unread = await openSource(numbers(100, { seen: [] }));
  await unread.session.close();
});

it("close leaves a reader behind that does not heed its signal, and says so", async () => {
  const { environment, clock, logger } = testEnvironment();
  const stuck = defineSource({
    type: "stuck",
    config: {},
    capabilities,
    partitions: () => ["0"],
    // oxlint-disable-next-line require-yield
    async *read(): AsyncGenerator<Batch> {
      await new Promise(() => undefined);
    },
  });
  const { session } = await openSource(stuck, { environment });
  session.poll("0", roomy);
  await Promise.resolve();
  const closing = session.close();
  clock.advance(10_000);
  await closing;
  expect(logger.lines.map((line) => line.message).join()).toContain("does not heed");
});

it("ready() waits for the partitions that were asked in vain, not for one that is held back", async () => {
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const source = defineSource({
    type: "two",
    config: {},
    capabilities,
    partitions: () => ["fast", "slow"],
    async *read(partition) {
      if (partition === "slow") await gate;
      for (let i = 0; i < 3; i++) yield rowBatch({ partition, values: [i], positionAt: () => String(i + 1) });
    },
  });
  const { session } = await openSource(source);
  await nextBatch(session, "fast");
  expect(session.poll("slow", roomy)).toBe("idle");
  let isReady = false;
  const ready = session.ready().then(() => (isReady = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isReady).toBe(false);
  release();
  await ready;
  expect(session.poll("slow", roomy)).toMatchObject({ length: 1 });
  await session.close();
});

it("SRC-12: making a source runs none of its functions", () => {
  const never = (): never => {
    throw new Error("called");
  };
  expect(() => defineSource({ type: "never", config: {}, capabilities, partitions: never, read: never })).not.toThrow();
});

describe("read-ahead in the host's memory budget", () => {
  const until = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  /** Batches of ten numbers, 80 bytes each. */
  const bytes = 80;

  it("is counted while it waits, and given back when it is taken, and at the end", async () => {
    const { environment } = testEnvironment();
    const { session } = await openSource(numbers(100, { partitions: ["a", "b"] }), { environment });
    await nextBatch(session, "a");
    await until();
    expect(environment.budget.usedBytes).toBe(bytes);
    await nextBatch(session, "b");
    await until();
    expect(environment.budget.usedBytes).toBe(2 * bytes);
    // What is cut is given back piece by piece.
    await nextBatch(session, "a", { maxRecords: 4, maxBytes: 1 << 20 });
    expect(environment.budget.usedBytes).toBe(2 * bytes - 32);
    await session.close();
    await until();
    expect(environment.budget.usedBytes).toBe(0);
  });

  it("stops where the budget is spent: then only what is asked for is read, and it is read", async () => {
    const { environment } = testEnvironment({ budgetBytes: 100 });
    environment.budget.tryTake(90, 0);
    const seen: string[] = [];
    const { session } = await openSource(numbers(30, { seen }), { environment });
    for (const first of [0, 10, 20]) {
      const batch = await nextBatch(session, "0");
      expect(batch === "end" ? batch : batch.values?.[0]).toBe(first);
      await until();
      expect([seen.at(-1), environment.budget.usedBytes]).toEqual([`0:${first}`, 90]);
    }
    expect(await nextBatch(session, "0")).toBe("end");
    expect(environment.budget.usedBytes).toBe(90);
  });

  it("a pipeline ends with any budget, however many partitions it reads, and gives all of it back", async () => {
    const { environment, clock } = testEnvironment({ budgetBytes: 1 });
    const sink = new RecordingSink("sink-first");
    const source = numbers(50, { partitions: ["a", "b", "c"] });
    const run = new PipelineRun(new Pipeline({ name: "tight" }).from(source).to(sink).plan(), { environment, stores: memoryStores(clock) });
    let end: unknown;
    run.run().then((result) => (end = result), (error: unknown) => (end = error));
    for (let turn = 0; turn < 500 && end === undefined; turn++) await clock.advanceAsync(100);
    expect([end, sink.target.values.length, environment.budget.usedBytes]).toEqual([{ end: "finished", restarts: 0 }, 150, 0]);
  });
});

it("SRC-4: what the partitions share is freed although a reader fails while it ends, and after every other reader", async () => {
  const ended: string[] = [];
  const cannotEnd = (): never => {
    throw new StreamFlowError("SF_SOURCE_FAILED", "cannot end");
  };
  const source = sourceOf({ type: "shared", config: {}, capabilities }, () => ({
    partitions: () => ["bad", "good"],
    async *read(partition) {
      try {
        for (;;) yield rowBatch({ partition, values: [1], positionAt: () => "1" });
      } finally {
        if (partition === "good") await new Promise((resolve) => setImmediate(resolve));
        ended.push(partition);
        if (partition === "bad") cannotEnd();
      }
    },
    close: () => void ended.push("shared"),
  }));
  const { session } = await openSource(source);
  for (const partition of ["bad", "good"]) await nextBatch(session, partition);
  await expect(session.close()).rejects.toMatchObject({ code: "SF_SOURCE_FAILED" });
  expect(ended).toEqual(["bad", "good", "shared"]);
});
