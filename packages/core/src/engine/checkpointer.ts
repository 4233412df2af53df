// The checkpoint and commit protocol of docs/adr/0001: the eight steps, in order, at every barrier.
//   I1, I2, I5, I6, I7 of that page are kept here; I3 and I4 by stores and sinks.
import type { Checkpoint, CheckpointStore, SegmentRef } from "../contracts/checkpoint-store.ts";
import type { Environment } from "../contracts/environment.ts";
import type { ShardCommit, SinkCommit } from "../contracts/sink.ts";
import type { PhysicalPlan } from "../plan/physical-plan.ts";
import { broken } from "./broken.ts";
import { manifestsOf, packSnapshots, type ShardSnapshot } from "./snapshot.ts";
import type { SinkPort } from "./sink-port.ts";

/** What one checkpoint did. */
export interface CheckpointResult {
  readonly epoch: number;
  readonly durationMs: number;
  /** Time for which nothing was processed. */
  readonly pauseMs: number;
  readonly stateBytes: number;
}

/** What the checkpointer is made of. */
export interface CheckpointerParts {
  readonly plan: PhysicalPlan;
  readonly environment: Environment;
  readonly store: CheckpointStore;
  readonly ports: readonly SinkPort[];
  readonly keep: number;
  /** Writes the dead letters collected so far, durably. */
  flushRejected(): Promise<void>;
  /** Hands all output to the sinks. */
  flushOutput(): Promise<void>;
  snapshot(): readonly ShardSnapshot[];
  /** Tells the sources what will never be asked for again. */
  committed(snapshots: readonly ShardSnapshot[]): Promise<void>;
}

/** A checkpoint whose barrier has passed; `done` resolves when it is committed. */
export interface PendingCheckpoint {
  readonly epoch: number;
  readonly done: Promise<CheckpointResult>;
}

/** Takes checkpoints, one at a time. */
export class Checkpointer {
  readonly #parts: CheckpointerParts;
  #nextEpoch: number;
  #prepared: ReadonlyMap<SinkPort, Uint8Array> = new Map();
  /** The copy of the barrier before: what a broken build would store. */
  #before: readonly ShardSnapshot[] | undefined;
  /** Epochs that a sink-first sink may still name: the last committed one, until the next is. */
  #lastCommitted = 0;

  constructor(parts: CheckpointerParts, nextEpoch: number) {
    this.#parts = parts;
    this.#nextEpoch = nextEpoch;
  }

  get pipeline(): string {
    return this.#parts.plan.logical.config.name;
  }

  /** The next epoch is above `epoch`. */
  raise(epoch: number): void {
    this.#nextEpoch = Math.max(this.#nextEpoch, epoch + 1);
  }

  /** Steps 1–3: everything before the barrier is with the sinks, and copied. The rest goes on behind the promise `done`. */
  async begin(): Promise<PendingCheckpoint> {
    const { clock } = this.#parts.environment;
    const startMs = clock.monotonicMs();
    const epoch = this.#nextEpoch++;
    const snapshots = await this.#barrier(epoch);
    const pauseMs = clock.monotonicMs() - startMs;
    const done = this.#complete(epoch, snapshots).then((stateBytes) => {
      return { epoch, durationMs: clock.monotonicMs() - startMs, pauseMs, stateBytes };
    });
    // A failure is seen by whoever awaits `done`; until then it must not count as unhandled.
    done.catch(() => undefined);
    return { epoch, done };
  }

  async #barrier(epoch: number): Promise<readonly ShardSnapshot[]> {
    const { ports } = this.#parts;
    await this.#reach("before-flush");
    await this.#parts.flushOutput();
    await this.#parts.flushRejected();
    for (const port of ports) if (port.sink.capabilities.delivery !== "transactional") await port.session?.flush();
    await this.#reach("after-flush");
    // In an asynchronous checkpoint these positions go with output that is already sealed: the copy comes before anything else runs.
    const taken = this.#parts.snapshot();
    const snapshots = broken("barrier") ? (this.#before ?? taken) : taken;
    this.#before = taken;
    const commit = sinkCommit(epoch, snapshots);
    const prepared = new Map<SinkPort, Uint8Array>();
    this.#prepared = prepared;
    for (const port of ports) {
      if (order(port) === "store-first") prepared.set(port, (await port.session?.prepare?.(commit)) ?? new Uint8Array());
      if (order(port) === "sink-first") port.held = true;
      port.nextEpoch(epoch + 1);
    }
    await this.#reach("after-prepare");
    return snapshots;
  }

  async #complete(epoch: number, snapshots: readonly ShardSnapshot[]): Promise<number> {
    const prepared = this.#prepared;
    const commit = sinkCommit(epoch, snapshots);
    const bytes = packSnapshots(snapshots);
    const checkpoint = await this.#store(epoch, snapshots, { bytes, prepared });
    if (broken("commit-after-publish")) await this.#commitPrepared(prepared);
    await this.#reach("before-publish");
    await this.#parts.store.publish(this.pipeline, checkpoint);
    await this.#reach("after-publish");
    await this.#commitTransactions(commit);
    await this.#reach("after-commit-transaction");
    await this.#commitPrepared(prepared);
    await this.#reach("after-commit-prepared");
    const named = [this.#lastCommitted, epoch];
    this.#lastCommitted = epoch;
    await this.#parts.committed(snapshots);
    await this.#parts.store.prune(this.pipeline, this.#parts.keep, named);
    await this.#reach("after-committed");
    return bytes.length;
  }

  async #store(epoch: number, snapshots: readonly ShardSnapshot[], made: { bytes: Uint8Array; prepared: ReadonlyMap<SinkPort, Uint8Array> }): Promise<Checkpoint> {
    const { store, environment, plan } = this.#parts;
    await this.#reach("before-store");
    const segment = await store.writeSegment(this.pipeline, made.bytes);
    const prepared: Record<string, SegmentRef> = {};
    for (const [port, bytes] of made.prepared) prepared[port.node] = await store.writeSegment(this.pipeline, bytes);
    await this.#reach("after-store");
    return { epoch, createdMs: environment.clock.nowMs(), plan: plan.fingerprints, manifests: manifestsOf(snapshots, epoch, segment), prepared };
  }

  async #commitTransactions(commit: SinkCommit): Promise<void> {
    for (const port of this.#parts.ports) {
      if (order(port) !== "sink-first") continue;
      await this.#reach(`before-commit-transaction`);
      await port.session?.commitTransaction?.(commit);
      port.held = false;
    }
  }

  async #commitPrepared(prepared: ReadonlyMap<SinkPort, Uint8Array>): Promise<void> {
    for (const [port, bytes] of prepared) await port.session?.commitPrepared?.(bytes);
  }

  #reach(point: string): void | Promise<void> {
    return this.#parts.environment.faults?.reach(`checkpoint.${point}`);
  }
}

function order(port: SinkPort): "store-first" | "sink-first" | undefined {
  const { delivery, commitOrder } = port.sink.capabilities;
  return delivery === "transactional" ? commitOrder : undefined;
}

function sinkCommit(epoch: number, snapshots: readonly ShardSnapshot[]): SinkCommit {
  const shards: ShardCommit[] = snapshots.map(({ shard, generation, positions }) => {
    return { shard, generation, epoch, positions: broken("positions-in-transaction") ? {} : positions };
  });
  return { epoch, shards };
}
