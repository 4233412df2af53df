import { eventTime, Pipeline, type Stage } from "@streamflow/core";
import { PipelineDriver } from "@streamflow/core/testing";
import { expect, it } from "vitest";
import { count, keyBy, tumbling, window } from "./index.ts";

interface Item {
  readonly at: number;
}

const timed = (id: string): [Stage<Item, Item>, { id: string }] => [eventTime({ timestamp: (item: Item) => item.at, maxFutureMs: Infinity }), { id }];

it("event time behind a union of branches is exact at each record, whatever the batches", async () => {
  const late = async (maxRecords: number): Promise<readonly unknown[]> => {
    const driver = new PipelineDriver({
      build: (ends) => {
        const left = new Pipeline<Item>({ name: "both", batch: { maxRecords } }).from(ends.source<Item>());
        left.branch((right) => left.addStage(...timed("left")).union(right.addStage(...timed("right")) as never));
        return left
          .addStage(keyBy((_item: Item) => "all"))
          .addStage(window({ window: tumbling({ sizeMs: 10 }), aggregate: { n: count() } }))
          .side("late", (side) => side.to(ends.sink("late"), { id: "late" }))
          .to(ends.sink(), { id: "out" });
      },
    });
    await driver.start();
    // 12 ends the window [0, 10), which nobody has opened: no timer was due, and 3 is late all the same.
    driver.push([12, 3].map((at) => ({ at })));
    await driver.checkpoint();
    return driver.values("late");
  };
  expect(await late(1)).toEqual([{ at: 3 }, { at: 3 }]);
  expect(await late(1_024)).toEqual([{ at: 3 }, { at: 3 }]);
});
