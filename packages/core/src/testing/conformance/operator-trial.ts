// One operator under test, run alone and in the engine over the same records.
import assert from "node:assert/strict";
import { type DeadLetter, decodeDeadLetter, deadLetterLog } from "../../contracts/dead-letter.ts";
import type { FunctionTable, OperatorDefinition, Shape } from "../../contracts/operator.ts";
import { eventTimeOperator } from "../../engine/event-time.ts";
import { standardFunctionTable } from "../../plan/function-table.ts";
import type { LogicalPlan, PipelineConfig } from "../../plan/logical-plan.ts";
import { PlanBuilder, type Tail } from "../../plan/plan-builder.ts";
import { ChangeKind } from "../../record.ts";
import { type DriverEnds, PipelineDriver } from "../driver.ts";
import { MemoryLogStore } from "../memory-log-store.ts";
import { type HarnessSnapshot, OperatorHarness, type RejectedValue } from "../operator-harness.ts";

/** An input record of an operator under test. */
export interface OperatorRecord {
  readonly value: unknown;
  readonly timestampMs: number;
  readonly key?: unknown;
  /** @defaultValue insert */
  readonly change?: ChangeKind;
  /** Name of the input. @defaultValue the first */
  readonly input?: string;
}

/** An operator, configured, with records that show what it does. */
export interface OperatorSetup<Config> {
  readonly definition: OperatorDefinition<Config>;
  readonly config: Config;
  /** Ten or more: of several keys, some out of order, and so far apart that everything fires that can. */
  readonly records: readonly OperatorRecord[];
  /** How far the records may be out of order. @defaultValue 0 */
  readonly outOfOrdernessMs?: number;
  /** @defaultValue the standard functions */
  readonly functions?: FunctionTable;
  /** What a source holds that the operator loads, for runs without an engine. */
  readonly readAll?: (source: unknown) => readonly unknown[];
  /** A configuration whose user function throws for some of the records. */
  readonly throwing?: { readonly config: Config; throwsFor(this: void, record: OperatorRecord): boolean };
  /** False: it needs what the engine alone gives. @defaultValue true */
  readonly runsAlone?: boolean;
}

/** A record that came out. */
export type Output = readonly [value: unknown, timestampMs: number, change: ChangeKind];

/** What came out, by output. */
export type Outputs = Readonly<Record<string, readonly Output[]>>;

/** How an operator is run in the engine. */
export interface EngineRun {
  readonly batchRecords: number;
  /** `exchange`: keys may come from any partition, state lies in key groups. */
  readonly scope: "partition" | "exchange";
  /** A plan over one partition has no exchange: there is a second one, which is empty. Read last, it holds event time back to the end. @defaultValue "last" */
  readonly emptyPartition?: "first" | "last";
  /** In the middle of the records, some after the last checkpoint: the process dies, or the partition moves to another one. */
  readonly interruption?: "crash" | "move";
  readonly throwing?: boolean;
}

const pipelineName = "conformance";
const main = "main";

/** Runs one setup in every way that must not change its output. */
export class OperatorTrial<Config> {
  readonly setup: OperatorSetup<Config>;
  readonly shapes: readonly Shape[];
  readonly outputs: readonly string[];
  readonly needsKey: boolean;
  readonly isDeterministic: boolean;
  readonly isAsynchronous: boolean;

  constructor(setup: OperatorSetup<Config>) {
    this.setup = setup;
    this.shapes = this.inputs.map((input) => inputShape(setup, input, "partition"));
    const shape = setup.definition.shape(setup.config, this.shapes, { node: "operator", functions: this.functions });
    this.outputs = Object.keys(shape.outputs);
    this.needsKey = shape.needsKey === true;
    this.isDeterministic = shape.deterministic;
    this.isAsynchronous = shape.asynchronous === true;
  }

  get inputs(): readonly string[] {
    return this.setup.definition.inputs ?? [main];
  }

