// Checkpointing in its simplest form: every checkpoint whole, one segment for all states. For tests that need no other package.
import type { Checkpoint, CheckpointStore, SegmentRef, ShardId, ShardManifest, StateSegment } from "../contracts/checkpoint-store.ts";
import type { Checkpointing, CheckpointContent, CheckpointDraft, CheckpointWriter, CheckpointWriterOptions, Recovered, RecoveredShard, RecoveryRequest, StateBytes } from "../contracts/checkpointing.ts";
import { StreamFlowError } from "../errors.ts";

/** Passes the same conformance suite as `@streamflow/state`'s. */
export const simpleCheckpointing: Checkpointing = {
  async open(options) {
    const writer = new SimpleWriter(options);
    await writer.takeOver(options.fences);
    return writer;
  },
  recover,
};

class SimpleWriter implements CheckpointWriter {
  readonly #options: CheckpointWriterOptions;
  readonly #generations = new Map<ShardId, number>();
  readonly #named = new Map<string, readonly number[]>();
  #newestEpoch = 0;

  constructor(options: CheckpointWriterOptions) {
    this.#options = options;
  }

  async takeOver(fences: Parameters<CheckpointWriter["takeOver"]>[0]): Promise<void> {
    const { store, pipeline } = this.#options;
    await store.fence(pipeline, fences);
    for (const { shard, generation } of fences) this.#generations.set(shard, generation);
    for (const { epoch } of await store.list(pipeline)) this.noteEpoch(epoch);
  }

  letGo(shards: readonly ShardId[]): void {
    for (const shard of shards) this.#generations.delete(shard);
  }

  keepFor(sink: string, epochs: readonly number[]): void {
    this.#named.set(sink, epochs);
  }

  noteEpoch(epoch: number): void {
    this.#newestEpoch = Math.max(this.#newestEpoch, epoch);
  }

