// The recovery manager: chooses what each shard goes on from, and proves that all of it can be read before anything starts.
//
//   R1. Every shard gets the newest usable checkpoint that holds it, or none at all: then it starts from the very beginning.
//   R2. A checkpoint is usable as a whole or not: shards that were stored together are never restored from different epochs because of damage.
//   R3. What is damaged is said aloud and answered, with what is used instead. Where nothing usable is left, recovery fails: it never starts
//       over by itself, which would send all output again.
//   R4. A demanded epoch (`atEpoch`) is given exactly or refused: the sink that demands it has committed the positions of that epoch.
//   R5. Nothing is changed in the store.
// Deliberately not here: leases and fences (taken before, by CheckpointManager.open), asking the sinks, committing and aborting what they prepared.
import { StreamFlowError } from "@streamflow/core";
import type { Checkpoint, ListedCheckpoint, Recovered, RecoveredShard, RecoveryRequest, SegmentRef, ShardId, ShardManifest, StateSegment } from "@streamflow/core";
import { segmentsOf } from "./checkpoint-codec.ts";
import { compareWithPlan } from "./compatibility.ts";
import type { PlanComparison, PresentPlan } from "./compatibility.ts";

/** Arguments of {@link recover}: what executors ask for, and what tools may ask for besides. */
export interface StateRecoveryRequest extends Omit<RecoveryRequest, "plan"> {
  /** The present plan. @defaultValue compatibility is not checked */
  readonly plan?: PresentPlan;
  /**
   * Demands an epoch, for all shards or shard by shard: the last one that a sink-first sink has committed. 0 demands the very beginning.
   * @defaultValue the newest usable
   */
  readonly atEpoch?: number | ReadonlyMap<ShardId, number>;
}

/** A checkpoint that could not be used. */
export interface SkippedCheckpoint {
  readonly epoch: number;
  /** What is damaged: file and finding. */
  readonly reason: string;
}

/** What to go on from, and what was found on the way. */
export interface StateRecovered extends Recovered {
  /** Shards that start from the very beginning. */
  readonly fresh: readonly ShardId[];
  /** Newest first. */
  readonly skipped: readonly SkippedCheckpoint[];
  /** What becomes of the nodes' state; undefined where there is no plan to compare with, or nothing stored. */
  readonly plan: PlanComparison | undefined;
}

/**
 * Finds what the shards of a pipeline go on from, reads it, and verifies every checksum on the way.
 *
 * @throws {@link StreamFlowError} SF_STATE_CORRUPT when every checkpoint that could be used is damaged; SF_CHECKPOINT_NONE when a demanded epoch is
 * not there; SF_STATE_INCOMPATIBLE when the state does not fit the plan; what the store throws.
 */
export async function recover(request: StateRecoveryRequest): Promise<StateRecovered> {
  const listed = await request.store.list(request.pipeline);
  const search = new Search(request, listed);
  for (const shard of new Set(request.shards)) await search.find(shard);
  return search.result();
}

/** The content of a checkpoint's segments, or what is wrong with one. */
type Content = ReadonlyMap<string, Uint8Array> | string;

class Search {
  readonly #request: StateRecoveryRequest;
  readonly #listed: readonly ListedCheckpoint[];
  readonly #found = new Map<ShardId, RecoveredShard>();
  readonly #fresh: ShardId[] = [];
  readonly #contents = new Map<ListedCheckpoint, Content>();
  readonly #skipped = new Map<ListedCheckpoint, SkippedCheckpoint>();

  constructor(request: StateRecoveryRequest, listed: readonly ListedCheckpoint[]) {
    this.#request = request;
    this.#listed = listed;
  }

