// The partitions of one executor: taken with their state, let go with it, or lost.
//   Follows docs/adr/0001, Recovery: own, choose, clean, replay.
import { retry } from "../async/retry.ts";
import type { Fence, ShardId } from "../contracts/checkpoint-store.ts";
import type { Recovered, RecoveredShard } from "../contracts/checkpointing.ts";
import type { CommitObserver, CommittedPartition } from "../contracts/commit-observer.ts";
import type { Environment } from "../contracts/environment.ts";
import type { HostStores } from "../host.ts";
import type { ShardCommit } from "../contracts/sink.ts";
import type { PartitionAssignment, SourceCapabilities } from "../contracts/source.ts";
import { StreamFlowError } from "../errors.ts";
import type { IsStored } from "../keyed/table-part.ts";
import type { PhysicalPlan } from "../plan/physical-plan.ts";
import type { Position } from "../record.ts";
import { isFormerBacklog } from "./backlog.ts";
import { areFrames } from "./backlog-frames.ts";
import { broken } from "./broken.ts";
import type { Checkpointer } from "./checkpointer.ts";
import type { Gate } from "./gate.ts";
import { committedByAll, mustNotBeBehind, newestCommit, type SinkHeads, sinksAhead } from "./recovery.ts";
import { Replay } from "./replay.ts";
import type { Slot } from "./scheduler.ts";
import { mustKnowSome, seedAmong } from "./seed.ts";
import type { SinkPort } from "./sink-port.ts";
import { keyGroupShards, replayedMark, restoreGates, restoreTables, restoreVersions, type ShardSnapshot, snapshotPartition, snapshotShared } from "./snapshot.ts";
import { type PartitionTask, partitionShard } from "./task.ts";
import { sharedShard, type Wiring } from "./wiring.ts";

/** What the partitions are made of. */
export interface PartitionsParts {
  readonly plan: PhysicalPlan;
  readonly environment: Environment;
  readonly stores: HostStores;
  readonly wiring: Wiring;
  readonly ports: readonly SinkPort[];
  readonly checkpointer: Checkpointer;
  readonly owner: string;
  readonly leaseMs: number;
  readonly observer?: CommitObserver;
  /** Leases that the run has kept while it slept. */
  readonly held: readonly Fence[];
  /** Loads what operators load before their first record. */
  open(instances: PartitionTask["parts"]["instances"]): Promise<void>;
}

interface Owned {
  readonly slot: Slot;
  readonly gates: ReadonlyMap<string, Gate>;
}

/** A key group, as good as any other: a group is restored as a whole. */
const groupShard = keyGroupShards()[0] ?? sharedShard;

/** The partitions that an executor owns, and its key groups. */
export class Partitions {
  readonly replay: Replay;
  readonly #parts: PartitionsParts;
  readonly #owned = new Map<ShardId, Owned>();
  readonly #generations = new Map<ShardId, number>();
  #isBegun = false;
  #hasCheckpoints = false;
  /** What the shards of a plan with an exchange were restored from, together; epoch 0: from the very beginning. */
  #group: { readonly restored: ReadonlyMap<ShardId, RecoveredShard>; readonly epoch: number } | undefined;

  constructor(parts: PartitionsParts) {
    this.#parts = parts;
    this.replay = new Replay(parts.ports, parts.environment.logger);
  }

