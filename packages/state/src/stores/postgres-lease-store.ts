// Leases in Postgres: the rules of lease-table.ts. Time is that of the processes (LSE-5): where their clocks differ by
// more than a lease, one may be taken early, which fences keep harmless.
import type { Fence, LeaseRequest, LeaseStore, ShardId } from "@streamflow/core";
import type { ProcessIdentity } from "../process-identity.ts";
import { acquireAll, deadHolders, fencesOf, releaseAll, renewAll } from "./lease-table.ts";
import type { Lease, LeaseTable } from "./lease-table.ts";
import type { PostgresDatabase, PostgresQueries } from "./postgres-database.ts";
import type { StoreEnvironment } from "./store-environment.ts";

/** So long after its last sign of life an owner's row is removed: then it has none, which also says that its leases may have run out. */
const forgetMs = 3_600_000;

interface LeaseRow {
  readonly shard: string;
  readonly generation: string;
  readonly owner: string | null;
  readonly process: string | null;
  readonly expires_ms: number;
}

export class PostgresLeaseStore implements LeaseStore {
  readonly #database: PostgresDatabase;
  readonly #environment: StoreEnvironment;
  readonly #process: ProcessIdentity | undefined;
  #isClosed = false;

  constructor(database: PostgresDatabase, environment: StoreEnvironment, process: ProcessIdentity | undefined) {
    this.#database = database;
    this.#environment = environment;
    this.#process = process;
    database.hold();
  }

  async acquire(request: LeaseRequest): Promise<readonly Fence[]> {
    // Outside the transaction, which others wait for. A process that is dead stays dead.
    const dead = await deadHolders(await readLeases(this.#database, request.pipeline), request.shards, this.#process);
    return this.#change(request.pipeline, async (queries) => {
      const moment = { nowMs: this.#environment.clock.nowMs(), process: this.#process?.id, dead, floor: 0 };
      const acquired = acquireAll(await readLeases(queries, request.pipeline), request, moment);
      await writeLeases(queries, request.pipeline, acquired);
      await this.#hold(queries, request, moment.nowMs);
      return fencesOf(acquired);
    });
  }

  async renew(request: LeaseRequest): Promise<{ readonly lost: readonly ShardId[] }> {
    return this.#change(request.pipeline, async (queries) => {
      const { renewed, lost } = renewAll(await readLeases(queries, request.pipeline), request, this.#environment.clock.nowMs());
      await writeLeases(queries, request.pipeline, renewed);
      return { lost };
    });
  }

  /** One row for the owner, however many leases it has. */
  async keepAlive({ owner, ttlMs }: Pick<LeaseRequest, "owner" | "ttlMs">): Promise<boolean> {
    const nowMs = this.#environment.clock.nowMs();
    const sql = `WITH before AS (SELECT expires_ms FROM lease_owners WHERE owner = $1)
      INSERT INTO lease_owners (owner, expires_ms) VALUES ($1, $2) ON CONFLICT (owner) DO UPDATE SET expires_ms = excluded.expires_ms RETURNING (SELECT expires_ms FROM before) AS before`;
    const [row] = await this.#database.rows<{ readonly before: number | null }>(sql, [owner, nowMs + ttlMs]);
    return row?.before != null && nowMs < row.before;
  }

  async release(request: Omit<LeaseRequest, "ttlMs">): Promise<void> {
    await this.#change(request.pipeline, async (queries) => writeLeases(queries, request.pipeline, releaseAll(await readLeases(queries, request.pipeline), request)));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#database.letGo();
  }

  #change<T>(pipeline: string, work: (queries: PostgresQueries) => Promise<T>): Promise<T> {
    return this.#database.transaction(`leases of ${pipeline}`, work);
  }

  /** An owner whose leases have run out stays so until it has renewed each of them. Owners that are long gone are forgotten. */
  async #hold(queries: PostgresQueries, { owner, ttlMs }: LeaseRequest, nowMs: number): Promise<void> {
    await queries.rows("DELETE FROM lease_owners WHERE expires_ms < $1", [nowMs - forgetMs]);
    const sql = "INSERT INTO lease_owners AS o (owner, expires_ms) VALUES ($1, $2) ON CONFLICT (owner) DO UPDATE SET expires_ms = excluded.expires_ms WHERE o.expires_ms > $3";
    await queries.rows(sql, [owner, nowMs + ttlMs, nowMs]);
  }
}

async function readLeases(queries: PostgresQueries, pipeline: string): Promise<LeaseTable> {
  const sql = `SELECT l.shard, l.generation, l.owner, l.process, greatest(l.expires_ms, o.expires_ms) AS expires_ms
    FROM leases AS l LEFT JOIN lease_owners AS o ON o.owner = l.owner WHERE l.pipeline = $1`;
  return new Map((await queries.rows<LeaseRow>(sql, [pipeline])).map((row): readonly [ShardId, Lease] => [row.shard, toLease(row)]));
}

async function writeLeases(queries: PostgresQueries, pipeline: string, leases: readonly (readonly [ShardId, Lease])[]): Promise<void> {
  const sql = `INSERT INTO leases (pipeline, shard, generation, owner, process, expires_ms) SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::double precision[])
    ON CONFLICT (pipeline, shard) DO UPDATE SET generation = excluded.generation, owner = excluded.owner, process = excluded.process, expires_ms = excluded.expires_ms`;
  const column = (pick: (lease: Lease) => unknown): readonly unknown[] => leases.map(([, lease]) => pick(lease) ?? null);
  await queries.rows(sql, [pipeline, leases.map(([shard]) => shard), column((lease) => lease.generation), column((lease) => lease.owner), column((lease) => lease.process), column((lease) => lease.expiresMs)]);
}

function toLease({ generation, owner, process, expires_ms }: LeaseRow): Lease {
  return { generation: Number(generation), owner: owner ?? undefined, process: process ?? undefined, expiresMs: expires_ms };
}
