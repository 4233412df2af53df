// Random records, delays, batches, crashes and failures, against the same stages without a promise, and against plain lists.
import { type Clock, type DeadLetter, decodeDeadLetter, deadLetterLog, eventTime, Pipeline } from "@streamflow/core";
import { type DriverEnds, MemoryLogStore, PipelineDriver, type SeededRandom, seededRandom } from "@streamflow/core/testing";
import { expect, it } from "vitest";
import { collect, count, flatMap, keyBy, map, mapAsync, type MapAsyncOptions, sum, tumbling, window } from "./index.ts";

interface Item {
  readonly id: number;
  readonly key: string;
  readonly at: number;
}

const runs = 40;
const partitions: readonly string[] = ["0", "1"];

interface Trial {
  readonly items: readonly (readonly Item[])[];
  readonly options: MapAsyncOptions;
  readonly batchRecords: number;
  readonly everyMs: number;
  /** How long the call for an item takes; 0: it answers at once, without a promise. */
  delayMs(id: number): number;
  readonly crashes: number;
  readonly random: SeededRandom;
}

function trialOf(seed: number): Trial {
  const random = seededRandom(seed);
  let id = 0;
  const items = partitions.map((partition) => {
    let at = 0;
    return Array.from({ length: 10 + random.integer(40) }, () => {
      at += random.integer(6);
      return { id: id++, key: `${partition}${random.integer(3)}`, at: Math.max(0, at - random.integer(12)) };
    });
  });
  const delays = items.flat().map(() => (random.chance(0.3) ? 0 : 1 + random.integer(60)));
  return {
    items, options: { concurrency: 1 + random.integer(8), ordered: random.chance() }, batchRecords: 1 + random.integer(12), everyMs: 10 + random.integer(100),
    delayMs: (of) => delays[of] ?? 0, crashes: random.integer(3), random,
  };
}

/** Runs a pipeline to its end: records come bit by bit, and the process dies now and then. */
async function runTrial(trial: Trial, build: (ends: DriverEnds, clock: () => Clock) => Pipeline<Item, unknown>): Promise<PipelineDriver> {
  const random = seededRandom(trial.random.integer(1_000_000));
  const driver: PipelineDriver = new PipelineDriver({ build: (ends) => build(ends, () => driver.world.clock), brokers: { in: { partitions, bounded: true } } });
  await driver.start();
  const given = partitions.map(() => 0);
  let crashes = trial.crashes;
  for (let isWhole = false; !isWhole; ) {
    isWhole = true;
    for (const [at, partition] of partitions.entries()) {
      const items = trial.items[at] ?? [];
      const next = Math.min(items.length, given[at]! + random.integer(15));
      driver.push(items.slice(given[at], next), partition);
      given[at] = next;
      isWhole &&= next === items.length;
    }
    await driver.advance(random.integer(40));
    if (crashes > 0 && random.chance(0.4)) {
      crashes--;
      await driver.restart();
    }
  }
  driver.broker().end();
  for (let tries = 0; tries < 50 && driver.run().state !== "finished"; tries++) await driver.advance(100);
  expect(driver.run().state).toBe("finished");
  return driver;
}

function asked<In, Out>(trial: Trial, clock: () => Clock, idOf: (value: In) => number, to: (value: In) => Out) {
  const ask = (value: In): Out | Promise<Out> => {
    const delayMs = trial.delayMs(idOf(value));
    if (delayMs === 0) return to(value);
    return new Promise<void>((resolve) => clock().setTimer(delayMs, resolve)).then(() => to(value));
  };
  return mapAsync(ask, trial.options);
}

function texts(values: readonly unknown[]): readonly string[] {
  return values.map((value) => JSON.stringify(value)).toSorted();
}

