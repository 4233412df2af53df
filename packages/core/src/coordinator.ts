// Runs pipelines: lifecycle, leases, restarts, and how work spreads over processes.
// Rows: S9, S16, S23, S24. docs/adr/0001 is the protocol that recovery follows.
//
//   C1. A run moves only along the table in lifecycle.ts.
//   C2. After a failure everything is closed before anything is opened again; what was not committed is discarded.
//   C3. Restarts are bounded by a budget; a failure that a restart cannot mend ends the run at once (engine/fate.ts).
//   C4. One failing pipeline harms no other: they share nothing but the memory budget.
//
// Scaling: a shard is owned by one process at a time. Start the same pipeline in more processes, and the source's group protocol spreads the input
// partitions; their shards follow through leases and the checkpoint store, each restored by its new owner where the old one let it go.
import type { CancelTimer, Environment } from "./contracts/environment.ts";
import { metricNames } from "./contracts/metric-names.ts";
import type { FunctionTable } from "./contracts/operator.ts";
import type { CheckpointResult } from "./engine/checkpointer.ts";
import type { ExecutorProgress } from "./engine/executor-metrics.ts";
import { Executor, type RunEnd } from "./engine/executor.ts";
import { fateOf } from "./engine/fate.ts";
import { StreamFlowError, toStreamFlowError } from "./errors.ts";
import type { HostStores } from "./host.ts";
import { Lifecycle, type LifecycleState } from "./lifecycle.ts";
import { standardFunctionTable } from "./plan/function-table.ts";
import type { LogicalPlan } from "./plan/logical-plan.ts";
import type { PhysicalPlan } from "./plan/physical-plan.ts";
import { planPipeline } from "./plan/planner.ts";

/** What running a pipeline needs. */
export interface RunOptions {
  readonly environment: Environment;
  readonly stores: HostStores;
  /** @defaultValue the standard functions */
  readonly functions?: FunctionTable;
  /** Who holds the leases: unique to this process and start. @defaultValue random */
  readonly owner?: string;
  /** How long a lease outlives its last renewal, in milliseconds. @defaultValue 10_000 */
  readonly leaseMs?: number;
}

/** How a run ended for good. */
export interface RunResult {
  readonly end: RunEnd;
  readonly restarts: number;
}

const defaults = { maxRestarts: 10, windowMs: 600_000, initialDelayMs: 200, maxDelayMs: 30_000 };

/** One pipeline with its life: started, paused, restarted, stopped. */
export class PipelineRun {
  readonly name: string;
  readonly plan: PhysicalPlan;
  readonly lifecycle: Lifecycle;
  readonly #options: RunOptions;
  readonly #owner: string;
  #executor: Executor | undefined;
  #lastProgress: ExecutorProgress | undefined;
  #failures: number[] = [];
  #restarts = 0;
  #cancelDelay: CancelTimer | undefined;
  #endDelay: (() => void) | undefined;
  #isStopping = false;
  /** Paused, and not resumed since: the next attempt begins paused too. */
  #isPaused = false;
  /** Rejected records that are committed. */
  #rejected = 0;
  #lastError: StreamFlowError | undefined;

  /** @throws {@link StreamFlowError} what the planner finds: nothing is opened before that. */
  constructor(plan: LogicalPlan, options: RunOptions) {
    this.name = plan.config.name;
    this.#options = options;
    this.#owner = options.owner ?? `owner-${options.environment.random.next().toString(36).slice(2)}`;
    this.plan = planPipeline(plan, options.functions ?? standardFunctionTable);
    this.lifecycle = new Lifecycle(`pipeline "${this.name}"`);
  }

  get state(): LifecycleState {
    return this.lifecycle.state;
  }

