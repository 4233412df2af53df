// One batch through the operators and out to the sinks. Synchronous all the way, unless a stage or a sink wants to be waited for.
import type { Clock } from "../contracts/environment.ts";
import type { AsyncStages } from "./async-stages.ts";
import type { Bridge } from "./bridge.ts";
import type { ExecutorMetrics } from "./executor-metrics.ts";
import type { InHand, Origin } from "./in-hand.ts";
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
  readonly asyncStages: AsyncStages;
  readonly inHand: InHand;
  /** Bridged stages of all partitions, upstream first. */
  bridges(): readonly Bridge[];
  /** @throws what has failed meanwhile */
  check(): void;
}

/** Runs batches of one executor. */
export class BatchRunner {
  readonly #parts: BatchRunnerParts;

  constructor(parts: BatchRunnerParts) {
    this.#parts = parts;
  }

  /**
   * Processes a batch. Its records are with the sinks, held for them, or on their way through asynchronous stages when this returns or resolves.
   * The caller leaves its origin then: it is over when its last record has gone on.
   */
  run(origin: Origin): void | Promise<void> {
    const { inHand, rejects, metrics } = this.#parts;
    const { task, batch } = origin;
    inHand.take(origin);
    for (const rejected of batch.rejected ?? []) rejects.rejectInput(rejected);
    task.process(batch);
    metrics.count("recordsIn", task.parts.source, batch.length);
    const rest = this.settle(task);
    if (rest === undefined) return inHand.take();
    return rest.then(() => inHand.take());
  }

  /** Something waits that can be handed on without waiting for an answer. */
  get hasOutput(): boolean {
    const { asyncStages, rejects, ports } = this.#parts;
    return asyncStages.isReady || !rejects.isEmpty || ports.some((port) => !port.isEmpty) || this.#parts.bridges().some((bridge) => bridge.isWaiting);
  }

  /** Hands on what asynchronous stages have answers for, drains bridged ones, and gives the sinks what came of it. */
  async letOut(): Promise<void> {
    const { asyncStages, inHand, clock, metrics } = this.#parts;
    const startMs = clock.monotonicMs();
    const gone = asyncStages.letOut();
    metrics.time("busy", clock.monotonicMs() - startMs);
    await this.#drain(this.#parts.bridges());
    inHand.take();
    for (const origin of gone) origin.leave();
  }

  /** Waits until nothing is on its way (ASY-5). */
  async drain(): Promise<void> {
    const { asyncStages } = this.#parts;
    for (;;) {
      this.#parts.check();
      await this.letOut();
      if (asyncStages.isOpen) await this.#wait(asyncStages.next());
      else if (!asyncStages.isReady && !this.#parts.bridges().some((bridge) => bridge.isWaiting)) return;
    }
  }

  /** Drains bridged stages of a task and hands output on. */
  settle(task: PartitionTask): void | Promise<void> {
    const { bridges } = task.parts;
    const { sharedBridges, rejects } = this.#parts;
    if (bridges.length > 0 || sharedBridges.length > 0 || rejects.isFull) return this.#drain([...bridges, ...sharedBridges]);
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
    for (const bridge of bridges) if (bridge.isWaiting) await bridge.drain();
    if (this.#parts.rejects.isFull) await this.#parts.rejects.flush();
    await this.flush();
  }

  async #wait(waiting: Promise<unknown>): Promise<void> {
    const { clock, metrics } = this.#parts;
    const startMs = clock.monotonicMs();
    await waiting;
    metrics.time("backpressured", clock.monotonicMs() - startMs);
  }
}
