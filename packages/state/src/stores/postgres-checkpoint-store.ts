// Checkpoints in Postgres: atomicity and durability are the database's; what belongs to one pipeline is changed by one process at a time.
import { checksumOf, StreamFlowError } from "@streamflow/core";
import type { Checkpoint, CheckpointStore, Fence, ListedCheckpoint, SegmentRef } from "@streamflow/core";
import { decodeCheckpoint, encodeCheckpoint, segmentsOf } from "../checkpoint-codec.ts";
import { plainBytes } from "./postgres-database.ts";
import type { PostgresDatabase, PostgresQueries } from "./postgres-database.ts";
import { newestFirst, removable } from "./retention.ts";
import { checkClaim, checkGeneration } from "./shard-heads.ts";
import type { ShardHead } from "./shard-heads.ts";
import { reach, uniqueName } from "./store-environment.ts";
import type { StoreEnvironment } from "./store-environment.ts";

/** Unreferenced segments that are younger may belong to a checkpoint that another process is just writing. */
const segmentGraceMs = 3_600_000;

type FoundCheckpoint = ListedCheckpoint & { readonly id: string };

export class PostgresCheckpointStore implements CheckpointStore {
  readonly #database: PostgresDatabase;
  readonly #environment: StoreEnvironment;
  #isClosed = false;

  constructor(database: PostgresDatabase, environment: StoreEnvironment) {
    this.#database = database;
    this.#environment = environment;
    database.hold();
  }

  async writeSegment(pipeline: string, bytes: Uint8Array): Promise<SegmentRef> {
    const name = uniqueName(this.#environment);
    await this.#database.rows("INSERT INTO segments (pipeline, name, created_ms, bytes) VALUES ($1, $2, $3, $4)", [pipeline, name, this.#environment.clock.nowMs(), Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)]);
    await reach(this.#environment, "store.segment.written");
    return { name, byteLength: bytes.byteLength, checksum: checksumOf(bytes) };
  }

  async readSegment(pipeline: string, ref: SegmentRef): Promise<Uint8Array> {
    const [row] = await this.#database.rows<{ readonly bytes: Buffer }>("SELECT bytes FROM segments WHERE pipeline = $1 AND name = $2", [pipeline, ref.name]);
    if (row === undefined) throw this.#damaged(pipeline, ref, "it is missing");
    const bytes = plainBytes(row.bytes);
    if (bytes.byteLength !== ref.byteLength) throw this.#damaged(pipeline, ref, `it has ${bytes.byteLength} bytes, expected ${ref.byteLength}`);
    const checksum = checksumOf(bytes);
    if (checksum !== ref.checksum) throw this.#damaged(pipeline, ref, `its checksum is ${checksum}, expected ${ref.checksum}`);
    return bytes;
  }

  async fence(pipeline: string, fences: readonly Fence[]): Promise<void> {
    await this.#change(pipeline, async (queries) => {
      const heads = await readHeads(queries, pipeline, fences);
      for (const fence of fences) checkGeneration(pipeline, fence, heads.get(fence.shard));
      const newer = fences.filter(({ shard, generation }) => heads.get(shard)?.generation !== generation);
      await writeHeads(queries, pipeline, newer.map(({ shard, generation }) => ({ shard, generation, epoch: -1 })));
    });
    await reach(this.#environment, "store.fence.sealed");
  }

  async publish(pipeline: string, checkpoint: Checkpoint): Promise<void> {
    await reach(this.#environment, "store.publish.written");
    const { epoch, manifests } = checkpoint;
    await this.#change(pipeline, async (queries) => {
      const heads = await readHeads(queries, pipeline, manifests);
      for (const manifest of manifests) checkClaim(pipeline, manifest, heads.get(manifest.shard));
      const names = [...segmentsOf(checkpoint).keys()];
      await this.#mustHave(queries, pipeline, { names, epoch });
      const [row] = await queries.rows<{ readonly id: string }>("INSERT INTO checkpoints (pipeline, epoch, body) VALUES ($1, $2, $3) RETURNING id", [pipeline, epoch, Buffer.from(encodeCheckpoint(checkpoint))]);
      await queries.rows("INSERT INTO segment_uses (checkpoint, pipeline, name) SELECT $1, $2, name FROM unnest($3::text[]) AS name", [row?.id, pipeline, names]);
      await writeHeads(queries, pipeline, manifests);
    });
    await reach(this.#environment, "store.publish.durable");
  }

  async list(pipeline: string): Promise<readonly ListedCheckpoint[]> {
    return (await this.#find(this.#database, pipeline)).map(({ id: _, ...entry }) => entry);
  }

  async prune(pipeline: string, keep: number, named: readonly number[]): Promise<void> {
    await this.#change(pipeline, async (queries) => {
      const goes = removable(await this.#find(queries, pipeline), keep, named);
      await queries.rows("DELETE FROM checkpoints WHERE id = ANY($1::bigint[])", [goes.map(({ id }) => id)]);
      await removeUnused(queries, pipeline, goes.flatMap((entry) => ("checkpoint" in entry ? [...segmentsOf(entry.checkpoint).keys()] : [])));
      const abandoned = "DELETE FROM segments AS s WHERE pipeline = $1 AND created_ms < $2 AND NOT EXISTS (SELECT 1 FROM segment_uses AS u WHERE u.pipeline = s.pipeline AND u.name = s.name)";
      await queries.rows(abandoned, [pipeline, this.#environment.clock.nowMs() - segmentGraceMs]);
    });
  }

  async discard(pipeline: string, segments: readonly SegmentRef[]): Promise<void> {
    await this.#change(pipeline, (queries) => removeUnused(queries, pipeline, segments.map((segment) => segment.name)));
  }

  async drop(pipeline: string): Promise<void> {
    // Uses go with their checkpoints, and before the segments that they name.
    await this.#change(pipeline, async (queries) => {
      for (const table of ["checkpoints", "segments", "shard_heads"]) await queries.rows(`DELETE FROM ${table} WHERE pipeline = $1`, [pipeline]);
    });
  }

  async pipelines(): Promise<readonly string[]> {
    const rows = await this.#database.rows<{ readonly pipeline: string }>("SELECT pipeline FROM checkpoints UNION SELECT pipeline FROM shard_heads UNION SELECT pipeline FROM segments");
    return rows.map((row) => row.pipeline).sort();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#database.letGo();
  }

  #change<T>(pipeline: string, work: (queries: PostgresQueries) => Promise<T>): Promise<T> {
    return this.#database.transaction(`checkpoints of ${pipeline}`, work);
  }

