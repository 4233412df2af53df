import { describe, expect, it } from "vitest";
import type { OperatorDefinition, Shape } from "../contracts/operator.ts";
import { plainSerializer } from "../keyed/state-codec.ts";
import { Pipeline } from "../pipeline.ts";
import { operatorStage, type Stage } from "../stage.ts";
import { type DriverEnds, PipelineDriver } from "./driver.ts";

const unknown: Shape = { schema: undefined, key: undefined, time: false, changes: "insert" };

const keyByOperator: OperatorDefinition<{ coPartitioned: boolean }> = {
  type: "keyBy",
  shape: ({ coPartitioned }, [input = unknown]) => ({
    outputs: { main: { ...input, key: { type: undefined, fields: ["k"], coPartitioned } } },
    reads: ["all"], forwards: true, deterministic: true, stateful: false, summary: "by k",
  }),
  create: (_config, { cursor, emit }) => ({ inputs: [(value) => ((cursor.key = (value as { k: string }).k), emit(value))] }),
};

const countOperator: OperatorDefinition<object> = {
  type: "count",
  shape: (_config, [input = unknown]) => ({
    outputs: { main: { ...unknown, key: input.key } },
    reads: ["all"], forwards: false, deterministic: true, stateful: true, needsKey: true, summary: "count",
  }),
  create: (_config, { cursor, emit, state }) => {
    const counts = state.table<number>("counts", plainSerializer());
    return {
      inputs: [() => {
        const count = (counts.get(0, cursor.key) ?? 0) + 1;
        counts.set(0, cursor.key, count);
        emit(`${String(cursor.key)}${count}`);
      }],
    };
  },
};

const keyBy = (coPartitioned = false): Stage<{ k: string }, { k: string }> => operatorStage(keyByOperator, { type: "keyBy", config: { coPartitioned } });
const count = (): Stage<{ k: string }, string> => operatorStage(countOperator, { type: "count", config: {} });
const build = (coPartitioned: boolean) => (ends: DriverEnds) =>
  new Pipeline({ name: "counts", checkpoint: { everyMs: 1_000 } }).from(ends.source<{ k: string }>()).addStage(keyBy(coPartitioned)).addStage(count()).to(ends.sink<string>());
const records = (text: string): { k: string }[] => Array.from(text).map((k) => ({ k }));

describe("the pipeline driver", () => {
  it("shows output only once it is committed", async () => {
    const driver = new PipelineDriver({ build: build(false) });
    await driver.start();
    driver.push(records("aba"));
    await driver.settle();
    expect(driver.values()).toEqual([]);
    await driver.checkpoint();
    expect(driver.values()).toEqual(["a1", "b1", "a2"]);
  });

  it("goes on after a crash as if nothing had happened", async () => {
    const driver = new PipelineDriver({ build: build(false), brokers: { in: { partitions: ["0", "1"] } } });
    await driver.start();
    driver.push(records("ab"));
    await driver.checkpoint();
    driver.push(records("ab"), "1");
    await driver.settle();
    await driver.restart();
    driver.push(records("a"));
    await driver.advance(1_000);
    expect([...driver.values()].sort()).toEqual(["a1", "a2", "a3", "b1", "b2"]);
  });

  it("moves one shard to another process with its state", async () => {
    const driver = new PipelineDriver({ build: build(true), brokers: { in: { partitions: ["0", "1"] } } });
    driver.broker().give("0", "a");
    driver.broker().give("1", "a");
    await driver.start("a");
    await driver.start("b");
    driver.push(records("xx"), "0");
    driver.push(records("yy"), "1");
    await driver.settle();
    await driver.move("1", "b");
    driver.push(records("xy"), "0");
    driver.push(records("yx"), "1");
    await driver.checkpoint("a");
    await driver.checkpoint("b");
    expect([...driver.values()].sort()).toEqual(["x1", "x1", "x2", "x3", "y1", "y1", "y2", "y3"]);
  });

  it("reads a shard that comes back from where its other owner left it", async () => {
    const driver = new PipelineDriver({ build: build(true), brokers: { in: { partitions: ["0", "1"] } } });
    driver.broker().give("0", "a");
    driver.broker().give("1", "a");
    await driver.start("a");
    await driver.start("b");
    driver.push(records("xx"), "1");
    await driver.move("1", "b");
    driver.push(records("x"), "1");
    await driver.settle();
    await driver.move("1", "a");
    driver.push(records("x"), "1");
    await driver.checkpoint("a");
    expect(driver.values()).toEqual(["x1", "x2", "x3", "x4"]);
  });

  it("fences the process whose partition was taken", async () => {
    const driver = new PipelineDriver({ build: build(true), brokers: { in: { partitions: ["0"] } } });
    driver.broker().give("0", "a");
    await driver.start("a");
    await driver.start("b");
    driver.push(records("x"));
    await driver.settle();
    driver.world.clock.advance(60_000);
    await driver.broker().take("0", "b");
    await driver.settle();
    driver.push(records("x"));
    await driver.checkpoint("b");
    await driver.advance(60_000);
    expect(driver.values()).toEqual(["x1", "x2"]);
  });
});
