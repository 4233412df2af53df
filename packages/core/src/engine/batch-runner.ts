// One batch through the operators and out to the sinks. Synchronous all the way, unless a stage or a sink wants to be waited for.
import type { Clock } from "../contracts/environment.ts";
import type { Batch } from "../record.ts";
import type { Bridge } from "./bridge.ts";
import type { ExecutorMetrics } from "./executor-metrics.ts";
import type { RejectPort } from "./reject-port.ts";
import type { SinkPort } from "./sink-port.ts";
import type { PartitionTask } from "./task.ts";

/** What the runner is made of. */
export interface BatchRunnerParts {
  readonly clock: Clock;
  readonly ports: readonly SinkPort[];
  readonly rejects: RejectPort;
  readonly metrics: ExecutorMetrics;
  readonly sharedBridges: readonly Bridge[];
}

/** Runs batches of one executor. */
export class BatchRunner {
  readonly #parts: BatchRunnerParts;

  constructor(parts: BatchRunnerParts) {
    this.#parts = parts;
  }

  /** Processes a batch. Its records are with the sinks, or held for them, when this returns or resolves. */
  run(task: PartitionTask, batch: Batch): void | Promise<void> {
    const { ports, rejects, metrics } = this.#parts;
    rejects.enter(task, batch);
    for (const port of ports) port.enter(batch, task.shard);
    for (const rejected of batch.rejected ?? []) rejects.rejectInput(rejected);
    task.process(batch);
    metrics.count("recordsIn", task.parts.source, batch.length);
    const rest = this.settle(task);
    if (rest === undefined) return this.#leave();
    return rest.then(() => this.#leave());
  }

  /** Drains asynchronous stages of a task and hands output on. */
  settle(task: PartitionTask): void | Promise<void> {
    const { bridges } = task.parts;
    if (bridges.length > 0 || this.#parts.sharedBridges.length > 0 || this.#parts.rejects.isFull) return this.#drain(bridges);
    return this.flush();
  }

  /** Hands output to the sinks. A promise means: wait before reading on. */
  flush(): void | Promise<void> {
    let waiting: Promise<void>[] | undefined;
    for (const port of this.#parts.ports) {
      const flushed = port.flush();
      if (flushed !== undefined) (waiting ??= []).push(flushed);
    }
    return waiting === undefined ? undefined : this.#wait(waiting.length === 1 ? waiting[0]! : Promise.all(waiting));
  }

  async #drain(bridges: readonly Bridge[]): Promise<void> {
    for (const bridge of [...bridges, ...this.#parts.sharedBridges]) if (bridge.isWaiting) await bridge.drain();
    if (this.#parts.rejects.isFull) await this.#parts.rejects.flush();
    await this.flush();
  }

  async #wait(waiting: Promise<unknown>): Promise<void> {
    const { clock, metrics } = this.#parts;
    const startMs = clock.monotonicMs();
    await waiting;
    metrics.time("backpressured", clock.monotonicMs() - startMs);
  }

  #leave(): void {
    this.#parts.rejects.enter(undefined, undefined);
    for (const port of this.#parts.ports) port.enter();
  }
}
