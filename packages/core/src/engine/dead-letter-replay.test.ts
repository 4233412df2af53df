// Dead letters that go back to the nodes that refused them.
import { describe, expect, it } from "vitest";
import { deadLetterLog, decodeDeadLetter, type DeadLetter, encodeDeadLetter } from "../contracts/dead-letter.ts";
import type { OperatorDefinition } from "../contracts/operator.ts";
import type { FaultPlan } from "../contracts/environment.ts";
import type { Sink } from "../contracts/sink.ts";
import { BatchError, StreamFlowError } from "../errors.ts";
import { Pipeline } from "../pipeline.ts";
import { operatorStage, type Stage } from "../stage.ts";
import { PipelineDriver } from "../testing/driver.ts";
import { ScriptedFaults } from "../testing/fault-plan.ts";
import { memoryStores } from "../testing/memory-stores.ts";
import type { RecordingSinkKind } from "../testing/recording-sink.ts";
import { once } from "./exactly-once.fixture.ts";
import type { ReplayResult } from "./executor-options.ts";

/** What is refused now, by whom. */
interface World {
  stage: readonly number[];
  sink: readonly number[];
}

/** Doubles numbers, each twice; the world refuses some. */
const doubling = (world: World): OperatorDefinition<object> => ({
  type: "double",
  shape: (_config, [input]) => ({ outputs: { main: input! }, reads: ["all"], forwards: false, deterministic: true, stateful: false, summary: "double" }),
  create: (_config, { emit, reject }) => ({
    inputs: [(value) => {
      if (world.stage.includes(value as number)) return reject(new StreamFlowError("SF_STAGE_FAILED", "not now"), value);
      emit((value as number) * 2);
      emit((value as number) * 2 + 1);
    }],
  }),
});

function picky(world: World, sink: Sink<number>): Sink<number> {
  return {
    ...sink,
    open: async (context) => {
      const session = await sink.open(context);
      return {
        ...(Object.fromEntries((["prepare", "commitPrepared", "abortPrepared", "recover", "commitTransaction", "discard"] as const).flatMap((name) => (session[name] === undefined ? [] : [[name, (session[name] as (...args: unknown[]) => unknown).bind(session)]])))),
        flush: () => session.flush(),
        close: () => session.close(),
        async write(batch) {
          const kept = batch.values.flatMap((value, index) => (world.sink.includes(value as number) ? [] : [index]));
          await session.write({ ...batch, length: kept.length, values: kept.map((i) => batch.values[i]), timestamps: Float64Array.from(kept, (i) => batch.timestamps[i] ?? NaN), identityAt: (i) => batch.identityAt(kept[i] ?? -1) });
          const failures = batch.values.flatMap((value, index) => (world.sink.includes(value as number) ? [{ index, error: new StreamFlowError("SF_SINK_REJECTED", "no") }] : []));
          if (failures.length > 0) throw new BatchError("refused", failures);
        },
      };
    },
  };
}

function setUp(world: World, kind: RecordingSinkKind, faults?: FaultPlan, partitions: readonly string[] = ["0"]) {
  const driver = new PipelineDriver({
    brokers: { in: { partitions } },
    ...(faults === undefined ? {} : { faults }),
    build(ends) {
      const double: Stage<number, number> = operatorStage(doubling(world), { type: "double", config: {} });
      return new Pipeline({ name: "p", checkpoint: { everyMs: 100, keep: 2 }, batch: { maxRecords: 3 } }).from(ends.source<number>())
        .branch((before) => before.to(ends.sink<number>("seen", kind), { id: "seen" }))
        .addStage(double, { id: "double" }).to(picky(world, ends.sink<number>("out", kind)), { id: "out" });
    },
  });
  const letters = async (): Promise<readonly DeadLetter[]> => (await memoryStores(driver.world.clock, driver.storage).logs.read(deadLetterLog("p"), 0, 100)).map(({ payload }) => decodeDeadLetter(payload));
  const replay = async (): Promise<ReplayResult | undefined> => {
    let result: ReplayResult | undefined;
    await driver.start("main", { replayed: (found) => (result = found) });
    for (let i = 0; i < 5 && driver.isAlive(); i++) await driver.advance(1_000);
    return result;
  };
  return { driver, letters, replay };
}

const sorted = (values: readonly unknown[]): readonly unknown[] => [...(values as number[])].sort((a, b) => a - b);

