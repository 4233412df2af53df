// Runs any pipeline step by step: manual clock, stores in memory, no I/O. Push records, let time pass, read outputs, move shards, crash, restore.
import type { Disk, Environment, FaultPlan } from "../contracts/environment.ts";
import type { Source } from "../contracts/source.ts";
import type { Sink } from "../contracts/sink.ts";
import type { FunctionTable } from "../contracts/operator.ts";
import { PipelineRun, type RunOptions } from "../coordinator.ts";
import type { CheckpointResult } from "../engine/checkpointer.ts";
import { StreamFlowError } from "../errors.ts";
import type { HostStores } from "../host.ts";
import { nextTurn } from "../node/turn.ts";
import type { LogicalPlan } from "../plan/logical-plan.ts";
import { Broker, type BrokerOptions } from "./broker.ts";
import { type TestEnvironment, testEnvironment } from "./environment.ts";
import { Life } from "./life.ts";
import { MemoryStorage, memoryStores } from "./memory-stores.ts";
import { RecordingSink, type RecordingSinkKind } from "./recording-sink.ts";
import { SinkTarget } from "./sink-target.ts";

/** What a pipeline under test is built from; the same for every process that runs it. */
export interface DriverEnds {
  /** The source of a broker, by name. */
  source<Out = unknown>(name?: string): Source<Out>;
  /** A sink whose target the driver reads, by name. */
  sink<In = unknown>(name?: string, kind?: RecordingSinkKind): Sink<In>;
}

/** Options of {@link PipelineDriver}. */
export interface DriverOptions {
  /** Builds the plan, once for each process. */
  readonly build: (ends: DriverEnds) => { plan(): LogicalPlan } | LogicalPlan;
  /** Brokers by name. @defaultValue one named "in" with one partition */
  readonly brokers?: Readonly<Record<string, BrokerOptions>>;
  readonly functions?: FunctionTable;
  readonly seed?: number;
  /** Memory of the host. @defaultValue 64 MiB */
  readonly budgetBytes?: number;
  /** When a pipeline without input sleeps, in milliseconds. @defaultValue as in `RunOptions` */
  readonly sleepAfterMs?: number;
  /** Crashes and watches named points. A crash ends the process that reaches the point. */
  readonly faults?: FaultPlan;
  /** The stores, as every process sees them. @defaultValue in memory; they outlive processes */
  readonly stores?: (environment: Environment) => HostStores | Promise<HostStores>;
  /** The disk that a process finds when it starts: after a loss of power another one. @defaultValue the one of `world` */
  readonly disk?: () => Disk;
}

interface Process {
  readonly life: Life;
  readonly run: PipelineRun;
  /** How it ended: undefined while it runs. */
  ended: { readonly error?: unknown } | undefined;
  /** It was frozen: it may fail without the test failing. */
  isZombie: boolean;
}

const maxTurns = 20_000;

/**
 * Drives a pipeline in simulated processes.
 *
 * Processes share clock, stores, brokers and sink targets, and nothing else; each ends by itself, by `crash`, or at a named fault point.
 * @example
 * ```text
 * const driver = new PipelineDriver({ build: (ends) => new Pipeline({ name: "p" }).from(ends.source()).to(ends.sink()) });
 * await driver.start();
 * driver.push([1, 2]);
 * await driver.checkpoint();
 * driver.values() // => [1, 2]
 * ```
 */
