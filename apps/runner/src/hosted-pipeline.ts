// One pipeline file in the host: loaded, started, stopped and started again, without harm to the others.
//   H1. Whatever goes wrong with it is kept as its problem and logged; nothing is thrown out of its life.
//   H2. A start reads the file again, so that an edit takes effect.
//   H3. The last command wins: a stop during a restart means stopped.
//   H4. While another process runs it, it stands by: when that one is gone, it takes over.
import { buildPlan, ConfigError, loadPipeline, redactSecrets, type Diagnostic, type PipelineSpec } from "@streamflow/config";
import { savepointName, Savepoints, StreamFlowError, takeSavepoint, toStreamFlowError, type Coordinator, type ExecutorProgress, type Host, type HostStores, type LifecycleState, type PipelineRun, type SavepointInfo } from "@streamflow/core";

/** Where a pipeline of the host stands; `invalid`: its file cannot be loaded. */
export type PipelineStatus = LifecycleState | "invalid";

/** Why a pipeline does not run. */
export interface PipelineProblem {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** All mistakes of its file. */
  readonly diagnostics?: readonly Diagnostic[];
}

/** A pipeline as the host tells of it. Holds no secrets. */
export interface PipelineInfo {
  readonly name: string;
  readonly file: string;
  readonly status: PipelineStatus;
  readonly restarts: number;
  /** The last failure, also one that a restart has mended. */
  readonly problem?: PipelineProblem;
  readonly progress?: ExecutorProgress;
}

/** What a hosted pipeline is made of. */
export interface HostedPipelineOptions {
  /** Path of the file. */
  readonly path: string;
  /** Name of the file: the pipeline's name until it has been loaded. */
  readonly file: string;
  readonly host: Host;
  readonly coordinator: Coordinator;
}

/** How long it stands by before it looks again whether the other process is gone, in milliseconds. */
const standbyMs = 2_000;

const active: ReadonlySet<PipelineStatus> = new Set<PipelineStatus>(["starting", "running", "paused", "draining", "restarting"]);

