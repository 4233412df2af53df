// Logs in SQLite.
import type { Fence, LogAppendOptions, LogEntry, LogStore } from "@streamflow/core";
import { fenced } from "./shard-heads.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import type { StoreEnvironment } from "./store-environment.ts";

export class SqliteLogStore implements LogStore {
  readonly #database: SqliteDatabase;
  readonly #environment: StoreEnvironment;
  #isClosed = false;

  constructor(database: SqliteDatabase, environment: StoreEnvironment) {
    this.#database = database;
    this.#environment = environment;
    database.hold();
  }

  async append(name: string, entries: readonly Uint8Array[], options: LogAppendOptions = {}): Promise<number> {
    return this.#database.write(() => {
      if (options.fence !== undefined) this.#fence(name, options.fence);
      return this.#write(name, entries, options.keys ?? []);
    });
  }

  async read(name: string, after: number, limit: number): Promise<readonly LogEntry[]> {
    const sql = "SELECT cursor, time_ms, payload FROM log_entries WHERE name = ? AND cursor > ? ORDER BY cursor LIMIT ?";
    const rows = this.#database.all(sql, name, after, Math.min(limit, Number.MAX_SAFE_INTEGER));
    return rows.map((row) => ({ cursor: Number(row["cursor"]), timeMs: Number(row["time_ms"]), payload: row["payload"] as Uint8Array }));
  }

  async count(name: string): Promise<number> {
    return Number(this.#database.get("SELECT count(*) AS entries FROM log_entries WHERE name = ?", name)?.["entries"]);
  }

  async trim(name: string, upTo: number): Promise<void> {
    this.#database.write(() => {
      this.#database.run("DELETE FROM log_entries WHERE name = ? AND cursor <= ?", name, upTo);
    });
  }

  async names(): Promise<readonly string[]> {
    return this.#database.all("SELECT name FROM logs").map((row) => String(row["name"])).sort();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#database.letGo();
  }

  /** Answers the cursor of the last entry. The newest cursor is kept apart from the entries: trimmed ones must not come back. */
  #write(name: string, entries: readonly Uint8Array[], keys: readonly (string | undefined)[]): number {
    let newest = Number(this.#database.get("SELECT last_cursor FROM logs WHERE name = ?", name)?.["last_cursor"] ?? 0);
    let answer = newest;
    const timeMs = this.#environment.clock.nowMs();
    const insert = "INSERT INTO log_entries (name, cursor, time_ms, key, payload) VALUES (?, ?, ?, ?, ?)";
    for (const [index, payload] of entries.entries()) {
      const key = keys[index];
      const earlier = key === undefined ? undefined : this.#database.get("SELECT cursor FROM log_entries WHERE name = ? AND key = ?", name, key);
      if (earlier === undefined) this.#database.run(insert, name, ++newest, timeMs, key ?? null, payload);
      answer = earlier === undefined ? newest : Number(earlier["cursor"]);
    }
    this.#database.run("INSERT OR REPLACE INTO logs (name, last_cursor) VALUES (?, ?)", name, newest);
    return answer;
  }

  #fence(name: string, { shard, generation }: Fence): void {
    const known = this.#database.get("SELECT generation FROM log_fences WHERE name = ? AND shard = ?", name, shard);
    const newest = Number(known?.["generation"] ?? -1);
    if (newest > generation) throw fenced(`log "${name}" has seen generation ${newest} of shard "${shard}"; generation ${generation} may not append any more`, name, shard);
    if (newest < generation) this.#database.run("INSERT OR REPLACE INTO log_fences (name, shard, generation) VALUES (?, ?, ?)", name, shard, generation);
  }
}