export class PipelineDriver {
  readonly world: TestEnvironment;
  readonly storage: MemoryStorage = new MemoryStorage();
  readonly #options: DriverOptions;
  readonly #brokers = new Map<string, Broker>();
  readonly #targets = new Map<string, SinkTarget>();
  readonly #processes = new Map<string, Process>();
  #starts = 0;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.world = testEnvironment({ seed: options.seed ?? 1, ...(options.budgetBytes === undefined ? {} : { budgetBytes: options.budgetBytes }) });
    for (const [name, broker] of Object.entries(options.brokers ?? { in: {} })) this.#brokers.set(name, new Broker(broker));
  }

  // --- input and output ----------------------------------------------------------------------------------------

  broker(name: string = "in"): Broker {
    const broker = this.#brokers.get(name);
    if (broker === undefined) throw new StreamFlowError("SF_PLAN_INVALID", `there is no broker "${name}"`);
    return broker;
  }

  /** Appends records to a partition. Nothing is read before `settle`, `advance` or `checkpoint`. */
  push(records: readonly unknown[], partition: string = "0", broker: string = "in"): void {
    this.broker(broker).push(partition, records);
  }

  /** What a reader of a sink sees. */
  values(sink: string = "out"): readonly unknown[] {
    return this.target(sink).values;
  }

  target(sink: string = "out"): SinkTarget {
    let target = this.#targets.get(sink);
    if (target === undefined) this.#targets.set(sink, (target = new SinkTarget()));
    return target;
  }

  /** Epochs of the checkpoints of a pipeline, newest first, damaged ones too. */
  async storedEpochs(pipeline: string): Promise<readonly number[]> {
    const { checkpoints } = memoryStores(this.world.clock, this.storage);
    return (await checkpoints.list(pipeline)).map((entry) => entry.epoch);
  }

  // --- processes -----------------------------------------------------------------------------------------------

  /** Starts a process. Its brokers' partitions are those given to its name. With `replayed` it replays dead letters, and ends. */
  async start(name: string = "main", options: Pick<RunOptions, "replayed" | "atEnd"> = {}): Promise<void> {
    const old = this.#processes.get(name);
    if (old !== undefined && old.ended === undefined && !old.life.isDead) throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `process "${name}" runs already`);
    const life = new Life();
    const { environment } = this.world;
    const mortal: Environment = { ...environment, disk: life.bind(this.#options.disk?.() ?? environment.disk), faults: life.faults(this.#options.faults) };
    const stores = await (this.#options.stores?.(mortal) ?? memoryStores(environment.clock, this.storage));
    const { checkpoints, leases, logs, metadata, checkpointing, observe } = stores;
    const bound: HostStores = { checkpointing, checkpoints: life.bind(checkpoints), leases: life.bind(leases), logs: life.bind(logs), metadata: life.bind(metadata), ...(observe === undefined ? {} : { observe: bindObserver(observe, life) }) };
    const run = new PipelineRun(this.#plan(name, life), {
      environment: mortal, stores: bound, owner: `${name}#${++this.#starts}`, ...options,
      ...(this.#options.functions === undefined ? {} : { functions: this.#options.functions }),
      ...(this.#options.sleepAfterMs === undefined ? {} : { sleepAfterMs: this.#options.sleepAfterMs }),
    });
    const process: Process = { life, run, ended: undefined, isZombie: false };
    this.#processes.set(name, process);
    run.run().then(() => (process.ended = {}), (error: unknown) => (process.ended = { error }));
    await this.settle();
  }

  /** Ends a process at once, as SIGKILL does. Its leases run out or are taken over. */
  crash(name: string = "main"): void {
    this.#process(name).life.kill();
    this.world.clock.advance(60_000);
  }

  /** Stops a process without ending it, as SIGSTOP does: its leases run out. */
  freeze(name: string = "main"): void {
    this.#process(name).life.freeze();
    this.world.clock.advance(60_000);
  }

  /** Lets a frozen process go on, as SIGCONT does. What becomes of it: `failure`. */
  async thaw(name: string = "main"): Promise<void> {
    const process = this.#process(name);
    process.life.thaw();
    process.isZombie = true;
    await this.settle();
  }

  /** Crashes and starts again. */
  async restart(name: string = "main"): Promise<void> {
    this.crash(name);
    await this.start(name);
  }

  /** Stops gracefully and waits for the end. */
  async stop(name: string = "main"): Promise<void> {
    this.#process(name).run.stop();
    await this.settle();
  }

  run(name: string = "main"): PipelineRun {
    return this.#process(name).run;
  }

  isAlive(name: string = "main"): boolean {
    const process = this.#processes.get(name);
    return process !== undefined && !process.life.isDead && process.ended === undefined;
  }

  /** Why a process ended; undefined: it runs, was killed, or ended well. */
  failure(name: string = "main"): unknown {
    return this.#process(name).ended?.error;
  }

  /** Moves a partition, with its shard, from its owner to another process. */
  async move(partition: string, to: string, broker: string = "in"): Promise<void> {
    let moved: { readonly error?: unknown } | undefined;
    this.broker(broker).move(partition, to).then(() => (moved = {}), (error: unknown) => (moved = { error }));
    await this.settle();
    if (moved === undefined) throw new StreamFlowError("SF_INTERNAL", `partition "${partition}" did not move`);
    if ("error" in moved) throw moved.error;
  }

  // --- time ----------------------------------------------------------------------------------------------------

  /** Lets everything happen that can happen without time passing. @throws what a process failed with */
  async settle(): Promise<void> {
    let quiet = 0;
    for (let turn = 0; turn < maxTurns; turn++) {
      await nextTurn();
      const busy = [...this.#processes.values()].some(({ life, run, ended }) => !life.isDead && !life.isFrozen && ended === undefined && !run.isQuiescent);
      quiet = busy ? 0 : quiet + 1;
      if (quiet >= 3) break;
    }
    for (const [name, process] of this.#processes) {
      if (process.ended?.error !== undefined && !process.life.isDead && !process.isZombie) throw new StreamFlowError("SF_STAGE_FAILED", `process "${name}" failed: ${String(process.ended.error)}`, { cause: process.ended.error });
    }
  }

  /** Lets time pass, with everything that falls due. */
  async advance(ms: number): Promise<void> {
    await this.settle();
    await this.world.clock.advanceAsync(ms);
    await this.settle();
  }

  /** Takes a checkpoint and waits until it is committed. */
  async checkpoint(name: string = "main"): Promise<CheckpointResult | undefined> {
    await this.settle();
    if (!this.isAlive(name)) return undefined;
    let result: CheckpointResult | undefined;
    this.#process(name).run.checkpoint().then((done) => (result = done), () => undefined);
    await this.settle();
    return result;
  }

  #process(name: string): Process {
    const process = this.#processes.get(name);
    if (process === undefined) throw new StreamFlowError("SF_PLAN_INVALID", `there is no process "${name}"`);
    return process;
  }

  #plan(process: string, life: Life): LogicalPlan {
    const built = this.#options.build({
      source: <Out>(name: string = "in") => mortalSource(this.broker(name).source<Out>(process), life),
      sink: <In>(name: string = "out", kind: RecordingSinkKind = "sink-first") => mortalSink(new RecordingSink(kind, { target: this.target(name) }), life) as Sink<In>,
    });
    return "plan" in built ? built.plan() : built;
  }
}

function bindObserver(observe: NonNullable<HostStores["observe"]>, life: Life): NonNullable<HostStores["observe"]> {
  return (run) => {
    const observer = observe(run);
    return observer === undefined ? undefined : life.bind(observer);
  };
}

function mortalSource<Out>(source: Source<Out>, life: Life): Source<Out> {
  return {
    ...source,
    open: async (context) => {
      const session = await source.open({ ...context, partitions: life.bind(context.partitions) });
      return { ...life.bind(session), poll: (partition, limits) => (life.isDead || life.isFrozen ? "idle" : session.poll(partition, limits)), ready: () => session.ready(), close: () => session.close() };
    },
  };
}

function mortalSink(sink: RecordingSink, life: Life): Sink {
  return {
    type: sink.type, capabilities: sink.capabilities, config: sink.config, needs: sink.needs,
    open: async (context) => life.bind(await sink.open(context)),
  };
}
