import { describe, expect, it } from "vitest";
import { Latch } from "../async/signal.ts";
import type { OperatorDefinition } from "../contracts/operator.ts";
import type { Sink } from "../contracts/sink.ts";
import type { PartitionEvents, Source } from "../contracts/source.ts";
import type { PipelineRun } from "../coordinator.ts";
import { decodeDeadLetter } from "../contracts/dead-letter.ts";
import { BatchError, StreamFlowError } from "../errors.ts";
import { Pipeline } from "../pipeline.ts";
import { operatorStage, type Stage } from "../stage.ts";
import { RecordingSink } from "../testing/recording-sink.ts";
import { memoryStores } from "../testing/memory-stores.ts";
import { SinkTarget } from "../testing/sink-target.ts";
import { testRecords } from "../testing/test-item.ts";
import { TestSource } from "../testing/test-source.ts";
import { eventTime } from "./event-time.ts";
import { broken, byKey, committing, countOfTens, countSoFar, failing, type Item, ToldSink, world, type World } from "./executor.fixture.ts";

describe("a replay", () => {
  it("stops among inputs that were rejected, and loses nothing behind them", async () => {
    const { start, clock } = world();
    const [ahead, behind] = [new SinkTarget(), new SinkTarget()];
    const source = new TestSource({ "0": [...testRecords([1]), { reject: "first" }] }, { bounded: false });
    let hasFailed = false;
    // The first sink has committed up to the rejected input when the second one fails. Read again, its batch reaches further.
    const late = committing(behind, () => {
      if (hasFailed) return;
      hasFailed = true;
      source.append("0", { reject: "second" }, ...testRecords([2, 3]));
      throw broken();
    });
    const { run, end } = start(new Pipeline({ name: "replay", checkpoint: { everyMs: 100 } }).from(source).to(committing(ahead, () => undefined)).to(late));
    await clock.advanceAsync(5_000);
    expect([run.restarts, ahead.values, behind.values]).toEqual([1, [1, 2, 3], [1, 2, 3]]);
    run.stop();
    await end;
  });

  /** A replay that stands still: partition "0" has been read again, "1" waits for `go`. The first sink is ahead. */
  async function standingStill(): Promise<{ readonly world: World; readonly source: TestSource; readonly targets: readonly SinkTarget[]; readonly run: PipelineRun; readonly end: Promise<unknown>; go(): void }> {
    const made = world();
    const targets = [new SinkTarget(), new SinkTarget()];
    const inner = new TestSource({ "0": testRecords(["a"]), "1": testRecords(["b"]) }, { bounded: false });
    const gate = new Latch();
    let isHeld = false;
    let hasFailed = false;
    const source: Source = {
      type: inner.type, capabilities: inner.capabilities, config: {},
      async open(context) {
        const session = await inner.open(context);
        return {
          poll: (partition, limits) => (isHeld && partition === "1" ? "idle" : session.poll(partition, limits)),
          ready: () => (isHeld ? gate.wait() : session.ready()),
          close: () => session.close(),
        };
      },
    };
    const late = committing(targets[1]!, () => {
      if (hasFailed) return;
      hasFailed = isHeld = true;
      throw broken();
    });
    const { run, end } = made.start(new Pipeline({ name: "still", checkpoint: { everyMs: 100 } }).from(source).to(committing(targets[0]!, () => undefined)).to(late));
    await made.clock.advanceAsync(5_000);
    expect([run.restarts, targets.map((target) => target.values.length)]).toEqual([1, [2, 0]]);
    const go = (): void => {
      isHeld = false;
      gate.open();
    };
    return { world: made, source: inner, targets, run, end, go };
  }

  it("a partition that goes in the middle leaves nothing behind that its next owner makes again", async () => {
    const { world: { clock }, source, targets, run, end, go } = await standingStill();
    const gone = source.revoke(["0"]);
    await clock.advanceAsync(10);
    go();
    await clock.advanceAsync(5_000);
    await gone;
    // A new session is given all partitions; one that goes on is given "0" back.
    if (run.restarts === 1) await Promise.all([source.assign(["0"]), clock.advanceAsync(5_000)]);
    expect(targets.map((target) => [...target.values].sort())).toEqual([["a", "b"], ["a", "b"]]);
    run.stop();
    await end;
  });

  it("a checkpoint that is asked for in the middle is taken at its end", async () => {
    const { world: { clock }, source, targets, run, end, go } = await standingStill();
    let answer: unknown;
    run.checkpoint().then((result) => (answer = result.epoch), (error: StreamFlowError) => (answer = error.code));
    await clock.advanceAsync(1_000);
    expect([answer, targets[1]!.values]).toEqual([undefined, []]);
    go();
    await clock.advanceAsync(1_000);
    expect(answer).toBe(3);
    source.lose(["0"]);
    await clock.advanceAsync(5_000);
    expect(targets.map((target) => [...target.values].sort())).toEqual([["a", "b"], ["a", "b"]]);
    run.stop();
    await end;
  });

  it("SF_SOURCE_POSITION: of input that has become shorter than what a sink has of it is no good end", async () => {
    const { start, clock } = world();
    const [ahead, behind] = [new SinkTarget(), new SinkTarget()];
    const run = (records: readonly number[], onCommit: () => void): Promise<unknown> => {
      const source = new TestSource({ "0": testRecords(records) });
      return start(new Pipeline({ name: "shorter", restart: { maxRestarts: 0 } }).from(source).to(committing(ahead, () => undefined)).to(committing(behind, onCommit))).end;
    };
    const first = run([1, 2, 3], failing(1));
    await clock.advanceAsync(5_000);
    const second = run([1], () => undefined);
    await clock.advanceAsync(5_000);
    expect([await first, await second]).toEqual(["SF_RESTART_EXHAUSTED", "SF_SOURCE_POSITION"]);
  });
});

