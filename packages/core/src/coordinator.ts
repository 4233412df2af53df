// Runs pipelines: lifecycle, leases, restarts, and how work spreads over processes.
// Rows: S9, S16, S23, S24. docs/adr/0001 is the protocol that recovery follows.
//
//   C1. A run moves only along the table in lifecycle.ts.
//   C2. After a failure everything is closed before anything is opened again; what was not committed is discarded.
//   C3. Restarts are bounded by a budget; a failure that a restart cannot mend ends the run at once (engine/fate.ts).
//   C4. One failing pipeline harms no other: they share nothing but the memory budget, and the timer that renews leases.
//   C5. A run that was silent for long enough sleeps: nothing is left of it but its plan, its leases and its sums. It is still "running", and begins
//       again from its last checkpoint when a source wakes it, or somebody asks for more than sums (engine/sleep.ts, docs/adr/0005).
//
// Scaling: a shard is owned by one process at a time. Start the same pipeline in more processes, and the source's group protocol spreads the input
// partitions; their shards follow through leases and the checkpoint store, each restored by its new owner where the old one let it go.
import type { Fence, ShardId } from "./contracts/checkpoint-store.ts";
import type { CommitObserver } from "./contracts/commit-observer.ts";
import type { Environment } from "./contracts/environment.ts";
import { metricNames } from "./contracts/metric-names.ts";
import type { FunctionTable } from "./contracts/operator.ts";
import type { CheckpointResult } from "./engine/checkpointer.ts";
import { type ExecutorProgress, refreshGauges, sumOf } from "./engine/executor-metrics.ts";
import type { ReplayResult, RunEnd, WorkEnd } from "./engine/executor-options.ts";
import { Executor } from "./engine/executor.ts";
import { fateOf } from "./engine/fate.ts";
import { type LeaseHolder, LeaseKeeper } from "./engine/lease-keeper.ts";
import { type RestartPolicy, Restarts } from "./engine/restarts.ts";
import { StreamFlowError, toStreamFlowError } from "./errors.ts";
import type { HostStores } from "./host.ts";
import { Lifecycle, type LifecycleState } from "./lifecycle.ts";
import { type CheckedPlan, checkPlan } from "./plan/checked-plan.ts";
import { standardFunctionTable } from "./plan/function-table.ts";
import type { LogicalPlan } from "./plan/logical-plan.ts";
import type { PhysicalPlan } from "./plan/physical-plan.ts";

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
  /** A pipeline that got no input for so long sleeps until there is some, where its sources and stages can, in milliseconds. Infinity: never. @defaultValue 10_000 */
  readonly sleepAfterMs?: number;
  /** Set: the run reads no input, but gives its dead letters to the nodes that refused them, each once, and ends. Called with what became of them. */
  readonly replayed?: (result: ReplayResult) => void;
  /** Called when the input has ended, or `stop` was called, and all is committed, with the epochs of the shards; their leases are still held. Such a run does not sleep. */
  readonly atEnd?: (committed: CommittedEpochs) => Promise<void>;
}

/** Of every shard of a run, the epoch that all its sinks have committed. */
export type CommittedEpochs = ReadonlyMap<ShardId, number>;

/** How a run ended for good. */
export interface RunResult {
  readonly end: RunEnd;
  readonly restarts: number;
}

const noFences: readonly Fence[] = [];
const defaults: RestartPolicy = { maxRestarts: 10, windowMs: 600_000, initialDelayMs: 200, maxDelayMs: 30_000 };

/** One pipeline with its life: started, paused, restarted, stopped. */
export class PipelineRun implements LeaseHolder {
  readonly lifecycle: Lifecycle;
  readonly #options: RunOptions;
  readonly #leases: LeaseKeeper;
  readonly #checked: CheckedPlan;
  #plan: PhysicalPlan | undefined;
  #executor: Executor | undefined;
  #lastProgress: ExecutorProgress | undefined;
  /** What was done before it slept last. */
  #before: ExecutorProgress | undefined;
  /** Kept while it sleeps. One, as most have, takes no array. */
  #held: Fence | readonly Fence[] = noFences;
  #isAsleep = false;
  /** Somebody has called it since it began to work. */
  #isWoken = false;
  /** Those who wait until it works again. */
  #callers: (() => void)[] | undefined;
  /** Ends the promise of `run`; given a promise that fails, it fails. */
  #resolve: ((result: RunResult | Promise<never>) => void) | undefined;
  #isOpen = false;
  /** Undefined: it has never failed. */
  #restarts: Restarts | undefined;
  #isStopping = false;
  /** Paused, and not resumed since: the next attempt begins paused too. */
  #isPaused = false;
  /** Rejected records that are committed. */
  #rejected = 0;
  #observer: CommitObserver | undefined;

