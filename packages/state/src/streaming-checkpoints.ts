// Where consumers of message brokers stand, kept with the run that they are part of, whatever the broker: pipeline_runs, metadata.streamingCheckpoints[].
//   SCP-1. What is written of a partition is there whole or not at all, and takes nothing from what others write of other partitions at the same time.
//   SCP-2. Positions come back exactly: text of any length, 64 bits and more.
//   SCP-3. Of a partition nothing older replaces what is newer: by (generation, epoch), where a writer says them. Repeating a write changes nothing.
//   SCP-4. A run of another tenant sees none of it, whatever tenants and runs are called.
//   SCP-5. A new run begins with what the runs of its pipeline before it have written last, partition by partition.
// Deliberately not here: state, which is in the engine's checkpoints, and decides where the engine's own sources begin. This is for those who look, and for consumers of their own.
import { type MetadataStore, StreamFlowError } from "@streamflow/core";

/** What a consumer writes. */
export interface StreamingCheckpoint {
  readonly pipelineId: string;
  /** 0 and "0" are the same partition. */
  readonly partition: string | number;
  /** Where to go on: a whole number, a bigint, or text that only the broker understands. */
  readonly offset: string | number | bigint;
  /** Number of the ownership of the partition. @defaultValue 0 */
  readonly generation?: number;
  /** Number of the commit; it grows. Once it was given for a partition, a write without it is refused. @defaultValue not fenced */
  readonly epoch?: number;
}

/** What is read back: the position as text. */
export interface StoredStreamingCheckpoint extends StreamingCheckpoint {
  readonly offset: string;
}

/** A run of a tenant, and the store that has the documents of runs. */
export interface RunPlace {
  /** `metadata` of the stores of a data folder, of SQLite or of Postgres. */
  readonly metadata: MetadataStore;
  readonly runId: string;
  readonly tenantId: string;
}

interface RunDocument {
  readonly runId: string;
  readonly tenantId: string;
  readonly metadata: { readonly streamingCheckpoints: readonly StoredStreamingCheckpoint[] };
}

/** The runs of a pipeline, the newest first. */
interface PipelineDocument {
  readonly runIds: readonly string[];
}

const runs = "pipeline_runs";
const latestRuns = "pipeline_latest_runs";
/** So many runs of a pipeline are kept: more than processes run it at once. */
const keptRuns = 32;
/** Each failure means that somebody else has got through. */
const mostAttempts = 100;

/**
 * Writes where one partition stands. Resolves when it is durable: the next batch's side effects come after that.
 *
 * @throws {@link StreamFlowError} SF_CHECKPOINT_FENCED for a partition of which something newer is written; SF_CONFIG_INVALID for an offset that is a number and no safe integer;
 * what the store throws
 */
export async function writeCheckpoint({ checkpoint, ...place }: RunPlace & { readonly checkpoint: StreamingCheckpoint }): Promise<void> {
  await writeCheckpoints({ ...place, checkpoints: [checkpoint] });
}

/** As {@link writeCheckpoint}, of several partitions at once: all or none. */
export async function writeCheckpoints({ checkpoints, ...place }: RunPlace & { readonly checkpoints: readonly StreamingCheckpoint[] }): Promise<void> {
  const written = checkpoints.map(stored);
  await changeRun(place, (present) => written.reduce(withCheckpoint, present));
}

/** Everything that a run has written, or has begun with: sorted by pipeline and partition. Empty for a run that is not known. */
export async function readCheckpoints({ metadata, runId, tenantId }: RunPlace): Promise<readonly StoredStreamingCheckpoint[]> {
  const record = await metadata.get(runs, idOf(tenantId, runId));
  return record === undefined ? [] : (record.document as RunDocument).metadata.streamingCheckpoints;
}

/**
 * Begins a run of a pipeline: it has what the runs before it have written last of each partition. Beginning it again changes nothing that it has.
 *
 * @returns what it begins with, or has
 */
export async function startRun({ pipelineId, ...place }: RunPlace & { readonly pipelineId: string }): Promise<readonly StoredStreamingCheckpoint[]> {
  const { metadata, tenantId, runId } = place;
  // First among the runs, then what it inherits: a run that dies between the two has nothing, and the next one looks behind it.
  const others = await enlist(place, pipelineId);
  const inherited = new Map<string, StoredStreamingCheckpoint>();
  for (const other of others) {
    for (const checkpoint of await readCheckpoints({ metadata, tenantId, runId: other })) {
      const newer = inherited.get(String(checkpoint.partition));
      if (checkpoint.pipelineId === pipelineId && (newer === undefined || isOlder(newer, checkpoint))) inherited.set(String(checkpoint.partition), checkpoint);
    }
  }
  await changeRun(place, (present) => [...inherited.values()].filter((one) => !present.some((own) => isSame(own, one))).reduce(withCheckpoint, present));
  return (await readCheckpoints({ metadata, tenantId, runId })).filter((checkpoint) => checkpoint.pipelineId === pipelineId);
}

