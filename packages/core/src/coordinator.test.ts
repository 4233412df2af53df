import { describe, expect, it } from "vitest";
import { Latch } from "./async/signal.ts";
import type { Sink, SinkBatch, SinkCapabilities } from "./contracts/sink.ts";
import type { Source } from "./contracts/source.ts";
import type { LeaseStore } from "./contracts/stores.ts";
import { metricNames } from "./contracts/metric-names.ts";
import { Coordinator, PipelineRun, type RunOptions } from "./coordinator.ts";
import { committing } from "./engine/executor.fixture.ts";
import { StreamFlowError } from "./errors.ts";
import { Pipeline } from "./pipeline.ts";
import type { LogicalPlan, PipelineConfig } from "./plan/logical-plan.ts";
import { Broker } from "./testing/broker.ts";
import { testEnvironment } from "./testing/environment.ts";
import type { ManualClock } from "./testing/manual-clock.ts";
import { MemoryStorage, memoryStores } from "./testing/memory-stores.ts";
import { SinkTarget } from "./testing/sink-target.ts";
import { testRecords } from "./testing/test-item.ts";
import { TestSource } from "./testing/test-source.ts";

type Answer = (batch: SinkBatch) => void | Promise<void>;

/** A sink that keeps what it takes, and answers as it is told. */
class Scripted implements Sink {
  readonly type = "scripted";
  readonly capabilities: SinkCapabilities = { delivery: "at-least-once" };
  readonly config = {};
  readonly values: unknown[] = [];
  opened = 0;
  closed = 0;
  answer: Answer = () => undefined;
  onFlush: () => void = () => undefined;

  open(): ReturnType<Sink["open"]> {
    this.opened++;
    return Promise.resolve({
      write: async (batch: SinkBatch): Promise<void> => {
        await this.answer(batch);
        this.values.push(...batch.values);
      },
      flush: () => {
        this.onFlush();
        return Promise.resolve();
      },
      close: () => {
        this.closed++;
        return Promise.resolve();
      },
    });
  }
}

interface World {
  readonly clock: ManualClock;
  readonly options: RunOptions;
  readonly source: TestSource;
  readonly sink: Scripted;
  readonly storage: MemoryStorage;
  run(config?: Partial<PipelineConfig>): PipelineRun;
}

function world(source = new TestSource({ "0": testRecords([1, 2, 3]) })): World {
  const { environment, clock } = testEnvironment();
  const storage = new MemoryStorage();
  const sink = new Scripted();
  const options: RunOptions = { environment, stores: memoryStores(clock, storage), owner: "first" };
  return { clock, options, source, sink, storage, run: (config) => new PipelineRun(planOf(source, sink, config), options) };
}

function planOf(source: Source, sink: Sink, config: Partial<PipelineConfig> = {}): LogicalPlan {
  return new Pipeline({ name: "test", ...config }).from(source).to(sink, { id: "out" }).plan();
}

/** Runs to the end, with as much time as it takes. */
async function toEnd(run: PipelineRun, clock: ManualClock): Promise<unknown> {
  let ended: unknown;
  run.run().then((result) => (ended = result), (error: unknown) => (ended = (error as StreamFlowError).code));
  for (let i = 0; i < 200 && ended === undefined; i++) await clock.advanceAsync(1_000);
  return ended;
}

const failing = (error: () => unknown, times: number): Answer => {
  let left = times;
  return () => {
    if (left-- > 0) throw error();
  };
};
const broken = (): StreamFlowError => new StreamFlowError("SF_SINK_FAILED", "broken");
/** A source that stays open. */
const live = (): TestSource => new TestSource({ "0": testRecords([1]) }, { bounded: false });

