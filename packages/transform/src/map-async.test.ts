import { type Clock, eventTime, explainText, Pipeline, planPipeline, standardFunctionTable } from "@streamflow/core";
import { type DriverEnds, OperatorHarness, PipelineDriver, RecordingSink, TestSource, testRecords } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { count, keyBy, map, mapAsync, mapAsyncOperator, type MapAsyncOptions, tumbling, window } from "./index.ts";

describe("mapAsync", () => {
  it("turns each record into what its promise gives, keeping event time, key and change kind", async () => {
    const harness = new OperatorHarness(mapAsyncOperator, { to: async (n: number) => n * 2 });
    harness.push(21, { timestampMs: 5, key: "a", change: 2 });
    await harness.answers();
    expect(harness.take()).toEqual([{ value: 42, timestampMs: 5, key: "a", change: 2 }]);
  });

  it("rejects alone what throws, what is rejected, and undefined", async () => {
    const to = (n: number): unknown => {
      if (n === 1) throw new RangeError("one");
      return n === 2 ? Promise.reject(new RangeError("two")) : Promise.resolve(n === 3 ? undefined : n);
    };
    const harness = new OperatorHarness(mapAsyncOperator, { to });
    for (const n of [0, 1, 2, 3, 4]) harness.push(n);
    await harness.answers();
    expect(harness.values()).toEqual([0, 4]);
    expect(harness.rejected.map(({ value, error }) => [value, error.code])).toEqual([[1, "SF_STAGE_FAILED"], [2, "SF_STAGE_FAILED"], [3, "SF_TYPE_MISMATCH"]]);
  });

  it("reads everything, keeps nothing, and hands on what is known of its input", () => {
    const key = { type: { type: "string" }, fields: ["id"], coPartitioned: true } as const;
    const { shape } = new OperatorHarness(mapAsyncOperator, { to: (n: number) => n, schema: { type: "int32" } }, { inputShapes: [{ schema: undefined, key, time: true, changes: "all" }] });
    expect(shape).toMatchObject({ outputs: { main: { schema: { type: "int32" }, key, time: true, changes: "all" } }, reads: ["all"], forwards: false, stateful: false, asynchronous: true });
  });

  it.each<readonly [MapAsyncOptions, string]>([
    [{ concurrency: 0 }, "concurrency"], [{ concurrency: 1.5 }, "concurrency"], [{ timeoutMs: 0 }, "timeoutMs"], [{ timeoutMs: NaN }, "timeoutMs"], [{ retry: { maxAttempts: 0 } }, "retry.maxAttempts"],
  ])("refuses %o", (options, name) => {
    expect(() => new OperatorHarness(mapAsyncOperator, { to: (n: number) => n, ...options })).toThrow(expect.objectContaining({ code: "SF_PLAN_INVALID", message: expect.stringContaining(name) as string }));
  });

  it("refuses to change the order of updates", () => {
    const inputShapes = [{ schema: undefined, key: undefined, time: false, changes: "all" as const }];
    expect(() => new OperatorHarness(mapAsyncOperator, { to: (n: number) => n, ordered: false }, { inputShapes })).toThrow(expect.objectContaining({ code: "SF_PLAN_INVALID" }));
    expect(() => new OperatorHarness(mapAsyncOperator, { to: (n: number) => n, ordered: true }, { inputShapes })).not.toThrow();
  });

  it("says in `explain` how it is called", () => {
    const explained = (options: MapAsyncOptions): string => {
      const pipeline = new Pipeline<number>({ name: "p" }).from(new TestSource({ 0: [] }) as never).addStage(mapAsync(async (n: number) => n, { id: "ask", ...options })).to(new RecordingSink("idempotent") as never);
      return explainText(planPipeline(pipeline.plan(), standardFunctionTable));
    };
    expect(explained({})).toMatch(/ask: mapAsync ← \S+ — 16 calls at once, in order\n/);
    expect(explained({ concurrency: 3, ordered: false, timeoutMs: 500, retry: {} })).toMatch(/ask: mapAsync ← \S+ — 3 calls at once, out of order, 500 ms each, 3 attempts\n/);
  });

  it("begins a task of its own: what comes before it does not wait for answers", () => {
    const pipeline = new Pipeline<number>({ name: "p" }).from(new TestSource({ 0: [] }) as never, { id: "in" })
      .addStage(map((n: number) => n), { id: "before" }).addStage(mapAsync((n: number) => n), { id: "ask" }).addStage(map((n: number) => n), { id: "behind" }).to(new RecordingSink("idempotent") as never, { id: "out" });
    expect(planPipeline(pipeline.plan(), standardFunctionTable).tasks.map(({ nodes }) => nodes)).toEqual([["in", "before"], ["ask", "behind", "out"]]);
  });

  it("runs in `execute`, in order, with several calls at once, and hands on what is there while more is awaited", async () => {
    const gate = Promise.withResolvers<void>();
    async function* source(): AsyncGenerator<number> {
      yield* [3, 1, 2];
      await gate.promise;
      yield 4;
    }
    const together = Promise.withResolvers<void>();
    let underWay = 0;
    let most = 0;
    const ask = async (n: number): Promise<number> => {
      most = Math.max(most, ++underWay);
      // The first three wait for each other.
      if (underWay === 3) together.resolve();
      await together.promise;
      underWay--;
      return n * 10;
    };
    const results = new Pipeline<number>({ name: "p" }).addStage(mapAsync(ask)).execute(source());
    const seen: number[] = [];
    for await (const result of results) {
      seen.push(result);
      if (seen.length === 3) gate.resolve();
    }
    expect([seen, most]).toEqual([[30, 10, 20, 40], 3]);
  });
});

