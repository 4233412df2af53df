import { eventTime, Pipeline, type Stage } from "@streamflow/core";
import { forbidCodeGeneration, PipelineDriver } from "@streamflow/core/testing";
import { afterEach, expect, it } from "vitest";
import { collect, count, filter, keyBy, tumbling, window } from "./index.ts";

interface Item {
  readonly at: number;
}

const timed = <Of extends Item>(id: string): [Stage<Of, Of>, { id: string }] => [eventTime({ timestamp: (item: Of) => item.at, maxFutureMs: Infinity }), { id }];

afterEach(() => forbidCodeGeneration(false));

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

it("event time behind a union of branches goes on after a restart where each branch left it", async () => {
  interface Sided extends Item {
    readonly only?: "left" | "right";
  }
  // Generated functions keep the record's time to themselves, and would hide it.
  forbidCodeGeneration(true);
  const driver = new PipelineDriver({
    build: (ends) => {
      const left = new Pipeline<Sided>({ name: "both" }).from(ends.source<Sided>());
      left.branch((right) => {
        // 30 moves the event time of its branch, and goes no further.
        right.addStage(filter((item: Sided) => item.only !== "left")).addStage(...timed<Sided>("right")).addStage(filter((item: Sided) => item.at !== 30));
        left.addStage(filter((item: Sided) => item.only !== "right")).addStage(...timed<Sided>("left")).union(right as never);
      });
      return left
        .addStage(keyBy((_item: Sided) => "all"))
        .addStage(window({ window: tumbling({ sizeMs: 10 }), aggregate: { times: collect((item: Sided) => item.at) } }))
        .to(ends.sink(), { id: "out" });
    },
  });
  await driver.start();
  driver.push([{ at: 5 }, { at: 20, only: "left" }]);
  await driver.checkpoint();
  await driver.restart();
  driver.push([{ at: 30, only: "right" }, { at: 31, only: "right" }]);
  driver.broker().end();
  await driver.advance(2_000);
  expect(driver.values().map((result) => (result as { times: unknown }).times)).toEqual([[5, 5], [20], [31]]);
});