describe("a failure", () => {
  it("C2: closes everything before anything is opened again, and goes on from the last commit", async () => {
    const { run, sink, source, clock } = world();
    sink.answer = failing(broken, 1);
    expect(await toEnd(run(), clock)).toEqual({ end: "finished", restarts: 1 });
    expect([sink.values, sink.opened, sink.closed, source.openSessions]).toEqual([[1, 2, 3], 2, 2, 0]);
  });

  it("C2: closes everything also where a source cannot say how far it is", async () => {
    const { options, source, sink, clock } = world();
    sink.answer = failing(broken, 1);
    const lost: Source = {
      type: "lost", capabilities: source.capabilities, config: {},
      open: async (context) => {
        const session = await source.open(context);
        return { poll: (partition, limits) => session.poll(partition, limits), ready: () => session.ready(), close: () => session.close(), progress: () => { throw new Error("unknown"); } };
      },
    };
    expect(await toEnd(new PipelineRun(planOf(lost, sink), options), clock)).toEqual({ end: "finished", restarts: 1 });
    expect([sink.closed, source.openSessions]).toEqual([2, 0]);
  });

  it("C3: is forgiven as often as the budget allows within its window, and then ends the run", async () => {
    const exactly = world();
    exactly.sink.answer = failing(broken, 3);
    expect(await toEnd(exactly.run({ restart: { maxRestarts: 3 } }), exactly.clock)).toEqual({ end: "finished", restarts: 3 });
    const over = world();
    over.sink.answer = failing(broken, 4);
    const run = over.run({ restart: { maxRestarts: 3 } });
    expect(await toEnd(run, over.clock)).toBe("SF_RESTART_EXHAUSTED");
    expect([run.state, run.lastError?.code]).toEqual(["failed", "SF_SINK_FAILED"]);
  });

  it("C3: old failures do not count", async () => {
    const { run, sink, clock } = world();
    sink.answer = failing(broken, 5);
    expect(await toEnd(run({ restart: { maxRestarts: 1, windowMs: 1_000, initialDelayMs: 5_000, maxDelayMs: 5_000 } }), clock)).toEqual({ end: "finished", restarts: 5 });
  });

  it("of a sink that throws without a code is the sink's, and restarts, whatever the policy of records says", async () => {
    for (const step of ["write", "flush"] as const) {
      const { run, sink, clock } = world();
      const plain = failing(() => new Error("socket"), 1);
      if (step === "write") sink.answer = plain;
      else sink.onFlush = () => void plain(undefined as never);
      const one = run({ deadLetters: { onReject: "fail" } });
      expect(await toEnd(one, clock)).toEqual({ end: "finished", restarts: 1 });
      expect([one.lastError?.code, one.lastError?.message]).toEqual(["SF_SINK_FAILED", `sink "out": ${step}: socket`]);
    }
  });

  it("of a sink's commit beside the reading restarts too, whatever the policy of records says", async () => {
    const { options, source, clock } = world(live());
    const target = new SinkTarget();
    const commit = committing(target, failing(() => new Error("socket"), 1) as () => void);
    const one = new PipelineRun(planOf(source, commit, { checkpoint: { everyMs: 100 }, deadLetters: { onReject: "fail" } }), options);
    const end = one.run();
    await clock.advanceAsync(5_000);
    expect([one.state, one.lastError?.code, target.values]).toEqual(["running", "SF_SINK_FAILED", [1]]);
    one.stop();
    await end;
  });

  it("C3: a run that is started again has its whole budget", async () => {
    const { run, sink, clock } = world();
    sink.answer = failing(broken, 2);
    const one = run({ restart: { maxRestarts: 1 } });
    expect(await toEnd(one, clock)).toBe("SF_RESTART_EXHAUSTED");
    sink.answer = failing(broken, 1);
    expect(await toEnd(one, clock)).toEqual({ end: "finished", restarts: 1 });
  });

  it("C3: that a restart cannot mend ends the run at once", async () => {
    const { run, sink, clock } = world();
    sink.answer = failing(() => new StreamFlowError("SF_SINK_FENCED", "another owner"), 1);
    const one = run();
    expect(await toEnd(one, clock)).toBe("SF_SINK_FENCED");
    expect([one.state, one.restarts, sink.closed]).toEqual(["failed", 0, 1]);
  });

  it("a failed run may be run again", async () => {
    const { run, sink, clock } = world();
    sink.answer = failing(() => new StreamFlowError("SF_SINK_FENCED", "another owner"), 1);
    const one = run();
    await toEnd(one, clock);
    expect(await toEnd(one, clock)).toMatchObject({ end: "finished" });
    expect(sink.values).toEqual([1, 2, 3]);
  });

  it("C4: of one pipeline harms no other", async () => {
    const { options, clock } = world();
    const coordinator = new Coordinator(options);
    const [bad, good] = [new Scripted(), new Scripted()];
    bad.answer = failing(broken, Infinity);
    const items = (): TestSource => new TestSource({ "0": testRecords([1, 2]) });
    const runs = [coordinator.add(planOf(items(), bad, { name: "bad" })), coordinator.add(planOf(items(), good, { name: "good" }))];
    const ends = await Promise.all(runs.map((run) => toEnd(run, clock)));
    expect(ends).toEqual(["SF_RESTART_EXHAUSTED", { end: "finished", restarts: 0 }]);
    expect(good.values).toEqual([1, 2]);
  });
});

