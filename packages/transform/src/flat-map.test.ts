import { type Compute, deadLetterLog, decodeDeadLetter, eventTime, field, Pipeline } from "@streamflow/core";
import { forbidCodeGeneration, memoryStores, OperatorHarness, PipelineDriver } from "@streamflow/core/testing";
import { afterEach, describe, expect, it } from "vitest";
import { filter } from "./filter.ts";
import { flatMap, flatMapOperator } from "./flat-map.ts";

afterEach(() => forbidCodeGeneration(false));

describe("flatMap", () => {
  it("gives each item in order, under the record's event time and key", () => {
    const harness = new OperatorHarness(flatMapOperator, { to: (line: string) => line.split(" ") });
    harness.push("a b", { timestampMs: 7, key: "k" });
    expect(harness.take().map(({ value, timestampMs, key }) => [value, timestampMs, key])).toEqual([["a", 7, "k"], ["b", 7, "k"]]);
  });

  it("takes null, undefined and an empty list for nothing", () => {
    const harness = new OperatorHarness(flatMapOperator, { to: (n: number) => [null, undefined, []][n] });
    harness.push(0).push(1).push(2);
    expect([harness.values(), harness.rejected]).toEqual([[], []]);
  });

  it("keeps what an iterable gave before it threw, and rejects the record", () => {
    const harness = new OperatorHarness(flatMapOperator, {
      *to(n: number) {
        yield n;
        if (n === 1) throw new TypeError("half-way");
        yield -n;
      },
    });
    harness.push(1).push(2);
    expect(harness.values()).toEqual([1, 2, -2]);
    expect(harness.rejected.map(({ value, error }) => [value, error.code])).toEqual([[1, "SF_STAGE_FAILED"]]);
  });

  it("rejects what is no list; a string is none", () => {
    const harness = new OperatorHarness(flatMapOperator, { to: (value: unknown) => value });
    harness.push("text").push(5).push({});
    expect(harness.rejected.map(({ error }) => error.code)).toEqual(["SF_TYPE_MISMATCH", "SF_TYPE_MISMATCH", "SF_TYPE_MISMATCH"]);
  });
});

describe("flatMap in generated code", () => {
  interface Line {
    readonly at: number;
    readonly words: readonly unknown[] | null;
  }
  const rows: readonly Line[] = [{ at: 1, words: ["a", "b"] }, { at: 2, words: null }, { at: 3, words: [] }, { at: 4, words: ["bad", "c"] }, { at: 5, words: 7 as never }, { at: 6, words: ["d", "bad"] }, { at: 7, words: ["e", "f", "g"] }];

  async function run(to: Compute, isForbidden: boolean): Promise<unknown> {
    forbidCodeGeneration(isForbidden);
    const driver = new PipelineDriver({
      build: (ends) =>
        new Pipeline({ name: "flat" }).from(ends.source<Line>()).addStage(eventTime<Line>({ timestamp: field("at") as never }))
          .addStage(flatMap(to as never)).addStage(flatMap((word: unknown) => [word, word])).addStage(filter((word: unknown) => word !== "f")).to(ends.sink(), { id: "out" }),
      brokers: { in: { partitions: ["0"], bounded: true } },
    });
    await driver.start();
    driver.push(rows, "0");
    driver.broker().end();
    await driver.advance(2_000);
    const letters = await memoryStores(driver.world.clock, driver.storage).logs.read(deadLetterLog("flat"), 0, Infinity);
    return {
      out: driver.target().visible.map(({ value, timestampMs, identity }) => ({ value, timestampMs, identity })),
      letters: letters.map(({ payload }) => decodeDeadLetter(payload)).map(({ message, position }) => ({ message, position })),
    };
  }

  const tos: readonly (readonly [name: string, to: Compute])[] = [
    ["an expression", field("words")],
    ["a function", (line: Line) => line.words],
    ["a generator that throws", function* words({ words }: Line) {
      for (const word of words ?? []) {
        if (word === "bad") throw new TypeError("half-way");
        yield word;
      }
    }],
  ];
  it.each(tos)("gives what the closure gives: %s", async (_name, to) => {
    const closures = await run(to, true);
    expect(await run(to, false)).toEqual(closures);
    expect((closures as { out: readonly unknown[] }).out.length).toBeGreaterThan(6);
    expect((closures as { letters: readonly unknown[] }).letters.length).toBeGreaterThan(0);
  });
});
