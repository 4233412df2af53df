// The guarantee "late-rule", switched off on purpose, must be noticed: docs/guarantees.md. The other guarantees: core's engine/broken.test.ts.
import { eventTime, Pipeline } from "@streamflow/core";
import { PipelineDriver, withBroken } from "@streamflow/core/testing";
import { expect, it } from "vitest";
import { count, keyBy, tumbling, window } from "./index.ts";

interface Item {
  readonly k: string;
  readonly at: number;
}

/** 1 and 2 in time, 25 closes their window, 3 comes too late. */
async function outputs(): Promise<{ readonly counted: readonly unknown[]; readonly late: readonly unknown[] }> {
  const driver = new PipelineDriver({
    build: (ends) =>
      new Pipeline<Item>({ name: "late" })
        .from(ends.source<Item>())
        .addStage(eventTime({ timestamp: (item: Item) => item.at, maxFutureMs: Infinity }))
        .addStage(keyBy<Item>("k"))
        .addStage(window({ window: tumbling({ sizeMs: 10 }), aggregate: { n: count() } }))
        .side("late", (late) => late.to(ends.sink("late"), { id: "late" }))
        .to(ends.sink("out"), { id: "out" }),
  });
  await driver.start();
  driver.push([1, 2, 25, 3, 40].map((at) => ({ k: "a", at })));
  await driver.checkpoint();
  return { counted: driver.values("out"), late: driver.values("late") };
}

it("late-rule: an operator that does not see the watermark of the records before counts a late record as if it were in time", async () => {
  const kept = await outputs();
  expect(kept).toEqual({
    counted: [{ windowStart: 0, windowEnd: 10, k: "a", n: 2 }, { windowStart: 20, windowEnd: 30, k: "a", n: 1 }],
    late: [{ k: "a", at: 3 }],
  });
  const broken = await withBroken("late-rule", outputs);
  expect(broken.late).toEqual([]);
  expect(broken.counted).not.toEqual(kept.counted);
});
