// Logs in Postgres.
import type { Fence, LogAppendOptions, LogEntry, LogStore } from "@streamflow/core";
import { plainBytes } from "./postgres-database.ts";
import type { PostgresDatabase, PostgresQueries } from "./postgres-database.ts";
import { fenced } from "./shard-heads.ts";
import type { StoreEnvironment } from "./store-environment.ts";

interface EntryRow {
  readonly cursor: string;
  readonly time_ms: number;
  readonly payload: Buffer;
}

export class PostgresLogStore implements LogStore {
  readonly #database: PostgresDatabase;
  readonly #environment: StoreEnvironment;
  #isClosed = false;

  constructor(database: PostgresDatabase, environment: StoreEnvironment) {
    this.#database = database;
    this.#environment = environment;
    database.hold();
  }

  async append(name: string, entries: readonly Uint8Array[], options: LogAppendOptions = {}): Promise<number> {
    return this.#database.transaction(`log ${name}`, async (queries) => {
      if (options.fence !== undefined) await fence(queries, name, options.fence);
      return this.#write(queries, name, { entries, keys: options.keys ?? [] });
    });
  }

  async read(name: string, after: number, limit: number): Promise<readonly LogEntry[]> {
    const sql = "SELECT cursor, time_ms, payload FROM log_entries WHERE name = $1 AND cursor > $2 ORDER BY cursor LIMIT $3";
    const rows = await this.#database.rows<EntryRow>(sql, [name, after, Math.min(limit, Number.MAX_SAFE_INTEGER)]);
    return rows.map(({ cursor, time_ms: timeMs, payload }) => ({ cursor: Number(cursor), timeMs, payload: plainBytes(payload) }));
  }

  async count(name: string): Promise<number> {
    const [row] = await this.#database.rows<{ readonly entries: string }>("SELECT count(*) AS entries FROM log_entries WHERE name = $1", [name]);
    return Number(row?.entries);
  }

  async trim(name: string, upTo: number): Promise<void> {
    await this.#database.rows("DELETE FROM log_entries WHERE name = $1 AND cursor <= $2", [name, upTo]);
  }

  async names(): Promise<readonly string[]> {
    return (await this.#database.rows<{ readonly name: string }>("SELECT name FROM logs")).map((row) => row.name).sort();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#database.letGo();
  }

  /** Answers the cursor of the last entry. The newest cursor is kept apart from the entries: trimmed ones must not come back. */
  async #write(queries: PostgresQueries, name: string, { entries, keys }: { readonly entries: readonly Uint8Array[]; readonly keys: readonly (string | undefined)[] }): Promise<number> {
    const [log] = await queries.rows<{ readonly last_cursor: string }>("SELECT last_cursor FROM logs WHERE name = $1", [name]);
    const given = keys.filter((key) => key !== undefined);
    const known = given.length === 0 ? [] : await queries.rows<{ readonly key: string; readonly cursor: string }>("SELECT key, cursor FROM log_entries WHERE name = $1 AND key = ANY($2)", [name, given]);
    const cursors = new Map(known.map(({ key, cursor }) => [key, Number(cursor)]));
    let newest = Number(log?.last_cursor ?? 0);
    let answer = newest;
    const added: { readonly cursor: number; readonly key: string | null; readonly payload: Buffer }[] = [];
    for (const [index, payload] of entries.entries()) {
      const key = keys[index];
      const earlier = key === undefined ? undefined : cursors.get(key);
      if (earlier === undefined) added.push({ cursor: ++newest, key: key ?? null, payload: Buffer.from(payload) });
      if (key !== undefined && earlier === undefined) cursors.set(key, newest);
      answer = earlier ?? newest;
    }
    const insert = "INSERT INTO log_entries (name, cursor, time_ms, key, payload) SELECT $1, cursor, $2, key, payload FROM unnest($3::bigint[], $4::text[], $5::bytea[]) AS e (cursor, key, payload)";
    await queries.rows(insert, [name, this.#environment.clock.nowMs(), added.map(({ cursor }) => cursor), added.map(({ key }) => key), added.map(({ payload }) => payload)]);
    await queries.rows("INSERT INTO logs (name, last_cursor) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET last_cursor = excluded.last_cursor", [name, newest]);
    return answer;
  }
}

async function fence(queries: PostgresQueries, name: string, { shard, generation }: Fence): Promise<void> {
  const [known] = await queries.rows<{ readonly generation: string }>("SELECT generation FROM log_fences WHERE name = $1 AND shard = $2", [name, shard]);
  const newest = Number(known?.generation ?? -1);
  if (newest > generation) throw fenced(`log "${name}" has seen generation ${newest} of shard "${shard}"; generation ${generation} may not append any more`, name, shard);
  if (newest < generation) await queries.rows("INSERT INTO log_fences (name, shard, generation) VALUES ($1, $2, $3) ON CONFLICT (name, shard) DO UPDATE SET generation = excluded.generation", [name, shard, generation]);
}