  begin(): CheckpointDraft {
    const { store, pipeline, keep = 3 } = this.#options;
    const epoch = ++this.#newestEpoch;
    const written: SegmentRef[] = [];
    const abandon = async (): Promise<void> => store.discard?.(pipeline, written.splice(0));
    const write = async (bytes: Uint8Array): Promise<SegmentRef> => {
      const segment = await store.writeSegment(pipeline, bytes);
      written.push(segment);
      return segment;
    };
    return {
      epoch,
      writeStates: async (states) => placed(states, await write(Buffer.concat(states.map((state) => state.bytes)))),
      writePrepared: write,
      abandon,
      publish: async (content) => {
        try {
          const checkpoint = this.#checkpoint(epoch, content);
          await store.publish(pipeline, checkpoint);
          written.length = 0;
          await store.prune(pipeline, keep, [...this.#named.values()].flat());
          return checkpoint;
        } catch (error) {
          await abandon();
          throw error;
        }
      },
    };
  }

  #checkpoint(epoch: number, { createdMs, plan, shards, prepared = {} }: CheckpointContent): Checkpoint {
    const manifests = shards.map(({ shard, positions, progress, state }): ShardManifest => {
      const generation = this.#generations.get(shard);
      if (generation === undefined) throw new StreamFlowError("SF_CHECKPOINT_FAILED", `shard "${shard}" is not owned here`, { retryable: false });
      return { formatVersion: 1, shard, epoch, generation, positions, progress, state };
    });
    return { epoch, createdMs, plan, manifests, prepared };
  }
}

function placed(states: readonly StateBytes[], segment: SegmentRef): readonly StateSegment[] {
  let end = 0;
  return states.map(({ node, state, serializer, version, bytes }) => {
    const start = end;
    end += bytes.length;
    return { node, state, serializer, version, segment, start, end };
  });
}

async function recover(request: RecoveryRequest): Promise<Recovered> {
  const { store, pipeline } = request;
  const listed = await store.list(pipeline);
  const shards = new Map<ShardId, RecoveredShard>();
  const prepared = new Map<number, ReadonlyMap<string, Uint8Array>>();
  for (const shard of request.shards) {
    const found = await newestUsable(request, shard, listed);
    if (found === undefined) continue;
    checkPlan(found.checkpoint, request);
    shards.set(shard, found);
    const { epoch } = found.checkpoint;
    if (!prepared.has(epoch)) prepared.set(epoch, await readPrepared(store, pipeline, found.checkpoint));
  }
  const orphans = listed.flatMap((entry) => ("checkpoint" in entry && isNewer(entry.checkpoint, request.shards, shards) ? [entry.checkpoint] : []));
  return { shards, newestEpoch: Math.max(0, ...listed.map((entry) => entry.epoch)), prepared, orphans };
}

async function newestUsable(request: RecoveryRequest, shard: ShardId, listed: Awaited<ReturnType<CheckpointStore["list"]>>): Promise<RecoveredShard | undefined> {
  const { logger, pipeline, acceptEpochs } = request;
  const damage: string[] = [];
  for (const entry of listed) {
    if (acceptEpochs?.(entry.epoch, shard) === false) continue;
    if ("checkpoint" in entry && !entry.checkpoint.manifests.some((manifest) => manifest.shard === shard)) continue;
    const found = "checkpoint" in entry ? await load(request, shard, entry.checkpoint) : entry.damaged;
    if (typeof found !== "string") return found;
    logger.warn(`the checkpoint of epoch ${entry.epoch} of pipeline "${pipeline}" is damaged; going back to the one before`, { epoch: entry.epoch, reason: found });
    damage.push(found);
  }
  if (damage.length === 0) return undefined;
  throw new StreamFlowError("SF_STATE_CORRUPT", `no checkpoint of shard "${shard}" of pipeline "${pipeline}" can be used: ${damage.join("; ")}`);
}

/** All segments of a checkpoint are read, also those of other shards (CPT-10). */
async function load({ store, pipeline }: RecoveryRequest, shard: ShardId, checkpoint: Checkpoint): Promise<RecoveredShard | string> {
  const bytes = new Map<string, Uint8Array>();
  try {
    for (const { segment } of checkpoint.manifests.flatMap((manifest) => manifest.state)) {
      if (!bytes.has(segment.name)) bytes.set(segment.name, await store.readSegment(pipeline, segment));
    }
    await readPrepared(store, pipeline, checkpoint);
  } catch (error) {
    if (StreamFlowError.is(error, "SF_STATE_CORRUPT")) return error.message;
    throw error;
  }
  const manifest = checkpoint.manifests.find((candidate) => candidate.shard === shard)!;
  const states = manifest.state.map((entry) => ({ entry, bytes: bytes.get(entry.segment.name)!.subarray(entry.start, entry.end) }));
  return { manifest, states, checkpoint };
}

async function readPrepared(store: CheckpointStore, pipeline: string, checkpoint: Checkpoint): Promise<ReadonlyMap<string, Uint8Array>> {
  const read = new Map<string, Uint8Array>();
  for (const [sink, segment] of Object.entries(checkpoint.prepared)) read.set(sink, await store.readSegment(pipeline, segment));
  return read;
}

function checkPlan(checkpoint: Checkpoint, { plan }: RecoveryRequest): void {
  const lost = Object.entries(checkpoint.plan).filter(([node, fingerprint]) => plan !== undefined && plan.fingerprints[node] !== fingerprint).map(([node]) => node);
  if (lost.length > 0) throw new StreamFlowError("SF_STATE_INCOMPATIBLE", `the stored state of ${lost.map((node) => `"${node}"`).join(", ")} does not fit the plan`, { context: { nodes: lost } });
}

function isNewer(checkpoint: Checkpoint, wanted: readonly ShardId[], used: ReadonlyMap<ShardId, RecoveredShard>): boolean {
  return checkpoint.manifests.some(({ shard, epoch }) => wanted.includes(shard) && epoch > (used.get(shard)?.manifest.epoch ?? 0));
}