  /** Finds the checkpoint of a shard (R1). */
  async find(shard: ShardId): Promise<void> {
    const demanded = this.#demanded(shard);
    if (demanded === 0) return void this.#fresh.push(shard);
    const passedOver: SkippedCheckpoint[] = [];
    for (const entry of this.#listed) {
      const manifest = "checkpoint" in entry ? entry.checkpoint.manifests.find((candidate) => candidate.shard === shard) : undefined;
      // A checkpoint that cannot be read may hold any shard.
      if ("checkpoint" in entry && manifest === undefined) continue;
      if (!this.#isAcceptable(shard, manifest?.epoch ?? entry.epoch)) continue;
      const content = await this.#contentOf(entry);
      if (typeof content !== "string" && manifest !== undefined && "checkpoint" in entry) {
        this.#take(manifest, entry.checkpoint, content);
        return;
      }
      passedOver.push({ epoch: entry.epoch, reason: String(content) });
    }
    this.#nothingFor(shard, passedOver);
  }

  async result(): Promise<StateRecovered> {
    const used = new Set([...this.#found.values()].map((shard) => shard.checkpoint));
    const skipped = this.#listed.flatMap((entry) => this.#skipped.get(entry) ?? []);
    this.#sayAloud(skipped);
    const plan = this.#compare(used);
    return {
      shards: this.#found,
      fresh: this.#fresh,
      skipped,
      newestEpoch: Math.max(0, ...this.#listed.map((entry) => entry.epoch)),
      prepared: this.#prepared(used),
      orphans: this.#orphans(),
      plan,
    };
  }

  #demanded(shard: ShardId): number | undefined {
    const { atEpoch } = this.#request;
    return typeof atEpoch === "object" ? atEpoch.get(shard) : atEpoch;
  }

  #isAcceptable(shard: ShardId, epoch: number): boolean {
    const demanded = this.#demanded(shard);
    return (demanded === undefined || epoch === demanded) && this.#request.acceptEpochs?.(epoch, shard) !== false;
  }

  /** Reads all segments of a checkpoint, those of other shards too (R2); once, however many shards ask. */
  async #contentOf(entry: ListedCheckpoint): Promise<Content> {
    const known = this.#contents.get(entry);
    if (known !== undefined) return known;
    const content = "damaged" in entry ? entry.damaged : await this.#readAll([...segmentsOf(entry.checkpoint).values()]);
    this.#contents.set(entry, content);
    if (typeof content === "string") this.#skipped.set(entry, { epoch: entry.epoch, reason: content });
    return content;
  }

  async #readAll(segments: readonly SegmentRef[]): Promise<Content> {
    const { store, pipeline } = this.#request;
    const content = new Map<string, Uint8Array>();
    try {
      for (const segment of segments) content.set(segment.name, await store.readSegment(pipeline, segment));
    } catch (error) {
      // Anything else than damage, a lost connection for example, must not send us back to an older state.
      if (!StreamFlowError.is(error, "SF_STATE_CORRUPT")) throw error;
      return error.message;
    }
    return content;
  }

