// `streamflow run`: one pipeline until its input ends, a signal stops it, or it fails.
import { parseDuration } from "@streamflow/config";
import { PipelineRun, startFromSavepoint, StreamFlowError, toStreamFlowError, type HostStores, type RunResult, type SavepointStarted } from "@streamflow/core";
import type { CliContext, GlobalOptions, SetValues } from "../cli-context.ts";
import { exitCodeOf, exitCodes, type ExitCode } from "../exit-codes.ts";
import { openProject, type Project } from "../host-module.ts";
import { LastSavepoint } from "../last-savepoint.ts";
import { loadFile, type LoadedPipeline } from "../load-pipeline.ts";
import { Output } from "../output.ts";
import { errorDocument, renderError } from "../render-error.ts";
import { renderStart, type StartOptions, toStart } from "./savepoint.ts";
import { ProgressMeter, progressDocument, progressLine, type ProgressReport } from "../run-progress.ts";
import { checkTarget, readSavepoint } from "../savepoint-target.ts";
import { StatusLine } from "../status-line.ts";
import { closeStores } from "../stores.ts";
import { bytes, grouped, paintFor, spoken } from "../terminal.ts";

/** Options of `run`. */
export interface RunCommandOptions extends StartOptions {
  readonly set: SetValues;
  /** Time between two progress lines where they are not drawn over: "5s"; "0" for none. */
  readonly progress: string;
  /** The savepoint to begin with, where there is no checkpoint. */
  readonly from?: string;
  /** The savepoint to take at the end. */
  readonly savepoint?: string;
}

/** How often the line on a terminal is drawn. */
const liveMs = 200;

/** Runs a pipeline file. Answers the exit code; failures before anything is opened are thrown. */
export async function runCommand(file: string, options: RunCommandOptions, context: CliContext, globals: GlobalOptions): Promise<ExitCode> {
  const intervalMs = progressInterval(options.progress);
  const status = new StatusLine(context.stderr, context.variables);
  const project = await openProject({ context, globals, file, values: options.set, log: status });
  const loaded = await loadFile(file, { host: project.host, folder: context.folder, values: options.set });
  checkStartOptions(options);
  const { environment, registry } = project.host;
  const stores = await project.host.openStores(project.dataFolder);
  try {
    const places = { stores, environment, folder: context.folder };
    if (options.savepoint !== undefined) await checkTarget(options.savepoint, places);
    const started = options.from === undefined ? undefined : await startFromSavepoint({ savepoint: await readSavepoint(options.from, places), plan: loaded.plan, stores, environment, ...toStart(options) });
    const fromEpoch = await newestEpoch(stores, loaded.logical.config.name);
    const last = new LastSavepoint(options.savepoint, loaded.logical.config.name, places);
    const run = new PipelineRun(loaded.logical, { environment, stores, functions: registry.functions, ...last.options });
    return await new RunCommand({ run, loaded, project, context, globals, status, intervalMs, fromEpoch, last, ...(started === undefined ? {} : { begun: { from: options.from ?? "", started } }) }).watch();
  } finally {
    await close(stores, project);
  }
}

interface RunParts {
  readonly run: PipelineRun;
  readonly loaded: LoadedPipeline;
  readonly project: Project;
  readonly context: CliContext;
  readonly globals: GlobalOptions;
  readonly status: StatusLine;
  readonly intervalMs: number;
  /** The newest checkpoint that was there before the run. */
  readonly fromEpoch: number | undefined;
  readonly last: LastSavepoint;
  /** What it begins with. */
  readonly begun?: { readonly from: string; readonly started: SavepointStarted };
}

