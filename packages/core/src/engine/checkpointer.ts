// The checkpoint and commit protocol of docs/adr/0001: the eight steps, in order, at every barrier.
//   I1, I2, I5 and I6 of that page are kept here; I3, I4 and I7 by the checkpoint writer, stores and sinks.
import type { ListedCheckpoint, SegmentRef, ShardId, ShardManifest, StateSegment } from "../contracts/checkpoint-store.ts";
import type { CheckpointDraft, Checkpointing, CheckpointWriter, ShardDraft, StateBytes } from "../contracts/checkpointing.ts";
import type { CheckpointStore } from "../contracts/checkpoint-store.ts";
import type { CommitObserver, CommittedPartition } from "../contracts/commit-observer.ts";
import type { Clock, Environment } from "../contracts/environment.ts";
import type { ShardCommit, SinkCommit } from "../contracts/sink.ts";
import { StreamFlowError } from "../errors.ts";
import type { PhysicalPlan } from "../plan/physical-plan.ts";
import { quorumHas } from "./backlog.ts";
import { broken } from "./broken.ts";
import { seedMark } from "./seed.ts";
import type { IsStored } from "../keyed/table-part.ts";
import type { TableCopy } from "../keyed/table-set.ts";
import { endedMark, type ShardSnapshot } from "./snapshot.ts";
import type { SinkPort } from "./sink-port.ts";
import { StoredParts } from "./stored-parts.ts";
import { sourceOf } from "./task.ts";

/** What one checkpoint did. */
export interface CheckpointResult {
  readonly epoch: number;
  readonly durationMs: number;
  /** Time for which nothing was processed. */
  readonly pauseMs: number;
  readonly stateBytes: number;
  /** Bytes of state by node. */
  readonly stateBytesOf: ReadonlyMap<string, number>;
}

/** What the checkpointer is made of. */
export interface CheckpointerParts {
  readonly plan: PhysicalPlan;
  readonly environment: Environment;
  readonly store: CheckpointStore;
  readonly checkpointing: Checkpointing;
  readonly ports: readonly SinkPort[];
  readonly keep: number;
  readonly observer?: CommitObserver;
  /** Writes the dead letters collected so far, durably. */
  flushRejected(): Promise<void>;
  /** Hands all output to the sinks. */
  flushOutput(): Promise<void>;
  /** Copies the state; of parts whose content is stored, only that. */
  snapshot(isStored: IsStored): readonly ShardSnapshot[];
  /** Tells the sources what will never be asked for again. */
  committed(snapshots: readonly ShardSnapshot[]): Promise<void>;
}

/** A checkpoint whose barrier has passed; `done` resolves when it is committed. */
export interface PendingCheckpoint {
  readonly epoch: number;
  readonly done: Promise<CheckpointResult>;
}

/** What has passed the barrier. */
interface Barrier {
  readonly draft: CheckpointDraft;
  readonly snapshots: readonly ShardSnapshot[];
  readonly prepared: ReadonlyMap<SinkPort, Uint8Array>;
}

/** Takes checkpoints, one at a time. */
export class Checkpointer {
  readonly #parts: CheckpointerParts;
  #writer: CheckpointWriter | undefined;
  /** The copy of the barrier before, where a test wants it stored. */
  #before: readonly ShardSnapshot[] | undefined;
  /** What need not be written again. */
  readonly #stored = new StoredParts();
  /** The epochs that sink-first sinks name when they are asked now, by shard. */
  readonly #committed = new Map<ShardId, number>();
  /** The epochs of the seeds that shards began with, where the pipeline was started from a savepoint. */
  readonly #seeds = new Map<ShardId, number>();

  constructor(parts: CheckpointerParts) {
    this.#parts = parts;
  }

  /** Opens the writer, owning nothing yet. */
  async open(): Promise<void> {
    const { checkpointing, store, environment, keep } = this.#parts;
    this.#writer = await checkpointing.open({ store, pipeline: this.pipeline, fences: [], logger: environment.logger, keep });
  }