  #take(manifest: ShardManifest, checkpoint: Checkpoint, content: ReadonlyMap<string, Uint8Array>): void {
    const states = manifest.state.map((entry) => ({ entry, bytes: partOf(entry, content) }));
    this.#found.set(manifest.shard, { manifest, states, checkpoint });
  }

  /** No usable checkpoint holds the shard: it is new, unless damage stands in the way (R3, R4). */
  #nothingFor(shard: ShardId, passedOver: readonly SkippedCheckpoint[]): void {
    const { pipeline } = this.#request;
    const demanded = this.#demanded(shard);
    const where = `shard "${shard}" of pipeline "${pipeline}"`;
    const context = { pipeline, shard, skipped: passedOver };
    const damage = passedOver.map(({ epoch, reason }) => `epoch ${epoch}: ${reason}`).join("; ");
    if (demanded !== undefined) {
      const what = damage === "" ? "it is not in the store" : damage;
      const hint = "a sink has committed this epoch: restore the data folder from a backup, or reset pipeline and sink together";
      throw new StreamFlowError(damage === "" ? "SF_CHECKPOINT_NONE" : "SF_STATE_CORRUPT", `${where} must go on from epoch ${demanded}, and cannot: ${what}`, { hint, context });
    }
    // A checkpoint before the damaged one that knows other shards only: this one appeared with the damaged one, and loses nothing but that.
    const isKnownFresh = this.#listed.some((entry) => "checkpoint" in entry && typeof this.#contents.get(entry) !== "string");
    if (passedOver.length > 0 && !(isKnownFresh && passedOver.every(({ epoch }) => this.#isUnreadable(epoch)))) {
      const hint = "restore the data folder from a backup, or start the pipeline under another name: it will read its input from the beginning";
      throw new StreamFlowError("SF_STATE_CORRUPT", `no checkpoint of ${where} can be used: ${damage}`, { hint, context });
    }
    this.#fresh.push(shard);
  }

  #isUnreadable(epoch: number): boolean {
    return this.#listed.some((entry) => entry.epoch === epoch && "damaged" in entry);
  }

  #sayAloud(skipped: readonly SkippedCheckpoint[]): void {
    const { pipeline, logger } = this.#request;
    const instead = [...new Set([...this.#found.values()].map((shard) => shard.manifest.epoch))].sort((a, b) => b - a);
    for (const { epoch, reason } of skipped) {
      const used = instead.length === 0 ? "the very beginning" : `epoch ${instead.join(", ")}`;
      logger.warn(`the checkpoint of epoch ${epoch} of pipeline "${pipeline}" is damaged and passed over; going on from ${used}: ${reason}`, { pipeline, epoch, reason, instead });
    }
    if (skipped.length === 0 || this.#fresh.length === 0) return;
    logger.warn(`shards of pipeline "${pipeline}" that no readable checkpoint holds start from the very beginning: ${this.#fresh.join(", ")}`, { pipeline, shards: this.#fresh });
  }

  #compare(used: ReadonlySet<Checkpoint>): PlanComparison | undefined {
    const { plan } = this.#request;
    if (plan === undefined) return undefined;
    let result: PlanComparison | undefined;
    for (const checkpoint of used) {
      const compared = compareWithPlan(checkpoint, plan);
      result = result === undefined ? compared : merge(result, compared);
    }
    return result;
  }

  #prepared(used: ReadonlySet<Checkpoint>): ReadonlyMap<number, ReadonlyMap<string, Uint8Array>> {
    const prepared = new Map<number, ReadonlyMap<string, Uint8Array>>();
    for (const entry of this.#listed) {
      const content = this.#contents.get(entry);
      if (!("checkpoint" in entry) || content === undefined || typeof content === "string" || !used.has(entry.checkpoint)) continue;
      const bySink = Object.entries(entry.checkpoint.prepared).flatMap(([sink, { name }]) => {
        const bytes = content.get(name);
        return bytes === undefined ? [] : [[sink, bytes] as const];
      });
      prepared.set(entry.epoch, new Map(bySink));
    }
    return prepared;
  }

  #orphans(): readonly Checkpoint[] {
    const wanted = new Set(this.#request.shards);
    return this.#listed.flatMap((entry) => {
      if (!("checkpoint" in entry)) return [];
      const isNewer = (manifest: ShardManifest): boolean => wanted.has(manifest.shard) && manifest.epoch > (this.#found.get(manifest.shard)?.manifest.epoch ?? 0);
      return entry.checkpoint.manifests.some(isNewer) ? [entry.checkpoint] : [];
    });
  }
}

/** The checksum of the segment has been verified, so bounds that do not fit were written wrongly. */
function partOf(entry: StateSegment, content: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const bytes = content.get(entry.segment.name);
  if (bytes === undefined || entry.start < 0 || entry.end < entry.start || entry.end > bytes.byteLength) {
    throw new StreamFlowError("SF_INTERNAL", `state "${entry.state}" of "${entry.node}" is [${entry.start}, ${entry.end}) of segment "${entry.segment.name}" with ${bytes?.byteLength ?? 0} bytes`);
  }
  return bytes.subarray(entry.start, entry.end);
}

/** What different checkpoints say: the node that was migrated in one of them counts as migrated, one that is new in all as new. */
function merge(a: PlanComparison, b: PlanComparison): PlanComparison {
  const union = (left: readonly string[], right: readonly string[]): string[] => [...new Set([...left, ...right])].sort();
  const migrated = union(a.migrated, b.migrated);
  const kept = union(a.kept, b.kept).filter((node) => !migrated.includes(node));
  const fresh = union(a.new, b.new).filter((node) => !kept.includes(node) && !migrated.includes(node));
  return { kept, migrated, new: fresh, dropped: union(a.dropped, b.dropped) };
}