/** A run with what is shown of it. */
class RunCommand {
  readonly #parts: RunParts;
  readonly #output: Output;
  readonly #meter: ProgressMeter;
  readonly #startMs: number;
  #interrupts = 0;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#output = new Output(parts.context, parts.globals);
    this.#startMs = parts.project.host.environment.clock.monotonicMs();
    this.#meter = new ProgressMeter({ monotonicMs: this.#startMs });
  }

  async watch(): Promise<ExitCode> {
    const { run, context, status, intervalMs, begun } = this.#parts;
    const stopListening = context.onInterrupt(() => this.#interrupt());
    const isShown = this.#output.isJson || intervalMs > 0 || status.isLive;
    // It also keeps the process alive: neither a source nor a timer of the engine has to.
    const stopShowing = context.every(status.isLive && !this.#output.isJson ? liveMs : Math.max(liveMs, intervalMs), () => isShown && this.#show());
    this.#output.event(() => ({ event: "started", pipeline: run.name, dataFolder: this.#parts.project.dataFolder, fromCheckpoint: this.#parts.fromEpoch ?? null, ...(begun === undefined ? {} : { fromSavepoint: { name: begun.from, ...begun.started } }) }));
    if (begun !== undefined && !this.#output.isJson) status.write(`${renderStart(run.name, begun.from, begun.started)}\n`);
    try {
      const result = await run.run();
      this.#parts.last.check();
      return this.#ended(result);
    } catch (thrown) {
      return this.#failed(thrown);
    } finally {
      stopShowing();
      stopListening();
      status.clear();
    }
  }

  #interrupt(): void {
    const { run, context, status } = this.#parts;
    this.#interrupts++;
    if (this.#interrupts > 1) {
      status.clear();
      context.exit(exitCodes.interrupted);
      return;
    }
    if (!this.#output.isJson) status.write("stopping after a last checkpoint; a second Ctrl-C aborts at once\n");
    run.stop();
  }

  #show(): void {
    const report = this.#report();
    if (report === undefined) return;
    const { run, status } = this.#parts;
    if (this.#output.isJson) this.#output.event(() => ({ event: "progress", state: run.state, ...progressDocument(report) }));
    else status.show(progressLine(run.name, report));
  }

  #report(): ProgressReport | undefined {
    const { run, project } = this.#parts;
    const { clock } = project.host.environment;
    const progress = run.progress();
    return progress === undefined ? undefined : this.#meter.report(progress, { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() });
  }

  #ended({ end, restarts }: RunResult): ExitCode {
    const { run, status } = this.#parts;
    const report = this.#report();
    const { taken } = this.#parts.last;
    status.clear();
    this.#output.event(() => ({ event: end, pipeline: run.name, restarts, ...(taken === undefined ? {} : { savepoint: taken }), ...(report === undefined ? {} : progressDocument(report)), ratePerSecond: this.#mean(report) }));
    if (!this.#output.isJson) status.write(this.#summary(end, restarts, report));
    return exitCodes.ok;
  }

  #failed(thrown: unknown): ExitCode {
    const { run, context, globals, status, loaded } = this.#parts;
    const error = toStreamFlowError(thrown, "SF_INTERNAL", `pipeline "${run.name}"`);
    const report = this.#report();
    status.clear();
    const redacted = (text: string): string => loaded.redact(text);
    this.#output.event(() => JSON.parse(redacted(JSON.stringify({ event: "failed", pipeline: run.name, restarts: run.restarts, ...(report === undefined ? {} : progressDocument(report)), error: errorDocument(error) }))) as unknown);
    if (!this.#output.isJson) {
      const paint = paintFor(context.stderr, { color: globals.color, variables: context.variables });
      status.write(redacted(renderError(error, { paint, debug: globals.debug === true })));
      if (report !== undefined) status.write(this.#summary("failed", run.restarts, report));
    }
    return exitCodeOf(error);
  }

  /** Records per second over the whole run. */
  #mean(report: ProgressReport | undefined): number {
    return report === undefined || report.elapsedMs <= 0 ? 0 : Math.round((report.recordsIn * 1_000) / report.elapsedMs);
  }

  #summary(end: string, restarts: number, report: ProgressReport | undefined): string {
    const { run, project, context, globals, fromEpoch } = this.#parts;
    if (report === undefined) return `${run.name} ${end}\n`;
    const paint = paintFor(context.stderr, { color: globals.color, variables: context.variables });
    const { recordsIn, recordsOut, late, rejected, elapsedMs } = report;
    const lines = [
      `${run.name} ${paint(end, end === "failed" ? "red" : "green")}: ${grouped(recordsIn)} records in, ${grouped(recordsOut)} out, in ${spoken(elapsedMs)} (${grouped(this.#mean(report))} records/s)`,
    ];
    if (recordsIn === 0 && fromEpoch !== undefined && end === "finished") {
      lines.push(`  nothing new: it went on from checkpoint ${fromEpoch} in ${project.dataFolder}; for a fresh start name another --data folder and another output`);
    }
    const { taken } = this.#parts.last;
    if (taken !== undefined) lines.push(`  savepoint ${taken.name}: epoch ${taken.epoch}, ${bytes(taken.byteLength)}`);
    if (late > 0) lines.push(`  late: ${grouped(late)} records came after their windows were closed`);
    if (rejected > 0) lines.push(`  rejected: ${grouped(rejected)} records; see them with: streamflow dead-letters list ${run.name} --data ${project.dataFolder}`);
    if (restarts > 0) lines.push(`  restarts: ${restarts}; the counts are those of the last attempt`);
    return `${lines.join("\n")}\n`;
  }
}

function checkStartOptions({ from, allowDroppedState, backlog }: RunCommandOptions): void {
  if (from !== undefined || (allowDroppedState === undefined && backlog === undefined)) return;
  throw new StreamFlowError("SF_CONFIG_INVALID", "--allow-dropped-state and --backlog are about a savepoint, and none is named", { hint: "--from <savepoint>" });
}

function progressInterval(text: string): number {
  try {
    const intervalMs = text === "0" ? 0 : parseDuration(text);
    if (intervalMs < 0) throw new StreamFlowError("SF_CONFIG_INVALID", `at least 0 is expected, got "${text}"`);
    return intervalMs;
  } catch (thrown) {
    const { message, hint } = toStreamFlowError(thrown, "SF_CONFIG_INVALID", "--progress");
    throw new StreamFlowError("SF_CONFIG_INVALID", `--progress: ${message}`, hint === undefined ? {} : { hint });
  }
}

async function newestEpoch({ checkpoints }: HostStores, pipeline: string): Promise<number | undefined> {
  const epochs = (await checkpoints.list(pipeline)).map(({ epoch }) => epoch);
  return epochs.length === 0 ? undefined : Math.max(...epochs);
}

/** What fails while closing must not hide how the run ended. */
async function close(stores: HostStores, { host }: Project): Promise<void> {
  try {
    await closeStores(stores);
  } catch (thrown) {
    host.environment.logger.warn("a store could not be closed", { error: toStreamFlowError(thrown, "SF_INTERNAL", "closing").message });
  }
}
