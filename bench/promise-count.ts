// Counts the promises that a pipeline makes for each batch, once it is under way.
import { createHook } from "node:async_hooks";
import { type Environment, type Pipeline, PipelineRun, type PollLimits, type Source, type SourceSession } from "@streamflow/core";
import { memoryStores } from "@streamflow/core/testing";

/** A pipeline to be counted. `batches` is how many batches its source holds. */
export interface Counted {
  readonly environment: Environment;
  readonly build: (batches: number) => Pipeline<never, never>;
}

/** Batches that a run has behind it when steady counting could begin; and how many more are counted. */
const fewBatches = 4;
const manyBatches = 24;

/** Promises per batch: the difference of a long run and a short one, so that start and end do not count. */
export async function promisesPerBatch(counted: Counted): Promise<number> {
  // The first run makes what is made once in the life of a process.
  await run(counted, fewBatches);
  const few = await run(counted, fewBatches);
  const many = await run(counted, manyBatches);
  return (many.promises - few.promises) / (many.batches - few.batches);
}

async function run({ environment, build }: Counted, batches: number): Promise<{ readonly promises: number; readonly batches: number }> {
  const polls: Polls = { batches: 0 };
  const plan = build(batches).plan();
  const nodes = plan.nodes.map((node) => (node.source === undefined ? node : { ...node, source: counting(node.source, polls) }));
  const pipeline = new PipelineRun({ ...plan, nodes }, { environment, stores: memoryStores(environment.clock) });
  let promises = 0;
  const hook = createHook({ init: (_id, type) => void (promises += type === "PROMISE" ? 1 : 0) }).enable();
  try {
    await pipeline.run();
  } finally {
    hook.disable();
  }
  return { promises, batches: polls.batches };
}

interface Polls {
  batches: number;
}

/** The same source, counting the batches that it hands out. */
function counting(source: Source, polls: Polls): Source {
  return {
    ...source,
    async open(context) {
      const session = await source.open(context);
      return new CountingSession(session, polls);
    },
  };
}

class CountingSession implements SourceSession {
  readonly #inner: SourceSession;
  readonly #polls: Polls;

  constructor(inner: SourceSession, polls: Polls) {
    this.#inner = inner;
    this.#polls = polls;
  }

  poll(partition: string, limits: PollLimits): ReturnType<SourceSession["poll"]> {
    const result = this.#inner.poll(partition, limits);
    if (typeof result === "object") this.#polls.batches++;
    return result;
  }

  ready(): Promise<void> {
    return this.#inner.ready();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
