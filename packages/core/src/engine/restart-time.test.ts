// Event time behind an exchange, across a restart.
import { expect, it } from "vitest";
import type { OperatorDefinition } from "../contracts/operator.ts";
import { Pipeline } from "../pipeline.ts";
import { operatorStage } from "../stage.ts";
import { PipelineDriver } from "../testing/driver.ts";
import { eventTime } from "./event-time.ts";

interface Item {
  readonly key: string;
  readonly at: number;
}

const keyByKey: OperatorDefinition<object> = {
  type: "keyBy",
  shape: (_config, [input]) => ({
    outputs: { main: { schema: undefined, key: { type: undefined, fields: undefined, coPartitioned: false }, time: input?.time ?? false, changes: "insert" } },
    reads: ["all"], forwards: true, deterministic: true, stateful: false, summary: "by key",
  }),
  create: (_config, { cursor, emit }) => ({ inputs: [(value) => ((cursor.key = (value as Item).key), emit(value))] }),
};

/** Emits the watermark that each record meets. */
const watermarks: OperatorDefinition<object> = {
  type: "watermarks",
  shape: (_config, [input]) => ({
    outputs: { main: { schema: undefined, key: input?.key, time: true, changes: "insert" } },
    reads: ["all"], forwards: false, deterministic: true, stateful: true, needsKey: true, summary: "watermarks",
  }),
  create: (_config, { emit, time, cursor }) => ({ inputs: [() => emit(`${cursor.timestampMs}: ${time.watermarkMs}`)] }),
};

function pipeline(): PipelineDriver {
  return new PipelineDriver({
    build: (ends) =>
      new Pipeline<Item>({ name: "times" })
        .from(ends.source<Item>())
        .addStage(eventTime({ timestamp: (item: Item) => item.at, maxFutureMs: Infinity }))
        .addStage(operatorStage<Item, Item>(keyByKey, { type: "keyBy", config: {} }))
        .addStage(operatorStage<Item, string>(watermarks, { type: "watermarks", config: {} }), { id: "watermarks" })
        .to(ends.sink("out"), { id: "out" }),
    brokers: { in: { partitions: ["ahead", "behind"] } },
  });
}

it("a partition that was restored further ahead does not speak for those that are restored after it", async () => {
  const driver = pipeline();
  await driver.start();
  driver.push([{ key: "a", at: 1000 }], "ahead");
  driver.push([{ key: "a", at: 10 }], "behind");
  await driver.checkpoint();
  await driver.restart();
  driver.push([{ key: "a", at: 11 }, { key: "a", at: 12 }], "behind");
  await driver.checkpoint();
  expect(driver.values().slice(2)).toEqual(["11: 9", "12: 10"]);
});
