// `streamflow inspect dead-letters`: records that could not be processed, and why.
import { deadLetterLog, decodeDeadLetter, pipelineOfDeadLetterLog, type DeadLetter, type LogStore } from "@streamflow/core";
import type { CliContext, GlobalOptions } from "../cli-context.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { openProject } from "../host-module.ts";
import { Output } from "../output.ts";
import { unknownPipeline, withStores } from "../stores.ts";
import { bytes, fit } from "../terminal.ts";

/** Options of `inspect dead-letters`. */
export interface InspectDeadLettersOptions {
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
export async function inspectDeadLetters(pipeline: string, options: InspectDeadLettersOptions, context: CliContext, globals: GlobalOptions): Promise<ExitCode> {
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

/** A pipeline that has run without dead letters is fine; one that nothing is known of is a slip. */
async function checkKnown(pipeline: string, logs: LogStore, withCheckpoints: readonly string[]): Promise<void> {
  const withLetters = (await logs.names()).flatMap((name) => pipelineOfDeadLetterLog(name) ?? []);
  const known = [...new Set([...withCheckpoints, ...withLetters])].sort();
  if (!known.includes(pipeline)) throw unknownPipeline(pipeline, known, "dead letters");
}

async function collect(logs: LogStore, pipeline: string, { node, after, limit }: InspectDeadLettersOptions): Promise<readonly Found[]> {
  const found: Found[] = [];
  let cursor = after;
  for (let isLast = false; !isLast && found.length < limit; ) {
    const entries = await logs.read(deadLetterLog(pipeline), cursor, pageSize);
    isLast = entries.length < pageSize;
    for (const entry of entries) {
      cursor = entry.cursor;
      const letter = decodeDeadLetter(entry.payload);
      if (node === undefined || letter.node === node) found.push({ cursor, letter });
      if (found.length >= limit) break;
    }
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
