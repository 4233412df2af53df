import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Pipeline } from "../pipeline.ts";
import { refusal } from "../plan/plan.fixture.ts";
import { PipelineDriver } from "../testing/driver.ts";
import { field } from "../plan/builder.ts";
import { eventTime, type EventTimeOptions } from "./event-time.ts";

interface Item {
  readonly at: unknown;
}

/** A running pipeline whose clock stands at 2026-01-01. */
async function driven(options: Partial<EventTimeOptions<Item>> = {}): Promise<PipelineDriver> {
  const driver = new PipelineDriver({
    build: (ends) => new Pipeline<Item>({ name: "timed" }).from(ends.source<Item>()).addStage(eventTime<Item>({ timestamp: (item) => item.at as number, ...options })).to(ends.sink("out")),
  });
  await driver.start();
  return driver;
}

const push = async (driver: PipelineDriver, ...times: readonly unknown[]): Promise<void> => {
  driver.push(times.map((at) => ({ at })));
  await driver.checkpoint();
};
const times = (driver: PipelineDriver): readonly number[] => driver.target().visible.map((record) => record.timestampMs);
const codes = (driver: PipelineDriver): readonly unknown[] =>
  (driver.storage.logs.find("dead-letters/timed")?.entries ?? []).map(({ payload }) => /"code":"(\w+)"/.exec(Buffer.from(payload).toString())?.[1]);

it("takes milliseconds, whole bigints, Dates and ISO 8601 text; fractions go down", async () => {
  const driver = await driven();
  await push(driver, 0, 1.9, -0.1, 5n, new Date(7), "1970-01-01T00:00:00.009Z", "1970-01-01");
  expect(times(driver)).toEqual([0, 1, -1, 5, 7, 9, 0]);
});

it("rejects what is no time, alone", async () => {
  const driver = await driven();
  await push(driver, 1, null, undefined, "soon", NaN, 8.64e15 + 1, {}, new Date(NaN), 10n ** 30n, 2);
  expect(times(driver)).toEqual([1, 2]);
  expect(codes(driver)).toEqual(Array.from({ length: 8 }, () => "SF_TIME_MISSING"));
});

it("the watermark is the newest time − the bound − 1, and never goes back", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 20 }), fc.integer({ min: 0, max: 50 }), async (given, outOfOrdernessMs) => {
      const driver = await driven({ outOfOrdernessMs });
      await push(driver, ...given);
      expect(driver.run().progress()?.watermarkMs).toBe(Math.max(...given) - outOfOrdernessMs - 1);
    }),
    { numRuns: 15 },
  );
});

describe("a record from the future", () => {
  it("is rejected, and does not move the watermark", async () => {
    const driver = await driven({ maxFutureMs: 1_000 });
    const nowMs = driver.world.clock.nowMs();
    await push(driver, nowMs, nowMs + 1_000, nowMs + 1_001, Date.UTC(9999, 0));
    expect(times(driver)).toEqual([nowMs, nowMs + 1_000]);
    expect(codes(driver)).toEqual(["SF_TIME_FUTURE", "SF_TIME_FUTURE"]);
    expect(driver.run().progress()?.watermarkMs).toBe(nowMs + 999);
  });

  it("is let through when its time is near", async () => {
    const driver = await driven({ maxFutureMs: 1_000 });
    const nowMs = driver.world.clock.nowMs();
    await push(driver, nowMs + 1_500);
    await driver.advance(600);
    await push(driver, nowMs + 1_500);
    expect(times(driver)).toEqual([nowMs + 1_500]);
  });

  it("is a day ahead by default, and never for Infinity", async () => {
    const nowMs = (await driven()).world.clock.nowMs();
    const [byDefault, never] = [await driven(), await driven({ maxFutureMs: Infinity })];
    for (const driver of [byDefault, never]) await push(driver, nowMs + 86_400_000, nowMs + 86_400_001);
    expect([times(byDefault).length, times(never).length]).toEqual([1, 2]);
  });
});

describe("refuses", () => {
  const refused = (options: Partial<EventTimeOptions<Item>>): string => refusal(() => new Pipeline<Item>({ name: "p" }).addStage(eventTime<Item>({ timestamp: field("at"), ...options })));

  it.each(["outOfOrdernessMs", "idleAfterMs", "maxFutureMs"] as const)("a negative or missing number for %s, naming stage and input", (name) => {
    expect(refused({ [name]: -1 })).toBe(`SF_CONFIG_INVALID: stage "eventTime" behind "input": ${name} must be ≥ 0 ms, got -1 | `);
    expect(refused({ [name]: NaN })).toContain(`${name} must be ≥ 0 ms, got NaN`);
    expect(refused({ [name]: 0 })).toBe("accepted");
  });
});