describe("a run that has failed in the middle of a batch", () => {
  /** A source whose session takes its time to close, and what it may ask meanwhile. */
  function slowToClose(inner: TestSource): { readonly source: Source; events: PartitionEvents; close(): void } {
    const gate = new Latch();
    let events: PartitionEvents | undefined;
    const source: Source = {
      type: inner.type, capabilities: inner.capabilities, config: {},
      async open(context) {
        events ??= context.partitions;
        const session = await inner.open(context);
        return {
          poll: (partition, limits) => session.poll(partition, limits),
          ready: () => session.ready(),
          close: async () => {
            await gate.wait();
            await session.close();
          },
        };
      },
    };
    return { source, close: () => gate.open(), get events() { return events!; } };
  }

  for (const asks of ["a checkpoint", "a pause", "a partition that is revoked"] as const) {
    it(`is not checkpointed while it closes, although ${asks} would ask for it`, async () => {
      const { start, clock } = world();
      const slow = slowToClose(new TestSource({ "0": testRecords([1, 2, 3]), "1": [] }, { bounded: false }));
      const target = new SinkTarget();
      const sink = new ToldSink();
      // The first sink has taken the batch, the second one has not.
      sink.onWrite = failing(1);
      const { run, end } = start(new Pipeline({ name: "late" }).from(slow.source).to(new RecordingSink("store-first", { target })).to(sink));
      await clock.advanceAsync(1);
      const asked = { "a checkpoint": () => run.checkpoint(), "a pause": () => run.pause(), "a partition that is revoked": () => slow.events.revoked(["1"], 1_000) }[asks]();
      const answer = asked.then(() => "done", (error: StreamFlowError) => error.code);
      await clock.advanceAsync(1);
      slow.close();
      await clock.advanceAsync(10_000);
      expect([target.values, sink.values]).toEqual([[1, 2, 3], [1, 2, 3]]);
      expect(await answer).toBe(asks === "a partition that is revoked" ? "done" : "SF_LIFECYCLE_ILLEGAL");
      run.stop();
      await end;
    });
  }
});