it("ASY-3, ASY-4: windows hold the same records, and the same ones are late, as without a promise", async () => {
  let late = 0;
  for (let seed = 1; seed <= runs; seed++) {
    const trial = trialOf(seed);
    const windows = (isAsync: boolean) => (ends: DriverEnds, clock: () => Clock): Pipeline<Item, unknown> =>
      new Pipeline<Item>({ name: "asked", checkpoint: { everyMs: trial.everyMs }, batch: { maxRecords: trial.batchRecords } })
        .from(ends.source<Item>())
        .addStage(eventTime({ timestamp: (item: Item) => item.at, outOfOrdernessMs: 4, maxFutureMs: Infinity }))
        .addStage(isAsync ? asked(trial, clock, (item: Item) => item.id, (item) => item) : map((item: Item) => item))
        .addStage(keyBy((item: Item) => item.key, { coPartitioned: true }))
        .addStage(window({ window: tumbling({ sizeMs: 10 }), aggregate: { n: count(), ids: sum((item: Item) => item.id), ...(trial.options.ordered === true ? { order: collect((item: Item) => item.id) } : {}) } }))
        .side("late", (side) => side.to(ends.sink("late"), { id: "late" }))
        .to(ends.sink("out"), { id: "out" });
    const expected = await runTrial({ ...trial, crashes: 0 }, windows(false));
    const found = await runTrial(trial, windows(true));
    expect(texts(found.values("out")), `seed ${seed}`).toEqual(texts(expected.values("out")));
    expect(texts(found.values("late")), `seed ${seed}, late`).toEqual(texts(expected.values("late")));
    late += expected.values("late").length;
  }
  expect(late).toBeGreaterThan(runs);
}, 120_000);

it("ASY-2: every item is given once, or is one dead letter with its place, whatever was made of one record before and behind", async () => {
  let rejected = 0;
  for (let seed = 1; seed <= runs; seed++) {
    const trial = trialOf(seed);
    const parts = (item: Item): readonly number[] => Array.from({ length: item.id % 4 }, (_, i) => item.id * 10 + i);
    const build = (ends: DriverEnds, clock: () => Clock): Pipeline<Item, unknown> =>
      new Pipeline<Item>({ name: "parts", checkpoint: { everyMs: trial.everyMs }, batch: { maxRecords: trial.batchRecords } })
        .from(ends.source<Item>())
        .addStage(flatMap(parts))
        .addStage(asked(trial, clock, (part: number) => part % trial.items.flat().length, (part) => {
          if (part % 7 === 3) throw new RangeError("three");
          return part;
        }))
        .addStage(flatMap((part: number) => [part, -part]))
        .to(ends.sink("out", "idempotent"));
    const driver = await runTrial(trial, build);
    const all = trial.items.flat().flatMap(parts);
    const refused = all.filter((part) => part % 7 === 3);
    expect(texts(driver.values()), `seed ${seed}`).toEqual(texts(all.filter((part) => part % 7 !== 3).flatMap((part) => [part, -part])));
    const letters = await deadLetters(driver);
    expect(texts(letters.map(({ raw }) => Number(Buffer.from(raw).toString()))), `seed ${seed}, dead letters`).toEqual(texts(refused));
    for (const { partition, position, raw } of letters) {
      const item = Math.floor(Number(Buffer.from(raw).toString()) / 10);
      const at = partitions.indexOf(partition ?? "");
      expect(trial.items[at]?.findIndex(({ id }) => id === item)).toBe(Number(position) - 1);
    }
    rejected += letters.length;
  }
  expect(rejected).toBeGreaterThan(runs);
}, 120_000);

it("ASY-3: ordered output is in the order of the input, within a partition", async () => {
  for (let seed = 1; seed <= runs; seed++) {
    const trial = { ...trialOf(seed), options: { ordered: true, concurrency: 5 } };
    const driver = await runTrial(trial, (ends, clock) =>
      new Pipeline<Item>({ name: "ordered", checkpoint: { everyMs: trial.everyMs }, batch: { maxRecords: trial.batchRecords } }).from(ends.source<Item>()).addStage(asked(trial, clock, (item: Item) => item.id, (item) => item)).to(ends.sink()));
    const values = driver.values() as readonly Item[];
    for (const items of trial.items) expect(values.filter(({ id }) => items.some((item) => item.id === id)), `seed ${seed}`).toEqual(items);
  }
}, 120_000);

async function deadLetters(driver: PipelineDriver): Promise<readonly DeadLetter[]> {
  const entries = await new MemoryLogStore(driver.world.clock, driver.storage.logs).read(deadLetterLog("parts"), 0, 10_000);
  return entries.map(({ payload }) => decodeDeadLetter(payload));
}