describe("records that cannot be processed", () => {
  const items = (): TestSource => new TestSource({ "0": [{ value: 1 }, { reject: "torn" }, { reject: "torn" }, { value: 2 }] });

  it("are dead letters, and the pipeline goes on", async () => {
    const { run, sink, clock, storage } = world(items());
    expect(await toEnd(run(), clock)).toMatchObject({ end: "finished", restarts: 0 });
    expect([sink.values, storage.logs.find("dead-letters/test")?.entries.length]).toEqual([[1, 2], 2]);
  });

  it("fail it at once where the policy says so", async () => {
    const { run, clock } = world(items());
    expect(await toEnd(run({ deadLetters: { onReject: "fail" } }), clock)).toBe("SF_CODEC_DECODE");
  });

  it("SF_REJECT_LIMIT: fail it when there are more than allowed, without a restart", async () => {
    const few = world(items());
    expect(await toEnd(few.run({ deadLetters: { maxRejected: 2 } }), few.clock)).toMatchObject({ end: "finished" });
    const many = world(items());
    const run = many.run({ deadLetters: { maxRejected: 1 } });
    expect(await toEnd(run, many.clock)).toBe("SF_REJECT_LIMIT");
    expect(run.restarts).toBe(0);
  });
});

describe("maxRejected", () => {
  const rejects = (count: number): TestSource => new TestSource({ "0": [...Array.from({ length: count }, (_, i) => ({ reject: `bad ${i}` })), { value: 1 }] }, { bounded: false });

  it("counts over restarts, and a record that is read again once", async () => {
    const { run, source, sink, clock } = world(rejects(1));
    const one = run({ checkpoint: { everyMs: 100 }, deadLetters: { maxRejected: 2 } });
    const end = one.run().catch((error: StreamFlowError) => error.code);
    await clock.advanceAsync(1_000);
    sink.answer = failing(broken, 3);
    source.append("0", { reject: "second" }, { value: 2 });
    await clock.advanceAsync(10_000);
    expect([one.state, one.restarts, sink.values]).toEqual(["running", 3, [1, 2]]);
    source.append("0", { reject: "third" });
    await clock.advanceAsync(1_000);
    expect([await end, one.state]).toEqual(["SF_REJECT_LIMIT", "failed"]);
  });

  it("counts from the beginning in another run", async () => {
    const { run, clock } = world(rejects(2));
    const one = run({ deadLetters: { maxRejected: 2 } });
    for (let i = 0; i < 2; i++) {
      const end = one.run();
      await clock.advanceAsync(1_000);
      one.stop();
      expect(await end).toMatchObject({ end: "stopped" });
    }
  });
});