  /**
   * @param leases who renews its leases, under the owner that it names @defaultValue a keeper of its own
   * @throws {@link StreamFlowError} what the planner finds: nothing is opened before that.
   */
  constructor(plan: LogicalPlan, options: RunOptions, leases: LeaseKeeper = leaseKeeper(options)) {
    this.#options = options;
    this.#leases = leases;
    this.#checked = checkPlan(plan, options.functions ?? standardFunctionTable);
    this.lifecycle = new Lifecycle(plan.config.name);
  }

  /** What is run. Made again for whoever asks while it sleeps. */
  get plan(): PhysicalPlan {
    return (this.#plan ??= this.#checked.physical());
  }

  get name(): string {
    return this.#checked.config.name;
  }

  get state(): LifecycleState {
    return this.lifecycle.state;
  }

  /** The last failure, also when a restart mended it. */
  get lastError(): StreamFlowError | undefined {
    return this.#restarts?.lastError;
  }

  get restarts(): number {
    return this.#restarts?.count ?? 0;
  }

  /** A summary of the present attempt, or of the last one; undefined before the first. */
  progress(): ExecutorProgress | undefined {
    const now = this.#executor?.progress();
    if (this.#isAsleep && this.#lastProgress !== undefined) refreshGauges(this.#options.environment, this.name, this.#lastProgress);
    return now === undefined ? this.#lastProgress : sumOf(this.#before, now);
  }

  /** It sleeps: it is running, and nothing is left of it but what it takes to wake it. */
  get isAsleep(): boolean {
    return this.#isAsleep;
  }

  /** The shards whose leases it holds. */
  get heldShards(): readonly ShardId[] {
    const open = this.#executor?.partitions.fences ?? [];
    return (open.length > 0 ? open : this.#heldFences).map(({ shard }) => shard);
  }

  get #heldFences(): readonly Fence[] {
    return "shard" in this.#held ? [this.#held] : this.#held;
  }

  /** Another owner has these shards: what is not committed is discarded. */
  lost(shards: readonly ShardId[]): void {
    if (this.#executor !== undefined) this.#executor.lost(shards);
    else this.#held = this.#heldFences.filter(({ shard }) => !shards.includes(shard));
  }

  /**
   * Runs until the input ends or `stop` is called.
   * @throws {@link StreamFlowError} the failure that could not be mended; SF_RESTART_EXHAUSTED when there were too many.
   */
  run(): Promise<RunResult> {
    try {
      this.#move("starting", "run");
    } catch (thrown) {
      return Promise.reject(thrown as Error);
    }
    this.#isStopping = false;
    this.#restarts?.reset();
    this.#isPaused = false;
    this.#rejected = 0;
    this.#observer = this.#options.replayed === undefined ? this.#observe() : undefined;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#goOn();
    });
  }

  #observe(): CommitObserver | undefined {
    const { observe } = this.#options.stores;
    return observe?.({ pipeline: this.name, sources: this.plan.logical.nodes.flatMap(({ id, source }) => (source === undefined ? [] : [{ node: id, source }])) });
  }

  /** Ends the run after a last checkpoint; prompt, whatever state it is in. */
  stop(): void {
    this.#isStopping = true;
    if (this.lifecycle.can("draining")) this.#move("draining", "stop");
    this.#executor?.stop();
    this.#wake();
    this.#restarts?.endWait();
  }

  /** Stops reading after a checkpoint. @throws {@link StreamFlowError} SF_LIFECYCLE_ILLEGAL unless it is running */
  async pause(): Promise<void> {
    const executor = await this.#running("pause");
    await executor.pause();
    this.#move("paused", "pause");
    this.#isPaused = true;
  }