  get functions(): FunctionTable {
    return this.setup.functions ?? standardFunctionTable;
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  // --- alone ---------------------------------------------------------------------------------------------------

  async alone(options: { readonly config?: Config; readonly from?: HarnessSnapshot } = {}): Promise<OperatorHarness<Config>> {
    const { definition, config, readAll } = this.setup;
    const harness = new OperatorHarness(definition, options.config ?? config, {
      inputShapes: this.shapes, functions: this.functions, ...(readAll === undefined ? {} : { readAll }), ...(options.from === undefined ? {} : { from: options.from }),
    });
    return harness.loads ? await harness.open() : harness;
  }

  /** Pushes records from one index up to another, each followed by its watermark. Those that `without` names are left out; their watermarks are not. */
  push(harness: OperatorHarness<Config>, from: number, to: number, without: (record: OperatorRecord) => boolean = () => false): void {
    const { records, outOfOrdernessMs = 0 } = this.setup;
    for (const record of records.slice(from, to)) {
      const { value, timestampMs, key, change = ChangeKind.insert, input } = record;
      if (!without(record)) harness.push(value, { timestampMs, key, change, ...(input === undefined ? {} : { input }) });
      harness.advanceWatermark(timestampMs - outOfOrdernessMs - 1);
    }
    if (to >= records.length) harness.end();
  }

  /** Like `push`; what an asynchronous operator has been asked is answered when this resolves. */
  async pushAll(harness: OperatorHarness<Config>, from: number, to: number, without?: (record: OperatorRecord) => boolean): Promise<void> {
    this.push(harness, from, to, without);
    if (this.isAsynchronous) await harness.answers();
  }

  take(harness: OperatorHarness<Config>): Outputs {
    return Object.fromEntries(this.outputs.map((name) => [name, harness.take(name).map(({ value, timestampMs, change }): Output => [value, timestampMs, change])]));
  }

  /** One run from beginning to end. */
  async runAlone(options: { readonly config?: Config; readonly without?: (record: OperatorRecord) => boolean } = {}): Promise<{ readonly outputs: Outputs; readonly rejected: readonly RejectedValue[] }> {
    const harness = await this.alone(options);
    await this.pushAll(harness, 0, this.setup.records.length, options.without);
    return { outputs: this.take(harness), rejected: harness.rejected };
  }

  // --- in the engine -------------------------------------------------------------------------------------------

  async runInEngine(run: EngineRun): Promise<{ readonly outputs: Outputs; readonly deadLetters: readonly DeadLetter[] }> {
    const { records } = this.setup;
    const both = run.emptyPartition === "first" ? ["empty", "0"] : ["0", "empty"];
    const partitions = run.scope === "exchange" ? both : ["0"];
    const driver = new PipelineDriver({ build: (ends) => this.#plan(ends, run), brokers: { in: { partitions, bounded: run.interruption !== "move" } }, functions: this.functions });
    if (run.scope === "exchange") driver.broker().end("empty");
    await driver.start();
    if (run.interruption === "move") await driver.start("other");
    const half = Math.floor(records.length / 2);
    driver.push(records.slice(0, half));
    if (run.interruption !== undefined) {
      await driver.checkpoint();
      // Processed, but in no checkpoint.
      driver.push(records.slice(half, half + 2));
      await driver.settle();
      if (run.interruption === "crash") await driver.restart();
      else await driver.move("0", "other");
      driver.push(records.slice(half + 2));
    } else {
      driver.push(records.slice(half));
    }
    driver.broker().end();
    await driver.settle();
    await driver.checkpoint(run.interruption === "move" ? "other" : "main");
    if (run.interruption !== "move") assert.equal(driver.run().state, "finished", "the run ends with its input");
    return { outputs: this.#written(driver), deadLetters: await deadLettersOf(driver) };
  }

  #written(driver: PipelineDriver): Outputs {
    return Object.fromEntries(this.outputs.map((name) => [name, driver.target(name).visible.map(({ value, timestampMs, change }): Output => [value, timestampMs, change])]));
  }

  #plan(ends: DriverEnds, { batchRecords, scope, throwing }: EngineRun): LogicalPlan {
    const { definition, config, outOfOrdernessMs = 0 } = this.setup;
    const used = throwing === true ? (this.setup.throwing?.config ?? config) : config;
    const settings: PipelineConfig = { name: pipelineName, batch: { maxRecords: batchRecords }, checkpoint: { everyMs: 3_600_000 }, unboundedState: true };
    const builder = new PlanBuilder(settings, this.functions);
    const source = builder.addSource(ends.source(), "input");
    const time = { timestamp: (record: OperatorRecord) => record.timestampMs, outOfOrdernessMs, maxFutureMs: Infinity };
    const timed = builder.addStage({ definition: eventTimeOperator, description: { type: "eventTime", config: time } }, { main: [source] }, "times");
    const opened = { definition: openingOperator(this.setup, scope), description: { type: "opening", config: {} } };
    builder.addStage(opened, { main: [timed] }, "records");
    const tails = Object.fromEntries(this.inputs.map((input): [string, Tail[]] => [input, [builder.tail("records", input)]]));
    builder.addStage({ definition, description: { type: definition.type, config: used as Readonly<Record<string, unknown>> } }, tails, "operator");
    for (const output of this.outputs) builder.addSink(ends.sink(output), [{ node: "operator", output }], `to-${output}`);
    return builder.build();
  }
}

async function deadLettersOf(driver: PipelineDriver): Promise<readonly DeadLetter[]> {
  const logs = new MemoryLogStore(driver.world.clock, driver.storage.logs);
  const entries = await logs.read(deadLetterLog(pipelineName), 0, 10_000);
  return entries.map(({ payload }) => decodeDeadLetter(payload));
}

/** What is known of an input: nothing but its key, its time and whether it changes. */
function inputShape<Config>({ definition, records }: OperatorSetup<Config>, input: string, scope: EngineRun["scope"]): Shape {
  const [first = main] = definition.inputs ?? [];
  const own = records.filter((record) => (record.input ?? first) === input);
  const key = own.some((record) => "key" in record) ? { type: undefined, fields: undefined, coPartitioned: scope === "partition" } : undefined;
  return { schema: undefined, key, time: true, changes: own.some(({ change = ChangeKind.insert }) => change !== ChangeKind.insert) ? "all" : "insert" };
}

/** Takes records out of their envelopes: value, key and change kind, each to the input that it is meant for. */
function openingOperator<Config>(setup: OperatorSetup<Config>, scope: EngineRun["scope"]): OperatorDefinition<object> {
  const inputs = setup.definition.inputs ?? [main];
  return {
    type: "opening",
    outputs: inputs,
    shape: () => ({
      outputs: Object.fromEntries(inputs.map((input) => [input, inputShape(setup, input, scope)])),
      reads: ["all"], forwards: false, deterministic: true, stateful: false, summary: "records of the test",
    }),
    create: (_config, context) => {
      const { cursor } = context;
      const emitters = new Map(inputs.map((input) => [input, context.output(input)]));
      return {
        inputs: [
          (envelope) => {
            const { value, key, change = ChangeKind.insert, input = inputs[0] ?? main } = envelope as OperatorRecord;
            cursor.key = key;
            cursor.change = change;
            emitters.get(input)?.(value);
          },
        ],
      };
    },
  };
}