describe("stopping", () => {
  it("takes a last checkpoint and ends well", async () => {
    const { run, source, clock, storage } = world(live());
    const one = run();
    const end = one.run();
    await clock.advanceAsync(10);
    source.append("0", { value: 2 });
    await clock.advanceAsync(10);
    one.stop();
    expect(await end).toEqual({ end: "stopped", restarts: 0 });
    expect([one.state, source.committed.get("0"), source.openSessions]).toEqual(["stopped", "2", 0]);
    expect((await memoryStores(clock, storage).checkpoints.list("test")).length).toBe(1);
  });

  it("is prompt while it waits for its next attempt", async () => {
    const { run, sink, clock } = world(live());
    sink.answer = failing(broken, Infinity);
    const one = run();
    const end = one.run();
    await clock.advanceAsync(1);
    expect(one.state).toBe("restarting");
    one.stop();
    expect(await end).toMatchObject({ end: "stopped" });
    expect(one.state).toBe("stopped");
  });

  it("is prompt while it starts, and while it is paused", async () => {
    const starting = world(live());
    const first = starting.run();
    const end = first.run();
    first.stop();
    await starting.clock.advanceAsync(10);
    expect(await end).toMatchObject({ end: "stopped" });
    const paused = world(live());
    const second = paused.run();
    const secondEnd = second.run();
    await paused.clock.advanceAsync(10);
    await second.pause();
    second.stop();
    expect(await secondEnd).toMatchObject({ end: "stopped" });
  });

  it("asks every pipeline of a coordinator", async () => {
    const { options, clock } = world();
    const coordinator = new Coordinator(options);
    const ends = ["a", "b"].map((name) => coordinator.add(planOf(live(), new Scripted(), { name })).run());
    await clock.advanceAsync(10);
    coordinator.stop();
    expect(await Promise.all(ends)).toEqual([{ end: "stopped", restarts: 0 }, { end: "stopped", restarts: 0 }]);
  });
});

describe("pausing", () => {
  it("stops reading after a checkpoint, and goes on where it was", async () => {
    const { run, source, sink, clock } = world(live());
    const one = run();
    const end = one.run();
    await clock.advanceAsync(10);
    await one.pause();
    expect([one.state, source.committed.get("0")]).toEqual(["paused", "1"]);
    source.append("0", { value: 2 });
    await clock.advanceAsync(60_000);
    expect([sink.values, source.openSessions]).toEqual([[1], 1]);
    one.resume();
    await clock.advanceAsync(10);
    expect([one.state, sink.values]).toEqual(["running", [1, 2]]);
    one.stop();
    await end;
  });

  it("survives a failure: it comes back paused, and goes on when it is told to", async () => {
    const { run, source, sink, clock } = world(live());
    const one = run();
    const end = one.run();
    await clock.advanceAsync(10);
    await one.pause();
    source.lose(["0"]);
    await clock.advanceAsync(10_000);
    source.append("0", { value: 2 });
    await clock.advanceAsync(10_000);
    expect([one.state, one.restarts, sink.values]).toEqual(["paused", 1, [1]]);
    one.resume();
    await clock.advanceAsync(10);
    expect([one.state, sink.values]).toEqual(["running", [1, 2]]);
    one.stop();
    await end;
    // Another run is not paused.
    const again = one.run();
    await clock.advanceAsync(10);
    expect(one.state).toBe("running");
    one.stop();
    await again;
  });

  it("SF_LIFECYCLE_ILLEGAL: what is not running cannot be paused, what is not paused cannot be resumed; nothing changes", async () => {
    const { run, clock } = world(live());
    const one = run();
    const refused = { code: "SF_LIFECYCLE_ILLEGAL" };
    await expect(one.pause()).rejects.toMatchObject(refused);
    expect(() => one.resume()).toThrow(expect.objectContaining(refused));
    const end = one.run();
    // While it starts: a resume that were let through would break the start.
    expect(() => one.resume()).toThrow(expect.objectContaining(refused));
    await clock.advanceAsync(10);
    expect(one.state).toBe("running");
    expect(() => one.resume()).toThrow(expect.objectContaining(refused));
    await expect(one.run()).rejects.toMatchObject(refused);
    one.stop();
    await end;
  });

  it("a pause and a checkpoint that come too late are refused, not left without an answer", async () => {
    const ask = (one: PipelineRun): Promise<unknown> => Promise.allSettled([one.pause(), one.checkpoint()]).then((answers) => answers.map((answer) => (answer.status === "rejected" ? (answer.reason as StreamFlowError).code : "done")));
    for (const when of ["at the end", "at a failure"]) {
      const { run, sink, clock } = world();
      const one = run({ restart: { maxRestarts: 0 } });
      let late: Promise<unknown> | undefined;
      if (when === "at the end") sink.onFlush = () => void (late ??= ask(one));
      else sink.answer = () => {
        late ??= ask(one);
        throw broken();
      };
      expect(await toEnd(one, clock)).toBeDefined();
      expect(await late, when).toEqual(["SF_LIFECYCLE_ILLEGAL", "SF_LIFECYCLE_ILLEGAL"]);
    }
  });
});

