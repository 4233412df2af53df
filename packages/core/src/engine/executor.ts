// Runs a physical plan in one process: reads partitions in turn, moves batches through the tasks, takes checkpoints between them.
//   E1. One batch is in work at a time; everything else happens between batches.
//   E2. Nothing is polled while a sink wants to be waited for: backpressure reaches the source.
//   E3. A failure ends `run` with the error; what was not committed is discarded (the coordinator starts again).
import type { ShardId } from "../contracts/checkpoint-store.ts";
import type { Cursor } from "../contracts/operator.ts";
import type { PartitionAssignment } from "../contracts/source.ts";
import { StreamFlowError, toStreamFlowError } from "../errors.ts";
import type { Batch, Position } from "../record.ts";
import { AsyncStages } from "./async-stages.ts";
import { BatchMemory } from "./batch-memory.ts";
import { BatchRunner } from "./batch-runner.ts";
import type { Bridge } from "./bridge.ts";
import { broken } from "./broken.ts";
import { CheckpointSchedule } from "./checkpoint-schedule.ts";
import { replayDeadLetters } from "./dead-letter-replay.ts";
import { type AtEnd, ControlQueue } from "./control-queue.ts";
import { Checkpointer, type CheckpointResult } from "./checkpointer.ts";
import { ExecutorMetrics, type ExecutorProgress } from "./executor-metrics.ts";
import type { ExecutorOptions, RunEnd, WorkEnd } from "./executor-options.ts";
import { idleAfterMs } from "./event-time.ts";
import { Idleness } from "./idleness.ts";
import { InHand } from "./in-hand.ts";
import type { InstanceHost, OperatorInstance } from "./instance.ts";
import { Lookups } from "./lookups.ts";
import { Partitions } from "./partitions.ts";
import { ProcessingTimers } from "./processing-timers.ts";
import { RejectPort } from "./reject-port.ts";
import { type Choice, chooseNext, type Slot } from "./scheduler.ts";
import { closePorts, finishSinks, openSinks, sinkPorts } from "./sinks.ts";
import type { SinkPort } from "./sink-port.ts";
import { maySleep, Sleep } from "./sleep.ts";
import { pollLimits, Sources, tellCommitted } from "./sources.ts";
import { Waker } from "./waker.ts";
import { Wiring } from "./wiring.ts";

/** Longest time for which the event loop is kept from other work, in milliseconds. */
const sliceMs = 8;

const nothing = (): void => undefined;

/** One pipeline in work, from `start` to `close`. */
export class Executor {
  readonly metrics: ExecutorMetrics;
  readonly #options: ExecutorOptions;
  readonly #abort = new AbortController();
  readonly #cursor: Cursor = { timestampMs: NaN, key: undefined, change: 0, index: -1 };
  readonly #processingTimers = new ProcessingTimers();
  readonly #ports: readonly SinkPort[];
  readonly #rejects: RejectPort;
  readonly #asyncStages: AsyncStages;
  readonly #wiring: Wiring;
  readonly #checkpointer: Checkpointer;
  readonly #schedule: CheckpointSchedule;
  readonly #partitions: Partitions;
  readonly #sources: Sources;
  readonly #runner: BatchRunner;
  readonly #memory: BatchMemory;
  readonly #waker: Waker;
  readonly #idleness: Idleness;
  readonly #isBounded: boolean;
  readonly #control = new ControlQueue((error) => this.#failControl(error));
  /** What has to wait until sinks that are ahead get output again. */
  readonly #afterReplay = new ControlQueue((error) => this.#failControl(error));
  readonly #inHand: InHand;
  readonly #lookups: Lookups;
  readonly #sleep: Sleep;
  #isRunning = false;
  #isPaused = false;
  #isStopping = false;
  #failure: { readonly error: unknown } | undefined;
  #sliceStartMs = 0;

