// What a savepoint is: everything that a pipeline goes on from, whole, apart from the stores that it was taken from (docs/adr/0012).
import type { ShardId, ShardManifest } from "../contracts/checkpoint-store.ts";
import type { StateBytes } from "../contracts/checkpointing.ts";
import { StreamFlowError } from "../errors.ts";

/** A shard as it was when the savepoint was taken. */
export interface SavedShard {
  readonly shard: ShardId;
  /** The epoch that every sink had committed of it. */
  readonly epoch: number;
  readonly generation: number;
  readonly positions: ShardManifest["positions"];
  readonly progress: ShardManifest["progress"];
  readonly states: readonly StateBytes[];
}

/** A savepoint in memory. */
export interface Savepoint {
  /** The pipeline that it was taken of. */
  readonly pipeline: string;
  readonly createdMs: number;
  /** Fingerprints of that pipeline's stateful nodes, by node id. */
  readonly plan: Readonly<Record<string, string>>;
  readonly shards: readonly SavedShard[];
  /** Output that had not reached sinks that epochs do not wait for, by sink node. */
  readonly backlog: ReadonlyMap<string, Uint8Array>;
}

/** What is told of a savepoint without reading its state. Plain data. */
export interface SavepointInfo {
  readonly name: string;
  readonly pipeline: string;
  readonly createdMs: number;
  /** The newest epoch in it. */
  readonly epoch: number;
  /** Bytes of state and backlog. */
  readonly byteLength: number;
  readonly shards: number;
  /** Stateful nodes, sorted. */
  readonly nodes: readonly string[];
  /** Bytes that wait for sinks, by sink node. */
  readonly backlog: Readonly<Record<string, number>>;
}

/** Tells of a savepoint. */
export function describeSavepoint(name: string, { pipeline, createdMs, plan, shards, backlog }: Savepoint): SavepointInfo {
  let byteLength = 0;
  for (const { bytes } of shards.flatMap(({ states }) => states)) byteLength += bytes.length;
  for (const bytes of backlog.values()) byteLength += bytes.length;
  return {
    name, pipeline, createdMs, byteLength,
    epoch: shards.reduce((newest, { epoch }) => Math.max(newest, epoch), 0),
    shards: shards.length,
    nodes: Object.keys(plan).sort(),
    backlog: Object.fromEntries([...backlog].map(([sink, bytes]) => [sink, bytes.length])),
  };
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** @throws {@link StreamFlowError} SF_CONFIG_INVALID where it cannot be the name of a savepoint */
export function checkSavepointName(name: string): void {
  if (namePattern.test(name)) return;
  throw new StreamFlowError("SF_CONFIG_INVALID", `"${name}" cannot be the name of a savepoint`, { hint: 'letters, digits, ".", "_" and "-", at most 100, with a letter or digit first' });
}

/** A name for a savepoint that was given none: the pipeline's, with the time (UTC) to the second. */
export function savepointName(pipeline: string, nowMs: number): string {
  const readable = pipeline.replaceAll(/[^A-Za-z0-9._-]/g, "-").replace(/^[^A-Za-z0-9]+/, "").slice(0, 80);
  return `${readable === "" ? "savepoint" : readable}-${new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-")}`;
}