/** The run of a pipeline that has begun last; undefined: none has. */
export async function latestRun({ metadata, tenantId, pipelineId }: Omit<RunPlace, "runId"> & { readonly pipelineId: string }): Promise<string | undefined> {
  const record = await metadata.get(latestRuns, idOf(tenantId, pipelineId));
  return (record?.document as PipelineDocument | undefined)?.runIds[0];
}

/** Puts a run in front of the others of its pipeline, forgets those that are too old, and answers the others, the newest first. */
async function enlist({ metadata, tenantId, runId }: RunPlace, pipelineId: string): Promise<readonly string[]> {
  const id = idOf(tenantId, pipelineId);
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const record = await metadata.get(latestRuns, id);
    const { runIds } = (record?.document as PipelineDocument | undefined) ?? { runIds: [] };
    const others = runIds.filter((other) => other !== runId);
    if (others.length < runIds.length) return others;
    const kept = [runId, ...others].slice(0, keptRuns);
    if ((await metadata.put(latestRuns, id, { runIds: kept } satisfies PipelineDocument, record?.version ?? 0)) === undefined) continue;
    for (const old of others.slice(keptRuns - 1)) await metadata.delete(runs, idOf(tenantId, old));
    return others;
  }
  throw contended(`the runs of pipeline "${pipelineId}"`);
}

/** Changes a run's checkpoints, also where others change them at the same time. */
async function changeRun({ metadata, tenantId, runId }: RunPlace, change: (present: readonly StoredStreamingCheckpoint[]) => readonly StoredStreamingCheckpoint[]): Promise<void> {
  const id = idOf(tenantId, runId);
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const record = await metadata.get(runs, id);
    const document = record?.document as RunDocument | undefined;
    const present = document?.metadata.streamingCheckpoints ?? [];
    const changed = change(present);
    if (document !== undefined && changed === present) return;
    const next: RunDocument = { runId, tenantId, ...document, metadata: { ...document?.metadata, streamingCheckpoints: changed } };
    if ((await metadata.put(runs, id, next, record?.version ?? 0)) !== undefined) return;
  }
  throw contended(`run "${runId}"`);
}

/** @throws {@link StreamFlowError} SF_CHECKPOINT_FENCED */
function withCheckpoint(present: readonly StoredStreamingCheckpoint[], next: StoredStreamingCheckpoint): readonly StoredStreamingCheckpoint[] {
  const at = present.findIndex((one) => isSame(one, next));
  const before = present[at];
  if (before === undefined) return [...present, next].sort(byPlace);
  if (before.epoch !== undefined && (next.epoch === undefined || isOlder(next, before))) throw fenced(before, next);
  return present.with(at, next);
}

/** By (generation, epoch); what has no epoch is older than what has one. */
function isOlder(one: StreamingCheckpoint, other: StreamingCheckpoint): boolean {
  const [a, b] = [one.generation ?? 0, other.generation ?? 0];
  return a < b || (a === b && (one.epoch ?? -1) < (other.epoch ?? -1));
}

function isSame(one: StreamingCheckpoint, other: StreamingCheckpoint): boolean {
  return one.pipelineId === other.pipelineId && String(one.partition) === String(other.partition);
}

function byPlace(one: StreamingCheckpoint, other: StreamingCheckpoint): number {
  if (one.pipelineId !== other.pipelineId) return one.pipelineId < other.pipelineId ? -1 : 1;
  return String(one.partition) < String(other.partition) ? -1 : 1;
}

/** As it is kept: the position as text, since JSON has no whole numbers beyond 53 bits. */
function stored({ pipelineId, partition, offset, generation, epoch }: StreamingCheckpoint): StoredStreamingCheckpoint {
  if (typeof offset === "number" && !Number.isSafeInteger(offset)) {
    throw new StreamFlowError("SF_CONFIG_INVALID", `the offset of partition ${partition} of pipeline "${pipelineId}" must be a whole number within 53 bits, a bigint or text, got ${offset}`, { hint: "give it as a bigint or as text, which are exact at any length" });
  }
  return { pipelineId, partition, offset: String(offset), ...(generation === undefined ? {} : { generation }), ...(epoch === undefined ? {} : { epoch }) };
}

/** No two pairs of names have one id. */
function idOf(tenantId: string, name: string): string {
  return JSON.stringify([tenantId, name]);
}

function fenced(before: StreamingCheckpoint, next: StreamingCheckpoint): StreamFlowError {
  const said = ({ generation = 0, epoch }: StreamingCheckpoint): string => (epoch === undefined ? "without an epoch" : `of generation ${generation}, epoch ${epoch}`);
  return new StreamFlowError("SF_CHECKPOINT_FENCED", `partition ${next.partition} of pipeline "${next.pipelineId}" has a checkpoint ${said(before)}; this one is ${said(next)}`, { context: { partition: String(next.partition) } });
}

function contended(what: string): StreamFlowError {
  return new StreamFlowError("SF_CHECKPOINT_FAILED", `${what}: others have changed it ${mostAttempts} times while this tried to`);
}