  get slots(): readonly Slot[] {
    return [...this.#owned.values()].map((owned) => owned.slot);
  }

  /** The leases that are held. */
  get fences(): readonly Fence[] {
    return [...this.#generations].map(([shard, generation]) => ({ shard, generation }));
  }

  /**
   * Of every shard the epoch that all sinks have, and no output beyond it: what a savepoint is taken of.
   * @throws {@link StreamFlowError} SF_LIFECYCLE_ILLEGAL while sinks that are behind catch up
   */
  get committed(): ReadonlyMap<ShardId, number> {
    const { checkpointer } = this.#parts;
    if (!this.replay.isRunning) return checkpointer.committed;
    throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `sinks of pipeline "${checkpointer.pipeline}" still catch up with each other`, { hint: "let it run until they have" });
  }

  /** Keeps these epochs from being removed as too old; none: lets them go. */
  keep(epochs: Iterable<number>): void {
    this.#parts.checkpointer.writer.keepFor("savepoint", [...new Set(epochs)]);
  }

  /** All shards with their generations. */
  get shards(): readonly ShardId[] {
    return [...this.#generations.keys()];
  }

  /**
   * Takes partitions: leases, fences, state. Answers where reading starts. With `waits`, and where the source is shared, a lease that its last owner
   * still holds is waited for: a group protocol has given us the partition, and the owner is gone or about to let go.
   */
  async assign(source: string, assignments: readonly PartitionAssignment[], waits: boolean): Promise<ReadonlyMap<string, Position | undefined>> {
    const starts = new Map<string, Position | undefined>();
    const shards = assignments.map(({ partition }) => partitionShard(source, partition));
    await this.#own(shards, waits || this.#capabilitiesOf(source)?.shared === true);
    if (this.#isGrouped && this.#group === undefined) await this.#recoverGroup();
    for (const assignment of assignments) starts.set(assignment.partition, await this.#take(source, assignment));
    await this.#mustBeKnown(source, shards);
    await this.#observe(source, starts);
    if (this.#isBegun) this.#joinTime(shards);
    return starts;
  }

  /** What a crash may have left unsaid (OBS-3). Nothing is read yet. */
  async #observe(source: string, starts: ReadonlyMap<string, Position | undefined>): Promise<void> {
    const { observer, checkpointer } = this.#parts;
    if (observer === undefined) return;
    const begun = [...starts].flatMap(([partition, position]): CommittedPartition[] => {
      const shard = partitionShard(source, partition);
      return position === undefined ? [] : [{ source, partition, position, generation: this.#generations.get(shard) ?? 0, epoch: checkpointer.committed.get(shard) ?? 0 }];
    });
    if (begun.length > 0) await observer.committed(begun);
  }

  /**
   * All sources have told their first partitions: event time behind an exchange is now the least of them. Before, a partition that was restored
   * further ahead than those still to come would be alone in the minimum, and close their windows.
   */
  begin(): void {
    this.#isBegun = true;
    this.#joinTime(this.#owned.keys());
  }

  #joinTime(shards: Iterable<ShardId>): void {
    for (const shard of shards) for (const merge of this.#owned.get(shard)?.slot.task.parts.merges ?? []) merge.sync();
  }

  /** Forgets partitions whose state has been checkpointed, and lets their leases go. */
  async release(source: string, partitions: readonly string[]): Promise<void> {
    const shards = partitions.map((partition) => partitionShard(source, partition));
    this.drop(shards);
    const { stores, plan, owner } = this.#parts;
    await stores.leases.release({ pipeline: plan.logical.config.name, shards, owner });
  }

  /** Frees what operators hold. What is owned stays owned. */
  closeOperators(): void {
    const { wiring, environment } = this.#parts;
    for (const { slot } of this.#owned.values()) wiring.closeOperators(slot.task.parts.instances, environment.logger);
    wiring.closeOperators(wiring.sharedInstances, environment.logger);
  }

  /** Lets all leases go. */
  async releaseAll(): Promise<void> {
    const { stores, plan, owner } = this.#parts;
    const { shards } = this;
    if (shards.length > 0) await stores.leases.release({ pipeline: plan.logical.config.name, shards, owner });
  }

  /** Forgets shards without a word to anyone. */
  drop(shards: readonly ShardId[]): void {
    for (const shard of shards) {
      const owned = this.#owned.get(shard);
      if (owned !== undefined) {
        this.#parts.wiring.releasePartition(owned.slot.task, this.#parts.environment.logger);
        this.replay.drop(owned.slot);
      }
      this.#owned.delete(shard);
      this.#generations.delete(shard);
    }
    this.#parts.checkpointer.letGo(shards);
  }

  /** Copies everything owned; of what is stored already, only what says so. */
  snapshot(isStored: IsStored): readonly ShardSnapshot[] {
    const taken = [...this.#owned.values()].map(({ slot, gates }) => snapshotPartition(slot.task, gates, isStored));
    if (!this.#isGrouped) return taken;
    const { wiring } = this.#parts;
    return [...taken, ...snapshotShared(wiring.sharedInstances, wiring.sharedGates, { generation: (shard) => this.#generations.get(shard) ?? 0, isStored })];
  }

  // --- recovery ------------------------------------------------------------------------------------------------

  get #isGrouped(): boolean {
    return this.#parts.plan.sharding === "key-group";
  }

  async #own(partitionShards: readonly ShardId[], waits: boolean): Promise<void> {
    const first = this.#generations.size === 0;
    const shards = this.#isGrouped && first ? [...partitionShards, ...keyGroupShards()] : partitionShards;
    if (shards.length === 0) return;
    const { stores, plan, owner, leaseMs } = this.#parts;
    const pipeline = plan.logical.config.name;
    const acquire = async (): Promise<readonly Fence[]> => this.#kept(shards) ?? (await stores.leases.acquire({ pipeline, shards, owner, ttlMs: leaseMs }));
    const { clock, random } = this.#parts.environment;
    const fences = waits
      ? await retry(acquire, { clock, random, maxAttempts: Infinity, maxElapsedMs: 2 * leaseMs, initialDelayMs: leaseMs / 50, maxDelayMs: leaseMs / 5 })
      : await acquire();
    const owned = broken("fence") ? fences.map(({ shard }) => ({ shard, generation: 1 })) : fences;
    for (const { shard, generation } of owned) this.#generations.set(shard, generation);
    await this.#reach("after-acquire");
    await this.#parts.checkpointer.writer.takeOver(owned);
    await this.#reach("after-fence");
  }

  /** The leases of these shards, where the run has kept them all. */
  #kept(shards: readonly ShardId[]): readonly Fence[] | undefined {
    const held = this.#parts.held.filter(({ shard }) => shards.includes(shard));
    return held.length === shards.length ? held : undefined;
  }

  async #recoverGroup(): Promise<void> {
    const shards = [...this.#generations.keys()];
    const heads = await this.#sinkHeads(shards);
    const restored = await this.#recoverCommitted(groupShard, shards, heads);
    this.#group = { restored, epoch: restored.get(groupShard)?.manifest.epoch ?? 0 };
    const { sharedInstances, sharedGates } = this.#parts.wiring;
    keyGroupShards().forEach((shard, group) => {
      const stored = restored.get(shard);
      if (stored === undefined) return;
      restoreTables(sharedInstances, stored.states, group);
      restoreGates(sharedGates, stored.manifest.progress);
      restoreVersions(sharedInstances, stored.manifest.progress);
    });
    for (const merge of this.#parts.wiring.sharedMerges) merge.restored();
    await this.#parts.open(sharedInstances);
    for (const instance of sharedInstances) instance.restored();
    this.replay.addGroup(sinksAhead(heads.all, restored), groupShard);
  }

  async #take(source: string, { partition, commitToken }: PartitionAssignment): Promise<Position | undefined> {
    const shard = partitionShard(source, partition);
    const heads = await this.#sinkHeads([shard]);
    const restored = await this.#restoredOf(shard, heads);
    const { task, gates, innerMerges } = this.#parts.wiring.buildPartition(source, partition);
    const { instances } = task.parts;
    task.generation = this.#generations.get(shard) ?? 0;
    task.commitToken = commitToken;
    const stored = restored.get(shard);
    if (stored !== undefined) {
      const { positions, progress } = stored.manifest;
      task.position = positions[partition];
      task.ordinal = Number(progress["ordinal"] ?? 0);
      task.ended = progress["ended"] === true;
      task.replayed = Number(progress[replayedMark] ?? 0);
      restoreTables(instances, stored.states, 0);
      restoreGates(gates, progress);
      for (const merge of innerMerges) merge.restored();
      restoreVersions(instances, progress);
    }
    await this.#parts.open(instances);
    for (const instance of instances) instance.restored();
    const slot: Slot = { task, rank: this.#owned.size, strict: this.#isStrict(source), isIdle: false, isParked: false, rest: undefined };
    this.#owned.set(shard, { slot, gates });
    this.replay.add(slot, sinksAhead(heads.all, restored));
    return task.position;
  }

  /** A partition of a group goes on from the group's epoch, another from its own. */
  async #restoredOf(shard: ShardId, heads: SinkHeads): Promise<ReadonlyMap<ShardId, RecoveredShard>> {
    const group = this.#group;
    if (group === undefined) return await this.#recoverCommitted(shard, [shard], heads);
    if (group.restored.has(shard) || group.epoch === 0) return group.restored;
    return await this.#recover({ shards: [shard], heads, isAccepted: (epoch) => epoch === group.epoch });
  }

  /** What goes on together, from the newest epoch of `shard` that all sinks have; where one has none, from what the pipeline was started from. */
  async #recoverCommitted(shard: ShardId, shards: readonly ShardId[], heads: SinkHeads): Promise<ReadonlyMap<ShardId, RecoveredShard>> {
    const bound = committedByAll(heads.deciding, shard);
    const restored = await this.#recover({ shards, heads, isAccepted: (epoch) => epoch <= bound });
    if (restored.has(shard) || bound === Infinity) return restored;
    const { stores, checkpointer } = this.#parts;
    const seed = seedAmong(await stores.checkpoints.list(checkpointer.pipeline), shard);
    if (seed === undefined) return restored;
    mustNotBeBehind(heads.deciding, shard, seed);
    return await this.#recover({ shards, heads, isAccepted: (epoch) => epoch === seed.epoch });
  }

  /** Partitions that nothing is known of, of a pipeline that has checkpoints: it may have begun with a savepoint, of input under other names. Files do not come to it later, as partitions of a group do. */
  async #mustBeKnown(source: string, shards: readonly ShardId[]): Promise<void> {
    const { checkpointer, stores } = this.#parts;
    if (!this.#hasCheckpoints || !this.#isStrict(source) || shards.some((shard) => checkpointer.committed.has(shard))) return;
    mustKnowSome(await stores.checkpoints.list(checkpointer.pipeline), source, shards);
  }

  /** Reading bounded, repeatable input is waited for, so that its order depends on nothing else. */
  #isStrict(source: string): boolean {
    const capabilities = this.#capabilitiesOf(source);
    return capabilities?.bounded === true && capabilities.deterministic;
  }

  #capabilitiesOf(source: string): SourceCapabilities | undefined {
    return this.#parts.plan.nodes.find((entry) => entry.node.id === source)?.node.source?.capabilities;
  }

  async #recover(request: { readonly shards: readonly ShardId[]; readonly heads: SinkHeads; readonly isAccepted: (epoch: number) => boolean }): Promise<ReadonlyMap<ShardId, RecoveredShard>> {
    const { stores, plan, environment, ports, checkpointer } = this.#parts;
    const { shards, heads, isAccepted } = request;
    await this.#reach("after-sink-recover");
    const recovered = await stores.checkpointing.recover({
      store: stores.checkpoints, pipeline: checkpointer.pipeline, shards, logger: environment.logger, plan: { fingerprints: plan.fingerprints }, acceptEpochs: isAccepted,
    });
    this.#mustBeNewest(recovered);
    this.#hasCheckpoints ||= recovered.newestEpoch > 0;
    const newestEpoch = Math.max(recovered.newestEpoch, newestCommit(heads.all));
    checkpointer.writer.noteEpoch(newestEpoch);
    for (const port of ports) port.nextEpoch(newestEpoch + 1);
    for (const [shard, { manifest }] of recovered.shards) checkpointer.restored(shard, manifest);
    await this.#settlePrepared(recovered, heads);
    await this.#reach("after-recover");
    return recovered.shards;
  }

  /**
   * Between what the sinks have said and what the store lists, another owner may have taken over and published: this one would abort that
   * epoch, not knowing that the sinks have it. What owners before it have published is settled: they can publish and commit nothing more.
   * @throws {@link StreamFlowError} SF_CHECKPOINT_FENCED
   */
  #mustBeNewest({ orphans }: Recovered): void {
    if (broken("newest-aborts")) return;
    for (const { shard, generation, epoch } of orphans.flatMap((orphan) => orphan.manifests)) {
      const own = this.#generations.get(shard);
      if (own === undefined || generation <= own) continue;
      throw new StreamFlowError("SF_CHECKPOINT_FENCED", `shard "${shard}" was taken over while it was recovered: generation ${generation} has published epoch ${epoch}, this one is ${own}`, { context: { shard } });
    }
  }

  async #sinkHeads(shards: readonly ShardId[]): Promise<SinkHeads> {
    const owners = shards.map((shard) => ({ shard, generation: this.#generations.get(shard) ?? 0 }));
    const all = new Map<string, readonly ShardCommit[]>();
    const deciding = new Map<string, readonly ShardCommit[]>();
    for (const { node, session, sink } of this.#parts.ports) {
      const { commitOrder, remembersCommits } = sink.capabilities;
      if (commitOrder !== "sink-first" && remembersCommits !== true) continue;
      if (session?.recover === undefined) throw new StreamFlowError("SF_INTERNAL", `sink "${node}" says that it knows its commits, and cannot recover`);
      all.set(node, await session.recover(owners));
      if (commitOrder === "sink-first") deciding.set(node, all.get(node) ?? []);
    }
    return { all, deciding };
  }

  /** Store-first sinks: commit again what was published, abort what never counted. What a sink knows to be committed stays, and is withheld. */
  async #settlePrepared({ prepared, orphans }: Recovered, heads: SinkHeads): Promise<void> {
    for (const bySink of prepared.values()) {
      for (const [node, bytes] of bySink) {
        const port = this.#port(node);
        if (port !== undefined && !isFormerBacklog(port, bytes)) await port.session?.commitPrepared?.(bytes);
      }
    }
    const { stores, checkpointer } = this.#parts;
    for (const orphan of orphans) {
      for (const [node, segment] of Object.entries(orphan.prepared)) {
        const session = this.#port(node)?.session;
        const isCommitted = heads.all.get(node)?.some((head) => head.epoch >= orphan.epoch && orphan.manifests.some(({ shard }) => shard === head.shard));
        if (session?.abortPrepared === undefined || isCommitted === true) continue;
        const bytes = await stores.checkpoints.readSegment(checkpointer.pipeline, segment);
        // A backlog has sent nothing of an epoch that never counted.
        if (!areFrames(bytes)) await session.abortPrepared(bytes);
      }
    }
  }

  #port(node: string): SinkPort | undefined {
    return this.#parts.ports.find((port) => port.node === node);
  }

  #reach(point: string): void | Promise<void> {
    return this.#parts.environment.faults?.reach(`recovery.${point}`);
  }
}