  /** Newest first. */
  async #find(queries: PostgresQueries, pipeline: string): Promise<FoundCheckpoint[]> {
    const rows = await queries.rows<{ readonly id: string; readonly epoch: string; readonly body: Buffer }>("SELECT id, epoch, body FROM checkpoints WHERE pipeline = $1", [pipeline]);
    return rows.map(({ id, epoch, body }) => this.#entry({ id, epoch: Number(epoch), body: plainBytes(body) })).sort(newestFirst);
  }

  #entry({ id, epoch, body }: { readonly id: string; readonly epoch: number; readonly body: Uint8Array }): FoundCheckpoint {
    try {
      const checkpoint = decodeCheckpoint(body, `checkpoint ${id} in ${this.#database.path}`);
      const byteLength = [...segmentsOf(checkpoint).values()].reduce((sum, segment) => sum + segment.byteLength, body.byteLength);
      return { id, epoch, byteLength, checkpoint };
    } catch (error) {
      return { id, epoch, byteLength: body.byteLength, damaged: error instanceof Error ? error.message : String(error) };
    }
  }

  async #mustHave(queries: PostgresQueries, pipeline: string, { names, epoch }: { readonly names: readonly string[]; readonly epoch: number }): Promise<void> {
    const rows = await queries.rows<{ readonly name: string }>("SELECT name FROM segments WHERE pipeline = $1 AND name = ANY($2)", [pipeline, names]);
    const found = new Set(rows.map((row) => row.name));
    const missing = names.find((name) => !found.has(name));
    if (missing !== undefined) throw new StreamFlowError("SF_CHECKPOINT_FAILED", `segment "${missing}" of epoch ${epoch} of pipeline "${pipeline}" is not in ${this.#database.path}`);
  }

  #damaged(pipeline: string, ref: SegmentRef, what: string): StreamFlowError {
    const { path } = this.#database;
    return new StreamFlowError("SF_STATE_CORRUPT", `segment "${ref.name}" of pipeline "${pipeline}" in ${path} is damaged: ${what}`, { context: { pipeline, path, segment: ref.name } });
  }
}

async function readHeads(queries: PostgresQueries, pipeline: string, shards: readonly Fence[]): Promise<ReadonlyMap<string, ShardHead>> {
  const sql = "SELECT shard, generation, epoch FROM shard_heads WHERE pipeline = $1 AND shard = ANY($2)";
  const rows = await queries.rows<{ readonly shard: string; readonly generation: string; readonly epoch: string }>(sql, [pipeline, shards.map(({ shard }) => shard)]);
  return new Map(rows.map(({ shard, generation, epoch }) => [shard, { generation: Number(generation), epoch: Number(epoch) }]));
}

async function writeHeads(queries: PostgresQueries, pipeline: string, heads: readonly (ShardHead & Fence)[]): Promise<void> {
  const byShard = [...new Map(heads.map((head) => [head.shard, head])).values()];
  const sql = `INSERT INTO shard_heads (pipeline, shard, generation, epoch) SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::bigint[])
    ON CONFLICT (pipeline, shard) DO UPDATE SET generation = excluded.generation, epoch = excluded.epoch`;
  await queries.rows(sql, [pipeline, byShard.map(({ shard }) => shard), byShard.map(({ generation }) => generation), byShard.map(({ epoch }) => epoch)]);
}

async function removeUnused(queries: PostgresQueries, pipeline: string, names: readonly string[]): Promise<void> {
  await queries.rows("DELETE FROM segments AS s WHERE pipeline = $1 AND name = ANY($2) AND NOT EXISTS (SELECT 1 FROM segment_uses AS u WHERE u.pipeline = s.pipeline AND u.name = s.name)", [pipeline, names]);
}