  /** The last failure, also when a restart mended it. */
  get lastError(): StreamFlowError | undefined {
    return this.#lastError;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** A summary of the present attempt, or of the last one; undefined before the first. */
  progress(): ExecutorProgress | undefined {
    return this.#executor?.progress() ?? this.#lastProgress;
  }

  /**
   * Runs until the input ends or `stop` is called.
   * @throws {@link StreamFlowError} the failure that could not be mended; SF_RESTART_EXHAUSTED when there were too many.
   */
  async run(): Promise<RunResult> {
    this.lifecycle.move("starting", "run");
    this.#isStopping = false;
    this.#failures = [];
    this.#restarts = 0;
    this.#isPaused = false;
    this.#rejected = 0;
    for (;;) {
      try {
        const end = await this.#attempt();
        this.lifecycle.move(end, "run");
        return { end, restarts: this.#restarts };
      } catch (thrown) {
        await this.#afterFailure(toStreamFlowError(thrown, "SF_INTERNAL", `pipeline "${this.name}"`));
        // Stopped while it waited for its next attempt: there is nothing to keep.
        if (this.#isStopping) {
          this.lifecycle.move("stopped", "stop");
          return { end: "stopped", restarts: this.#restarts };
        }
        this.lifecycle.move("starting", "restart");
      }
    }
  }

  /** Ends the run after a last checkpoint; prompt, whatever state it is in. */
  stop(): void {
    this.#isStopping = true;
    if (this.lifecycle.can("draining")) this.lifecycle.move("draining", "stop");
    this.#executor?.stop();
    this.#cancelDelay?.();
    this.#endDelay?.();
  }

  /** Stops reading after a checkpoint. @throws {@link StreamFlowError} SF_LIFECYCLE_ILLEGAL unless it is running */
  async pause(): Promise<void> {
    const executor = this.#running("pause");
    await executor.pause();
    this.lifecycle.move("paused", "pause");
    this.#isPaused = true;
  }

  /** Goes on after `pause`. @throws {@link StreamFlowError} SF_LIFECYCLE_ILLEGAL unless it is paused */
  resume(): void {
    if (this.state !== "paused") throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `cannot resume pipeline "${this.name}": it is ${this.state}`);
    this.lifecycle.move("running", "resume");
    this.#isPaused = false;
    this.#executor?.resume();
  }

  /** Takes a checkpoint now; resolves when it is committed. */
  checkpoint(): Promise<CheckpointResult> {
    return this.#running("checkpoint").checkpoint();
  }

  /** Nothing is left to do until input or time comes. For tests on a manual clock. */
  get isQuiescent(): boolean {
    return this.#endDelay !== undefined || (this.#executor?.isQuiescent ?? false);
  }

  #running(operation: string): Executor {
    if (this.#executor === undefined || this.state !== "running") {
      throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `cannot ${operation} pipeline "${this.name}": it is ${this.state}`);
    }
    return this.#executor;
  }