  get pipeline(): string {
    return this.#parts.plan.logical.config.name;
  }

  /** Owner of shards, and of the numbers of epochs. */
  get writer(): CheckpointWriter {
    if (this.#writer === undefined) throw new StreamFlowError("SF_INTERNAL", "checkpoints are taken before their writer is open");
    return this.#writer;
  }

  /** What a shard was restored from: sinks may still name it. */
  restored(shard: ShardId, { epoch, progress }: Pick<ShardManifest, "epoch" | "progress">): void {
    this.#committed.set(shard, epoch);
    const seed = progress[seedMark];
    if (typeof seed === "number") this.#seeds.set(shard, seed);
  }

  /** The epochs that all sinks have of the shards owned, as far as this run has restored or committed them. */
  get committed(): ReadonlyMap<ShardId, number> {
    return new Map(this.#committed);
  }

  /** Other processes own these shards from now on. */
  letGo(shards: readonly ShardId[]): void {
    for (const shard of shards) this.#committed.delete(shard);
    for (const shard of shards) this.#seeds.delete(shard);
    this.writer.letGo(shards);
  }

  /** Steps 1–3: everything before the barrier is with the sinks, and copied. The rest goes on behind the promise `done`. */
  async begin(): Promise<PendingCheckpoint> {
    const { clock } = this.#parts.environment;
    const startMs = clock.monotonicMs();
    const draft = this.writer.begin();
    const { epoch } = draft;
    const barrier = await this.#barrier(draft);
    const pauseMs = clock.monotonicMs() - startMs;
    const done = this.#complete(barrier).then((stateBytesOf) => {
      const stateBytes = [...stateBytesOf.values()].reduce((sum, bytes) => sum + bytes, 0);
      return { epoch, durationMs: clock.monotonicMs() - startMs, pauseMs, stateBytes, stateBytesOf };
    });
    // A failure is seen by whoever awaits `done`; until then it must not count as unhandled.
    done.catch(() => undefined);
    return { epoch, done };
  }

