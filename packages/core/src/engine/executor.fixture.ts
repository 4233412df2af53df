// What the tests of the executor run on: one pipeline in one process, sinks that answer as they are told, windows, sums and keys of the smallest kind.
import type { OperatorDefinition, Shape } from "../contracts/operator.ts";
import type { Sink, SinkBatch, SinkCapabilities, SinkCommit, SinkSession } from "../contracts/sink.ts";
import { PipelineRun, type RunOptions, type RunResult } from "../coordinator.ts";
import { StreamFlowError } from "../errors.ts";
import { plainSerializer } from "../keyed/state-codec.ts";
import type { Pipeline } from "../pipeline.ts";
import { operatorStage, type Stage } from "../stage.ts";
import { type TestEnvironment, testEnvironment } from "../testing/environment.ts";
import { MemoryStorage, memoryStores } from "../testing/memory-stores.ts";
import { RecordingSink } from "../testing/recording-sink.ts";
import { SinkTarget } from "../testing/sink-target.ts";

/** A process with everything around it. */
export interface World extends TestEnvironment {
  readonly storage: MemoryStorage;
  readonly options: RunOptions;
  /** Begins to run a pipeline; `end` is its result, or the code of its failure. */
  start(pipeline: Pipeline<never, never> | Pipeline): { readonly run: PipelineRun; readonly end: Promise<RunResult | string> };
}

export function world(): World {
  const parts = testEnvironment();
  const storage = new MemoryStorage();
  const options: RunOptions = { environment: parts.environment, stores: memoryStores(parts.clock, storage), owner: "first" };
  return {
    ...parts, storage, options,
    start: (pipeline) => {
      const run = new PipelineRun(pipeline.plan(), options);
      return { run, end: run.run().catch((error: StreamFlowError) => error.code) };
    },
  };
}

export const broken = (): StreamFlowError => new StreamFlowError("SF_SINK_FAILED", "broken");

/** Throws the first `times` times. */
export function failing(times: number, error: () => unknown = broken): () => void {
  let left = times;
  return () => {
    if (left-- > 0) throw error();
  };
}

/** An at-least-once sink that keeps what it takes, and says what is done to it. */
export class ToldSink implements Sink {
  readonly type = "told";
  readonly capabilities: SinkCapabilities = { delivery: "at-least-once" };
  readonly config = {};
  readonly values: unknown[] = [];
  readonly steps: string[] = [];
  onWrite: (batch: SinkBatch) => void | Promise<void> = () => undefined;
  onFlush: () => void = () => undefined;

  async open(): Promise<SinkSession> {
    this.steps.push("open");
    return {
      write: async (batch) => {
        await this.onWrite(batch);
        this.values.push(...batch.values);
        this.steps.push("written");
      },
      flush: async () => this.onFlush(),
      close: async () => void this.steps.push("closed"),
    };
  }
}

/** A sink-first sink with a target; `onCommit` comes before each commit. */
export function committing(target: SinkTarget, onCommit: (commit: SinkCommit) => void): Sink {
  const inner = new RecordingSink("sink-first", { target });
  const { type, capabilities, config } = inner;
  return {
    type, capabilities, config,
    async open(context) {
      const session = await inner.open(context);
      return {
        write: (batch) => session.write(batch),
        flush: () => session.flush(),
        recover: (shards) => session.recover!(shards),
        commitTransaction: async (commit) => {
          onCommit(commit);
          await session.commitTransaction!(commit);
        },
        close: () => session.close(),
      };
    },
  };
}

/** A record of the tests: its key, and its event time. */
export interface Item {
  readonly k: string;
  readonly t: number;
}

const unknown: Shape = { schema: undefined, key: undefined, time: false, changes: "insert" };

const keyOperator: OperatorDefinition<object> = {
  type: "byKey",
  shape: (_config, [input = unknown]) => ({
    outputs: { main: { ...input, key: { type: undefined, fields: ["k"], coPartitioned: false } } },
    reads: ["all"], forwards: true, deterministic: true, stateful: false, summary: "by k",
  }),
  create: (_config, { cursor, emit }) => ({ inputs: [(value) => ((cursor.key = (value as Item).k), emit(value))] }),
};

const countOperator: OperatorDefinition<object> = {
  type: "counts",
  shape: (_config, [input = unknown]) => ({
    outputs: { main: { ...unknown, key: input.key } },
    reads: ["all"], forwards: false, deterministic: true, stateful: true, needsKey: true, summary: "count so far",
  }),
  create: (_config, { cursor, emit, state }) => {
    const counts = state.table<number>("counts", plainSerializer());
    return {
      inputs: [() => {
        const count = (counts.get(0, cursor.key) ?? 0) + 1;
        counts.set(0, cursor.key, count);
        emit(`${String(cursor.key)}=${count}`);
      }],
    };
  },
};

const tenOperator: OperatorDefinition<{ readonly refuses: boolean }> = {
  type: "tens",
  shape: (_config, [input = unknown]) => ({
    outputs: { main: { ...unknown, key: input.key, time: true } },
    reads: ["all"], forwards: false, deterministic: true, stateful: true, needsKey: true, needsTime: true, summary: "count of 10 ms",
  }),
  create: ({ refuses }, context) => {
    const { cursor, emit, state, timers } = context;
    const counts = state.table<number>("counts", plainSerializer());
    return {
      inputs: [() => {
        const lastMs = Math.floor(cursor.timestampMs / 10) * 10 + 9;
        counts.set(lastMs, cursor.key, (counts.get(lastMs, cursor.key) ?? 0) + 1);
        timers.setEvent(lastMs, lastMs);
      }],
      onTimer: (timeMs, namespace) => {
        counts.forEach(namespace, (key, count) => {
          const text = `${String(key)}@${timeMs}=${count}`;
          if (refuses) context.reject(new StreamFlowError("SF_STAGE_FAILED", "refused"), text);
          else emit(text);
        });
        counts.drop(namespace);
      },
      restored: () => counts.namespaces().forEach((lastMs) => timers.setEvent(lastMs, lastMs)),
    };
  },
};

/** Keys by `k`; records of one key may come from several partitions. */
export const byKey = (): Stage<Item, Item> => operatorStage(keyOperator, { type: "byKey", config: {} });
/** Emits the count of the key so far, for every record. */
export const countSoFar = (): Stage<Item, string> => operatorStage(countOperator, { type: "counts", config: {} });
/** Emits the count of each key in every 10 ms of event time; with `refuses`, rejects it instead. */
export const countOfTens = ({ refuses = false } = {}): Stage<Item, string> => operatorStage(tenOperator, { type: "tens", config: { refuses } });
