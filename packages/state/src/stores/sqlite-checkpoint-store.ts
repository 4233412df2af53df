// Checkpoints in SQLite: every call is one, in a transaction that it may share, so atomicity, durability and fencing between processes are the database's.
import { checksumOf, StreamFlowError } from "@streamflow/core";
import type { Checkpoint, CheckpointStore, Fence, ListedCheckpoint, SegmentRef } from "@streamflow/core";
import { decodeCheckpoint, encodeCheckpoint, segmentsOf } from "../checkpoint-codec.ts";
import { newestFirst, removable } from "./retention.ts";
import { checkClaim, checkGeneration } from "./shard-heads.ts";
import type { ShardHead } from "./shard-heads.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { reach, uniqueName } from "./store-environment.ts";
import type { StoreEnvironment } from "./store-environment.ts";

/** Unreferenced segments that are younger may belong to a checkpoint that another process is just writing. */
const segmentGraceMs = 3_600_000;

type FoundCheckpoint = ListedCheckpoint & { readonly id: number };

export class SqliteCheckpointStore implements CheckpointStore {
  readonly #database: SqliteDatabase;
  readonly #environment: StoreEnvironment;
  #isClosed = false;

  constructor(database: SqliteDatabase, environment: StoreEnvironment) {
    this.#database = database;
    this.#environment = environment;
    database.hold();
  }

  async writeSegment(pipeline: string, bytes: Uint8Array): Promise<SegmentRef> {
    const name = uniqueName(this.#environment);
    await this.#database.soon(() => this.#database.run("INSERT INTO segments (pipeline, name, created_ms, bytes) VALUES (?, ?, ?, ?)", pipeline, name, Math.floor(this.#environment.clock.nowMs()), bytes));
    await reach(this.#environment, "store.segment.written");
    return { name, byteLength: bytes.byteLength, checksum: checksumOf(bytes) };
  }

  async readSegment(pipeline: string, ref: SegmentRef): Promise<Uint8Array> {
    const row = this.#database.get("SELECT bytes FROM segments WHERE pipeline = ? AND name = ?", pipeline, ref.name);
    if (row === undefined) throw this.#damaged(pipeline, ref, "it is missing");
    const bytes = row["bytes"] as Uint8Array;
    if (bytes.byteLength !== ref.byteLength) throw this.#damaged(pipeline, ref, `it has ${bytes.byteLength} bytes, expected ${ref.byteLength}`);
    const checksum = checksumOf(bytes);
    if (checksum !== ref.checksum) throw this.#damaged(pipeline, ref, `its checksum is ${checksum}, expected ${ref.checksum}`);
    return bytes;
  }

  async fence(pipeline: string, fences: readonly Fence[]): Promise<void> {
    await this.#database.soon(() => {
      for (const fence of fences) {
        const head = this.#head(pipeline, fence.shard);
        checkGeneration(pipeline, fence, head);
        if (head?.generation !== fence.generation) this.#setHead(pipeline, fence.shard, { generation: fence.generation, epoch: -1 });
      }
    });
    await reach(this.#environment, "store.fence.sealed");
  }

  async publish(pipeline: string, checkpoint: Checkpoint): Promise<void> {
    await reach(this.#environment, "store.publish.written");
    await this.#database.soon(() => {
      for (const manifest of checkpoint.manifests) checkClaim(pipeline, manifest, this.#head(pipeline, manifest.shard));
      const body = encodeCheckpoint(checkpoint);
      this.#database.run("INSERT INTO checkpoints (pipeline, epoch, body) VALUES (?, ?, ?)", pipeline, checkpoint.epoch, body);
      const id = Number(this.#database.get("SELECT last_insert_rowid() AS id")?.["id"]);
      for (const name of segmentsOf(checkpoint).keys()) this.#use(pipeline, { id, epoch: checkpoint.epoch, name });
      for (const { shard, generation, epoch } of checkpoint.manifests) this.#setHead(pipeline, shard, { generation, epoch });
    });
    await reach(this.#environment, "store.publish.durable");
  }

  async list(pipeline: string): Promise<readonly ListedCheckpoint[]> {
    return this.#find(pipeline).map(({ id: _, ...entry }) => entry);
  }

  async prune(pipeline: string, keep: number, named: readonly number[]): Promise<void> {
    await this.#database.soon(() => {
      const goes = removable(this.#find(pipeline), keep, named);
      for (const { id } of goes) this.#database.run("DELETE FROM checkpoints WHERE id = ?", id);
      for (const entry of goes) if ("checkpoint" in entry) this.#removeUnused(pipeline, [...segmentsOf(entry.checkpoint).keys()]);
      const sql = `DELETE FROM segments WHERE pipeline = ? AND created_ms < ? AND NOT EXISTS
        (SELECT 1 FROM segment_uses AS u WHERE u.pipeline = segments.pipeline AND u.name = segments.name)`;
      this.#database.run(sql, pipeline, Math.floor(this.#environment.clock.nowMs()) - segmentGraceMs);
    });
  }

  async discard(pipeline: string, segments: readonly SegmentRef[]): Promise<void> {
    await this.#database.soon(() => this.#removeUnused(pipeline, segments.map((segment) => segment.name)));
  }

  async drop(pipeline: string): Promise<void> {
    // Uses go with their checkpoints, and before the segments that they name.
    await this.#database.soon(() => {
      for (const table of ["checkpoints", "segments", "shard_heads"]) this.#database.run(`DELETE FROM ${table} WHERE pipeline = ?`, pipeline);
    });
  }

