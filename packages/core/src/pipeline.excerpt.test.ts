// The public API as it is promised: `class Pipeline<T>`, stages with only `validate(config)` and `async *process(stream)`, composed lazily (rows S6, S7, S8).
import { describe, expect, it } from "vitest";
import { StreamFlowError } from "./errors.ts";
import { Pipeline } from "./pipeline.ts";
import type { PipelineConfig } from "./plan/logical-plan.ts";
import { operatorStage, type Stage } from "./stage.ts";
import { fakeOperator } from "./plan/plan.fixture.ts";

const config: PipelineConfig = { name: "excerpt" };

/** A stage as the excerpt shows it: a class with two methods. */
class Doubling implements Stage<number> {
  readonly seen: PipelineConfig[] = [];

  validate(given: PipelineConfig): void {
    this.seen.push(given);
  }

  async *process(stream: AsyncIterable<number>): AsyncGenerator<number> {
    for await (const value of stream) yield value * 2;
  }
}

/** A fast producer that counts what is pulled from it, and knows whether it was let go. */
class Producer {
  pulled = 0;
  isReleased = false;

  async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    try {
      for (;;) yield this.pulled++;
    } finally {
      this.isReleased = true;
    }
  }
}

const pass = (): Stage<number> => operatorStage(fakeOperator("pass", {}, { create: (_config: never, { emit }) => ({ inputs: [emit] }) }), { type: "pass", config: {} });
const make = (...stages: readonly Stage<number>[]): Pipeline<number> => stages.reduce((pipeline, stage) => pipeline.addStage(stage), new Pipeline<number>(config));
const taking = (count: number): Stage<number> => ({
  validate() {},
  async *process(stream) {
    let left = count;
    for await (const value of stream) {
      yield value;
      if (--left === 0) return;
    }
  },
});
/** Stages of one's own, operators, and both, around each other. */
const shapes: readonly (readonly [name: string, make: () => readonly Stage<number>[], factor: number])[] = [
  ["no stage", () => [], 1],
  ["stages that only process", () => [new Doubling(), new Doubling()], 4],
  ["operators", () => [pass(), pass()], 1],
  ["a stage before operators", () => [new Doubling(), pass()], 2],
  ["a stage behind operators", () => [pass(), new Doubling()], 2],
  ["a stage between operators", () => [pass(), new Doubling(), pass()], 2],
];

describe.each(shapes)("execute over %s", (_name, stages, factor) => {
  it("composes the stages in order", async () => {
    expect(await Array.fromAsync(make(...stages()).execute([1, 2, 3]))).toEqual([factor, 2 * factor, 3 * factor]);
  });

  it("pulls nothing until it is pulled from, and then no further than it must", async () => {
    const producer = new Producer();
    const results = make(...stages()).execute(producer);
    await Promise.resolve();
    expect(producer.pulled).toBe(0);
    for (let taken = 1; taken <= 5; taken++) {
      expect(await results.next()).toEqual({ done: false, value: (taken - 1) * factor });
      // A slow consumer: the producer, however fast, is at most one record ahead.
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      expect(producer.pulled - taken).toBeLessThanOrEqual(1);
    }
    await results.return(undefined);
  });

  it("an early end releases the source, and every stage", async () => {
    const producer = new Producer();
    for await (const value of make(...stages()).execute(producer)) if (value >= 3 * factor) break;
    expect(producer.isReleased).toBe(true);
    expect(producer.pulled).toBeLessThanOrEqual(5);
  });

  it("a failing source surfaces once", async () => {
    const failing = async function* (): AsyncGenerator<number> {
      yield 1;
      throw new Error("the line is dead");
    };
    const results = make(...stages()).execute(failing());
    expect(await results.next()).toEqual({ done: false, value: factor });
    await expect(results.next()).rejects.toThrow("the line is dead");
    expect(await results.next()).toEqual({ done: true, value: undefined });
  });
});

describe("a stage that ends before its input", () => {
  it.each([["alone", []], ["behind operators", [pass()]]])("ends the result, and releases the source: %s", async (_name, before) => {
    const producer = new Producer();
    expect(await Array.fromAsync(make(...before, taking(2)).execute(producer))).toEqual([0, 1]);
    expect(producer.isReleased).toBe(true);
  });

  it("in front of operators, what is behind it ends as usual", async () => {
    expect(await Array.fromAsync(make(taking(2), pass()).execute([7, 8, 9]))).toEqual([7, 8]);
  });
});

it("a stage that gives endlessly much for one record is pulled one by one", async () => {
  const endless: Stage<number> = {
    validate() {},
    async *process(stream) {
      for await (const value of stream) for (let i = 0; ; i++) yield value + i;
    },
  };
  const results = make(pass(), endless).execute([10]);
  expect([await results.next(), await results.next(), await results.next()].map((result) => result.value as unknown)).toEqual([10, 11, 12]);
  await results.return(undefined);
});

it("a stage that throws ends the result with its error, and releases the source", async () => {
  const producer = new Producer();
  const throwing: Stage<number> = {
    validate() {},
    // oxlint-disable-next-line require-yield -- it has nothing to give
    async *process(stream) {
      for await (const value of stream) if (value === 2) throw new Error(`no ${value}`);
    },
  };
  await expect(Array.fromAsync(make(throwing).execute(producer))).rejects.toThrow("no 2");
  expect(producer.isReleased).toBe(true);
});

describe("addStage", () => {
  it("validates with the pipeline's configuration, appends, and returns the pipeline itself", async () => {
    const pipeline = new Pipeline<number>(config);
    const stage = new Doubling();
    expect(pipeline.addStage(stage)).toBe(pipeline);
    expect(stage.seen).toEqual([config]);
    pipeline.addStage(new Doubling());
    expect(await Array.fromAsync(pipeline.execute([1]))).toEqual([4]);
  });

  it("refuses a stage that refuses the configuration, naming both, and stays as it was", async () => {
    const pipeline = new Pipeline<number>(config).addStage(new Doubling(), { id: "double" });
    const picky: Stage<number> = {
      validate() {
        throw new StreamFlowError("SF_CONFIG_INVALID", "I want a different name", { hint: "call it something else" });
      },
      process: (stream) => stream,
    };
    expect(() => pipeline.addStage(picky, { id: "picky" })).toThrow(
      expect.objectContaining({ code: "SF_CONFIG_INVALID", message: 'stage "picky" behind "double": I want a different name', hint: "call it something else" }),
    );
    expect(await Array.fromAsync(pipeline.execute([1]))).toEqual([2]);
  });

  it("SF_PIPELINE_SEALED: after execute nothing is added any more, but it may be executed again", async () => {
    const pipeline = make(new Doubling());
    await Array.fromAsync(pipeline.execute([1]));
    expect(() => pipeline.addStage(new Doubling())).toThrow(expect.objectContaining({ code: "SF_PIPELINE_SEALED" }));
    expect(await Array.fromAsync(pipeline.execute([5]))).toEqual([10]);
  });

  it("SF_PIPELINE_SEALED: also once execute was called and nothing pulled yet", () => {
    const pipeline = make(new Doubling());
    pipeline.execute([1]);
    expect(() => pipeline.addStage(new Doubling())).toThrow(expect.objectContaining({ code: "SF_PIPELINE_SEALED" }));
  });
});

it("the excerpt: new Pipeline<T>(config).addStage(stage).execute(source)", async () => {
  const results: number[] = [];
  for await (const value of new Pipeline<number>(config).addStage(new Doubling()).execute([1, 2, 3])) results.push(value);
  expect(results).toEqual([2, 4, 6]);
});
