// Leases in SQLite: the rules of lease-table.ts, each call in one transaction.
import type { Fence, LeaseRequest, LeaseStore, ShardId } from "@streamflow/core";
import type { ProcessIdentity } from "../process-identity.ts";
import { acquireAll, deadHolders, fencesOf, releaseAll, renewAll } from "./lease-table.ts";
import type { Lease, LeaseTable } from "./lease-table.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import type { StoreEnvironment } from "./store-environment.ts";

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
    return this.#database.write(() => {
      const moment = { nowMs: this.#environment.clock.nowMs(), process: this.#process?.id, dead, floor: 0 };
      const acquired = acquireAll(this.#read(request.pipeline), request, moment);
      this.#write(request.pipeline, acquired);
      return fencesOf(acquired);
    });
  }

  async renew(request: LeaseRequest): Promise<{ readonly lost: readonly ShardId[] }> {
    return this.#database.write(() => {
      const { renewed, lost } = renewAll(this.#read(request.pipeline), request, this.#environment.clock.nowMs());
      this.#write(request.pipeline, renewed);
      return { lost };
    });
  }

  async release(request: Omit<LeaseRequest, "ttlMs">): Promise<void> {
    this.#database.write(() => this.#write(request.pipeline, releaseAll(this.#read(request.pipeline), request)));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#database.letGo();
  }

  #read(pipeline: string): LeaseTable {
    const rows = this.#database.all("SELECT shard, generation, owner, process, expires_ms FROM leases WHERE pipeline = ?", pipeline);
    return new Map(rows.map((row): readonly [ShardId, Lease] => [String(row["shard"]), toLease(row)]));
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