it("after a checkpoint that has failed none is taken that was asked for before", async () => {
  const { start, clock, storage } = world();
  const sink = new ToldSink();
  // It has lost what it was given: a flush that succeeds later says nothing of it.
  sink.onFlush = failing(1);
  const { run, end } = start(new Pipeline({ name: "twice", restart: { maxRestarts: 0 } }).from(new TestSource({ "0": testRecords([1]) }, { bounded: false })).to(sink));
  await clock.advanceAsync(1);
  const answers = Promise.allSettled([run.checkpoint(), run.checkpoint()]).then((all) => all.map((one) => (one.status === "rejected" ? (one.reason as StreamFlowError).code : "done")));
  await clock.advanceAsync(1);
  expect(await answers).toEqual(["SF_SINK_FAILED", "SF_LIFECYCLE_ILLEGAL"]);
  expect(await memoryStores(clock, storage).checkpoints.list("twice")).toEqual([]);
  expect(await end).toBe("SF_RESTART_EXHAUSTED");
});

describe("what windows give without a record", () => {
  const pipeline = (source: Source<Item>, sink: Sink<string>): Pipeline<Item, string> =>
    new Pipeline<Item>({ name: "quiet", checkpoint: { everyMs: 100 } }).from(source)
      .addStage(eventTime<Item>({ timestamp: ({ t }: Item) => t, idleAfterMs: 1_000 })).addStage(byKey()).addStage(countOfTens()).to(sink);

  async function twoPartitions(): Promise<{ readonly world: World; readonly source: TestSource; readonly target: SinkTarget; readonly run: PipelineRun; readonly end: Promise<unknown> }> {
    const made = world();
    const target = new SinkTarget();
    const source = new TestSource({ "0": testRecords([{ k: "a", t: 5 }, { k: "a", t: 100 }]), "1": testRecords([{ k: "a", t: 6 }]) }, { bounded: false });
    const { run, end } = made.start(pipeline(source as Source<Item>, new RecordingSink("sink-first", { target }) as Sink<string>));
    await made.clock.advanceAsync(500);
    expect(target.values).toEqual([]);
    return { world: made, source, target, run, end };
  }

  it("reaches the sink, and is committed, when the partition that held event time back is idle", async () => {
    const { world: { clock }, source, target, run, end } = await twoPartitions();
    source.append("0", ...testRecords([{ k: "b", t: 101 }]));
    await clock.advanceAsync(700);
    expect(target.values).toEqual(["a@9=2"]);
    run.stop();
    await end;
  });

  it("reaches the sink, and is committed, when the partition that held event time back goes", async () => {
    const { world: { clock }, source, target, run, end } = await twoPartitions();
    const gone = source.revoke(["1"]);
    await clock.advanceAsync(200);
    await gone;
    expect(target.values).toEqual(["a@9=2"]);
    run.stop();
    await end;
  });
});

describe("closing", () => {
  it("a sink is not closed, nor opened again, while it writes", async () => {
    const { start, clock } = world();
    const [slow, bad] = [new ToldSink(), new ToldSink()];
    const gate = new Latch();
    slow.onWrite = () => gate.wait();
    bad.onWrite = failing(1);
    const { end } = start(new Pipeline({ name: "overlap" }).from(new TestSource({ "0": testRecords([1]) })).to(slow).to(bad));
    await clock.advanceAsync(5_000);
    gate.open();
    await clock.advanceAsync(5_000);
    await end;
    expect(slow.steps).toEqual(["open", "written", "closed", "open", "written", "closed"]);
  });

  it("a sink whose write never ends is left behind, and said so", async () => {
    const { start, clock, logger } = world();
    const [stuck, bad] = [new ToldSink(), new ToldSink()];
    stuck.onWrite = () => new Promise(() => undefined);
    bad.onWrite = failing(1);
    const { end } = start(new Pipeline({ name: "stuck", restart: { maxRestarts: 0 } }).from(new TestSource({ "0": testRecords([1]) })).to(stuck).to(bad));
    await clock.advanceAsync(20_000);
    expect([await end, stuck.steps]).toEqual(["SF_RESTART_EXHAUSTED", ["open", "closed"]]);
    expect(logger.lines.map(({ message }) => message)).toContain("a sink's write does not heed its signal; it is left behind");
  });

  it("operators and stages are freed with their partition, or at the end, also where one of them throws", async () => {
    const { start, clock } = world();
    const freed: string[] = [];
    const closing: OperatorDefinition<object> = {
      type: "closing",
      shape: (_config, [input]) => ({ outputs: { main: input! }, reads: ["all"], forwards: true, deterministic: true, stateful: false, summary: "closing" }),
      create: (_config, { emit }) => ({
        inputs: [emit],
        close: () => {
          freed.push("operator");
          throw new StreamFlowError("SF_INTERNAL", "cannot be closed");
        },
      }),
    };
    const stage: Stage<number, number> = {
      validate: () => undefined,
      async *process(stream) {
        try {
          for await (const value of stream) yield value;
        } finally {
          freed.push("stage");
        }
      },
    };
    const source = new TestSource({ "0": testRecords([1]), "1": testRecords([2]) }, { bounded: false });
    const pipeline = new Pipeline<number>({ name: "freed" }).from(source as Source<number>).addStage(operatorStage<number, number>(closing, { type: "closing", config: {} })).addStage(stage).to(new ToldSink());
    const { run, end } = start(pipeline);
    await clock.advanceAsync(10);
    const gone = source.revoke(["1"]);
    await clock.advanceAsync(10);
    await gone;
    expect(freed.sort()).toEqual(["operator", "stage"]);
    run.stop();
    expect(await end).toMatchObject({ end: "stopped" });
    expect(freed.sort()).toEqual(["operator", "operator", "stage", "stage"]);
  });
});

