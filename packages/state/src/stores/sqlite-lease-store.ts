// Leases in SQLite: the rules of lease-table.ts, each call as one, in a transaction that it may share.
import type { Fence, LeaseRequest, LeaseStore, ShardId } from "@streamflow/core";
import type { ProcessIdentity } from "../process-identity.ts";
import { acquireAll, deadHolders, fencesOf, releaseAll, renewAll } from "./lease-table.ts";
import type { Lease, LeaseTable } from "./lease-table.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import type { StoreEnvironment } from "./store-environment.ts";

/** So long after its last sign of life an owner's row is removed: then it has none, which also says that its leases may have run out. */
const forgetMs = 3_600_000;

export class SqliteLeaseStore implements LeaseStore {
  readonly #database: SqliteDatabase;
  readonly #environment: StoreEnvironment;
  readonly #process: ProcessIdentity | undefined;
  #isClosed = false;

  constructor(database: SqliteDatabase, environment: StoreEnvironment, process: ProcessIdentity | undefined) {
    this.#database = database;
    this.#environment = environment;
    this.#process = process;
    database.hold();
  }

  async acquire(request: LeaseRequest): Promise<readonly Fence[]> {
    // Outside the transaction, which cannot wait. A process that is dead stays dead.
    const dead = await deadHolders(this.#read(request.pipeline), request.shards, this.#process);
    return this.#database.soon(() => {
      const moment = { nowMs: this.#environment.clock.nowMs(), process: this.#process?.id, dead, floor: 0 };
      const acquired = acquireAll(this.#read(request.pipeline), request, moment);
      this.#write(request.pipeline, acquired);
      this.#hold(request, moment.nowMs);
      return fencesOf(acquired);
    });
  }

  async renew(request: LeaseRequest): Promise<{ readonly lost: readonly ShardId[] }> {
    return this.#database.soon(() => {
      const { renewed, lost } = renewAll(this.#read(request.pipeline), request, this.#environment.clock.nowMs());
      this.#write(request.pipeline, renewed);
      return { lost };
    });
  }

  /** One row for the owner, however many leases it has. */
  async keepAlive(request: Pick<LeaseRequest, "owner" | "ttlMs">): Promise<boolean> {
    return this.#database.write(() => {
      const nowMs = this.#environment.clock.nowMs();
      const until = this.#database.get("SELECT expires_ms FROM lease_owners WHERE owner = ?", request.owner)?.["expires_ms"];
      this.#database.run("INSERT OR REPLACE INTO lease_owners (owner, expires_ms) VALUES (?, ?)", request.owner, nowMs + request.ttlMs);
      return until !== undefined && nowMs < Number(until);
    });
  }

  async release(request: Omit<LeaseRequest, "ttlMs">): Promise<void> {
    await this.#database.soon(() => this.#write(request.pipeline, releaseAll(this.#read(request.pipeline), request)));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#database.letGo();
  }

  #read(pipeline: string): LeaseTable {
    const sql = `SELECT l.shard, l.generation, l.owner, l.process, max(l.expires_ms, coalesce(o.expires_ms, 0)) AS expires_ms
      FROM leases AS l LEFT JOIN lease_owners AS o ON o.owner = l.owner WHERE l.pipeline = ?`;
    const rows = this.#database.all(sql, pipeline);
    return new Map(rows.map((row): readonly [ShardId, Lease] => [String(row["shard"]), toLease(row)]));
  }

  /** An owner whose leases have run out stays so until it has renewed each of them. Owners that are long gone are forgotten. */
  #hold({ owner, ttlMs }: LeaseRequest, nowMs: number): void {
    this.#database.run("DELETE FROM lease_owners WHERE expires_ms < ?", nowMs - forgetMs);
    const sql = "INSERT INTO lease_owners (owner, expires_ms) VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET expires_ms = excluded.expires_ms WHERE expires_ms > ?";
    this.#database.run(sql, owner, nowMs + ttlMs, nowMs);
  }

  #write(pipeline: string, leases: readonly (readonly [ShardId, Lease])[]): void {
    const sql = "INSERT OR REPLACE INTO leases (pipeline, shard, generation, owner, process, expires_ms) VALUES (?, ?, ?, ?, ?, ?)";
    for (const [shard, { generation, owner, process, expiresMs }] of leases) {
      this.#database.run(sql, pipeline, shard, generation, owner ?? null, process ?? null, expiresMs);
    }
  }
}

function toLease(row: Readonly<Record<string, unknown>>): Lease {
  const text = (value: unknown): string | undefined => (value === null ? undefined : String(value));
  return { generation: Number(row["generation"]), owner: text(row["owner"]), process: text(row["process"]), expiresMs: Number(row["expires_ms"]) };
}
