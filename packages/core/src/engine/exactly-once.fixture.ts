// One scenario for all crash tests: keyed sums over three partitions, any combination of sinks, crashed and started again until its input ends.
import type { OperatorDefinition, Shape } from "../contracts/operator.ts";
import { plainSerializer } from "../keyed/state-codec.ts";
import { Pipeline } from "../pipeline.ts";
import { operatorStage, type Stage } from "../stage.ts";
import { type DriverEnds, PipelineDriver } from "../testing/driver.ts";
import { ScriptedFaults } from "../testing/fault-plan.ts";
import type { RecordingSinkKind } from "../testing/recording-sink.ts";

interface Item {
  readonly k: string;
  readonly n: number;
}

const unknown: Shape = { schema: undefined, key: undefined, time: false, changes: "insert" };

const keyByOperator: OperatorDefinition<{ coPartitioned: boolean }> = {
  type: "keyBy",
  shape: ({ coPartitioned }, [input = unknown]) => ({
    outputs: { main: { ...input, key: { type: undefined, fields: ["k"], coPartitioned } } },
    reads: ["all"], forwards: true, deterministic: true, stateful: false, summary: "by k",
  }),
  create: (_config, { cursor, emit }) => ({ inputs: [(value) => ((cursor.key = (value as Item).k), emit(value))] }),
};

/** Emits the running sum of each key, in every record. */
const sumOperator: OperatorDefinition<object> = {
  type: "sum",
  shape: (_config, [input = unknown]) => ({
    outputs: { main: { ...unknown, key: input.key } },
    reads: ["all"], forwards: false, deterministic: true, stateful: true, needsKey: true, summary: "sum",
  }),
  create: (_config, { cursor, emit, state }) => {
    const sums = state.table<number>("sums", plainSerializer());
    return {
      inputs: [(value) => {
        const sum = (sums.get(0, cursor.key) ?? 0) + (value as Item).n;
        sums.set(0, cursor.key, sum);
        emit(`${String(cursor.key)}=${sum}`);
      }],
    };
  },
};

export const sinkSets: Readonly<Record<string, readonly RecordingSinkKind[]>> = {
  "sink-first": ["sink-first"],
  "store-first": ["store-first"],
  remembering: ["remembering"],
  "sink-first and store-first": ["sink-first", "store-first"],
  "sink-first and remembering": ["sink-first", "remembering"],
  "two sink-first": ["sink-first", "sink-first"],
};

export interface Setting {
  readonly kinds: readonly RecordingSinkKind[];
  readonly mode: "sync" | "async";
  readonly coPartitioned: boolean;
  /** @defaultValue 2 */
  readonly keep?: number;
  /** @defaultValue "sums" */
  readonly name?: string;
  /** What the names of the sinks' targets begin with. @defaultValue "out" */
  readonly target?: string;
  /** Records wait for answers in front of the sums. @defaultValue false */
  readonly isAsynchronous?: boolean;
}

/** Hands each record on after a few milliseconds, which differ from record to record. */
const askOperator: OperatorDefinition<object> = {
  type: "ask",
  shape: (_config, [input = unknown]) => ({ outputs: { main: input }, reads: ["all"], forwards: true, deterministic: true, stateful: false, asynchronous: true, summary: "ask" }),
  create: (_config, { asynchronous, emit, clock }) => {
    const answer = (item: Item): Promise<Item> => new Promise((resolve) => clock.setTimer(1 + ((item.n * 7) % 5), () => resolve(item)));
    return { inputs: [asynchronous({ concurrency: 5, ordered: true, call: (item) => answer(item as Item), answered: emit, failed: () => undefined })] };
  },
};

export const partitions: readonly string[] = ["0", "1", "2"];

export function buildScenario({ kinds, mode, coPartitioned, keep = 2, name = "sums", target = "out", isAsynchronous = false }: Setting): (ends: DriverEnds) => Pipeline<Item, string> {
  return (ends) => {
    const keyBy: Stage<Item, Item> = operatorStage(keyByOperator, { type: "keyBy", config: { coPartitioned } });
    const sum: Stage<Item, string> = operatorStage(sumOperator, { type: "sum", config: {} });
    const pipeline = new Pipeline({ name, checkpoint: { everyMs: 100, mode, keep }, batch: { maxRecords: 3 } });
    const ask: Stage<Item, Item> = operatorStage(askOperator, { type: "ask", config: {} });
    const read = pipeline.from(ends.source<Item>()).addStage(keyBy);
    const summed = (isAsynchronous ? read.addStage(ask) : read).addStage(sum);
    kinds.forEach((kind, index) => summed.to(ends.sink<string>(`${target}${index}`, kind), { id: `out${index}` }));
    return summed;
  };
}

/** The same records in every run; keys stay in one partition each, so that results are equal whatever the interleaving. */
async function feed(driver: PipelineDriver): Promise<void> {
  for (let round = 0; round < 6; round++) {

    for (const partition of partitions) {
      driver.push([1, 2, 3, 4].map((n) => ({ k: `${partition}${n % 2}`, n: n + round })), partition);
    }
    await driver.advance(60);
    await revive(driver);
  }
  driver.broker().end();
  await driver.advance(200);
  for (let tries = 0; tries < 10 && driver.run().state !== "finished"; tries++) {
    await revive(driver);
    await driver.advance(200);
  }
}

async function revive(driver: PipelineDriver): Promise<void> {
  for (let tries = 0; tries < 3 && !driver.isAlive() && driver.run().state !== "finished"; tries++) await driver.restart();
}

export async function runScenario(setting: Setting, faults?: ScriptedFaults): Promise<{ driver: PipelineDriver; outputs: readonly (readonly unknown[])[] }> {
  const driver = new PipelineDriver({ build: buildScenario(setting), brokers: { in: { partitions, bounded: true } }, ...(faults === undefined ? {} : { faults: once(faults) }) });
  await driver.start();
  await revive(driver);
  await feed(driver);
  return { driver, outputs: setting.kinds.map((_, index) => [...driver.values(`out${index}`)].map(String).sort()) };
}

/** A plan that has crashed once lets later processes live. */
export function once(faults: ScriptedFaults): { reach(point: string): void | Promise<void> } {
  let hasCrashed = false;
  return {
    reach: (point) => {
      if (hasCrashed) return undefined;
      try {
        return faults.reach(point);
      } catch (error) {
        hasCrashed = true;
        throw error;
      }
    },
  };
}
