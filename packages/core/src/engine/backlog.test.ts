// Sinks that epochs do not wait for: docs/adr/0009. A sink that is down is a real one whose calls fail for a while.
import { describe, expect, it } from "vitest";
import { decodeDeadLetter, deadLetterLog } from "../contracts/dead-letter.ts";
import { metricNames } from "../contracts/metric-names.ts";
import type { Sink, SinkSession } from "../contracts/sink.ts";
import { BatchError, StreamFlowError } from "../errors.ts";
import { Pipeline } from "../pipeline.ts";
import type { DeliveryPolicy } from "../plan/policies.ts";
import { PipelineDriver } from "../testing/driver.ts";
import { ScriptedFaults } from "../testing/fault-plan.ts";
import { memoryStores } from "../testing/memory-stores.ts";
import { RecordingSink, type RecordingSinkKind } from "../testing/recording-sink.ts";
import { once } from "./exactly-once.fixture.ts";

/** The network in front of sinks, by name. */
class Weather {
  readonly down = new Set<string>();
  /** The call is carried out, but its answer is lost, once. */
  readonly losesCommit = new Set<string>();

  over(name: string, sink: Sink): Sink {
    return {
      ...sink,
      open: async (context) => {
        this.check(name);
        return this.#session(name, await sink.open(context));
      },
    };
  }

  check(name: string): void {
    if (this.down.has(name)) throw new StreamFlowError("SF_SINK_UNAVAILABLE", `${name} is down`);
  }

  #session(name: string, session: SinkSession): SinkSession {
    const call = <Args extends readonly unknown[], Result>(work: ((...args: Args) => Promise<Result>) | undefined, isCommit = false): ((...args: Args) => Promise<Result>) | undefined =>
      work === undefined ? undefined : async (...args) => {
        this.check(name);
        const result = await work.apply(session, args as never);
        if (isCommit && this.losesCommit.delete(name)) throw new StreamFlowError("SF_SINK_UNAVAILABLE", `${name} answered nothing`);
        return result;
      };
    const steps = { prepare: call(session.prepare), commitPrepared: call(session.commitPrepared), abortPrepared: call(session.abortPrepared), recover: call(session.recover), commitTransaction: call(session.commitTransaction, true) };
    return {
      write: (batch) => {
        this.check(name);
        return session.write(batch);
      },
      flush: async () => {
        this.check(name);
        await session.flush();
      },
      ...(session.discard === undefined ? {} : { discard: () => session.discard!() }),
      ...(Object.fromEntries(Object.entries(steps).filter(([, step]) => step !== undefined)) as Partial<SinkSession>),
      close: () => session.close(),
    };
  }
}

interface Setting {
  readonly kinds: readonly RecordingSinkKind[];
  readonly delivery: DeliveryPolicy;
  readonly partitions?: readonly string[];
  readonly mode?: "sync" | "async";
  readonly faults?: ConstructorParameters<typeof PipelineDriver>[0]["faults"];
  readonly bounded?: boolean;
  readonly budgetBytes?: number;
}