  async pipelines(): Promise<readonly string[]> {
    const rows = this.#database.all("SELECT pipeline FROM checkpoints UNION SELECT pipeline FROM shard_heads UNION SELECT pipeline FROM segments");
    return rows.map((row) => row["pipeline"] as string).sort();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#database.letGo();
  }

  /** Newest first. */
  #find(pipeline: string): FoundCheckpoint[] {
    const rows = this.#database.all(
      `SELECT c.id, c.epoch, c.body,
        (SELECT group_concat(u.name, ', ') FROM segment_uses AS u LEFT JOIN segments AS s ON s.pipeline = u.pipeline AND s.name = u.name
          WHERE u.checkpoint = c.id AND s.name IS NULL) AS missing
       FROM checkpoints AS c WHERE c.pipeline = ?`,
      pipeline,
    );
    return rows.map((row) => this.#entry(row)).sort(newestFirst);
  }

  #entry(row: Readonly<Record<string, unknown>>): FoundCheckpoint {
    const [id, epoch, body] = [Number(row["id"]), Number(row["epoch"]), row["body"] as Uint8Array];
    try {
      const checkpoint = decodeCheckpoint(body, `checkpoint ${id} in ${this.#database.path}`);
      const byteLength = [...segmentsOf(checkpoint).values()].reduce((sum, segment) => sum + segment.byteLength, body.byteLength);
      if (row["missing"] !== null) return { id, epoch, byteLength, damaged: `segments ${String(row["missing"])} in ${this.#database.path} are missing` };
      return { id, epoch, byteLength, checkpoint };
    } catch (error) {
      return { id, epoch, byteLength: body.byteLength, damaged: error instanceof Error ? error.message : String(error) };
    }
  }

  #head(pipeline: string, shard: string): ShardHead | undefined {
    const row = this.#database.get("SELECT generation, epoch FROM shard_heads WHERE pipeline = ? AND shard = ?", pipeline, shard);
    return row === undefined ? undefined : { generation: Number(row["generation"]), epoch: Number(row["epoch"]) };
  }

  #setHead(pipeline: string, shard: string, head: ShardHead): void {
    this.#database.run("INSERT OR REPLACE INTO shard_heads (pipeline, shard, generation, epoch) VALUES (?, ?, ?, ?)", pipeline, shard, head.generation, head.epoch);
  }

  #use(pipeline: string, { id, epoch, name }: { id: number; epoch: number; name: string }): void {
    const known = this.#database.get("SELECT 1 FROM segments WHERE pipeline = ? AND name = ?", pipeline, name);
    if (known === undefined) throw new StreamFlowError("SF_CHECKPOINT_FAILED", `segment "${name}" of epoch ${epoch} of pipeline "${pipeline}" is not in ${this.#database.path}`);
    this.#database.run("INSERT INTO segment_uses (checkpoint, pipeline, name) VALUES (?, ?, ?)", id, pipeline, name);
  }

  #removeUnused(pipeline: string, names: readonly string[]): void {
    for (const name of names) {
      const used = this.#database.get("SELECT 1 FROM segment_uses WHERE pipeline = ? AND name = ?", pipeline, name);
      if (used === undefined) this.#database.run("DELETE FROM segments WHERE pipeline = ? AND name = ?", pipeline, name);
    }
  }

  #damaged(pipeline: string, ref: SegmentRef, what: string): StreamFlowError {
    const { path } = this.#database;
    return new StreamFlowError("SF_STATE_CORRUPT", `segment "${ref.name}" of pipeline "${pipeline}" in ${path} is damaged: ${what}`, { context: { pipeline, path, segment: ref.name } });
  }
}