  async #attempt(): Promise<RunEnd> {
    const { environment, stores, leaseMs = 10_000 } = this.#options;
    const executor = new Executor({
      plan: this.plan, environment, stores, owner: this.#owner, leaseMs, rejectedBefore: this.#rejected, functions: this.#options.functions ?? standardFunctionTable,
    });
    this.#executor = executor;
    // From the beginning: a start may take longer than a lease, where much is restored or looked up.
    const stopRenewing = this.#renew(executor, leaseMs);
    try {
      await executor.start();
      if (this.#isPaused) await executor.pause();
      // Told to stop meanwhile: it is draining already, and the executor has been told too.
      if (!this.#isStopping) this.lifecycle.move("running", "run");
      if (!this.#isStopping && this.#isPaused) this.lifecycle.move("paused", "run");
      return await executor.run();
    } finally {
      stopRenewing();
      this.#lastProgress = executor.progress();
      await executor.close();
      this.#rejected = executor.rejectedCommitted;
      this.#executor = undefined;
    }
  }

  /** Renews the leases three times in their life. A renewal that fails is tried again at its next turn: fences keep a late one harmless. */
  #renew(executor: Executor, leaseMs: number): CancelTimer {
    const { clock, logger } = this.#options.environment;
    let cancel: CancelTimer;
    let isEnded = false;
    const failed = (error: unknown): void => logger.warn(`pipeline "${this.name}" could not renew its leases`, { error: toStreamFlowError(error, "SF_INTERNAL", "renewal").message });
    const again = (): void => {
      if (isEnded) return;
      cancel = clock.setTimer(leaseMs / 3, () => {
        void executor.renewLeases().catch(failed).then(again);
      });
    };
    again();
    return () => {
      isEnded = true;
      cancel();
    };
  }

  /** Waits for the next attempt, or throws when there is none. */
  async #afterFailure(error: StreamFlowError): Promise<void> {
    this.#lastError = error;
    const { config } = this.plan.logical;
    const { environment } = this.#options;
    const nowMs = environment.clock.monotonicMs();
    const policy = { ...defaults, ...config.restart };
    this.#failures = [...this.#failures.filter((atMs) => nowMs - atMs < policy.windowMs), nowMs];
    if (this.#isStopping || fateOf(error, config.deadLetters?.onReject) === "fail") {
      this.lifecycle.move("failed", "fail");
      throw error;
    }
    if (this.#failures.length > policy.maxRestarts) {
      this.lifecycle.move("failed", "fail");
      throw new StreamFlowError("SF_RESTART_EXHAUSTED", `pipeline "${this.name}" failed ${this.#failures.length} times within ${policy.windowMs} ms; the last time: ${error.message}`, { cause: error });
    }
    this.lifecycle.move("restarting", "fail");
    this.#restarts++;
    environment.metrics.counter(metricNames.restarts.name, metricNames.restarts.help, { pipeline: this.name }).add();
    // Full jitter, as in deliver.ts, but never at once.
    const ceilingMs = Math.min(policy.maxDelayMs, policy.initialDelayMs * 2 ** (this.#failures.length - 1));
    const delayMs = ceilingMs / 2 + (environment.random.next() * ceilingMs) / 2;
    environment.logger.warn(`pipeline "${this.name}" failed and restarts in ${Math.round(delayMs)} ms`, { code: error.code, error: error.message, restarts: this.#restarts });
    await new Promise<void>((resolve) => {
      this.#endDelay = resolve;
      this.#cancelDelay = environment.clock.setTimer(delayMs, resolve);
    });
    this.#endDelay = undefined;
  }
}

/** The pipelines of one process. */
export class Coordinator {
  readonly #options: RunOptions;
  readonly #runs = new Map<string, PipelineRun>();

  constructor(options: RunOptions) {
    this.#options = options;
  }

  /** Plans a pipeline. @throws {@link StreamFlowError} SF_CONFIG_INVALID when the name is taken; what the planner finds */
  add(plan: LogicalPlan): PipelineRun {
    const { name } = plan.config;
    if (this.#runs.has(name)) throw new StreamFlowError("SF_CONFIG_INVALID", `there is already a pipeline "${name}"`, { hint: "give one of them another name" });
    const run = new PipelineRun(plan, this.#options);
    this.#runs.set(name, run);
    return run;
  }

  get(name: string): PipelineRun | undefined {
    return this.#runs.get(name);
  }

  /** In the order they were added. */
  get runs(): readonly PipelineRun[] {
    return [...this.#runs.values()];
  }

  /** Forgets a pipeline that does not run. */
  remove(name: string): void {
    const run = this.#runs.get(name);
    if (run !== undefined && ["starting", "running", "paused", "draining", "restarting"].includes(run.state)) {
      throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `cannot remove pipeline "${name}": it is ${run.state}`, { hint: "stop it first" });
    }
    this.#runs.delete(name);
  }

  /** Asks all pipelines to stop. */
  stop(): void {
    for (const run of this.#runs.values()) run.stop();
  }
}
