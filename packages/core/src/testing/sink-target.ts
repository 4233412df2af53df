// The outside world behind a recording sink: what outlives the process that writes.
import { Latch } from "../async/signal.ts";
import type { RecordIdentity, ShardCommit, SinkBatch, SinkCommit } from "../contracts/sink.ts";
import { StreamFlowError } from "../errors.ts";
import type { ShardId } from "../contracts/checkpoint-store.ts";
import type { ChangeKind } from "../record.ts";

/** A record as a sink took it. */
export interface WrittenRecord {
  readonly value: unknown;
  readonly timestampMs: number;
  readonly change: ChangeKind;
  readonly identity: RecordIdentity;
}

/** What recording sinks write to. Hand the same target to the sink of the next process to simulate a restart. */
export class SinkTarget {
  /** Output that a reader sees, in the order in which it became visible. */
  readonly visible: WrittenRecord[] = [];
  /** Output that is durable but not visible yet, by the id of its transaction. */
  readonly prepared: Map<string, readonly WrittenRecord[]> = new Map();
  /** The last commit of each shard. */
  readonly commits: Map<ShardId, ShardCommit> = new Map();
  readonly #finished = new Set<string>();
  readonly #generations = new Map<ShardId, number>();
  readonly #identities = new Map<string, number>();
  #gate: Latch | undefined;
  #transactions = 0;

  /** The values that a reader sees. */
  get values(): readonly unknown[] {
    return this.visible.map((record) => record.value);
  }

  /** Stops taking anything until the answered function is called. */
  stall(): () => void {
    const gate = new Latch();
    this.#gate = gate;
    return () => {
      this.#gate = undefined;
      gate.open();
    };
  }

  /** Resolves when the target takes something. */
  async accepting(): Promise<void> {
    while (this.#gate !== undefined) await this.#gate.wait();
  }

  append(records: readonly WrittenRecord[]): void {
    this.visible.push(...records);
  }

  /** Adds each record under its identity; one that is there already is replaced in its place. */
  upsert(records: readonly WrittenRecord[]): void {
    for (const record of records) {
      const { shard, origin, index } = record.identity;
      const key = JSON.stringify([shard, origin, index]);
      const at = this.#identities.get(key) ?? this.visible.length;
      this.visible[at] = record;
      this.#identities.set(key, at);
    }
  }

  /** @throws {@link StreamFlowError} SF_SINK_FENCED by SNK-6. */
  checkFence(commit: SinkCommit): void {
    for (const { shard, generation, epoch } of commit.shards) {
      this.fence(shard, generation, { isClaim: false });
      const last = this.commits.get(shard);
      if (last !== undefined && epoch <= last.epoch) throw fenced(shard, `epoch ${epoch} is not newer than the last committed one, ${last.epoch}`);
    }
    for (const { shard, generation } of commit.shards) this.fence(shard, generation);
  }

  /** Refuses generations older than one that was seen, and remembers this one where it is a claim. */
  fence(shard: ShardId, generation: number, { isClaim = true }: { readonly isClaim?: boolean } = {}): void {
    const seen = this.#generations.get(shard) ?? generation;
    if (generation < seen) throw fenced(shard, `generation ${generation} was replaced by generation ${seen}`);
    if (isClaim) this.#generations.set(shard, generation);
  }

  prepare(records: readonly WrittenRecord[]): string {
    const id = `transaction-${++this.#transactions}`;
    this.prepared.set(id, [...records]);
    return id;
  }

  /** Makes a prepared transaction visible, once. */
  commitPrepared(id: string, commit: SinkCommit): void {
    const records = this.prepared.get(id);
    if (records === undefined) {
      if (this.#finished.has(id)) return;
      throw new StreamFlowError("SF_SINK_FAILED", `the target knows no prepared transaction "${id}"`);
    }
    this.finish(id);
    this.commit(records, commit);
  }

  /** Forgets a prepared transaction. */
  finish(id: string): void {
    this.prepared.delete(id);
    this.#finished.add(id);
  }

  commit(records: readonly WrittenRecord[], commit: SinkCommit): void {
    this.append(records);
    for (const shard of commit.shards) this.commits.set(shard.shard, copyOf(shard));
  }
}

/** The records of a batch, with nothing in them that the batch's owner may reuse. */
export function writtenRecords(batch: SinkBatch): WrittenRecord[] {
  return Array.from({ length: batch.length }, (_, i) => ({
    value: batch.values[i],
    timestampMs: batch.timestamps[i] ?? NaN,
    change: (batch.changes?.[i] ?? 0) as ChangeKind,
    identity: { ...batch.identityAt(i) },
  }));
}

/** The same with nothing that whoever handed it over could change. */
export function copyOf({ shard, generation, epoch, positions }: ShardCommit): ShardCommit {
  return { shard, generation, epoch, positions: { ...positions } };
}

function fenced(shard: ShardId, why: string): StreamFlowError {
  return new StreamFlowError("SF_SINK_FENCED", `shard "${shard}": ${why}`, { context: { shard } });
}
