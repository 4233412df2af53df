// `streamflow savepoint`: taken, listed, shown, copied, applied to a pipeline, removed.
import { describeSavepoint, savepointName, Savepoints, startFromSavepoint, StreamFlowError, type DroppedState, type SavedShard, type SavepointInfo, type SavepointStarted } from "@streamflow/core";
import type { CliContext, GlobalOptions, SetValues } from "../cli-context.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { openProject, type Project } from "../host-module.ts";
import { loadFile } from "../load-pipeline.ts";
import { Output } from "../output.ts";
import { askRunner } from "../runner-client.ts";
import { checkTarget, keepSavepoint, readSavepoint, type SavepointPlaces } from "../savepoint-target.ts";
import { withStores } from "../stores.ts";
import { takeOfStopped } from "../take-of-stopped.ts";
import { bytes, grouped, spoken, table } from "../terminal.ts";

/** Options of `savepoint create`. */
export interface CreateSavepointOptions {
  readonly set: SetValues;
  /** A name, or the path of a file. */
  readonly to?: string;
  /** The address of the runner that runs the pipeline. */
  readonly runner?: string;
}

/** What a start from a savepoint is told. */
export interface StartOptions {
  readonly allowDroppedState?: boolean;
  readonly backlog?: "send" | "drop";
}

/** Takes a savepoint of a pipeline that a runner runs, by its name, or of one that is stopped, by its file. */
export async function createSavepoint(pipeline: string, options: CreateSavepointOptions, context: CliContext, globals: GlobalOptions): Promise<ExitCode> {
  const output = new Output(context, globals);
  const info = options.runner === undefined ? await ofStopped(pipeline, options, context, globals) : await ofRunner(pipeline, { runner: options.runner, to: options.to });
  output.answer(() => `savepoint ${info.name} of ${info.pipeline}: epoch ${info.epoch}, ${bytes(info.byteLength)}`, () => info);
  return exitCodes.ok;
}

async function ofRunner(pipeline: string, { runner, to }: { readonly runner: string; readonly to: string | undefined }): Promise<SavepointInfo> {
  const path = `/pipelines/${encodeURIComponent(pipeline)}/savepoints`;
  if (to?.includes("/") === true) throw new StreamFlowError("SF_CONFIG_INVALID", "a runner keeps savepoints by name, in its own stores", { hint: "--to NAME, and then: streamflow savepoint copy NAME FILE" });
  return (await askRunner(runner, to === undefined ? path : `${path}/${encodeURIComponent(to)}`)) as SavepointInfo;
}

async function ofStopped(file: string, { set, to }: CreateSavepointOptions, context: CliContext, globals: GlobalOptions): Promise<SavepointInfo> {
  const project = await openProject({ context, globals, file, values: set });
  const { logical } = await loadFile(file, { host: project.host, folder: context.folder, values: set });
  return withStores(project, async (stores) => {
    const places = placesOf(project, { stores, context });
    const target = to ?? savepointName(logical.config.name, project.host.environment.clock.nowMs());
    await checkTarget(target, places);
    return keepSavepoint(target, await takeOfStopped({ logical, project, stores, context }), places);
  });
}

/** Lists savepoints: all of them, or those of one pipeline. */
export async function listSavepoints(pipeline: string | undefined, context: CliContext, globals: GlobalOptions): Promise<ExitCode> {
  const project = await openProject({ context, globals });
  const all = await withStores(project, (stores) => new Savepoints(stores, project.host.environment).list());
  const found = all.filter((info) => pipeline === undefined || info.pipeline === pipeline);
  const nowMs = project.host.environment.clock.nowMs();
  new Output(context, globals).answer(() => (found.length === 0 ? "there are no savepoints" : render(found, nowMs)), () => ({ dataFolder: project.dataFolder, savepoints: found }));
  return exitCodes.ok;
}

/** Shows a savepoint, after every byte of it was verified. */
export async function showSavepoint(target: string, context: CliContext, globals: GlobalOptions): Promise<ExitCode> {
  const project = await openProject({ context, globals });
  const savepoint = await withStores(project, (stores) => readSavepoint(target, placesOf(project, { stores, context })));
  const info = describeSavepoint(target, savepoint);
  const shards = savepoint.shards.map(shown);
  new Output(context, globals).answer(() => renderOne(info, shards), () => ({ ...info, positions: shards.filter((one) => Object.keys(one.positions).length > 0), stateBytes: bytesByNode(savepoint.shards) }));
  return exitCodes.ok;
}

/** Copies a savepoint, from a name or a file to another: to other machines and other kinds of stores. */
export async function copySavepoint(from: string, to: string, context: CliContext, globals: GlobalOptions): Promise<ExitCode> {
  const project = await openProject({ context, globals });
  const info = await withAnyStores(project, async (places) => keepSavepoint(to, await readSavepoint(from, places), places), context);
  new Output(context, globals).answer(() => `savepoint ${info.name} of ${info.pipeline}: a copy of ${from}, ${bytes(info.byteLength)}`, () => info);
  return exitCodes.ok;
}

