// Makes a savepoint the first checkpoint of a pipeline, from which its next run goes on (docs/adr/0012).
//   S1. It is there whole, by one publish, or not at all; a start that died is begun again by the same command.
//   S2. A pipeline that has checkpoints keeps them: nothing is overwritten.
//   S3. Who is starting owns the shards meanwhile: a process that runs the pipeline, or starts it too, and this one exclude each other.
import type { Fence } from "../contracts/checkpoint-store.ts";
import type { Environment } from "../contracts/environment.ts";
import { seedMark, seedOfMark } from "../engine/seed.ts";
import { StreamFlowError } from "../errors.ts";
import type { HostStores } from "../host.ts";
import type { PhysicalPlan } from "../plan/physical-plan.ts";
import { fitSavepoint, type SavepointFit } from "./fit-savepoint.ts";
import { publishShards } from "./publish-shards.ts";
import { describeSavepoint, type SavedShard, type Savepoint } from "./savepoint.ts";

/** What a start from a savepoint takes. */
export interface SavepointStart {
  readonly savepoint: Savepoint;
  /** The pipeline to start, under its name. */
  readonly plan: PhysicalPlan;
  readonly stores: HostStores;
  readonly environment: Pick<Environment, "clock" | "random" | "logger" | "faults">;
  /** Leaves out state and positions that the plan has no place for. @defaultValue false: the start is refused */
  readonly allowDropped?: boolean;
  /** What becomes of output that has not reached its sinks. @defaultValue sent where the pipeline's name is the same; else a savepoint with such output is refused */
  readonly backlog?: "send" | "drop";
}

/** What became of the savepoint. */
export interface SavepointStarted extends SavepointFit {
  /** The pipeline was started from this savepoint before, and goes on from its own checkpoints. */
  readonly isRepeated: boolean;
}

const collection = "savepoint-starts";
const leaseMs = 60_000;

/**
 * Makes a savepoint the first checkpoint of the plan's pipeline; the next run goes on from it. May be repeated: once done, it changes nothing.
 * @throws {@link StreamFlowError} SF_STATE_INCOMPATIBLE naming what does not fit the plan; SF_CONFIG_INVALID where the pipeline has checkpoints of its own,
 * or nothing says what becomes of a backlog; SF_LEASE_HELD where it is running; what the stores throw
 */
export async function startFromSavepoint(start: SavepointStart): Promise<SavepointStarted> {
  const { savepoint, plan, stores, allowDropped = false } = start;
  const { fit, shards } = fitSavepoint(savepoint, plan, allowDropped);
  const backlog = backlogFor(start);
  const { name } = plan.logical.config;
  const origin = originOf(savepoint);
  if (await hasCheckpoints(stores, name)) {
    if ((await stores.metadata.get(collection, name))?.document === origin) return { ...fit, isRepeated: true };
    throw occupied(name);
  }
  await stores.metadata.put(collection, name, origin);
  await start.environment.faults?.reach("savepoint.after-origin");
  const kept = Object.fromEntries(fit.kept.map((node) => [node, savepoint.plan[node] ?? ""]));
  await seed(start, { ...savepoint, plan: kept, shards: shards.map((shard) => marked(shard, shards, savepoint.pipeline === name)), backlog });
  return { ...fit, isRepeated: false };
}

/** The shards of a checkpoint have one epoch; sinks may know them by others. */
function marked(shard: SavedShard, shards: readonly SavedShard[], isSame: boolean): SavedShard {
  const epoch = Math.max(...shards.map((one) => one.epoch));
  return { ...shard, progress: { ...shard.progress, [seedMark]: epoch, [seedOfMark]: isSame ? shard.epoch : epoch } };
}

async function seed({ plan, stores, environment, savepoint: { pipeline } }: SavepointStart, savepoint: Savepoint): Promise<void> {
  const { name } = plan.logical.config;
  const { clock, random, logger, faults } = environment;
  const { checkpoints: store, checkpointing, leases } = stores;
  const shards = savepoint.shards.map(({ shard }) => shard);
  if (shards.length === 0) return;
  // Sinks of a pipeline that keeps its name know the generations of the store that it comes from.
  const above = pipeline === name ? Math.max(...savepoint.shards.map(({ generation }) => generation)) : 0;
  const request = { pipeline: name, shards, owner: `savepoint-${random.next().toString(36).slice(2)}`, ttlMs: leaseMs };
  const fences: readonly Fence[] = await leases.acquire({ ...request, above });
  try {
    const writer = await checkpointing.open({ store, pipeline: name, fences, logger });
    // Behind the fence: whoever had published before is seen here.
    if (await hasCheckpoints(stores, name)) throw occupied(name);
    writer.noteEpoch(describeSavepoint(name, savepoint).epoch - 1);
    await publishShards(writer.begin(), { ...savepoint, createdMs: clock.nowMs() }, faults);
    await faults?.reach("savepoint.after-seed");
  } finally {
    await leases.release(request);
  }
}

function backlogFor({ savepoint, plan, backlog }: SavepointStart): ReadonlyMap<string, Uint8Array> {
  const { name } = plan.logical.config;
  const sinks = [...savepoint.backlog.keys()];
  if (sinks.length === 0 || backlog === "drop") return new Map();
  const quoted = sinks.map((sink) => `"${sink}"`).join(", ");
  if (backlog === undefined && savepoint.pipeline !== name) {
    throw new StreamFlowError("SF_CONFIG_INVALID", `the savepoint holds output of pipeline "${savepoint.pipeline}" that had not reached ${quoted}`, {
      hint: `where that pipeline goes on it sends this itself: --backlog drop; where "${name}" takes its place: --backlog send`,
    });
  }
  const gone = sinks.find((sink) => !plan.nodes.some(({ node }) => node.id === sink && node.kind === "sink"));
  if (gone === undefined) return savepoint.backlog;
  throw new StreamFlowError("SF_STATE_INCOMPATIBLE", `the savepoint holds output for sink "${gone}", which is not in the plan any more`, { hint: "put the sink back, or forget that output: --backlog drop", context: { nodes: [gone] } });
}

async function hasCheckpoints({ checkpoints }: Pick<HostStores, "checkpoints">, pipeline: string): Promise<boolean> {
  return (await checkpoints.list(pipeline)).length > 0;
}

/** Which savepoint a pipeline was started from: the same for every copy of it. */
function originOf({ pipeline, createdMs, shards }: Savepoint): string {
  return JSON.stringify([pipeline, createdMs, shards.map(({ shard, epoch }) => [shard, epoch])]);
}

function occupied(name: string): StreamFlowError {
  return new StreamFlowError("SF_CONFIG_INVALID", `pipeline "${name}" has checkpoints of its own, and goes on from these`, { hint: "start it under another name, or with another data folder" });
}