describe("a second process", () => {
  it("is refused while the first one lives, and told who that is", async () => {
    const { run, options, clock } = world(live());
    const end = run().run();
    await clock.advanceAsync(10);
    const second = new PipelineRun(planOf(live(), new Scripted()), { ...options, owner: "second" });
    expect(await second.run().then(() => "ran", (error: StreamFlowError) => [error.code, error.message.includes("first")])).toEqual(["SF_LEASE_HELD", true]);
    expect(second.state).toBe("failed");
    void end;
  });

  it("is refused while the first one still starts, however long that takes", async () => {
    const { options, clock } = world();
    const slow = live();
    const gate = new Latch();
    const loading: Source = { type: "loading", capabilities: slow.capabilities, config: {}, open: async (context) => (await gate.wait(), slow.open(context)) };
    const first = new PipelineRun(new Pipeline({ name: "test" }).from(live()).union(new Pipeline({ name: "other" }).from(loading, { id: "second" })).to(new Scripted()).plan(), options);
    const end = first.run();
    await clock.advanceAsync(30_000);
    const second = new PipelineRun(planOf(live(), new Scripted()), { ...options, owner: "second" });
    expect(await second.run().catch((error: StreamFlowError) => error.code)).toBe("SF_LEASE_HELD");
    gate.open();
    await clock.advanceAsync(10);
    expect(first.state).toBe("running");
    first.stop();
    await end;
  });

  it("a partition that is let go while its lease is renewed is not taken for lost", async () => {
    const { options, clock } = world();
    const { leases } = options.stores;
    const gate = new Latch();
    const slow: LeaseStore = {
      acquire: (request) => leases.acquire(request), release: (request) => leases.release(request), close: () => leases.close(),
      renew: async (request) => (await gate.wait(), leases.renew(request)),
    };
    const source = new TestSource({ "0": testRecords([1]), "1": testRecords([2]) }, { bounded: false });
    const run = new PipelineRun(planOf(source, new Scripted()), { ...options, stores: { ...options.stores, leases: slow } });
    const end = run.run();
    await clock.advanceAsync(3_400);
    const revoked = source.revoke(["1"]);
    await clock.advanceAsync(10);
    await revoked;
    gate.open();
    await clock.advanceAsync(100);
    expect(run.state).toBe("running");
    run.stop();
    expect(await end).toEqual({ end: "stopped", restarts: 0 });
  });

  it("takes over when the leases have run out, and the first one finds out", async () => {
    const { run, options, clock, sink } = world(live());
    const first = run();
    const end = first.run().then(() => "ended", (error: StreamFlowError) => error.code);
    await clock.advanceAsync(10);
    // The first process stands still: it renews nothing.
    clock.advance(60_000);
    const second = new PipelineRun(planOf(live(), sink), { ...options, owner: "second" });
    void second.run();
    await clock.advanceAsync(60_000);
    expect(["SF_LEASE_LOST", "SF_CHECKPOINT_FENCED", "SF_LEASE_HELD"]).toContain(await Promise.race([end, Promise.resolve("still there")]));
    expect([first.state, second.state]).toEqual(["failed", "running"]);
    second.stop();
  });

  it("goes on where the first one stopped", async () => {
    const { run, options, clock, source, sink } = world(live());
    const first = run();
    const end = first.run();
    await clock.advanceAsync(10);
    first.stop();
    await end;
    source.append("0", { value: 2 });
    const second = new PipelineRun(planOf(source, sink), { ...options, owner: "second" });
    void second.run();
    await clock.advanceAsync(10);
    expect(sink.values).toEqual([1, 2]);
    second.stop();
  });
});