/** Removes a savepoint for good. */
export async function deleteSavepoint(name: string, context: CliContext, globals: GlobalOptions): Promise<ExitCode> {
  const project = await openProject({ context, globals });
  await withStores(project, (stores) => new Savepoints(stores, project.host.environment).remove(name));
  new Output(context, globals).answer(() => `savepoint ${name} removed`, () => ({ removed: name }));
  return exitCodes.ok;
}

/** What `savepoint apply` is given. */
export interface AppliedSavepoint {
  readonly target: string;
  readonly file: string;
  readonly options: StartOptions & { readonly set: SetValues };
}

/** Makes a savepoint the first checkpoint of a pipeline; runs nothing. */
export async function applySavepoint({ target, file, options }: AppliedSavepoint, context: CliContext, globals: GlobalOptions): Promise<ExitCode> {
  const project = await openProject({ context, globals, file, values: options.set });
  const { plan } = await loadFile(file, { host: project.host, folder: context.folder, values: options.set });
  const started = await withAnyStores(project, async ({ stores, environment, folder }) => {
    const savepoint = await readSavepoint(target, { stores, environment, folder });
    return startFromSavepoint({ savepoint, plan, stores, environment, ...toStart(options) });
  }, context);
  const { name } = plan.logical.config;
  new Output(context, globals).answer(() => renderStart(name, target, started), () => ({ pipeline: name, from: target, ...started }));
  return exitCodes.ok;
}

/** Options of the command line as the start takes them. */
export function toStart({ allowDroppedState, backlog }: StartOptions): { readonly allowDropped?: boolean; readonly backlog?: "send" | "drop" } {
  return { ...(allowDroppedState === undefined ? {} : { allowDropped: allowDroppedState }), ...(backlog === undefined ? {} : { backlog }) };
}

/** What became of a savepoint, for people. */
export function renderStart(pipeline: string, from: string, { isRepeated, kept, fresh, dropped }: SavepointStarted): string {
  if (isRepeated) return `${pipeline} was started from ${from} before, and goes on from its own checkpoints`;
  const parts = [`${pipeline} begins with savepoint ${from}`, ...listed("keeps the state of", kept), ...listed("starts empty:", fresh), ...dropped.map((one) => `leaves out: ${reason(one)}`)];
  return parts.join("\n  ");
}

function listed(what: string, nodes: readonly string[]): readonly string[] {
  return nodes.length === 0 ? [] : [`${what} ${nodes.join(", ")}`];
}

function reason({ node, why }: DroppedState): string {
  return `${node} ${why}`;
}

function placesOf({ host: { environment } }: Project, { stores, context: { folder } }: Pick<SavepointPlaces, "stores"> & { readonly context: CliContext }): SavepointPlaces {
  return { stores, environment, folder };
}

/** As `withStores`, but creates a data folder that is missing: something is to be put into it. */
async function withAnyStores<Result>(project: Project, use: (places: SavepointPlaces) => Promise<Result>, context: CliContext): Promise<Result> {
  const { host, dataFolder } = project;
  if (host.sharedStores === undefined) await host.environment.disk.makeFolder(dataFolder);
  return withStores(project, (stores) => use(placesOf(project, { stores, context })));
}

function render(found: readonly SavepointInfo[], nowMs: number): string {
  const rows = found.map(({ name, pipeline, epoch, createdMs, byteLength, nodes, backlog }) => [name, pipeline, String(epoch), spoken(nowMs - createdMs), bytes(byteLength), nodes.join(", ") || "–", Object.keys(backlog).join(", ") || "–"]);
  return table([["NAME", "PIPELINE", "EPOCH", "AGE", "SIZE", "STATE OF", "WAITS FOR"], ...rows]);
}

interface ShownShard {
  readonly shard: string;
  readonly epoch: number;
  readonly positions: Readonly<Record<string, string>>;
  /** Its input has come to its end. */
  readonly ended: boolean;
  readonly stateBytes: number;
}

/** Where a shard stands, without the engine's own marks. */
function shown({ shard, epoch, positions, progress, states }: SavedShard): ShownShard {
  const own = Object.fromEntries(Object.entries(positions).filter(([name]) => !name.startsWith("\u0000")));
  return { shard, epoch, positions: own, ended: progress["ended"] === true, stateBytes: states.reduce((sum, { bytes: content }) => sum + content.length, 0) };
}

function renderOne({ name, pipeline, epoch, createdMs, byteLength, shards, nodes, backlog }: SavepointInfo, places: readonly ShownShard[]): string {
  const waiting = Object.entries(backlog).map(([sink, size]) => `  ${bytes(size)} wait for sink ${sink}`);
  const positions = places.flatMap((one) => Object.values(one.positions).map((position) => `  ${one.shard} @ ${position}${one.ended ? ", its end" : ""}`));
  return [
    `savepoint ${name} of ${pipeline}, taken ${new Date(createdMs).toISOString()}: every byte verified`,
    `  epoch ${epoch}, ${grouped(shards)} shards, ${bytes(byteLength)}${nodes.length === 0 ? "" : `, state of ${nodes.join(", ")}`}`,
    ...waiting, ...positions,
  ].join("\n");
}

function bytesByNode(shards: readonly { readonly states: readonly { readonly node: string; readonly bytes: Uint8Array }[] }[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { node, bytes: content } of shards.flatMap(({ states }) => states)) sums[node] = (sums[node] ?? 0) + content.length;
  return sums;
}
