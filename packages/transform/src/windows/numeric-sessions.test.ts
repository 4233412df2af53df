// What the generated code of sessions may not do in place; the rules are in windows.test.ts, restores in restored-windows.test.ts.
import { eventTime, Pipeline } from "@streamflow/core";
import { forbidCodeGeneration, PipelineDriver } from "@streamflow/core/testing";
import { afterEach, expect, it } from "vitest";
import { count } from "../aggregates.ts";
import { keyBy } from "../key-by.ts";
import { window } from "../window.ts";
import { session } from "./assigners.ts";

afterEach(() => forbidCodeGeneration(false));

interface Row {
  readonly at: number;
}

async function sessionsOf(times: readonly number[], maxCount?: number): Promise<readonly unknown[]> {
  const driver = new PipelineDriver({
    brokers: { in: { partitions: ["0"], bounded: true } },
    build: (ends) => new Pipeline({ name: "sessions" })
      .from(ends.source<Row>())
      .addStage(eventTime<Row>({ timestamp: ({ at }) => at, outOfOrdernessMs: 10 }))
      .addStage(keyBy<Row, number>(() => 1))
      .addStage(window({ window: session({ gapMs: 4, ...(maxCount === undefined ? {} : { maxCount }) }), aggregate: { n: count() } }), { id: "sessions" })
      .to(ends.sink("out", "sink-first"), { id: "out" }),
  });
  await driver.start();
  driver.push(times.map((at) => ({ at })), "0");
  driver.broker().end();
  await driver.advance(2_000);
  return driver.target().visible.map(({ value }) => {
    const { windowStart, windowEnd, n } = value as { windowStart: number; windowEnd: number; n: number };
    return [windowStart, windowEnd, n];
  });
}

it.each([false, true])("a record that extends one session up to another makes them one; code forbidden: %s", async (isForbidden) => {
  forbidCodeGeneration(isForbidden);
  expect(await sessionsOf([13, 20, 16])).toEqual([[13, 24, 3]]);
  expect(await sessionsOf([13, 20, 14])).toEqual([[13, 18, 2], [20, 24, 1]]);
  expect(await sessionsOf([13, 14, 30, 22, 26, 33])).toEqual([[13, 18, 2], [22, 37, 4]]);
  // A third session of the key stands where one has ended.
  expect(await sessionsOf([10, 20, 30, 21, 31, 40, 50])).toEqual([[10, 14, 1], [20, 25, 2], [30, 35, 2], [40, 44, 1], [50, 54, 1]]);
});

it.each([false, true])("a session that is full closes in place; code forbidden: %s", async (isForbidden) => {
  forbidCodeGeneration(isForbidden);
  expect(await sessionsOf([10, 11, 12, 13, 14], 2)).toEqual([[10, 15, 2], [12, 17, 2], [14, 18, 1]]);
});
