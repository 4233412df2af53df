// One connection to an SQLite file: transactions that wait for their turn without blocking the thread, and errors with codes.
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { AnyErrorCode, Clock, ErrorDetails } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";

const firstPauseMs = 2;
const longestPauseMs = 200;
const busy = 5;
const locked = 6;

/** What a connection needs. */
export interface SqliteConnectionOptions {
  readonly path: string;
  /** For messages: `SQLite sink "out"`. */
  readonly name: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How long a transaction waits for those of others, in milliseconds. */
  readonly busyTimeoutMs: number;
}

/** A connection whose staged data lives in its own temporary database, and so locks nobody out. */
export class SqliteConnection {
  readonly #options: SqliteConnectionOptions;
  readonly #database: DatabaseSync;

  private constructor(options: SqliteConnectionOptions) {
    this.#options = options;
    this.#database = this.attempt(() => new DatabaseSync(options.path, { timeout: 0 }));
  }

  /**
   * Opens or creates the file.
   * @throws {@link StreamFlowError} SF_SINK_FAILED, SF_CONFIG_INVALID (no database), SF_SINK_UNAVAILABLE (locked by others for too long), SF_DISK_READ_ONLY, SF_DISK_FULL.
   */
  static async open(options: SqliteConnectionOptions): Promise<SqliteConnection> {
    const connection = new SqliteConnection(options);
    try {
      // Readers see the last commit while the next is written (WAL); a commit that has returned survives a power loss (FULL).
      await connection.#inTurn(() => connection.exec("PRAGMA journal_mode = WAL"));
      connection.exec("PRAGMA synchronous = FULL; PRAGMA temp_store = FILE; PRAGMA temp.journal_mode = MEMORY; PRAGMA temp.cache_size = -8192; PRAGMA main.cache_size = -16384");
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  exec(sql: string): void {
    this.attempt(() => this.#database.exec(sql));
  }

  prepare(sql: string): StatementSync {
    return this.attempt(() => this.#database.prepare(sql));
  }

  /**
   * Runs `work` in one transaction that holds the write lock from its start. It waits for its turn, and then runs again from the start, so
   * `work` must have no effects outside the database. Nothing else runs between its first and last statement.
   */
  async transaction<T>(work: () => T): Promise<T> {
    return this.#inTurn(() => {
      this.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        this.exec("COMMIT");
        return result;
      } catch (error) {
        // A full disk has ended the transaction already.
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
    });
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  /** Runs a call of SQLite; what it throws becomes a StreamFlowError. */
  attempt<T>(call: () => T): T {
    try {
      return call();
    } catch (thrown) {
      throw sqliteError(thrown, this.#options);
    }
  }

  async #inTurn<T>(work: () => T): Promise<T> {
    const { clock, busyTimeoutMs, signal } = this.#options;
    const untilMs = clock.monotonicMs() + busyTimeoutMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
      try {
        return work();
      } catch (error) {
        if (!isBusy(error) || clock.monotonicMs() >= untilMs || signal.aborted) throw error;
      }
      await new Promise<void>((resolve) => void clock.setTimer(pauseMs, resolve));
    }
  }
}

function isBusy(error: unknown): boolean {
  if (!StreamFlowError.is(error, "SF_SINK_UNAVAILABLE")) return false;
  const result = error.context?.["sqlite"];
  return result === busy || result === locked;
}

interface Meaning {
  readonly code: AnyErrorCode;
  readonly hint?: string;
}

/** Primary result codes that mean something to a user. @see https://www.sqlite.org/rescode.html */
const meanings: ReadonlyMap<number, Meaning> = new Map([
  [busy, { code: "SF_SINK_UNAVAILABLE", hint: "another connection holds the database's write lock; end its transaction, or raise busyTimeoutMs" }],
  [locked, { code: "SF_SINK_UNAVAILABLE" }],
  [8, { code: "SF_DISK_READ_ONLY" }],
  [10, { code: "SF_DISK_FAILED" }],
  [13, { code: "SF_DISK_FULL" }],
  [14, { code: "SF_DISK_READ_ONLY", hint: "check that the folder exists and may be written" }],
  [19, { code: "SF_SINK_FAILED", hint: 'a record breaks a constraint of the table; use mode "upsert" for keys that come again' }],
  [26, { code: "SF_CONFIG_INVALID", hint: "the file is not an SQLite database" }],
]);

function sqliteError(thrown: unknown, { name, path }: SqliteConnectionOptions): StreamFlowError {
  if (StreamFlowError.is(thrown)) return thrown;
  const result = (thrown as { errcode?: unknown } | null)?.errcode;
  const primary = typeof result === "number" ? result & 0xff : -1;
  const { code, hint }: Meaning = meanings.get(primary) ?? { code: "SF_SINK_FAILED" };
  const details: ErrorDetails = { cause: thrown, context: { path, sqlite: primary }, ...(hint === undefined ? {} : { hint }) };
  return new StreamFlowError(code, `${name}: database "${path}": ${thrown instanceof Error ? thrown.message : String(thrown)}`, details);
}