function setUp({ kinds, delivery, partitions = ["0"], mode = "async", faults, bounded = true, budgetBytes }: Setting) {
  const weather = new Weather();
  const driver = new PipelineDriver({
    brokers: { in: { partitions, bounded } },
    ...(faults === undefined ? {} : { faults }),
    ...(budgetBytes === undefined ? {} : { budgetBytes }),
    build(ends) {
      const pipeline = new Pipeline({ name: "p", delivery, checkpoint: { everyMs: 100, mode, keep: 2 }, batch: { maxRecords: 3 } }).from(ends.source<number>());
      kinds.forEach((kind, i) => pipeline.to(weather.over(`out${i}`, ends.sink(`out${i}`, kind)), { id: `out${i}` }));
      return pipeline;
    },
  });
  return { weather, driver };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe.each(["sink-first", "remembering", "store-first", "idempotent", "at-least-once"] as const)("a best-effort sink that is %s", (kind) => {
  it("is not waited for, and gets what it missed once it is up, in order and once", async () => {
    const { weather, driver } = setUp({ kinds: ["sink-first", kind], delivery: { required: ["out0"] } });
    await driver.start();
    weather.down.add("out1");
    for (let round = 0; round < 5; round++) {
      driver.push(range(round * 4, round * 4 + 4));
      await driver.advance(150);
    }
    expect(driver.values("out0")).toEqual(range(0, 20));
    expect(driver.values("out1")).toEqual([]);
    const waiting = (): number => driver.world.metrics.gauge(metricNames.backlogBytes.name, "", { pipeline: "p", node: "out1" }).value;
    expect(waiting()).toBeGreaterThan(100);
    weather.down.clear();
    await driver.advance(10_000);
    expect(driver.values("out1")).toEqual(range(0, 20));
    expect(waiting()).toBe(0);
    driver.push([20]);
    await driver.advance(200);
    expect(driver.values("out1")).toEqual(range(0, 21));
  });

  it("that was down from the start, through crashes, has it all at last", async () => {
    const { weather, driver } = setUp({ kinds: ["sink-first", kind], delivery: { required: ["out0"] } });
    weather.down.add("out1");
    await driver.start();
    for (let round = 0; round < 3; round++) {
      driver.push(range(round * 4, round * 4 + 4));
      await driver.advance(150);
      await driver.restart();
    }
    weather.down.clear();
    driver.broker().end();
    await driver.advance(10_000);
    expect(driver.run().state).toBe("finished");
    expect(driver.values("out0")).toEqual(range(0, 12));
    expect(driver.values("out1")).toEqual(range(0, 12));
  });
});

describe("B2: after a crash at any named point, with sinks that come and go", () => {
  const partitions = ["0", "1"];
  const all = [...range(0, 20), ...range(100, 120)];

  async function scenario(kind: RecordingSinkKind, mode: "sync" | "async", faults?: ScriptedFaults): Promise<readonly number[]> {
    const { weather, driver } = setUp({ kinds: ["sink-first", kind], delivery: { required: ["out0"] }, partitions, mode, ...(faults === undefined ? {} : { faults: once(faults) }) });
    const revive = async (): Promise<void> => {
      for (let tries = 0; tries < 5 && !driver.isAlive() && driver.run().state !== "finished"; tries++) await driver.restart();
    };
    await driver.start();
    await revive();
    for (let round = 0; round < 5; round++) {
      if (round % 3 === 1) weather.down.add("out1");
      else weather.down.delete("out1");
      if (round === 3) weather.losesCommit.add("out1");
      driver.push(range(round * 4, round * 4 + 4), "0");
      driver.push(range(100 + round * 4, 104 + round * 4), "1");
      await driver.advance(130);
      await revive();
    }
    weather.down.clear();
    driver.broker().end();
    for (let tries = 0; tries < 20 && driver.run().state !== "finished"; tries++) {
      await driver.advance(5_000);
      await revive();
    }
    expect(driver.run().state).toBe("finished");
    expect([...(driver.values("out0") as number[])].sort((a, b) => a - b)).toEqual(all);
    return driver.values("out1") as number[];
  }

  it.each((["sink-first", "remembering", "idempotent"] as const).flatMap((kind) => (["sync", "async"] as const).map((mode) => [kind, mode] as const)))("%s, %s: every record is there once, in order", { timeout: 120_000 }, async (kind, mode) => {
    const check = (output: readonly number[], when: string): void => expect([...output.filter((n) => n < 100), ...output.filter((n) => n >= 100)], when).toEqual(all);
    const watch = new ScriptedFaults();
    check(await scenario(kind, mode, watch), "no crash");
    for (const [point, visits] of watch.visits) {
      for (const visit of new Set([1, 2, Math.ceil(visits / 2)])) if (visit <= visits) check(await scenario(kind, mode, new ScriptedFaults({ at: { point, visit } })), `crash at visit ${visit} of ${point}`);
    }
  });

  it.each(["store-first", "at-least-once"] as const)("%s: every record is there", { timeout: 120_000 }, async (kind) => {
    const watch = new ScriptedFaults();
    await scenario(kind, "async", watch);
    for (const [point] of watch.visits) expect([...new Set(await scenario(kind, "async", new ScriptedFaults({ at: { point, visit: 1 } })))].sort((a, b) => a - b), point).toEqual(all);
  });
});

describe("a quorum", () => {
  const kinds = ["sink-first", "remembering", "idempotent"] as const;

  it("is enough: epochs count with one sink down, which gets its part later", async () => {
    const { weather, driver } = setUp({ kinds, delivery: { commitPolicy: "quorum", quorum: 2 }, bounded: false });
    await driver.start();
    weather.down.add("out1");
    driver.push(range(0, 6));
    await driver.advance(300);
    expect(await driver.checkpoint()).toBeDefined();
    expect([driver.values("out0"), driver.values("out1"), driver.values("out2")]).toEqual([range(0, 6), [], range(0, 6)]);
    weather.down.clear();
    await driver.advance(10_000);
    expect(driver.values("out1")).toEqual(range(0, 6));
  });

  it("is needed: with two down no epoch counts; with one of them back it does", async () => {
    const { weather, driver } = setUp({ kinds, delivery: { commitPolicy: "quorum", quorum: 2 }, bounded: false });
    await driver.start();
    weather.down.add("out1").add("out2");
    driver.push(range(0, 6));
    await driver.advance(20_000);
    expect(await driver.checkpoint()).toBeUndefined();
    expect(driver.values("out0")).toEqual(range(0, 6));
    weather.down.delete("out2");
    await driver.advance(20_000);
    driver.push([6]);
    expect(await driver.checkpoint()).toMatchObject({ stateBytes: 0 });
    expect([driver.values("out0"), driver.values("out1"), driver.values("out2")]).toEqual([range(0, 7), [], range(0, 7)]);
  });
});

it("B3: beyond its bound a backlog is waited for; nothing is dropped", async () => {
  const { weather, driver } = setUp({ kinds: ["sink-first", "idempotent"], delivery: { required: ["out0"], maxBacklogBytes: 1000 }, bounded: false });
  await driver.start();
  weather.down.add("out1");
  for (let round = 0; round < 30; round++) {
    driver.push(range(round * 3, round * 3 + 3));
    await driver.advance(150);
  }
  const seen = driver.values("out0").length;
  expect(seen).toBeGreaterThan(3);
  expect(seen).toBeLessThan(45);
  weather.down.clear();
  for (let i = 0; i < 20; i++) await driver.advance(1_000);
  expect(driver.values("out0")).toEqual(range(0, 90));
  expect(driver.values("out1")).toEqual(range(0, 90));
});

it("B3: a backlog counts in the host's memory: where that is short it is waited for sooner, nothing is dropped, and all is given back", async () => {
  const seen = async (budgetBytes: number): Promise<number> => {
    const { weather, driver } = setUp({ kinds: ["sink-first", "idempotent"], delivery: { required: ["out0"] }, bounded: false, budgetBytes });
    const { budget } = driver.world.environment;
    await driver.start();
    weather.down.add("out1");
    for (let round = 0; round < 30; round++) {
      driver.push(range(round * 3, round * 3 + 3));
      await driver.advance(150);
      expect(budget.usedBytes).toBeLessThan(budgetBytes + 1_000);
    }
    const count = driver.values("out0").length;
    if (count === 90) expect(budget.usedBytes).toBeGreaterThan(1_000);
    weather.down.clear();
    for (let i = 0; i < 20; i++) await driver.advance(1_000);
    expect(driver.values("out0")).toEqual(range(0, 90));
    expect(driver.values("out1")).toEqual(range(0, 90));
    weather.down.add("out1");
    driver.push([90]);
    await driver.advance(150);
    expect(budget.usedBytes).toBeGreaterThan(0);
    await driver.stop();
    await driver.advance(2_000);
    expect(budget.usedBytes).toBe(0);
    return count;
  };
  expect(await seen(64 << 20)).toBe(90);
  const few = await seen(2_000);
  expect(few).toBeGreaterThan(3);
  expect(few).toBeLessThan(80);
});

it("B4: a partition that moves while its sink is down takes its backlog with it", async () => {
  const weather = new Weather();
  const driver = new PipelineDriver({
    brokers: { in: { partitions: ["0", "1"] } },
    build: (ends) => new Pipeline({ name: "p", delivery: { required: ["out0"] }, checkpoint: { everyMs: 100 } }).from(ends.source<number>()).to(weather.over("out0", ends.sink("out0")), { id: "out0" }).to(weather.over("out1", ends.sink("out1")), { id: "out1" }),
  });
  for (const partition of ["0", "1"]) driver.broker().give(partition, "main");
  await driver.start("main");
  await driver.start("b");
  weather.down.add("out1");
  driver.push([1, 2], "0");
  driver.push([101, 102], "1");
  await driver.advance(300);
  await driver.move("1", "b");
  driver.push([3], "0");
  driver.push([103], "1");
  await driver.advance(300);
  expect(driver.values("out1")).toEqual([]);
  weather.down.clear();
  await driver.advance(30_000);
  const seen = driver.values("out1") as number[];
  expect([seen.filter((n) => n < 100), seen.filter((n) => n >= 100)]).toEqual([[1, 2, 3], [101, 102, 103]]);
  expect([driver.isAlive("main"), driver.isAlive("b")]).toEqual([true, true]);
});

it("a record that the sink refuses for good is one dead letter; those around it arrive", async () => {
  const driver = new PipelineDriver({
    brokers: { in: { bounded: true } },
    build: (ends) => new Pipeline({ name: "p", delivery: { required: ["out0"] }, checkpoint: { everyMs: 100 } }).from(ends.source<number>()).to(ends.sink("out0"), { id: "out0" }).to(refusing(3, ends.sink("out1", "idempotent")), { id: "out1" }),
  });
  await driver.start();
  driver.push([1, 2, 3, 4]);
  await driver.advance(300);
  await driver.restart();
  driver.broker().end();
  await driver.advance(1_000);
  expect(driver.run().state).toBe("finished");
  expect(driver.values("out1")).toEqual([1, 2, 4]);
  const { logs } = memoryStores(driver.world.clock, driver.storage);
  expect((await logs.read(deadLetterLog("p"), 0, 10)).map(({ payload }) => decodeDeadLetter(payload)).map(({ node, raw }) => [node, new TextDecoder().decode(raw)])).toEqual([["out1", "3"]]);
});

function refusing(bad: number, sink: Sink<number>): Sink<number> {
  return {
    ...sink,
    open: async (context) => {
      const session = await sink.open(context);
      return {
        flush: () => session.flush(),
        close: () => session.close(),
        async write(batch) {
          const kept = batch.values.flatMap((value, index) => (value === bad ? [] : [index]));
          await session.write({ ...batch, length: kept.length, values: kept.map((i) => batch.values[i]), identityAt: (i) => batch.identityAt(kept[i] ?? -1) });
          if (kept.length < batch.length) throw new BatchError("refused", batch.values.flatMap((value, index) => (value === bad ? [{ index, error: new StreamFlowError("SF_SINK_REJECTED", "no") }] : [])));
        },
      };
    },
  };
}

it("the end of the input waits ten seconds for a backlog, says what is left, and the next run sends it", async () => {
  const { weather, driver } = setUp({ kinds: ["sink-first", "sink-first"], delivery: { required: ["out0"] } });
  await driver.start();
  weather.down.add("out1");
  driver.push([1, 2]);
  await driver.advance(300);
  driver.broker().end();
  await driver.advance(5_000);
  expect(driver.run().state).not.toBe("finished");
  await driver.advance(6_000);
  expect(driver.run().state).toBe("finished");
  expect(driver.world.logger.lines.some(({ message }) => message.includes("the next run sends what is left"))).toBe(true);
  weather.down.clear();
  await driver.start();
  await driver.advance(1_000);
  expect(driver.values("out1")).toEqual([1, 2]);
});

it("an outage is said once, and its end", async () => {
  const { weather, driver } = setUp({ kinds: ["sink-first", "idempotent"], delivery: { required: ["out0"] }, bounded: false });
  await driver.start();
  weather.down.add("out1");
  for (let i = 0; i < 5; i++) {
    driver.push([i]);
    await driver.advance(2_000);
  }
  weather.down.clear();
  await driver.advance(20_000);
  const said = driver.world.logger.lines.map(({ message }) => message).filter((message) => message.includes('sink "out1"'));
  expect(said).toEqual(['sink "out1" takes nothing: its output is kept until it does', 'sink "out1" takes output again']);
});

it("a sink that is misconfigured fails the start, also where it is not required", async () => {
  const driver = new PipelineDriver({
    build: (ends) => new Pipeline({ name: "p", delivery: { required: ["out0"] } }).from(ends.source<number>()).to(ends.sink("out0"), { id: "out0" })
      .to({ ...ends.sink<number>("out1"), open: () => Promise.reject(new StreamFlowError("SF_CONFIG_INVALID", "no such table")) }, { id: "out1" }),
  });
  await expect(driver.start()).rejects.toThrow(/no such table/);
});

it("a sink with newer commits than a pipeline that has forgotten everything refuses it: nothing is taken for sent", async () => {
  const { weather, driver } = setUp({ kinds: ["idempotent", "sink-first"], delivery: { required: ["out0"] }, bounded: false });
  await driver.start();
  driver.push([1, 2]);
  await driver.advance(500);
  driver.crash();
  const target = driver.target("out1");
  expect(target.values).toEqual([1, 2]);
  const forgetful = new PipelineDriver({
    brokers: { in: {} },
    build: (ends) => new Pipeline({ name: "p", delivery: { required: ["out0"] }, checkpoint: { everyMs: 100 } }).from(ends.source<number>()).to(ends.sink("out0"), { id: "out0" })
      .to(weather.over("out1", new RecordingSink("sink-first", { target })), { id: "out1" }),
  });
  target.fence("p:broker/0", 5);
  weather.down.add("out1");
  await forgetful.start();
  forgetful.push([3]);
  await forgetful.advance(200);
  weather.down.clear();
  await forgetful.advance(30_000);
  expect(forgetful.world.logger.lines.at(-1)).toMatchObject({ level: "error", message: expect.stringContaining("the pipeline fails with its next checkpoint") as string });
  forgetful.push([4]);
  await expect(forgetful.advance(1_000)).rejects.toThrow(/generation 1 was replaced by generation 5/);
  expect(target.values).toEqual([1, 2]);
});

describe("another policy in the next run", () => {
  function changing(kind: RecordingSinkKind) {
    const weather = new Weather();
    const current: { delivery: DeliveryPolicy } = { delivery: {} };
    const driver = new PipelineDriver({
      build: (ends) => new Pipeline({ name: "p", delivery: current.delivery, checkpoint: { everyMs: 100 } }).from(ends.source<number>()).to(ends.sink("out0"), { id: "out0" }).to(weather.over("out1", ends.sink("out1", kind)), { id: "out1" }),
    });
    return { weather, current, driver };
  }

  it.each(["sink-first", "remembering", "store-first", "idempotent", "at-least-once"] as const)("%s: to a backlog and back, behind clean stops", async (kind) => {
    const { current, driver } = changing(kind);
    for (const [round, delivery] of [{}, { required: ["out0"] }, {}, { commitPolicy: "quorum", quorum: 1 }, {}].entries()) {
      current.delivery = delivery as DeliveryPolicy;
      await driver.start();
      driver.push([round]);
      await driver.advance(200);
      await driver.stop();
      await driver.advance(2_000);
      expect(driver.isAlive()).toBe(false);
    }
    expect([driver.values("out0"), driver.values("out1")]).toEqual([range(0, 5), range(0, 5)]);
  });

  it.each(["sink-first", "store-first", "idempotent"] as const)("%s: a backlog with something in it is not forgotten", async (kind) => {
    const { weather, current, driver } = changing(kind);
    current.delivery = { required: ["out0"] };
    await driver.start();
    weather.down.add("out1");
    driver.push([1]);
    await driver.advance(200);
    await driver.stop();
    await driver.advance(2_000);
    weather.down.clear();
    current.delivery = {};
    if (kind === "sink-first") {
      // It knows what it has: the pipeline goes back to there.
      await driver.start();
      await driver.advance(500);
    } else {
      await expect(driver.start()).rejects.toThrow(/had a backlog when its last checkpoint was taken/);
      current.delivery = { required: ["out0"] };
      await driver.start();
      await driver.advance(500);
    }
    expect([driver.values("out0"), driver.values("out1")]).toEqual([[1], [1]]);
  });
});
