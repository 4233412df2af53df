// Runs stages over an iterable, one record at a time, pulled by the consumer: `Pipeline.execute` and `Stage.process`.
import type { Cursor, FunctionTable } from "../contracts/operator.ts";
import type { Source } from "../contracts/source.ts";
import { StreamFlowError } from "../errors.ts";
import { invalid } from "../plan/graph.ts";
import type { LogicalPlan } from "../plan/logical-plan.ts";
import type { Tail } from "../plan/plan-builder.ts";
import { planPipeline } from "../plan/planner.ts";
import type { Batch } from "../record.ts";
import { asyncOf, composed, peel } from "./outer-stages.ts";
import type { AsyncStages } from "./async-stages.ts";
import { quietClock, quietLogger, quietRandom, quietStages } from "./quiet.ts";
import { ProcessingTimers } from "./processing-timers.ts";
import type { PartitionTask } from "./task.ts";
import { Wiring } from "./wiring.ts";

/** The place where `execute` feeds a pipeline: a source that is never opened. */
export const inputSource: Source<never> = {
  type: "input",
  config: {},
  capabilities: { replayable: false, bounded: true, deterministic: false, singlePartition: true },
  open: () => Promise.reject(new StreamFlowError("SF_PLAN_INVALID", "the pipeline has no source", { hint: "add one with from(source), or feed it with execute(iterable)" })),
};

/** What to execute. */
export interface ExecuteOptions {
  readonly plan: LogicalPlan;
  /** The outputs whose records are the result. */
  readonly tails: readonly Tail[];
  readonly functions: FunctionTable;
  readonly source: AsyncIterable<unknown> | Iterable<unknown>;
}

const resultSink = "result";

/**
 * Pulls from `source` as the result is pulled from.
 *
 * Stages at either end that offer only `process` are composed as they are: they pull record by record, and may end before their input does.
 */
export async function* executePlan<Out>(options: ExecuteOptions): AsyncGenerator<Out> {
  checkExecutable(options.plan);
  planPipeline(withResult(options.plan, options.tails), options.functions);
  const { before, plan, tails, after } = peel(options.plan, options.tails);
  const input = composed(before, options.source);
  yield* composed(after, plan.nodes.length === 1 ? input : executeFused({ ...options, plan, tails, source: input })) as AsyncIterable<Out>;
}

async function* executeFused<Out>(options: ExecuteOptions): AsyncGenerator<Out> {
  const { plan, tails, functions, source } = options;
  const results: Out[] = [];
  const abort = new AbortController();
  const cursor: Cursor = { timestampMs: NaN, key: undefined, change: 0, index: -1 };
  const physical = planPipeline(withResult(plan, tails), functions);
  const asyncStages = quietStages(cursor, abort.signal);
  const wiring = new Wiring(physical, {
    cursor, clock: quietClock, random: quietRandom, logger: quietLogger, signal: abort.signal, functions, asyncStages, processingTimers: new ProcessingTimers(),
    reject: (_node, error) => {
      throw error;
    },
  }, { sink: () => (value) => results.push(value as Out), late: () => undefined });
  const { task } = wiring.buildPartition("input", "0");
  for (const instance of task.parts.instances) {
    if (instance.operator.open !== undefined) throw invalid(`"${instance.node}" loads data of its own`, "use run instead of execute", [instance.node]);
  }
  const batch = new SingleBatch();
  try {
    for await (const value of task.parts.instances.some((instance) => instance.asyncStage !== undefined) ? besides(source, asyncStages) : source) {
      if (value !== answers) task.process(batch.of(value));
      await drain(task, asyncStages);
      yield* results.splice(0);
    }
    task.end();
    for (;;) {
      await drain(task, asyncStages);
      yield* results.splice(0);
      if (!asyncStages.isOpen) break;
      await asyncStages.next();
    }
  } finally {
    abort.abort();
    asyncStages.close();
    for (const bridge of task.parts.bridges) await bridge.close();
  }
}

function checkExecutable(plan: LogicalPlan): void {
  const own = plan.nodes.find((node) => (node.kind === "source" && node.source !== inputSource) || node.kind === "sink");
  if (own !== undefined) throw invalid(`execute feeds the pipeline itself, but "${own.id}" is a ${own.kind} of its own`, "use run for pipelines with sources and sinks", [own.id]);
}

function withResult(plan: LogicalPlan, tails: readonly Tail[]): LogicalPlan {
  const sink = { type: resultSink, config: {}, capabilities: { delivery: "at-least-once" as const }, needs: { insertOnly: false }, open: (): Promise<never> => Promise.reject(new StreamFlowError("SF_INTERNAL", "the result of execute is no sink")) };
  return {
    config: { ...plan.config, unboundedState: true },
    nodes: [...plan.nodes, { id: resultSink, named: true, kind: "sink", type: resultSink, config: {}, sink }],
    edges: [...plan.edges, ...tails.map((tail) => ({ from: tail.node, output: tail.output, to: resultSink, input: "main" }))],
  };
}

async function drain(task: PartitionTask, asyncStages: AsyncStages): Promise<void> {
  asyncStages.letOut();
  for (const bridge of task.parts.bridges) if (bridge.isWaiting) await bridge.drain();
}

/** Stands between the values of a source: there are answers. */
const answers: unique symbol = Symbol("answers");

/** The values of a source, and word of answers that come while one is awaited, or while no more should be read. */
async function* besides(source: AsyncIterable<unknown> | Iterable<unknown>, asyncStages: AsyncStages): AsyncGenerator<unknown> {
  const values = asyncOf(source)[Symbol.asyncIterator]();
  let isOver = false;
  try {
    for (;;) {
      const coming = values.next();
      // Where an answer fails the whole, nobody awaits it any more.
      coming.catch(() => undefined);
      while (asyncStages.isOpen) {
        const first = await Promise.race([coming, asyncStages.next()]);
        if (first !== undefined && !asyncStages.isFull) break;
        if (first !== undefined) await asyncStages.next();
        yield answers;
      }
      const next = await coming;
      isOver = next.done === true;
      if (isOver) return;
      yield next.value;
    }
  } finally {
    if (!isOver) await values.return?.();
  }
}

/** One record as a batch, used again and again. */
class SingleBatch implements Batch {
  readonly partition = "0";
  readonly length = 1;
  readonly byteLength = 1;
  readonly endPosition = "";
  readonly values: unknown[] = [undefined];

  of(value: unknown): this {
    this.values[0] = value;
    return this;
  }

  positionAt(): string {
    return "";
  }
}