it("what a timer rejects goes to the rejected output too, with and without an exchange", async () => {
  for (const partitions of [["0"], ["0", "1"]]) {
    const { start, clock, storage } = world();
    const target = new SinkTarget();
    const source = new TestSource(Object.fromEntries(partitions.map((name) => [name, testRecords([{ k: "a", t: 5 }])])), { capabilities: { singlePartition: partitions.length === 1 } }) as Source<Item>;
    const pipeline = new Pipeline<Item>({ name: "rejected" }).from(source).addStage(eventTime<Item>({ timestamp: ({ t }: Item) => t })).addStage(byKey()).addStage(countOfTens({ refuses: true }));
    const { end } = start(pipeline.side("rejected", (side) => side.to(new RecordingSink("sink-first", { target }))).to(new ToldSink()));
    await clock.advanceAsync(1_000);
    await end;
    expect([target.values, storage.logs.find("dead-letters/rejected")]).toEqual([[expect.objectContaining({ node: "tens", value: `a@9=${partitions.length}` })], undefined]);
  }
});

it("a record that a sink will never take is one dead letter, however often it is read, with its place", async () => {
  const { start, clock, storage } = world();
  const sink = new ToldSink();
  const late = new ToldSink();
  sink.onWrite = ({ values }) => {
    if (values.includes(2)) throw new BatchError("refused", [{ index: values.indexOf(2), error: new StreamFlowError("SF_CODEC_ENCODE", "two") }]);
  };
  // The dead letter is durable when this sink fails: the record is read, and refused, again.
  late.onFlush = failing(1);
  const stage = new Pipeline({ name: "refused", deadLetters: {} }).from(new TestSource({ "0": testRecords([1, 2, 3]) })).to(sink).to(late);
  const { end } = start(stage);
  await clock.advanceAsync(10_000);
  expect(await end).toEqual({ end: "finished", restarts: 1 });
  const letters = storage.logs.find("dead-letters/refused")?.entries.map(({ payload }) => decodeDeadLetter(payload));
  expect(letters).toMatchObject([{ node: "told", partition: "0", position: "2", code: "SF_CODEC_ENCODE" }]);
});

it("an idempotent sink behind an exchange keeps the records of every partition", async () => {
  const { start, clock } = world();
  const target = new SinkTarget();
  const source = new TestSource({ "0": testRecords([{ k: "a", t: 0 }]), "1": testRecords([{ k: "b", t: 0 }]) }) as Source<Item>;
  const { end } = start(new Pipeline<Item>({ name: "identities", unboundedState: true }).from(source).addStage(byKey()).addStage(countSoFar()).to(new RecordingSink("idempotent", { target })));
  await clock.advanceAsync(1_000);
  expect([await end, [...target.values].sort()]).toEqual([{ end: "finished", restarts: 0 }, ["a=1", "b=1"]]);
});