describe("C5: a silent pipeline", () => {
  /** A pipeline on a broker that lets it sleep after a second. */
  function sleepy(options: Partial<RunOptions> = {}) {
    const made = world();
    const broker = new Broker({ canSleep: true });
    const sink = new Scripted();
    const run = new PipelineRun(planOf(broker.source(), sink, { checkpoint: { everyMs: 100 } }), { ...made.options, sleepAfterMs: 1_000, ...options });
    return { ...made, broker, sink, run };
  }

  it("sleeps with everything closed and its leases held, is running all the while, and wakes with its input", async () => {
    const { run, broker, sink, clock, options } = sleepy();
    const end = run.run();
    broker.push("0", ["a"]);
    await clock.advanceAsync(999);
    expect([run.isAsleep, sink.closed]).toEqual([false, 0]);
    await clock.advanceAsync(60_000);
    expect([run.isAsleep, run.state, run.isQuiescent, sink.opened, sink.closed]).toEqual([true, "running", true, 1, 1]);
    expect(run.progress()).toMatchObject({ recordsIn: 1, recordsOut: 1, epoch: 1 });
    const { checkpointAge } = metricNames;
    expect(options.environment.metrics.gauge(checkpointAge.name, checkpointAge.help, { pipeline: "test" }).value).toBeGreaterThan(60_000);
    const other = new PipelineRun(planOf(broker.source(), new Scripted(), { restart: { maxRestarts: 0 } }), { ...options, owner: "second" });
    await expect(other.run()).rejects.toMatchObject({ code: "SF_LEASE_HELD" });
    broker.push("0", ["b", "c"]);
    await clock.advanceAsync(10);
    expect([run.isAsleep, run.restarts, sink.opened]).toEqual([false, 0, 2]);
    expect(sink.values).toEqual(["a", "b", "c"]);
    expect(run.progress()).toMatchObject({ recordsIn: 3, recordsOut: 3 });
    run.stop();
    expect(await end).toEqual({ end: "stopped", restarts: 0 });
  });

  it("tells the store that nothing will be asked for a while, when it falls asleep and not before (CKP-12)", async () => {
    const rested: string[] = [];
    const { run, clock, options } = sleepy();
    Object.assign(options.stores.checkpoints, { rest: (pipeline: string) => rested.push(pipeline) });
    void run.run();
    await clock.advanceAsync(999);
    expect([run.state, ...rested]).toEqual(["running"]);
    await clock.advanceAsync(60_000);
    expect([run.isAsleep, ...rested]).toEqual([true, run.name]);
    run.stop();
  });

  it("never sleeps where it is told so, or while it is paused", async () => {
    for (const [options, pauses] of [[{ sleepAfterMs: Infinity }, false], [{}, true]] as const) {
      const { run, clock } = sleepy(options);
      const end = run.run();
      await clock.advanceAsync(10);
      if (pauses) {
        const paused = run.pause();
        await clock.advanceAsync(10);
        await paused;
      }
      await clock.advanceAsync(60_000);
      expect(run.isAsleep).toBe(false);
      run.stop();
      await clock.advanceAsync(10);
      await end;
    }
  });

  it("is stopped at once, and lets its leases go", async () => {
    const { run, broker, sink, clock, options } = sleepy();
    const end = run.run();
    await clock.advanceAsync(60_000);
    run.stop();
    expect(await end).toEqual({ end: "stopped", restarts: 0 });
    expect([run.state, run.isAsleep, run.heldShards]).toEqual(["stopped", false, []]);
    const other = new PipelineRun(planOf(broker.source(), sink), { ...options, owner: "second" });
    const second = other.run();
    await clock.advanceAsync(10);
    expect(other.state).toBe("running");
    other.stop();
    await second;
  });

  it("is woken by whoever pauses it or takes a checkpoint, also as it falls asleep", async () => {
    const { run, clock, sink } = sleepy();
    const end = run.run();
    await clock.advanceAsync(60_000);
    const taken = run.checkpoint();
    await clock.advanceAsync(10);
    expect(await taken).toMatchObject({ epoch: 1 });
    await clock.advanceAsync(60_000);
    expect([run.isAsleep, sink.opened]).toEqual([true, 2]);
    const paused = run.pause();
    await clock.advanceAsync(10);
    await paused;
    expect([run.isAsleep, run.state]).toEqual([false, "paused"]);
    run.resume();
    run.stop();
    await clock.advanceAsync(10);
    await end;
  });

  it("that cannot wake up restarts, and asking it for a checkpoint meanwhile is refused", async () => {
    const { run, clock, broker, sink } = sleepy();
    const end = run.run();
    await clock.advanceAsync(60_000);
    const { open } = sink;
    sink.open = () => Promise.reject(broken());
    broker.push("0", ["a"]);
    const taken = run.checkpoint();
    await expect(Promise.all([taken, clock.advanceAsync(10)])).rejects.toMatchObject({ code: "SF_LIFECYCLE_ILLEGAL" });
    expect(run.state).toBe("restarting");
    sink.open = open;
    await clock.advanceAsync(60_000);
    expect([run.state, run.restarts, sink.values]).toEqual(["running", 1, ["a"]]);
    run.stop();
    await end;
  });

  it("whose leases were taken meanwhile does not go on", async () => {
    const { run, clock, broker, sink, options } = sleepy();
    const end = run.run().catch((error: StreamFlowError) => error.code);
    await clock.advanceAsync(5_000);
    expect(run.isAsleep).toBe(true);
    // The process stands still: it renews nothing.
    clock.advance(60_000);
    const other = new PipelineRun(planOf(live(), sink), { ...options, owner: "second" });
    void other.run();
    await clock.advanceAsync(30_000);
    expect(run.heldShards).toEqual(["p:broker/0"]);
    expect(other.state).toBe("running");
    other.stop();
    await clock.advanceAsync(10);
    run.stop();
    await end;
    broker.end();
  });
});