  async #barrier(draft: CheckpointDraft): Promise<Barrier> {
    const { ports } = this.#parts;
    await this.#reach("before-flush");
    await this.#parts.flushOutput();
    await this.#parts.flushRejected();
    for (const port of ports) if (port.sink.capabilities.delivery !== "transactional") await port.tell("flush", () => port.session?.flush());
    await this.#reach("after-flush");
    // The copy comes before anything else runs: these positions go with output that the sinks now seal.
    const taken = this.#parts.snapshot(this.#stored.has);
    const snapshots = broken("barrier") ? (this.#before ?? taken) : taken;
    this.#before = broken("barrier") ? taken : undefined;
    const commit = sinkCommit(draft.epoch, snapshots);
    const prepared = new Map<SinkPort, Uint8Array>();
    for (const port of ports) {
      if (order(port) === "store-first") prepared.set(port, (await port.tell("prepare", () => port.session?.prepare?.(commit))) ?? new Uint8Array());
      if (order(port) === "sink-first" || this.#waitsForObserver(port)) port.held = true;
      port.nextEpoch(draft.epoch + 1);
    }
    await this.#reach("after-prepare");
    return { draft, snapshots, prepared };
  }

  async #complete({ draft, snapshots, prepared }: Barrier): Promise<ReadonlyMap<string, number>> {
    const commit = sinkCommit(draft.epoch, snapshots);
    const stateBytesOf = await this.#publish({ draft, snapshots, prepared });
    await this.#reach("after-publish");
    await this.#commitTransactions(commit);
    await this.#reach("after-commit-transaction");
    await this.#commitPrepared(prepared);
    await quorumHas(draft.epoch, this.#parts.plan, this.#parts.ports);
    await this.#reach("after-commit-prepared");
    await this.#observe(draft.epoch, snapshots);
    for (const { shard } of snapshots) this.#committed.set(shard, draft.epoch);
    await this.#parts.committed(snapshots);
    await this.#reach("after-committed");
    return stateBytesOf;
  }

  /** Steps 4 and 5. What fails here is taken back; the pipeline restarts from the last commit. */
  async #publish({ draft, snapshots, prepared }: Barrier): Promise<ReadonlyMap<string, number>> {
    try {
      await this.#reach("before-store");
      const parts = snapshots.flatMap(({ state }) => state.map(({ node, table }): StatePart => ({ node, table })));
      const placed = await this.#store(draft, parts);
      const references: Record<string, SegmentRef> = {};
      for (const [port, bytes] of prepared) references[port.node] = await draft.writePrepared(bytes);
      await this.#reach("after-store");
      if (broken("commit-after-publish")) await this.#commitPrepared(prepared);
      await this.#keepNamedEpochs(draft.epoch);
      await this.#reach("before-publish");
      const { plan, environment } = this.#parts;
      await draft.publish({ createdMs: environment.clock.nowMs(), plan: plan.fingerprints, shards: shardDrafts(snapshots, { placed, committed: this.#committed, seeds: this.#seeds }), prepared: references });
      this.#stored.published(placed.map((at, i) => ({ content: parts[i]!.table.content, at })));
      const bytesOf = new Map<string, number>();
      for (const { node, start, end } of placed) bytesOf.set(node, (bytesOf.get(node) ?? 0) + end - start);
      return bytesOf;
    } catch (error) {
      await draft.abandon();
      throw error;
    }
  }

  /** Writes what is not stored yet. Answers where all parts are, in order. */
  async #store(draft: CheckpointDraft, parts: readonly StatePart[]): Promise<readonly StateSegment[]> {
    const known = parts.map(({ table }) => ("write" in table ? undefined : this.#stored.at(table.content)));
    const written = await draft.writeStates(await writeStates(parts, this.#parts.environment.clock));
    for (const { table } of parts) if ("write" in table) table.free?.();
    let next = 0;
    return known.map((at) => at ?? written[next++]!);
  }

  /** Until the sinks have committed this epoch they name the one before; those of other processes name what their newest checkpoints say (I7). */
  async #keepNamedEpochs(epoch: number): Promise<void> {
    if (!this.#parts.ports.some((port) => order(port) === "sink-first")) return;
    this.writer.keepFor("own", [...new Set([...this.#committed.values(), epoch])]);
    if (this.#parts.plan.sharding === "partition") this.writer.keepFor("others", namedByOthers(await this.#parts.store.list(this.pipeline)));
  }

  async #commitTransactions(commit: SinkCommit): Promise<void> {
    for (const port of this.#parts.ports) {
      if (order(port) !== "sink-first") continue;
      await this.#reach(`before-commit-transaction`);
      await port.tell("commit", () => port.session?.commitTransaction?.(commit));
      port.held = false;
    }
  }

  async #commitPrepared(prepared: ReadonlyMap<SinkPort, Uint8Array>): Promise<void> {
    for (const [port, bytes] of prepared) await port.tell("commit", () => port.session?.commitPrepared?.(bytes));
  }

  /** What such a sink is given can be seen at once (OBS-2); what others are given, only when it is committed. */
  #waitsForObserver(port: SinkPort): boolean {
    return this.#parts.observer !== undefined && port.sink.capabilities.delivery !== "transactional";
  }

  async #observe(epoch: number, snapshots: readonly ShardSnapshot[]): Promise<void> {
    const { observer, ports } = this.#parts;
    if (observer === undefined) return;
    await observer.committed(committedPartitions(epoch, snapshots));
    for (const port of ports) if (this.#waitsForObserver(port)) port.held = false;
    await this.#reach("after-observe");
  }

  #reach(point: string): void | Promise<void> {
    return this.#parts.environment.faults?.reach(`checkpoint.${point}`);
  }
}

/** A part of the state of a node. */
interface StatePart {
  readonly node: string;
  readonly table: TableCopy;
}

/** Makes the bytes of what was copied. Records are processed between the pieces. */
async function writeStates(parts: readonly StatePart[], clock: Clock): Promise<readonly StateBytes[]> {
  const states: StateBytes[] = [];
  let length = 0;
  for (const { node, table } of parts) {
    if (!("write" in table)) continue;
    const writing = table.write();
    let step = writing.next();
    for (; step.done !== true; step = writing.next()) await new Promise<void>((resolve) => clock.soon(resolve));
    const { state, serializer, version } = table;
    states.push({ node, state, serializer, version, bytes: step.value });
    length += step.value.length;
    if (length < pieceBytes) continue;
    length = 0;
    await new Promise<void>((resolve) => clock.soon(resolve));
  }
  return states;
}

/** So much state is written before others may run: about a millisecond's work. */
const pieceBytes = 1 << 20;

function order(port: SinkPort): "store-first" | "sink-first" | undefined {
  const { delivery, commitOrder } = port.sink.capabilities;
  return delivery === "transactional" ? commitOrder : undefined;
}

/** Of the shards that are input partitions: what is behind an exchange has no position of its own. */
function committedPartitions(epoch: number, snapshots: readonly ShardSnapshot[]): readonly CommittedPartition[] {
  return snapshots.flatMap(({ shard, generation, positions }) =>
    Object.entries(positions).filter(([partition]) => partition !== endedMark).map(([partition, position]) => ({ source: sourceOf(shard, partition), partition, position, generation, epoch })),
  );
}

function sinkCommit(epoch: number, snapshots: readonly ShardSnapshot[]): SinkCommit {
  const shards: ShardCommit[] = snapshots.map(({ shard, generation, positions }) => {
    return { shard, generation, epoch, positions: broken("positions-in-transaction") ? {} : positions };
  });
  const tokens = snapshots.flatMap(({ shard, commitToken }) => (commitToken === undefined ? [] : [[shard, commitToken] as const]));
  return { epoch, shards, ...(tokens.length === 0 ? {} : { commitTokens: new Map(tokens) }) };
}

/** The part of a shard's progress that says which epoch its sinks may name. */
export const committedMark = "committed";

/** What the newest checkpoint of every shard says that its sinks may still name. */
function namedByOthers(listed: readonly ListedCheckpoint[]): readonly number[] {
  const newest = new Map<ShardId, ShardManifest>();
  for (const manifest of listed.flatMap((entry) => ("checkpoint" in entry ? entry.checkpoint.manifests : []))) {
    if (manifest.epoch >= (newest.get(manifest.shard)?.epoch ?? 0)) newest.set(manifest.shard, manifest);
  }
  return [...new Set([...newest.values()].flatMap(({ progress: { [committedMark]: epoch } }) => (typeof epoch === "number" ? epoch : [])))];
}

/** Gives every shard its part of what was written, in the order of the snapshots. */
function shardDrafts(snapshots: readonly ShardSnapshot[], { placed, committed, seeds }: { readonly placed: readonly StateSegment[]; readonly committed: ReadonlyMap<ShardId, number>; readonly seeds: ReadonlyMap<ShardId, number> }): readonly ShardDraft[] {
  let at = 0;
  return snapshots.map(({ shard, positions, progress, state }) => {
    const own = placed.slice(at, at + state.length);
    at += state.length;
    const [epoch, seed] = [committed.get(shard), seeds.get(shard)];
    const marks = { ...(epoch === undefined ? {} : { [committedMark]: epoch }), ...(seed === undefined ? {} : { [seedMark]: seed }) };
    return { shard, positions, progress: { ...progress, ...marks }, state: own };
  });
}
