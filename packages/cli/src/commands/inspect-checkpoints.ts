// `streamflow inspect checkpoints`: what a pipeline could go on from, every byte verified.
import { StreamFlowError, type Checkpoint, type CheckpointStore, type ListedCheckpoint } from "@streamflow/core";
import type { CliContext, GlobalOptions } from "../cli-context.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { openProject } from "../host-module.ts";
import { Output } from "../output.ts";
import { unknownPipeline, withStores } from "../stores.ts";
import { bytes, spoken, table } from "../terminal.ts";

/** A checkpoint as it is shown. */
interface Row {
  readonly epoch: number;
  readonly bytes: number;
  readonly createdMs: number | null;
  readonly ageMs: number | null;
  readonly shards: number | null;
  readonly nodes: readonly string[];
  readonly sinks: readonly string[];
  /** Why it cannot be restored. */
  readonly damaged: string | null;
}

/** Lists checkpoints, the newest first. */
export async function inspectCheckpoints(pipeline: string, options: { readonly limit: number }, context: CliContext, globals: GlobalOptions): Promise<ExitCode> {
  const project = await openProject({ context, globals });
  const nowMs = project.host.environment.clock.nowMs();
  const rows = await withStores(project, async ({ checkpoints }) => {
    const listed = await checkpoints.list(pipeline);
    if (listed.length === 0) throw unknownPipeline(pipeline, await checkpoints.pipelines(), "checkpoints");
    const found: Row[] = [];
    for (const entry of listed.slice(0, options.limit)) found.push(await rowOf({ entry, pipeline, store: checkpoints, nowMs }));
    return found;
  });
  const output = new Output(context, globals);
  output.answer(() => render(rows), () => ({ pipeline, dataFolder: project.dataFolder, checkpoints: rows }));
  return exitCodes.ok;
}

interface RowParts {
  readonly entry: ListedCheckpoint;
  readonly pipeline: string;
  readonly store: CheckpointStore;
  readonly nowMs: number;
}

async function rowOf({ entry, pipeline, store, nowMs }: RowParts): Promise<Row> {
  const { epoch, byteLength } = entry;
  if ("damaged" in entry) return { epoch, bytes: byteLength, createdMs: null, ageMs: null, shards: null, nodes: [], sinks: [], damaged: entry.damaged };
  const { createdMs, manifests, prepared } = entry.checkpoint;
  return {
    epoch,
    bytes: byteLength,
    createdMs,
    ageMs: nowMs - createdMs,
    shards: manifests.length,
    nodes: [...new Set(manifests.flatMap(({ state }) => state.map(({ node }) => node)))].sort(),
    sinks: Object.keys(prepared).sort(),
    damaged: await damageOf(pipeline, entry.checkpoint, store),
  };
}

/** Reads every segment once: the store checks what it reads. */
async function damageOf(pipeline: string, checkpoint: Checkpoint, store: CheckpointStore): Promise<string | null> {
  const segments = new Map([...checkpoint.manifests.flatMap(({ state }) => state.map(({ segment }) => segment)), ...Object.values(checkpoint.prepared)].map((segment) => [segment.name, segment]));
  for (const segment of segments.values()) {
    try {
      await store.readSegment(pipeline, segment);
    } catch (thrown) {
      if (StreamFlowError.is(thrown, "SF_STATE_CORRUPT")) return thrown.message;
      throw thrown;
    }
  }
  return null;
}

function render(rows: readonly Row[]): string {
  const cells = rows.map(({ epoch, ageMs, bytes: size, shards, nodes, damaged }) => [
    String(epoch),
    ageMs === null ? "–" : spoken(ageMs),
    bytes(size),
    shards === null ? "–" : String(shards),
    nodes.join(", "),
    damaged ?? "",
  ]);
  return table([["EPOCH", "AGE", "SIZE", "SHARDS", "STATE OF", ""], ...cells]);
}
