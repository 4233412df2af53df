// Windows behind an exchange, where several partitions move event time.
import { eventTime, Pipeline } from "@streamflow/core";
import { PipelineDriver } from "@streamflow/core/testing";
import { expect, it } from "vitest";
import { collect, keyBy, tumbling, window } from "./index.ts";

interface Item {
  readonly at: number;
}

it("a window that another partition has held back fires at the record that ends it, not in the middle of the next", async () => {
  const driver = new PipelineDriver({
    brokers: { in: { partitions: ["0", "1"] } },
    build: (ends) =>
      new Pipeline<Item>({ name: "two" })
        .from(ends.source<Item>())
        .addStage(eventTime({ timestamp: (item: Item) => item.at, maxFutureMs: Infinity }))
        .addStage(keyBy((_item: Item) => "all"))
        .addStage(window({ window: tumbling({ sizeMs: 10 }), aggregate: { times: collect((item: Item) => item.at) } }))
        .to(ends.sink(), { id: "out" }),
  });
  const push = async (partition: string, ...times: readonly number[]): Promise<void> => {
    driver.push(times.map((at) => ({ at })), partition);
    await driver.settle();
  };
  await driver.start();
  // [0, 10) and [20, 30) are open, and partition 1 holds both back.
  await push("0", 5, 25);
  // The first fires. Partition 0 now holds the second back, and ends it with 40.
  await push("1", 100);
  await push("0", 40, 41, 60);
  driver.broker().end();
  await driver.advance(2_000);
  expect(driver.values().map((result) => (result as { times: unknown }).times)).toEqual([[5], [25], [40, 41], [60], [100]]);
  expect(driver.world.logger.lines.filter(({ level }) => level === "warn")).toEqual([]);
});
