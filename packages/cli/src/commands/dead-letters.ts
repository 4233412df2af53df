// `streamflow dead-letters`: records that could not be processed, and why; listed, counted, replayed, removed.
import { deadLetterLog, decodeDeadLetter, pipelineOfDeadLetterLog, PipelineRun, StreamFlowError, type DeadLetter, type LogStore, type ReplayResult } from "@streamflow/core";
import type { CliContext, GlobalOptions, SetValues } from "../cli-context.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { openProject } from "../host-module.ts";
import { loadFile } from "../load-pipeline.ts";
import { Output } from "../output.ts";
import { unknownPipeline, withStores } from "../stores.ts";
import { bytes, fit, grouped, table } from "../terminal.ts";

/** Options of `dead-letters list`. */
export interface ListDeadLettersOptions {
  readonly node?: string;
  /** Only those behind this cursor. */
  readonly after: number;
  readonly limit: number;
}

interface Found {
  readonly cursor: number;
  readonly letter: DeadLetter;
}

const pageSize = 500;
const previewLength = 160;

/** Lists dead letters in the order they were stored. */
export async function listDeadLetters(pipeline: string, options: ListDeadLettersOptions, context: CliContext, globals: GlobalOptions): Promise<ExitCode> {
  const project = await openProject({ context, globals });
  const { total, found } = await withStores(project, async ({ logs, checkpoints }) => {
    const count = await logs.count(deadLetterLog(pipeline));
    if (count === 0) await checkKnown(pipeline, logs, await checkpoints.pipelines());
    return { total: count, found: await collect(logs, pipeline, options) };
  });
  const output = new Output(context, globals);
  output.answer(() => render(pipeline, found, total), () => ({ pipeline, dataFolder: project.dataFolder, total, deadLetters: found.map(documentOf) }));
  return exitCodes.ok;
}

/** Options of `dead-letters purge`: one of them. */
export interface PurgeDeadLettersOptions {
  /** The last one that goes. */
  readonly through?: number;
  readonly all?: boolean;
}

/** Counts dead letters by node and code. */
export async function countDeadLetters(pipeline: string, context: CliContext, globals: GlobalOptions): Promise<ExitCode> {
  const project = await openProject({ context, globals });
  const counts = await withStores(project, async ({ logs, checkpoints }) => {
    if ((await logs.count(deadLetterLog(pipeline))) === 0) await checkKnown(pipeline, logs, await checkpoints.pipelines());
    return countedLetters(logs, pipeline);
  });
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  const output = new Output(context, globals);
  output.answer(
    () => (total === 0 ? `${pipeline} has no dead letters` : table([["NODE", "CODE", "LETTERS"], ...counts.map(({ node, code, count }) => [node, code, grouped(count)]), ["all", "", grouped(total)]])),
    () => ({ pipeline, dataFolder: project.dataFolder, total, counts }),
  );
  return exitCodes.ok;
}

async function countedLetters(logs: LogStore, pipeline: string): Promise<readonly { readonly node: string; readonly code: string; readonly count: number }[]> {
  const counts = new Map<string, { readonly node: string; readonly code: string; count: number }>();
  for await (const { letter } of lettersAfter(logs, pipeline, 0)) {
    const { node, code } = letter;
    const entry = counts.get(`${node}\n${code}`) ?? { node, code, count: 0 };
    counts.set(`${node}\n${code}`, entry);
    entry.count++;
  }
  return [...counts.values()].sort((a, b) => b.count - a.count);
}

/** Removes dead letters for good. */
export async function purgeDeadLetters(pipeline: string, { through, all }: PurgeDeadLettersOptions, context: CliContext, globals: GlobalOptions): Promise<ExitCode> {
  if (through === undefined && all !== true) throw new StreamFlowError("SF_CONFIG_INVALID", "nothing says which dead letters are to go", { hint: "--through <cursor>, or --all" });
  const project = await openProject({ context, globals });
  const { purged, left } = await withStores(project, async ({ logs, checkpoints }) => {
    const log = deadLetterLog(pipeline);
    const before = await logs.count(log);
    if (before === 0) await checkKnown(pipeline, logs, await checkpoints.pipelines());
    await logs.trim(log, through ?? (await lastCursor(logs, pipeline)));
    const after = await logs.count(log);
    return { purged: before - after, left: after };
  });
  const output = new Output(context, globals);
  output.answer(() => `${grouped(purged)} dead letters of ${pipeline} removed, ${grouped(left)} left`, () => ({ pipeline, dataFolder: project.dataFolder, purged, left }));
  return exitCodes.ok;
}

