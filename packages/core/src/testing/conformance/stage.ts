// The clauses STG-1 to STG-5 as checks: of a stage's `process` alone, and of the stage in a pipeline, fused and bridged.
import assert from "node:assert/strict";
import { nextTurn } from "../../node/turn.ts";
import { Pipeline } from "../../pipeline.ts";
import type { Stage } from "../../stage.ts";
import { PipelineDriver } from "../driver.ts";
import { SuiteBuilder, type ConformanceCase } from "./case.ts";
import { range } from "./store-trial.ts";

/** What the suite needs of a stage. */
export interface StageHarness<In, Out> {
  create(this: void): Stage<In, Out>;
  /** Ten or more. */
  readonly inputs: readonly In[];
  /** What it makes of them: nothing lost, doubled or reordered but what is its purpose. Three or more. */
  readonly outputs: readonly Out[];
  /** Records that it may hold at a time, by its options. @defaultValue 1 */
  readonly mostHeld?: number;
  /** An input for which it fails. */
  readonly refused?: { readonly value: In };
}

/** Checks that a stage keeps the promises of its contract. */
export function stageConformance<In, Out>(harness: StageHarness<In, Out>): readonly ConformanceCase[] {
  const suite = new SuiteBuilder<StageTrial<In, Out>>(async () => new StageTrial(harness));
  addValidation(suite);
  addPulling(suite);
  addEnding(suite, harness);
  addRecords(suite, harness);
  return suite.cases;
}

function addValidation<In, Out>(suite: SuiteBuilder<StageTrial<In, Out>>): void {
  suite.add(["STG-1", "`validate` is called once, when the stage is added, with the configuration and the shape so far"], async (t) => {
    const stage = t.stage();
    const calls: Parameters<Stage["validate"]>[] = [];
    const watched: Stage<In, Out> = {
      ...(stage.operator === undefined ? {} : { operator: stage.operator }),
      process: (stream) => stage.process(stream),
      validate: (...given) => {
        calls.push(given);
        return stage.validate(...given);
      },
    };
    const pipeline = new Pipeline<In>({ name: "stage" }).addStage(watched);
    assert.equal(calls.length, 1);
    const [config, shape] = calls[0] ?? [];
    assert.equal(config?.name, "stage");
    assert.ok(shape !== undefined, "the shape so far");
    await collect(pipeline.execute(t.harness.inputs));
    assert.equal(calls.length, 1, "running validates nothing");
  });
}

function addPulling<In, Out>(suite: SuiteBuilder<StageTrial<In, Out>>): void {
  suite.add(["STG-2", "it pulls nothing before it is pulled from"], async (t) => {
    const input = t.input();
    const output = t.stage().process(input)[Symbol.asyncIterator]();
    await settle();
    assert.equal(input.pulled, 0, "records pulled before the first pull");
    await output.next();
    await settle();
    const { pulled } = input;
    assert.ok(pulled >= 1 && pulled <= t.harness.inputs.length, `${pulled} records pulled for one output`);
    await output.return?.();
  });

  suite.add(["STG-2", "it reads no further ahead than it may hold, however long nothing is pulled"], async (t) => {
    const input = t.input();
    const output = t.stage().process(input)[Symbol.asyncIterator]();
    await output.next();
    await settle();
    const needed = await t.inputsFor(1);
    const most = t.harness.mostHeld ?? 1;
    assert.ok(input.pulled <= needed + most, `${input.pulled} records pulled for one output, which takes ${needed}: more than ${most} held`);
    await output.return?.();
  });

  suite.add(["STG-2", "an input without an end gives results"], async (t) => {
    const input = t.input({ endless: true });
    const output = t.stage().process(input)[Symbol.asyncIterator]();
    const results: unknown[] = [];
    while (results.length < 2) {
      const result = await output.next();
      assert.ok(result.done !== true, "the output ended before its input");
      results.push(result.value);
    }
    assert.deepEqual(results, t.harness.outputs.slice(0, 2));
    await output.return?.();
    assert.equal(input.closed, 1);
  });
}

function addEnding<In, Out>(suite: SuiteBuilder<StageTrial<In, Out>>, { refused }: StageHarness<In, Out>): void {
  suite.add(["STG-3", "ending the output early ends the input, once"], async (t) => {
    const input = t.input();
    for await (const _ of t.stage().process(input)) break;
    assert.equal(input.closed, 1);
    const piped = t.input();
    for await (const _ of new Pipeline<In>({ name: "stage" }).addStage(t.stage()).execute(piped)) break;
    assert.equal(piped.closed, 1, "in a pipeline");
  });

  suite.add(["STG-3", "an error of the input surfaces once, after the results of what came before it"], async (t) => {
    const failure = new RangeError("the input failed");
    const output = t.stage().process(t.input({ failure }))[Symbol.asyncIterator]();
    const results: unknown[] = [];
    await assert.rejects(async () => {
      for (let result = await output.next(); result.done !== true; result = await output.next()) results.push(result.value);
    }, (thrown: unknown) => thrown === failure || (thrown as Error).cause === failure);
    assert.deepEqual(results, t.harness.outputs.slice(0, results.length));
    assert.deepEqual(await output.next(), { done: true, value: undefined }, "after the error there is nothing more");
  });

  suite.add(
    ["STG-3", "its own error surfaces once, and its input is closed"],
    async (t) => {
      // Records follow: a stage that reads ahead must not have come to the end.
      const input = t.input({ more: refused === undefined ? [] : [refused.value, ...t.harness.inputs] });
      await assert.rejects(collect(t.stage().process(input)));
      assert.equal(input.closed, 1);
    },
    { name: "refused", isMet: refused !== undefined },
  );
}