it("SF_PLAN_INVALID: a deadline in `execute`, which has no time", async () => {
  const results = new Pipeline<number>({ name: "p" }).addStage(mapAsync(async (n: number) => n, { timeoutMs: 10 })).execute([1]);
  await expect(results.next()).rejects.toMatchObject({ code: "SF_PLAN_INVALID", hint: "use run instead of execute" });
});

/** A pipeline of one stage on a manual clock; the stage asks through `asked`. */
function running(to: (n: number, signal: AbortSignal, clock: Clock) => unknown, options: MapAsyncOptions = {}, settings: { readonly budgetBytes?: number; readonly maxRecords?: number } = {}) {
  const driver: PipelineDriver = new PipelineDriver({
    ...(settings.budgetBytes === undefined ? {} : { budgetBytes: settings.budgetBytes }),
    build: (ends: DriverEnds) =>
      new Pipeline<number>({ name: "p", batch: { maxRecords: settings.maxRecords ?? 100 } })
        .from(ends.source<number>())
        .addStage(mapAsync((n: number, signal) => to(n, signal, driver.world.clock) as Promise<number>, { id: "ask", ...options }))
        .side("rejected", (side) => side.to(ends.sink("rejected"), { id: "rejected" }))
        .to(ends.sink(), { id: "out" }),
  });
  return driver;
}

const after = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => clock.setTimer(ms, resolve));

describe("timeoutMs", () => {
  it("rejects a record whose call takes longer, with its place, and aborts the call's signal", async () => {
    const aborted: number[] = [];
    const driver = running(async (n, signal, clock) => {
      signal.addEventListener("abort", () => aborted.push(n));
      await after(clock, n);
      return n;
    }, { timeoutMs: 100 });
    await driver.start();
    driver.push([50, 120, 150, 60]);
    await driver.advance(99);
    expect(aborted).toEqual([]);
    await driver.advance(100);
    await driver.checkpoint();
    expect(driver.values()).toEqual([50, 60]);
    expect(aborted).toEqual([120, 150]);
    expect(driver.values("rejected")).toMatchObject([{ code: "SF_STAGE_FAILED", position: "2", value: 120 }, { code: "SF_STAGE_FAILED", position: "3", value: 150 }]);
  });

  it("sets no timer for what is answered at once", async () => {
    const driver = running((n) => n, { timeoutMs: 100 });
    await driver.start();
    const before = driver.world.clock.pendingTimers;
    driver.push([1, 2]);
    await driver.settle();
    expect(driver.world.clock.pendingTimers).toBeLessThanOrEqual(before + 1);
    await driver.checkpoint();
    expect(driver.values()).toEqual([1, 2]);
  });
});