/** Gives the dead letters of a pipeline to the nodes that refused them. */
export async function replayDeadLetters(file: string, { set }: { readonly set: SetValues }, context: CliContext, globals: GlobalOptions): Promise<ExitCode> {
  const project = await openProject({ context, globals, file, values: set });
  const { host, dataFolder } = project;
  const { logical } = await loadFile(file, { host, folder: context.folder, values: set });
  const pipeline = logical.config.name;
  let result: ReplayResult = { replayed: 0, refused: 0, left: 0 };
  await withStores(project, async (stores) => {
    const run = new PipelineRun(logical, { environment: host.environment, stores, functions: host.registry.functions, replayed: (found) => (result = found) });
    const stopWaiting = context.every(1_000, () => undefined);
    try {
      await run.run();
    } finally {
      stopWaiting();
    }
  });
  const output = new Output(context, globals);
  output.answer(() => renderReplay(pipeline, result), () => ({ pipeline, dataFolder, ...result }));
  return exitCodes.ok;
}

function renderReplay(pipeline: string, { replayed, refused, left }: ReplayResult): string {
  if (replayed + left === 0) return `${pipeline} has no dead letters`;
  const lines = [`${grouped(replayed)} dead letters of ${pipeline} replayed, ${grouped(refused)} of them refused again`];
  if (left > 0) lines.push(`${grouped(left)} have no way back into the pipeline, and stay: their node is gone or has several inputs, their partition is not there, or their bytes still cannot be read`);
  return lines.join("\n");
}

/** Of the last letter there is now; those that come meanwhile stay. */
async function lastCursor(logs: LogStore, pipeline: string): Promise<number> {
  let last = 0;
  for await (const { cursor } of lettersAfter(logs, pipeline, 0)) last = cursor;
  return last;
}

async function* lettersAfter(logs: LogStore, pipeline: string, after: number): AsyncGenerator<Found> {
  let cursor = after;
  for (let isLast = false; !isLast; ) {
    const entries = await logs.read(deadLetterLog(pipeline), cursor, pageSize);
    isLast = entries.length < pageSize;
    for (const entry of entries) {
      cursor = entry.cursor;
      yield { cursor, letter: decodeDeadLetter(entry.payload) };
    }
  }
}

/** A pipeline that has run without dead letters is fine; one that nothing is known of is a slip. */
async function checkKnown(pipeline: string, logs: LogStore, withCheckpoints: readonly string[]): Promise<void> {
  const withLetters = (await logs.names()).flatMap((name) => pipelineOfDeadLetterLog(name) ?? []);
  const known = [...new Set([...withCheckpoints, ...withLetters])].sort();
  if (!known.includes(pipeline)) throw unknownPipeline(pipeline, known, "dead letters");
}

async function collect(logs: LogStore, pipeline: string, { node, after, limit }: ListDeadLettersOptions): Promise<readonly Found[]> {
  const found: Found[] = [];
  for await (const entry of lettersAfter(logs, pipeline, after)) {
    if (node === undefined || entry.letter.node === node) found.push(entry);
    if (found.length >= limit) break;
  }
  return found;
}

function documentOf({ cursor, letter }: Found): Readonly<Record<string, unknown>> {
  const { raw, key: _key, ...rest } = letter;
  const text = textOf(raw);
  return { cursor, ...rest, byteLength: raw.byteLength, ...(text === undefined ? { base64: Buffer.from(raw).toString("base64") } : { text }) };
}

function render(pipeline: string, found: readonly Found[], total: number): string {
  if (total === 0) return `${pipeline} has no dead letters`;
  const shown = found.map(({ cursor, letter }) => {
    const { node, partition, position, code, message, path, timeMs, raw, truncated } = letter;
    const place = partition === undefined ? "a timer" : `${partition} @ ${position ?? "?"}`;
    const head = `#${cursor}  ${new Date(timeMs).toISOString()}  ${node}  ${place}`;
    return `${head}\n  ${code}: ${message}${path === undefined ? "" : `  (at ${path})`}\n  ${bytes(raw.byteLength)}${truncated ? ", cut" : ""}: ${preview(raw)}`;
  });
  const last = found.at(-1);
  const more = last !== undefined && found.length < total ? `\n\n${found.length} of ${total}; the next with --after ${last.cursor}` : "";
  return `${shown.join("\n\n")}${more}`;
}

/** UTF-8 text without control characters; else undefined. */
function textOf(raw: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(raw);
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    return /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function preview(raw: Uint8Array): string {
  const text = textOf(raw);
  if (text !== undefined) return fit(text.replaceAll(/\s+/g, " ").trim(), previewLength);
  return fit(Buffer.from(raw.subarray(0, previewLength)).toString("hex").replaceAll(/(..)/g, "$1 ").trim(), previewLength);
}