function addRecords<In, Out>(suite: SuiteBuilder<StageTrial<In, Out>>, { create }: StageHarness<In, Out>): void {
  const isFused = create().operator !== undefined;

  suite.add(["STG-4", "no record is lost, doubled or reordered"], async (t) => {
    assert.deepEqual(await collect(t.stage().process(t.input())), t.harness.outputs);
    assert.deepEqual(await collect(t.stage().process(t.input({ slow: true }))), t.harness.outputs, "of a slow input");
    assert.deepEqual(await collect(t.stage().process(t.input({ empty: true }))), [], "of an empty input");
  });

  suite.add(["STG-4", "in a pipeline the records are the same, in any batches"], async (t) => {
    assert.deepEqual(await collect(new Pipeline<In>({ name: "stage" }).addStage(t.stage()).execute(t.harness.inputs)), t.harness.outputs, "fed by execute");
    for (const batchRecords of [1, 7, 1024]) assert.deepEqual(await t.run(t.stage(), batchRecords), t.harness.outputs, `in batches of ${batchRecords}`);
  });

  suite.add(
    ["STG-5", "its `process`, bridged, gives the same results as its operator, fused"],
    async (t) => {
      for (const batchRecords of [1, 7, 1024]) {
        const stage = t.stage();
        const bridged: Stage<In, Out> = { validate: () => undefined, process: (stream) => stage.process(stream) };
        assert.deepEqual(await t.run(bridged, batchRecords), t.harness.outputs, `in batches of ${batchRecords}`);
      }
    },
    { name: "operator", isMet: isFused },
  );
}

/** One run of a case. */
class StageTrial<In, Out> {
  readonly harness: StageHarness<In, Out>;

  constructor(harness: StageHarness<In, Out>) {
    this.harness = harness;
  }

  stage(): Stage<In, Out> {
    return this.harness.create();
  }

  input(options: InputOptions = {}): WatchedInput<In> {
    return new WatchedInput(this.harness.inputs, options);
  }

  /** How many inputs it takes until so many outputs are there, when each output is pulled at once. */
  async inputsFor(outputs: number): Promise<number> {
    for (const count of range(this.harness.inputs.length + 1)) {
      if ((await collect(this.stage().process(new WatchedInput(this.harness.inputs.slice(0, count), {})))).length >= outputs) return count;
    }
    return this.harness.inputs.length;
  }

  /** What a sink behind the stage gets, in the engine. */
  async run(stage: Stage<In, Out>, batchRecords: number): Promise<readonly unknown[]> {
    const driver = new PipelineDriver({
      build: (ends) => new Pipeline<In>({ name: "stage", batch: { maxRecords: batchRecords }, unboundedState: true }).from(ends.source<In>()).addStage(stage).to(ends.sink("out", "at-least-once"), { id: "out" }),
      brokers: { in: { bounded: true } },
    });
    driver.push(this.harness.inputs);
    driver.broker().end();
    await driver.start();
    return driver.values();
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}

interface InputOptions {
  /** Starts over again and again. */
  readonly endless?: boolean;
  readonly empty?: boolean;
  /** Answers later than at once. */
  readonly slow?: boolean;
  /** Thrown at the end. */
  readonly failure?: Error;
  /** Behind the inputs. */
  readonly more?: readonly unknown[];
}

/** An input that counts. */
class WatchedInput<T> implements AsyncIterable<T> {
  pulled = 0;
  /** How often it was ended early, or failed. */
  closed = 0;
  readonly #values: readonly T[];
  readonly #options: InputOptions;

  constructor(values: readonly T[], options: InputOptions) {
    this.#values = options.empty === true ? [] : [...values, ...((options.more ?? []) as readonly T[])];
    this.#options = options;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    const { endless = false, slow = false, failure } = this.#options;
    let isWhole = false;
    try {
      do {
        for (const value of this.#values) {
          if (slow) await nextTurn();
          this.pulled++;
          yield value;
        }
      } while (endless);
      isWhole = true;
      if (failure !== undefined) throw failure;
    } finally {
      if (!isWhole) this.closed++;
    }
  }
}

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const results: T[] = [];
  for await (const result of stream) results.push(result);
  return results;
}

async function settle(): Promise<void> {
  for (const _ of range(20)) await nextTurn();
}