describe.each(["sink-first", "remembering", "idempotent"] as const)("into %s sinks", (kind) => {
  it("L1: a letter enters where it left: what stands beside that node gets nothing twice", async () => {
    const world: World = { stage: [2], sink: [6, 9] };
    const { driver, letters, replay } = setUp(world, kind);
    await driver.start();
    driver.push([1, 2, 3, 4]);
    await driver.advance(300);
    await driver.stop();
    expect((await letters()).map(({ node }) => node).sort()).toEqual(["double", "out", "out"]);
    world.stage = world.sink = [];
    expect(await replay()).toEqual({ replayed: 3, refused: 0, left: 0 });
    expect(await letters()).toEqual([]);
    expect(sorted(driver.values("seen"))).toEqual([1, 2, 3, 4]);
    expect(sorted(driver.values("out"))).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await replay()).toEqual({ replayed: 0, refused: 0, left: 0 });
    // The pipeline goes on from where it was.
    await driver.start();
    driver.push([5]);
    await driver.advance(300);
    expect(sorted(driver.values("out"))).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(sorted(driver.values("seen"))).toEqual([1, 2, 3, 4, 5]);
  });
});

describe("L2, L3: crashes", () => {
  it.each(["sink-first", "remembering", "idempotent"] as const)("%s: at every named point of a replay: nothing is doubled, nothing is lost", { timeout: 120_000 }, async (kind) => {
    async function scenario(faults: ScriptedFaults): Promise<void> {
      const world: World = { stage: [2, 12], sink: [6, 27] };
      // Nothing crashes before the replay.
      let isArmed = false;
      const guarded = once(faults);
      const { driver, letters, replay } = setUp(world, kind, { reach: (point) => (isArmed ? guarded.reach(point) : undefined) }, ["0", "1"]);
      await driver.start();
      driver.push([1, 2, 3, 4], "0");
      driver.push([11, 12, 13], "1");
      await driver.advance(300);
      await driver.stop();
      expect(await letters()).toHaveLength(4);
      world.stage = [12];
      world.sink = [];
      isArmed = true;
      await replay();
      driver.world.clock.advance(60_000);
      for (let i = 0; i < 3; i++) await replay();
      // A crash in the last of them leaves a letter twice until the next one.
      for (let i = 0; i < 3 && (await replay()) === undefined; i++) driver.world.clock.advance(60_000);
      expect((await letters()).map(({ node, raw }) => [node, new TextDecoder().decode(raw)])).toEqual([["double", "12"]]);
      expect(sorted(driver.values("out"))).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 22, 23, 26, 27]);
      expect(sorted(driver.values("seen"))).toEqual([1, 2, 3, 4, 11, 12, 13]);
    }
    const watch = new ScriptedFaults();
    await scenario(watch);
    expect(watch.visits.size).toBeGreaterThan(8);
    for (const [point, visits] of watch.visits) for (const visit of new Set([1, visits])) await scenario(new ScriptedFaults({ at: { point, visit } }));
  });
});

it("L2: a sink gets a record under the identity that it refused; one that it refuses again is a letter as before", async () => {
  const world: World = { stage: [], sink: [3, 4] };
  const { driver, letters, replay } = setUp(world, "idempotent");
  await driver.start();
  driver.push([1, 2]);
  await driver.advance(300);
  await driver.stop();
  const refused = (await letters()).map(({ entry }) => entry?.identity);
  expect(refused).toEqual([{ shard: "p:broker/0", origin: "1", index: 1 }, { shard: "p:broker/0", origin: "2", index: 0 }]);
  world.sink = [4];
  expect(await replay()).toEqual({ replayed: 2, refused: 1, left: 0 });
  expect((await letters()).map(({ entry }) => entry?.identity)).toEqual([refused[1]]);
  expect(driver.target("out").visible.map(({ value, identity }) => [value, identity])).toContainEqual([3, refused[0]]);
  world.sink = [];
  expect(await replay()).toEqual({ replayed: 1, refused: 0, left: 0 });
  expect(sorted(driver.values("out"))).toEqual([2, 3, 4, 5]);
  expect(await letters()).toEqual([]);
});

it("L3: a letter without a way back stays, and is there for the next replay", async () => {
  const world: World = { stage: [1], sink: [] };
  const { driver, letters, replay } = setUp(world, "sink-first");
  await driver.start();
  driver.push([1]);
  await driver.advance(300);
  await driver.stop();
  const { logs } = memoryStores(driver.world.clock, driver.storage);
  await logs.append(deadLetterLog("p"), [encodeDeadLetter({ pipeline: "p", node: "gone", code: "X", message: "", timeMs: 0, raw: new Uint8Array(), truncated: false })]);
  world.stage = [];
  expect(await replay()).toEqual({ replayed: 1, refused: 0, left: 1 });
  expect((await letters()).map(({ node }) => node)).toEqual(["gone"]);
  expect(await replay()).toEqual({ replayed: 0, refused: 0, left: 1 });
  expect(sorted(driver.values("out"))).toEqual([2, 3]);
});