it("K2: leases of all pipelines of a coordinator are renewed at once, one by one after they may have run out", async () => {
  const { options, clock } = world();
  const calls: string[] = [];
  const { leases } = options.stores;
  const counted: LeaseStore = {
    acquire: (request) => leases.acquire(request), release: (request) => leases.release(request), close: () => leases.close(),
    renew: (request) => (calls.push(request.pipeline), leases.renew(request)),
    keepAlive: (request) => (calls.push(`all of ${request.owner}`), leases.keepAlive!(request)),
  };
  const coordinator = new Coordinator({ ...options, stores: { ...options.stores, leases: counted } });
  const ends = ["a", "b"].map((name) => coordinator.add(planOf(live(), new Scripted(), { name })).run());
  await clock.advanceAsync(7_000);
  expect(calls).toEqual(["all of first", "all of first"]);
  clock.advance(60_000);
  await clock.advanceAsync(4_000);
  expect(calls.slice(2)).toEqual(["all of first", "all of first", "a", "b"]);
  coordinator.stop();
  await Promise.all(ends);
  await clock.advanceAsync(60_000);
  expect(calls).toHaveLength(6);
});

describe("a coordinator", () => {
  it("refuses a name twice, and to forget what runs", async () => {
    const { options, clock } = world();
    const coordinator = new Coordinator(options);
    const run = coordinator.add(planOf(live(), new Scripted(), { name: "a" }));
    expect(() => coordinator.add(planOf(live(), new Scripted(), { name: "a" }))).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
    const end = run.run();
    await clock.advanceAsync(10);
    expect(() => coordinator.remove("a")).toThrow(expect.objectContaining({ code: "SF_LIFECYCLE_ILLEGAL", hint: "stop it first" }));
    run.stop();
    await end;
    coordinator.remove("a");
    expect([coordinator.get("a"), coordinator.runs]).toEqual([undefined, []]);
  });

  it("a plan that cannot work is refused when it is added, and nothing is opened", () => {
    const { options, source } = world();
    const plan: LogicalPlan = { config: { name: "x" }, nodes: planOf(source, new Scripted()).nodes, edges: [] };
    expect(() => new Coordinator(options).add(plan)).toThrow(expect.objectContaining({ code: "SF_PLAN_INVALID" }));
    expect(source.opened).toBe(0);
  });
});