describe("retry", () => {
  it("calls again, after a growing wait, as often as it is told", async () => {
    const calls = new Map<number, number>();
    const driver = running((n) => {
      calls.set(n, (calls.get(n) ?? 0) + 1);
      if (n === 1 && calls.get(n) === 1) throw new RangeError("at once");
      return n === 3 ? Promise.reject(new RangeError("always")) : n === 2 && calls.get(n)! < 3 ? Promise.reject(new RangeError("twice")) : Promise.resolve(n);
    }, { retry: { maxAttempts: 3, initialDelayMs: 10 } });
    await driver.start();
    driver.push([1, 2, 3, 4]);
    await driver.advance(200);
    await driver.checkpoint();
    expect([driver.values(), Object.fromEntries(calls)]).toEqual([[1, 2, 4], { 1: 2, 2: 3, 3: 3, 4: 1 }]);
    expect(driver.values("rejected")).toMatchObject([{ value: 3, message: expect.stringContaining("always") as string }]);
  });

  it("leaves alone what is not to be tried again, and what has no retry", async () => {
    for (const retry of [{ maxAttempts: 5, isRetryable: () => false }, undefined]) {
      let calls = 0;
      const driver = running(() => {
        calls++;
        return Promise.reject(new RangeError("no"));
      }, retry === undefined ? {} : { retry });
      await driver.start();
      driver.push([1]);
      await driver.advance(1000);
      expect(calls).toBe(1);
    }
  });
});

describe("back-pressure", () => {
  it("ASY-1: no more is read while as many records are on their way as may be called at once", async () => {
    let underWay = 0;
    let most = 0;
    const driver = running(async (n, _signal, clock) => {
      most = Math.max(most, ++underWay);
      await after(clock, 10);
      underWay--;
      return n;
    }, { concurrency: 4 }, { maxRecords: 2 });
    await driver.start();
    driver.push(Array.from({ length: 20 }, (_, n) => n));
    await driver.settle();
    expect([most, driver.run().progress()?.recordsIn]).toEqual([4, 4]);
    await driver.advance(100);
    await driver.checkpoint();
    expect([driver.values().length, most]).toEqual([20, 4]);
    expect(driver.run().progress()?.backpressuredMs).toBeGreaterThanOrEqual(40);
  });

  it("time spent behind it on answers is busy time", async () => {
    const driver: PipelineDriver = new PipelineDriver({
      build: (ends) =>
        new Pipeline<number>({ name: "p" }).from(ends.source<number>()).addStage(mapAsync((n: number) => Promise.resolve(n)))
          .addStage(map((n: number) => (driver.world.clock.advance(7), n))).to(ends.sink()),
    });
    await driver.start();
    driver.push([1, 2]);
    await driver.checkpoint();
    expect([driver.values(), driver.run().progress()?.busyMs]).toEqual([[1, 2], 14]);
  });

  it("keeps within the host's memory: what is on its way counts, and is given back", async () => {
    const budgets: number[] = [];
    const driver: PipelineDriver = running(async (n, _signal, clock) => {
      budgets.push(driver.world.environment.budget.usedBytes);
      await after(clock, 10);
      return n;
    }, { concurrency: 100 }, { budgetBytes: 4 * 64, maxRecords: 2 });
    await driver.start();
    driver.push(Array.from({ length: 30 }, (_, n) => n));
    await driver.settle();
    expect(budgets).toHaveLength(4);
    await driver.advance(1000);
    await driver.checkpoint();
    expect([driver.values().length, Math.max(...budgets), driver.world.environment.budget.usedBytes]).toEqual([30, 4 * 64, 0]);
  });

  it("a batch is released when its last record has gone on, and not before", async () => {
    // Released batches are overwritten.
    const source = new TestSource({ 0: testRecords(Array.from({ length: 30 }, (_, n) => ({ n }))) }, { batchRecords: 3 });
    const driver: PipelineDriver = new PipelineDriver({
      build: (ends) =>
        new Pipeline<{ n: number }>({ name: "p" }).from(source as never)
          .addStage(mapAsync(async (item: { n: number }) => after(driver.world.clock, 1 + ((item.n * 7) % 13)).then(() => item.n), { concurrency: 8, ordered: false }))
          .to(ends.sink("out", "idempotent")),
    });
    await driver.start();
    await driver.advance(500);
    expect(driver.run().state).toBe("finished");
    const { visible } = driver.target();
    expect(visible.map(({ value }) => value as number).toSorted((one, other) => one - other)).toEqual(Array.from({ length: 30 }, (_, n) => n));
    expect(new Set(visible.map(({ identity }) => identity.origin)).size).toBe(30);
  });
});