  constructor(options: ExecutorOptions) {
    const { plan, environment } = options;
    const { clock } = environment;
    const { config } = plan.logical;
    this.#options = options;
    this.metrics = new ExecutorMetrics(environment, config.name);
    this.#waker = new Waker(clock);
    this.#idleness = new Idleness(clock, idleAfterMs(plan));
    this.#lookups = new Lookups({ environment, signal: this.#abort.signal, limits: pollLimits(this.#options.plan) });
    this.#isBounded = plan.nodes.every(({ node }) => node.source?.capabilities.bounded !== false);
    this.#ports = sinkPorts(plan, { cursor: this.#cursor, environment, signal: this.#abort.signal, reject: (node, error, output) => this.#rejects.rejectOutput(node, error, output) });
    this.#rejects = new RejectPort({
      pipeline: config.name,
      policy: config.deadLetters ?? {},
      totalBefore: options.rejectedBefore ?? 0,
      log: options.stores.logs,
      cursor: this.#cursor,
      nowMs: () => clock.nowMs(),
      count: (node) => this.metrics.count("rejected", node),
    });
    const inHand = (this.#inHand = new InHand(this.#ports, this.#rejects));
    this.#asyncStages = new AsyncStages({ clock, cursor: this.#cursor, signal: this.#abort.signal, inHand, wake: () => this.#waker.wake() });
    this.#wiring = new Wiring(plan, this.#instanceHost(), {
      sink: (node, shard) => this.#port(node).input(shard),
      late: (node) => this.metrics.count("late", node),
    });
    const keep = config.checkpoint?.keep ?? 3;
    const observed = options.observer === undefined ? {} : { observer: options.observer };
    this.#runner = new BatchRunner({
      clock, ports: this.#ports, rejects: this.#rejects, metrics: this.metrics, sharedBridges: this.#wiring.sharedBridges, asyncStages: this.#asyncStages, inHand,
      bridges: () => this.#bridges(),
      check: () => this.#throwFailure(),
    });
    this.#checkpointer = new Checkpointer({
      plan, environment, store: options.stores.checkpoints, checkpointing: options.stores.checkpointing, ports: this.#ports, keep, ...observed,
      flushRejected: () => this.#rejects.pass(),
      flushOutput: () => (broken("calls-awaited") ? this.#runner.letOut() : this.#runner.drain()),
      snapshot: (isStored) => this.#partitions.snapshot(isStored),
      committed: (snapshots) => tellCommitted(this.#sources, this.#partitions.slots, snapshots),
    });
    this.#schedule = new CheckpointSchedule({
      clock, checkpointer: this.#checkpointer,
      everyMs: config.checkpoint?.everyMs ?? 1_000,
      isSynchronous: config.checkpoint?.mode === "sync",
      isReplaying: () => this.#partitions.replay.isRunning, isUrgent: () => this.#ports.some((port) => port.session?.wantsBarrier?.() === true),
      completed: (result) => {
        this.metrics.checkpointed(result);
        this.#rejects.committed();
        this.#memory.free();
        this.#waker.wake();
      },
      failed: (error) => {
        this.metrics.checkpointFailed();
        this.#fail(error);
      },
      flush: () => this.#runner.flush(),
    });
    this.#partitions = new Partitions({
      plan, environment, stores: options.stores, wiring: this.#wiring, ports: this.#ports, checkpointer: this.#checkpointer,
      owner: options.owner, leaseMs: options.leaseMs ?? 10_000, held: options.held ?? [], ...observed, open: (instances) => this.#lookups.open(instances),
    });
    this.#memory = new BatchMemory({ budget: environment.budget, ports: this.#ports, runner: this.#runner, replay: this.#partitions.replay, settle: () => this.#schedule.settle() });
    this.#sources = new Sources({
      plan, environment, functions: options.functions, signal: this.#abort.signal, limits: pollLimits(this.#options.plan), handlers: {
        assigned: (source, assignments) => this.#between(() => this.#assigned(source, assignments), "dropped"),
        // A source that closes may give its partitions back, and wait for the answer: then all of them are let go.
        revoked: (source, names) => this.#between(() => this.#revoked(source, names), "answered"),
        lost: (source, names) => this.#fail(new StreamFlowError("SF_PARTITION_LOST", `source "${source}" lost ${names.join(", ")}`)),
        ready: (source) => this.#ready(source),
        failed: (error) => this.#fail(error),
      },
    });
    this.#sleep = new Sleep({
      clock, schedule: this.#schedule, control: this.#control, timers: this.#processingTimers, runner: this.#runner, partitions: this.#partitions,
      afterMs: options.sleepAfterMs ?? Infinity, instances: () => this.#instances(),
      // As it is: a function made here would keep all of this in memory while the run sleeps.
      sleep: () => this.#sources.sleep(options.wake ?? nothing),
    });
  }

  /** Opens sinks, restores state, opens sources. After an error, `close` frees what was opened. */
  async start(): Promise<void> {
    await this.#checkpointer.open();
    await openSinks(this.#options.plan, this.#ports, { environment: this.#options.environment, signal: this.#abort.signal, rejectCommitted: (node, error, value, identity) => this.#rejects.rejectCommitted(node, error, value, identity) });
    await this.#sources.open();
    this.#partitions.begin();
    this.#sleep.begin(this.#sources.canSleep && maySleep(this.#options.plan, this.#instances()));
  }

  /** Works until the input ends, `stop` is called, or it falls asleep. @throws whatever failed */
  async run(): Promise<WorkEnd> {
    this.#isRunning = true;
    try {
      await this.#letOut();
      if (this.#options.replayed !== undefined) return await this.#replayLetters(this.#options.replayed);
      for (;;) {
        this.#throwFailure();
        // Promises are made where something waits, not in every turn.
        if (!this.#control.isEmpty) await this.#runControl();
        if (this.#isStopping) return await this.#finish("stopped");
        if (this.#partitions.replay.isAtStop) await this.#leaveStop();
        if (this.#isPaused) {
          await this.#waker.wait(Infinity);
          continue;
        }
        if (this.#isSomethingDue()) await this.#housekeeping();
        if (this.#asyncStages.isReady) await this.#letOut();
        if (this.#asyncStages.isFull) {
          await this.#waitForAnswers();
          continue;
        }
        const choice = this.#choose();
        if (choice === "done") return await this.#finish("finished");
        if (choice === "wait") {
          if (this.#sleep.falls()) return "asleep";
          await this.#waitForInput();
        } else {
          const reading = this.#read(choice);
          if (reading !== undefined) await reading;
        }
      }
    } finally {
      this.#endControl();
    }
  }

  /** Ends the run after a last checkpoint. */
  stop(): void {
    this.#isStopping = true;
    this.#waker.wake();
  }

  /** Stops reading after a checkpoint, with partitions and leases kept. Resolves when that is reached. */
  pause(): Promise<void> {
    return this.#between(async () => {
      await this.#schedule.takeIfDirty();
      this.#isPaused = true;
    }, "refused");
  }

  resume(): void {
    this.#isPaused = false;
    this.#waker.wake();
  }

  /** Takes a checkpoint now, or at the end of a replay (Y3), and waits until it is committed. */
  async checkpoint(): Promise<CheckpointResult> {
    const take = (): Promise<CheckpointResult> => this.#schedule.takeNow();
    const { result } = await this.#between(async () => ({ result: this.#partitions.replay.isRunning ? this.#afterReplay.add(take, "refused") : await take() }), "refused");
    return await result;
  }

  /** There is nothing to do until new input comes or time passes. For tests on a manual clock. */
  get isQuiescent(): boolean {
    return (this.#waker.isSleeping || this.#asyncStages.isWaiting) && !this.#schedule.isPending;
  }

  /** Records that the run has rejected up to its last commit: those behind it are read again. */
  get rejectedCommitted(): number {
    return this.#rejects.committedTotal;
  }

  progress(): ExecutorProgress {
    return this.metrics.progress({ slots: this.#partitions.slots, sharedInstances: this.#wiring.sharedInstances, ports: this.#ports, fraction: this.#sources.progress() });
  }

  /** Frees everything; what was not committed is discarded. `keepsLeases`: the run goes on holding them. */
  async close({ keepsLeases = false }: { readonly keepsLeases?: boolean } = {}): Promise<void> {
    this.#endControl();
    this.#abort.abort();
    this.#asyncStages.close();
    await this.#schedule.ended();
    this.#memory.close();
    await this.#sources.close();
    await closePorts(this.#ports, this.#options.environment);
    for (const bridge of this.#bridges()) await bridge.close().catch(() => undefined);
    this.#partitions.closeOperators();
    // A lease that cannot be released runs out by itself.
    if (!keepsLeases) await this.#partitions.releaseAll().catch((error: unknown) => this.#options.environment.logger.warn("leases could not be released", { error: String(error) }));
  }

  /** What it owns. */
  get partitions(): Partitions {
    return this.#partitions;
  }

  /** Ends the work with SF_LEASE_LOST: another owner has taken these shards. */
  lost(shards: readonly ShardId[]): void {
    this.#fail(new StreamFlowError("SF_LEASE_LOST", `another process took ${shards.length} shards of "${this.#options.plan.logical.config.name}" over, the first ${shards[0]}`));
  }

  // --- one turn of the loop ------------------------------------------------------------------------------------

  #choose(): Choice {
    const { maxDriftMs = Infinity } = this.#options.plan.logical.config;
    return chooseNext(this.#partitions.slots, { maxRecords: pollLimits(this.#options.plan).maxRecords, maxDriftMs, isBounded: this.#isBounded });
  }

  #read({ slot, maxRecords }: { readonly slot: Slot; readonly maxRecords: number }): void | Promise<void> {
    const { task } = slot;
    const result = slot.rest ?? this.#sources.poll(task, { ...pollLimits(this.#options.plan), maxRecords });
    slot.rest = undefined;
    if (result === "idle") {
      slot.isIdle = true;
      this.#sources.watch(task.parts.source);
      return undefined;
    }
    this.#schedule.isDirty = true;
    this.#sleep.noteInput();
    if (result === "end") return this.#end(slot);
    task.idle = false;
    const room = this.#memory.take(result);
    return room === undefined ? this.#work(slot, result) : room.then(() => this.#work(slot, result));
  }

  async #end(slot: Slot): Promise<void> {
    slot.task.end();
    await this.#runner.settle(slot.task);
    this.#partitions.replay.park(slot);
  }

  #work(slot: Slot, batch: Batch): void | Promise<void> {
    const { clock } = this.#options.environment;
    const startMs = clock.monotonicMs();
    slot.task.lastRecordMs = startMs;
    const leave = (): void | Promise<void> => {
      const nowMs = clock.monotonicMs();
      this.metrics.time("busy", nowMs - startMs);
      return nowMs - this.#sliceStartMs > sliceMs ? this.#yield() : undefined;
    };
    const done = this.#memory.run(slot, batch);
    return done === undefined ? leave() : done.then(leave);
  }

  #isSomethingDue(): boolean {
    return this.#processingTimers.nextMs <= this.#options.environment.clock.nowMs() || this.#schedule.dueInMs <= 0 || this.#isHeldUp();
  }

  /** A sink that commits can be given no more: its commit is waited for. */
  #isHeldUp(): boolean {
    return this.#schedule.isPending && this.#ports.some((port) => port.isFull);
  }

  /** What is due between batches. */
  async #housekeeping(): Promise<void> {
    const { clock } = this.#options.environment;
    if (this.#processingTimers.nextMs <= clock.nowMs()) {
      this.#schedule.isDirty = true;
      this.#processingTimers.fire(clock.nowMs());
      await this.#runner.flush();
    }
    if (this.#isHeldUp()) await this.#schedule.settle();
    await this.#schedule.tick();
  }

  /** So many records are on their way that no more should be read. */
  async #waitForAnswers(): Promise<void> {
    const { clock } = this.#options.environment;
    const startMs = clock.monotonicMs();
    await this.#waker.wait(this.#nextDueMs());
    this.metrics.time("backpressured", clock.monotonicMs() - startMs);
  }

  async #waitForInput(): Promise<void> {
    const { clock } = this.#options.environment;
    this.#idleness.mark(this.#partitions.slots);
    await this.#letOut();
    const startMs = clock.monotonicMs();
    for (const slot of this.#partitions.slots) if (slot.isIdle) this.#sources.watch(slot.task.parts.source);
    await this.#waker.wait(this.#nextDueMs());
    this.metrics.time("idle", clock.monotonicMs() - startMs);
    this.#sliceStartMs = clock.monotonicMs();
  }

  /** Milliseconds until something besides input is due. */
  #nextDueMs(): number {
    const { clock } = this.#options.environment;
    const timerMs = this.#processingTimers.nextMs - clock.nowMs();
    return Math.max(0, Math.min(this.#schedule.dueInMs, timerMs, this.#idleness.dueInMs(this.#partitions.slots), this.#sleep.dueInMs));
  }

  /** Lets I/O, timers and other pipelines run. */
  async #yield(): Promise<void> {
    const { clock } = this.#options.environment;
    await new Promise<void>((resolve) => clock.soon(resolve));
    this.#sliceStartMs = clock.monotonicMs();
  }

  // --- checkpoints ---------------------------------------------------------------------------------------------

  async #leaveStop(): Promise<void> {
    const { replay } = this.#partitions;
    await this.#runner.drain();
    if (replay.goOn()) return;
    await this.#schedule.takeNow();
    replay.end();
    await this.#afterReplay.runAll();
  }

  /** Event time has moved without a record, where partitions are idle, come or go: what windows gave goes to the sinks, and into the next checkpoint. */
  async #letOut(): Promise<void> {
    if (!this.#runner.hasOutput) return;
    this.#schedule.isDirty = true;
    await this.#runner.letOut();
  }

  async #finish(end: RunEnd): Promise<RunEnd> {
    await this.#schedule.settle();
    this.#throwFailure();
    if (end === "finished" && this.#partitions.replay.isRunning) {
      throw new StreamFlowError("SF_SOURCE_POSITION", `the input of pipeline "${this.#options.plan.logical.config.name}" ends before a place up to which a sink already has its output`);
    }
    await this.#schedule.takeIfDirty();
    await finishSinks(this.#ports, { environment: this.#options.environment, rejects: this.#rejects, end, checkpoint: () => this.#schedule.takeNow() });
    return end;
  }

  /** In place of its input, what it once refused. */
  async #replayLetters(tell: NonNullable<ExecutorOptions["replayed"]>): Promise<RunEnd> {
    tell(await replayDeadLetters({ plan: this.#options.plan, log: this.#options.stores.logs, partitions: this.#partitions, wiring: this.#wiring, ports: this.#ports, rejects: this.#rejects, cursor: this.#cursor, inHand: this.#inHand, runner: this.#runner, schedule: this.#schedule }));
    return this.#finish("stopped");
  }

  // --- partitions ----------------------------------------------------------------------------------------------

  async #assigned(source: string, assignments: readonly PartitionAssignment[]): Promise<ReadonlyMap<string, Position | undefined>> {
    const starts = await this.#partitions.assign(source, assignments, this.#isRunning);
    this.#idleness.begin(this.#partitions.slots);
    if (this.#isRunning) await this.#letOut();
    return starts;
  }

  /** State of a revoked partition is checkpointed and let go. In a replay that cannot be: what sinks were given since the last commit is discarded. */
  async #revoked(source: string, names: readonly string[]): Promise<void> {
    if (this.#partitions.replay.isRunning) return this.#fail(new StreamFlowError("SF_PARTITION_LOST", `source "${source}" gave up ${names.join(", ")} while sinks that are behind caught up`));
    await this.#schedule.takeIfDirty();
    await this.#partitions.release(source, names);
    await this.#letOut();
  }

  #ready(source: string): void {
    for (const slot of this.#partitions.slots) if (slot.task.parts.source === source) slot.isIdle = false;
    this.#waker.wake();
  }

  // --- between batches -----------------------------------------------------------------------------------------

  /** Runs `work` between two batches: at once before the run, and never after it. What a failure has left half done must not be checkpointed. */
  #between<Result>(work: () => Promise<Result>, atEnd: AtEnd): Promise<Result> {
    if (!this.#isRunning && !this.#control.hasEnded) return work();
    const answer = this.#control.add(work, atEnd);
    this.#waker.wake();
    return answer;
  }

  #failControl(error: unknown): void {
    this.#fail(error);
    this.#endControl();
  }

  #endControl(): void {
    const ended = new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `pipeline "${this.#options.plan.logical.config.name}" ended before this was done`);
    for (const queue of [this.#control, this.#afterReplay]) queue.end(ended);
  }

  async #runControl(): Promise<void> {
    await this.#control.runAll();
    this.#throwFailure();
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#waker.wake();
    this.#asyncStages.wake();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw toStreamFlowError(this.#failure.error, "SF_INTERNAL", `pipeline "${this.#options.plan.logical.config.name}"`);
  }

  #port(node: string): SinkPort {
    const port = this.#ports.find((candidate) => candidate.node === node);
    if (port === undefined) throw new StreamFlowError("SF_INTERNAL", `there is no sink "${node}"`);
    return port;
  }

  #instances(): readonly OperatorInstance[] {
    return [...this.#wiring.sharedInstances, ...this.#partitions.slots.flatMap((slot) => slot.task.parts.instances)];
  }

  #bridges(): readonly Bridge[] {
    return [...this.#partitions.slots.flatMap((slot) => slot.task.parts.bridges), ...this.#wiring.sharedBridges];
  }

  #instanceHost(): InstanceHost {
    const { environment, functions } = this.#options;
    return {
      cursor: this.#cursor,
      clock: environment.clock,
      random: environment.random,
      logger: environment.logger,
      signal: this.#abort.signal,
      functions,
      asyncStages: this.#asyncStages,
      processingTimers: this.#processingTimers,
      reject: (node, error, value, outputs) => this.#rejects.reject(node, error, value, outputs),
    };
  }
}
