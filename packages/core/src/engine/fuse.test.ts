// What code does for operators that no package here has: one that holds state and emits by itself, as third parties may write it.
import { afterEach, expect, it } from "vitest";
import type { OperatorDefinition, Shape } from "../contracts/operator.ts";
import { forbidCodeGeneration, mayGenerateCode } from "../plan/code-generation.ts";
import { field } from "../plan/builder.ts";
import { Pipeline } from "../pipeline.ts";
import { operatorStage, type Stage } from "../stage.ts";
import { PipelineDriver } from "../testing/driver.ts";
import { eventTime } from "./event-time.ts";

const mayGenerate = mayGenerateCode();
afterEach(() => forbidCodeGeneration(!mayGenerate));

const unknown: Shape = { schema: undefined, key: undefined, time: false, changes: "insert" };
const about = { reads: ["all"], deterministic: true } as const;

/** Holds state, so that the watermark behind it is its own; hands every record on. */
const holder: OperatorDefinition<object> = {
  type: "holder",
  shape: (_config, [input = unknown]) => ({ ...about, outputs: { main: input }, forwards: true, stateful: true, unboundedState: "for the test", summary: "holder" }),
  create: (_config, { emit }) => ({ inputs: [(value) => emit(value)], code: (record, task) => task.emit(record) }),
};

/** Emits the watermark that it sees at each record. */
const watcher: OperatorDefinition<object> = {
  type: "watcher",
  shape: (_config, [input = unknown]) => ({ ...about, outputs: { main: { ...input, schema: undefined } }, forwards: false, stateful: false, summary: "watcher" }),
  create: (_config, { time, emit }) => ({
    inputs: [() => emit(time.watermarkMs)],
    code: (record, task) => task.emitValue(`${task.bind(time)}.watermarkMs`, record),
  }),
};

async function watermarks(): Promise<readonly unknown[]> {
  const stage = <In, Out>(definition: OperatorDefinition<object>): Stage<In, Out> => operatorStage(definition, { type: definition.type, id: definition.type, config: {} });
  const driver = new PipelineDriver({
    build: (ends) => new Pipeline({ name: "p", unboundedState: true }).from(ends.source<{ at: number }>()).addStage(eventTime<{ at: number }>({ timestamp: field("at") }))
      .addStage(stage<{ at: number }, { at: number }>(holder)).addStage(stage<{ at: number }, number>(watcher)).to(ends.sink("out", "sink-first"), { id: "out" }),
  });
  await driver.start();
  driver.push([10, 20, 15, 40].map((at) => ({ at })));
  await driver.advance(2_000);
  return driver.values();
}

it("G2: what an operator with state emits for a record comes after the watermark of all records before it, in code as in closures", async () => {
  const expected = [-Infinity, 9, 19, 19];
  expect(await watermarks()).toEqual(expected);
  forbidCodeGeneration(true);
  expect(await watermarks()).toEqual(expected);
});