/** A pipeline file with its life. */
export class HostedPipeline {
  readonly #options: HostedPipelineOptions;
  #run: PipelineRun | undefined;
  #spec: PipelineSpec | undefined;
  #problem: StreamFlowError | undefined;
  #name: string | undefined;
  #isInvalid = false;
  #isLoading = false;
  /** Set while it stands by: ends the wait. */
  #endStandby: (() => void) | undefined;
  /** Counts commands: what an older one still meant to do is dropped. */
  #command = 0;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: HostedPipelineOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#name ?? this.#options.file;
  }

  get status(): PipelineStatus {
    if (this.#isLoading || this.#endStandby !== undefined) return "starting";
    if (this.#isInvalid) return "invalid";
    // A run that has not begun was stopped while it stood by.
    return this.#run?.state === "created" ? "stopped" : (this.#run?.state ?? "created");
  }

  get info(): PipelineInfo {
    const problem = this.#problem ?? this.#run?.lastError;
    const progress = this.#run?.progress();
    return {
      name: this.name,
      file: this.#options.file,
      status: this.status,
      restarts: this.#run?.restarts ?? 0,
      ...(problem === undefined ? {} : { problem: this.#describe(problem) }),
      ...(progress === undefined ? {} : { progress }),
    };
  }

  /** Resolves when nothing of it runs any more. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /**
   * Loads the file and begins to run it.
   * @throws {@link StreamFlowError} SF_LIFECYCLE_ILLEGAL when it runs already; what is wrong with the file
   */
  async start(): Promise<void> {
    const begin = await this.prepare();
    begin();
  }

  /** The first half of `start`, with its errors: loads the file. Answers the second half, which does nothing where another command came between the two. */
  async prepare(): Promise<() => void> {
    if (active.has(this.status)) throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `cannot start pipeline "${this.name}": it is ${this.status}`, { hint: "stop or restart it" });
    const command = ++this.#command;
    const problem = await this.#load();
    if (problem !== undefined) throw problem;
    return () => {
      if (command === this.#command) this.#ended = this.#watch();
    };
  }

  /** Ends it after a last checkpoint. Answers at once; `ended` tells when it is over. */
  stop(): void {
    this.#command++;
    this.#endStandby?.();
    if (this.#run !== undefined && active.has(this.#run.state)) this.#run.stop();
  }

  /** Stops it, and starts it from its file when it has ended. Answers at once. */
  restart(): void {
    this.stop();
    const command = this.#command;
    this.#ended = this.#ended.then(async () => {
      if (command !== this.#command) return;
      if ((await this.#load()) === undefined && command === this.#command) await this.#watch();
    });
  }

  /**
   * Takes a savepoint of what it has committed, and goes on.
   * @throws {@link StreamFlowError} SF_LIFECYCLE_ILLEGAL unless it is running or paused; SF_CONFIG_INVALID where there is a savepoint of that name
   */
  async takeSavepoint(stores: HostStores, name: string | undefined): Promise<SavepointInfo> {
    const { environment } = this.#options.host;
    const run = this.#run;
    if (run === undefined) throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `cannot take a savepoint of pipeline "${this.name}": it is ${this.status}`, { hint: "start it, or take one of its file: streamflow savepoint create" });
    const savepoints = new Savepoints(stores, environment);
    const wanted = name ?? savepointName(run.name, environment.clock.nowMs());
    await savepoints.checkFree(wanted);
    return run.withCommitted(async (committed) => savepoints.add(wanted, await takeSavepoint({ stores, environment, pipeline: run.name, committed })));
  }

  /** Reads the file into a new run. Answers, keeps and logs what is wrong with it. */
  async #load(): Promise<StreamFlowError | undefined> {
    const { host, coordinator, path, file } = this.#options;
    const { registry, environment } = host;
    this.#isLoading = true;
    try {
      const spec = await loadPipeline(path, { registry, disk: environment.disk, secrets: environment.secrets });
      this.#spec = spec;
      const plan = buildPlan(spec, registry);
      if (this.#run !== undefined) coordinator.remove(this.#run.name);
      this.#run = undefined;
      this.#run = coordinator.add(plan);
      this.#name = this.#run.name;
      this.#problem = undefined;
      this.#isInvalid = false;
    } catch (thrown) {
      this.#problem = toStreamFlowError(thrown, "SF_INTERNAL", `"${file}" cannot be loaded`);
      this.#isInvalid = true;
      environment.logger.error("a pipeline file cannot be loaded", { file, ...this.#fields(this.#problem) });
    } finally {
      this.#isLoading = false;
    }
    return this.#problem;
  }

  async #watch(): Promise<void> {
    const command = this.#command;
    while (!(await this.#runOnce()) && command === this.#command) {
      await this.#standBy();
      if (command !== this.#command) this.#forgetHeld();
    }
  }

  /** Runs to the end, good or bad. Answers false when another process runs it. */
  async #runOnce(): Promise<boolean> {
    const run = this.#run;
    if (run === undefined) return true;
    const { logger } = this.#options.host.environment;
    const wasHeld = this.#problem?.code === "SF_LEASE_HELD";
    if (!wasHeld) logger.info("a pipeline starts", { pipeline: run.name, file: this.#options.file });
    try {
      const { end, restarts } = await run.run();
      this.#problem = undefined;
      logger.info(`a pipeline has ${end}`, { pipeline: run.name, restarts });
    } catch (thrown) {
      this.#problem = toStreamFlowError(thrown, "SF_INTERNAL", `pipeline "${run.name}"`);
      const isHeld = this.#problem.code === "SF_LEASE_HELD";
      if (!isHeld) logger.error("a pipeline has failed", { pipeline: run.name, ...this.#fields(this.#problem) });
      else if (!wasHeld) logger.warn("another process runs the pipeline: standing by", { pipeline: run.name, ...this.#fields(this.#problem) });
      return !isHeld;
    }
    return true;
  }

  async #standBy(): Promise<void> {
    const { clock } = this.#options.host.environment;
    await new Promise<void>((resolve) => {
      const cancel = clock.setTimer(standbyMs, resolve);
      this.#endStandby = () => {
        cancel();
        resolve();
      };
    });
    this.#endStandby = undefined;
  }

  /** Stopped while it stood by: that another process runs it is no failure. */
  #forgetHeld(): void {
    const { coordinator } = this.#options;
    if (this.#run === undefined) return;
    coordinator.remove(this.#run.name);
    this.#run = coordinator.add(this.#run.plan.logical);
    this.#problem = undefined;
  }

  /** The same for the log. */
  #fields(error: StreamFlowError): Readonly<Record<string, unknown>> {
    const { message, ...more } = this.#describe(error);
    return { error: message, ...more };
  }

  #describe(error: StreamFlowError): PipelineProblem {
    const clean = (text: string): string => (this.#spec === undefined ? text : redactSecrets(this.#spec, text));
    return {
      code: error.code,
      message: clean(error.message),
      ...(error.hint === undefined ? {} : { hint: clean(error.hint) }),
      ...(error instanceof ConfigError ? { diagnostics: error.diagnostics } : {}),
    };
  }
}
