// A pipeline that sleeps whenever it can gives what one that never sleeps gives, whatever happens in between.
import { eventTime, field, Pipeline } from "@streamflow/core";
import { type DriverEnds, PipelineDriver, type RecordingSinkKind } from "@streamflow/core/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { count, keyBy, session, sum, tumbling, window } from "./index.ts";

interface Item {
  readonly at: number;
  readonly user: number;
  readonly n: number;
}

type Step =
  | { readonly do: "push"; readonly items: readonly Item[]; readonly partition: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "checkpoint" | "crash" | "pause" };

interface Setting {
  readonly kind: RecordingSinkKind;
  readonly partitions: readonly string[];
  readonly isSession: boolean;
}

const item = fc.record({ at: fc.integer({ min: 0, max: 3_000 }), user: fc.integer({ min: 0, max: 3 }), n: fc.integer({ min: 0, max: 9 }) });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("push" as const), items: fc.array(item, { minLength: 1, maxLength: 5 }), partition: fc.nat(1) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(5, 60, 200, 20_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("checkpoint" as const, "crash" as const, "pause" as const) }) },
);
const setting: fc.Arbitrary<Setting> = fc.record({
  kind: fc.constantFrom<RecordingSinkKind>("sink-first", "store-first"), partitions: fc.constantFrom<readonly string[]>(["0"], ["0", "1"]), isSession: fc.boolean(),
});

function build({ kind, isSession }: Setting): (ends: DriverEnds) => Pipeline<Item, unknown> {
  const spans = isSession ? session({ gapMs: 100 }) : tumbling({ sizeMs: 500 });
  return (ends) =>
    new Pipeline({ name: "sleepy", checkpoint: { everyMs: 50, keep: 2 } })
      .from(ends.source<Item>())
      .addStage(eventTime<Item>({ timestamp: field("at"), outOfOrdernessMs: 3_000 }))
      .addStage(keyBy<Item>("user"))
      .addStage(window({ window: spans, aggregate: { count: count(), sum: sum((one: Item) => one.n) } }))
      .to(ends.sink("out", kind));
}

interface Played {
  readonly values: readonly unknown[];
  readonly slept: number;
  readonly recordsIn: number | undefined;
}

async function play(how: Setting, steps: readonly Step[], sleepAfterMs: number): Promise<Played> {
  const driver = new PipelineDriver({ build: build(how), brokers: { in: { partitions: how.partitions, canSleep: true } }, sleepAfterMs });
  let slept = 0;
  await driver.start();
  for (const one of steps) {
    if (one.do === "push") driver.push(one.items, how.partitions[one.partition % how.partitions.length]);
    else if (one.do === "wait") await driver.advance(one.ms);
    else if (one.do === "checkpoint") await driver.checkpoint();
    else if (one.do === "crash") await driver.restart();
    else {
      const paused = driver.run().pause();
      await driver.settle();
      await paused;
      driver.run().resume();
    }
    await driver.settle();
    if (driver.run().isAsleep) slept++;
  }
  driver.broker().end();
  await driver.settle();
  await driver.advance(1_000);
  expect(driver.run().state).toBe("finished");
  return { values: driver.values().map((value) => JSON.stringify(value)).sort(), slept, recordsIn: driver.run().progress()?.recordsIn };
}

it("sleeping changes no result, through crashes, pauses and checkpoints", async () => {
  let slept = 0;
  await fc.assert(
    fc.asyncProperty(setting, fc.array(step, { minLength: 4, maxLength: 14 }), async (how, steps) => {
      const sleepy = await play(how, steps, 100);
      const sleepless = await play(how, steps, Infinity);
      expect(sleepy.values).toEqual(sleepless.values);
      expect(sleepless.slept).toBe(0);
      // What was done before a sleep still counts; what is read again after a crash depends on when the last checkpoint was.
      if (!steps.some((one) => one.do === "crash")) expect(sleepy.recordsIn).toBe(sleepless.recordsIn);
      slept += sleepy.slept;
    }),
    { numRuns: 60, seed: 20_261_121 },
  );
  expect(slept).toBeGreaterThan(50);
}, 120_000);

it("a pipeline with much state stays awake, and sleeps when that is gone", async () => {
  const driver = new PipelineDriver({ build: build({ kind: "store-first", partitions: ["0"], isSession: false }), brokers: { in: { canSleep: true } }, sleepAfterMs: 100 });
  await driver.start();
  driver.push(Array.from({ length: 10_001 }, (_, user) => ({ at: 0, user, n: 1 })));
  await driver.advance(60_000);
  expect(driver.run().isAsleep).toBe(false);
  driver.push([{ at: 100_000, user: 0, n: 1 }]);
  await driver.advance(60_000);
  expect([driver.run().isAsleep, driver.values().length]).toEqual([true, 10_001]);
});