describe("what is known of a record", () => {
  interface Item {
    readonly k: string;
    readonly at: number;
  }

  it("goes with it: key and time, also where its partition is idle before it is answered", async () => {
    const driver: PipelineDriver = new PipelineDriver({
      brokers: { in: { partitions: ["0", "1"] } },
      build: (ends) =>
        new Pipeline<Item>({ name: "p", checkpoint: { everyMs: 3_600_000 } })
          .from(ends.source<Item>())
          .addStage(eventTime({ timestamp: (item: Item) => item.at, idleAfterMs: 50, maxFutureMs: Infinity }))
          .addStage(keyBy<Item>("k"))
          .addStage(mapAsync(async (item: Item) => (item.k === "slow" ? after(driver.world.clock, 500) : Promise.resolve()).then(() => item), { ordered: false }))
          .addStage(window({ window: tumbling({ sizeMs: 10 }), aggregate: { n: count() } }))
          .side("late", (side) => side.to(ends.sink("late"), { id: "late" }))
          .to(ends.sink(), { id: "out" }),
    });
    await driver.start();
    driver.push([{ k: "slow", at: 5 }], "0");
    await driver.settle();
    await driver.advance(200);
    driver.push([{ k: "a", at: 5 }, { k: "a", at: 25 }, { k: "a", at: 45 }], "1");
    await driver.advance(1000);
    driver.push([{ k: "a", at: 65 }], "1");
    await driver.advance(100);
    await driver.checkpoint();
    expect(driver.values("late")).toEqual([]);
    expect(driver.values().map((row) => JSON.stringify(row)).toSorted()).toContain(JSON.stringify({ windowStart: 0, windowEnd: 10, k: "slow", n: 1 }));
  });

  it("is late where it would have been without a promise, also where nothing was due in between", async () => {
    for (const answer of [(item: Item) => item, (item: Item) => Promise.resolve(item)]) {
      const driver = new PipelineDriver({
        build: (ends) =>
          new Pipeline<Item>({ name: "p" })
            .from(ends.source<Item>())
            .addStage(eventTime({ timestamp: (item: Item) => item.at, maxFutureMs: Infinity }))
            .addStage(mapAsync(answer))
            .addStage(keyBy<Item>("k"))
            .addStage(window({ window: tumbling({ sizeMs: 10 }), aggregate: { n: count() } }))
            .side("late", (side) => side.to(ends.sink("late"), { id: "late" }))
            .to(ends.sink(), { id: "out" }),
      });
      await driver.start();
      // 12 ends the window [0, 10), which nobody has opened: no timer was due, and 3 is late all the same.
      driver.push([12, 3].map((at) => ({ k: "a", at })));
      await driver.checkpoint();
      expect(driver.values("late")).toEqual([{ k: "a", at: 3 }]);
    }
  });

  it("its names in an idempotent sink are those of its input, and others where the same record also comes another way", async () => {
    const origins = async (isTwice: boolean): Promise<readonly unknown[]> => {
      const driver = new PipelineDriver({
        build: (ends) => {
          const read = new Pipeline<number>({ name: "p" }).from(ends.source<number>());
          const ask = mapAsync(async (n: number) => -n);
          if (!isTwice) return read.addStage(ask).to(ends.sink("out", "idempotent"));
          let asked: Pipeline<number, number> | undefined;
          read.branch((branch) => (asked = branch.addStage(ask)));
          return read.union(asked as never).to(ends.sink("out", "idempotent"));
        },
      });
      await driver.start();
      driver.push([1, 2]);
      await driver.checkpoint();
      return driver.target().visible.map(({ value, identity }) => [value, identity.origin, identity.index]);
    };
    expect(await origins(false)).toEqual([[-1, "1", 0], [-2, "2", 0]]);
    expect(await origins(true)).toEqual([[1, "1", 0], [2, "2", 0], [-1, "1/mapAsync.0", 0], [-2, "2/mapAsync.0", 0]]);
  });
});