  /** Goes on after `pause`. @throws {@link StreamFlowError} SF_LIFECYCLE_ILLEGAL unless it is paused */
  resume(): void {
    if (this.state !== "paused") throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `cannot resume pipeline "${this.name}": it is ${this.state}`);
    this.#move("running", "resume");
    this.#isPaused = false;
    this.#executor?.resume();
  }

  /** Takes a checkpoint now; resolves when it is committed. */
  async checkpoint(): Promise<CheckpointResult> {
    return await (await this.#running("checkpoint")).checkpoint();
  }

  /**
   * Takes a checkpoint, and calls `use` with the epochs that are then committed; they are kept in the store until it is done. The run goes on meanwhile.
   * @throws {@link StreamFlowError} SF_LIFECYCLE_ILLEGAL unless it is running or paused; what the checkpoint or `use` fails with
   */
  async withCommitted<Result>(use: (committed: CommittedEpochs) => Promise<Result>): Promise<Result> {
    const executor = this.state === "paused" && this.#executor !== undefined ? this.#executor : await this.#running("take a savepoint of");
    await executor.checkpoint();
    const { partitions } = executor;
    const { committed } = partitions;
    partitions.keep(committed.values());
    try {
      return await use(committed);
    } finally {
      partitions.keep([]);
    }
  }

  /** Nothing is left to do until input or time comes. For tests on a manual clock. */
  get isQuiescent(): boolean {
    return this.#restarts?.isWaiting === true || this.#isAsleep || (this.#executor?.isQuiescent ?? false);
  }

  /** The executor, woken where it slept. */
  async #running(operation: string): Promise<Executor> {
    while (this.state === "running" && !this.#isOpen) {
      this.#wake();
      await new Promise<void>((resolve) => (this.#callers ??= []).push(resolve));
    }
    if (this.#executor === undefined || this.state !== "running") {
      throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `cannot ${operation} pipeline "${this.name}": it is ${this.state}`);
    }
    return this.#executor;
  }

  #move(to: LifecycleState, operation: string): void {
    this.lifecycle.move(to, operation);
    this.#answerCallers();
  }

  /** Those who waited look again: it works, or does not any more. */
  #answerCallers(): void {
    const callers = this.#callers ?? [];
    this.#callers = undefined;
    for (const resolve of callers) resolve();
  }

  /** Works until it ends or sleeps. While it sleeps no call of it is under way, which would be kept in memory. */
  #goOn(): void {
    this.#work().then(
      (end) => {
        if (end !== "asleep") this.#resolve?.({ end, restarts: this.restarts });
      },
      (error: unknown) => this.#resolve?.(Promise.reject(error as Error)),
    );
  }

  async #work(): Promise<WorkEnd> {
    for (;;) {
      try {
        const end = await this.#attempt();
        if (end === "asleep" && this.#fallsAsleep()) return end;
        if (end === "asleep" && !this.#isStopping) continue;
        return await this.#end(end);
      } catch (thrown) {
        await this.#afterFailure(toStreamFlowError(thrown, "SF_INTERNAL", `pipeline "${this.name}"`));
        // Stopped while it waited for its next attempt: there is nothing to keep.
        if (this.#isStopping) return await this.#end("stopped");
        this.#move("starting", "restart");
      }
    }
  }

  /** False where it was woken before it slept. */
  #fallsAsleep(): boolean {
    this.#isAsleep = !this.#isWoken && !this.#isStopping && this.#callers === undefined;
    if (this.#isAsleep) this.#plan = undefined;
    return this.#isAsleep;
  }

  #wake(): void {
    this.#isWoken = true;
    if (!this.#isAsleep) return;
    this.#isAsleep = false;
    // Not within the call of whoever has news.
    if (this.#isStopping) void this.#end("asleep").then((end) => this.#resolve?.({ end, restarts: this.restarts }));
    else queueMicrotask(() => this.#goOn());
  }

  async #end(how: WorkEnd): Promise<RunEnd> {
    const end = how === "asleep" ? await this.#endAsleep() : how;
    this.#move(end, "run");
    return end;
  }

  /** Nothing is to be committed. */
  async #endAsleep(): Promise<RunEnd> {
    this.#leases.remove(this);
    await this.#letGo();
    return "stopped";
  }

  /** Lets leases go that were kept for nothing. One that cannot be released runs out by itself. */
  async #letGo(): Promise<void> {
    const { environment, stores } = this.#options;
    const shards = this.#heldFences.map(({ shard }) => shard);
    this.#held = noFences;
    if (shards.length === 0) return;
    await stores.leases.release({ pipeline: this.name, shards, owner: this.#leases.owner }).catch((error: unknown) => environment.logger.warn("leases could not be released", { error: String(error) }));
  }

  async #attempt(): Promise<WorkEnd> {
    const { environment, stores, functions = standardFunctionTable, sleepAfterMs = 10_000, replayed, atEnd } = this.#options;
    const { owner, leaseMs } = this.#leases;
    this.#isWoken = false;
    const executor = new Executor({
      plan: this.plan, environment, stores, owner, leaseMs, functions, rejectedBefore: this.#rejected, held: this.#heldFences, ...(replayed === undefined ? {} : { replayed }), ...(this.#observer === undefined ? {} : { observer: this.#observer }),
      // Bound, and so smaller than a function with a scope of its own: a source holds it while the run sleeps.
      ...(sleepAfterMs === Infinity || atEnd !== undefined ? {} : { sleepAfterMs, wake: this.#wake.bind(this) }),
    });
    this.#executor = executor;
    // From the beginning: a start may take longer than a lease, where much is restored or looked up.
    this.#leases.add(this);
    let end: WorkEnd | undefined;
    try {
      await executor.start();
      if (this.#isPaused) await executor.pause();
      // Told to stop meanwhile: it is draining already, and the executor has been told too.
      if (!this.#isStopping && this.state === "starting") this.#move("running", "run");
      if (!this.#isStopping && this.#isPaused) this.#move("paused", "run");
      this.#isOpen = true;
      this.#answerCallers();
      end = await executor.run();
      if (end !== "asleep") await atEnd?.(executor.partitions.committed);
      return end;
    } finally {
      await this.#leave(executor, end === "asleep");
    }
  }

  async #leave(executor: Executor, isAsleep: boolean): Promise<void> {
    this.#isOpen = false;
    if (!isAsleep) this.#leases.remove(this);
    this.#lastProgress = sumOf(this.#before, executor.progress());
    this.#before = isAsleep ? this.#lastProgress : undefined;
    this.#rejected = executor.rejectedCommitted;
    const fences = executor.partitions.fences;
    await executor.close({ keepsLeases: isAsleep });
    if (isAsleep) this.#rest(fences);
    else await this.#letGo();
    this.#executor = undefined;
  }

  /** Nothing more is kept anywhere than it takes to begin again. */
  #rest(fences: readonly Fence[]): void {
    this.#held = fences.length === 1 ? fences[0]! : fences;
    this.#options.stores.checkpoints.rest?.(this.name);
  }

  /** Waits for the next attempt, or throws when there is none. */
  async #afterFailure(error: StreamFlowError): Promise<void> {
    const { config } = this.#checked;
    const { environment } = this.#options;
    const policy = { ...defaults, ...config.restart };
    const restarts = (this.#restarts ??= new Restarts());
    const failures = restarts.fail(error, environment.clock.monotonicMs(), policy.windowMs);
    if (this.#isStopping || fateOf(error, config.deadLetters?.onReject) === "fail") {
      this.#move("failed", "fail");
      throw error;
    }
    if (failures > policy.maxRestarts) {
      this.#move("failed", "fail");
      throw new StreamFlowError("SF_RESTART_EXHAUSTED", `pipeline "${this.name}" failed ${failures} times within ${policy.windowMs} ms; the last time: ${error.message}`, { cause: error });
    }
    this.#move("restarting", "fail");
    restarts.count++;
    environment.metrics.counter(metricNames.restarts.name, metricNames.restarts.help, { pipeline: this.name }).add();
    const delayMs = restarts.delayMs(policy, environment.random.next());
    environment.logger.warn(`pipeline "${this.name}" failed and restarts in ${Math.round(delayMs)} ms`, { code: error.code, error: error.message, restarts: restarts.count });
    await restarts.wait(environment.clock, delayMs);
  }
}

function leaseKeeper({ environment, stores, owner, leaseMs = 10_000 }: RunOptions): LeaseKeeper {
  return new LeaseKeeper({ environment, store: stores.leases, owner: owner ?? `owner-${environment.random.next().toString(36).slice(2)}`, leaseMs });
}

/** The pipelines of one process. */
export class Coordinator {
  readonly #options: RunOptions;
  readonly #leases: LeaseKeeper;
  readonly #runs = new Map<string, PipelineRun>();

  constructor(options: RunOptions) {
    this.#options = options;
    this.#leases = leaseKeeper(options);
  }

  /** Plans a pipeline. @throws {@link StreamFlowError} SF_CONFIG_INVALID when the name is taken; what the planner finds */
  add(plan: LogicalPlan): PipelineRun {
    const { name } = plan.config;
    if (this.#runs.has(name)) throw new StreamFlowError("SF_CONFIG_INVALID", `there is already a pipeline "${name}"`, { hint: "give one of them another name" });
    const run = new PipelineRun(plan, this.#options, this.#leases);
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
