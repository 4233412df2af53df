// One SQLite database file, shared by all stores of it.
// Calls block the thread: checkpoints, leases, logs and metadata are a few transactions a second; state is written in batches.
// What many pipelines of a host ask for at one moment is one transaction (`soon`): the disk is waited for once.
import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import { StreamFlowError } from "@streamflow/core";
import type { ErrorCode, ErrorDetails } from "@streamflow/core";

const defaultBusyTimeoutMs = 5000;

/** What a database file is made with. */
export interface SqliteLayout {
  /** Raised when the tables change; a database of a newer version is refused. */
  readonly version: number;
  /** Makes the tables of a new file. */
  readonly tables: string;
  /** By version: what an older file lacks. @defaultValue none: it has always been version 1 */
  readonly additions?: Readonly<Record<number, string>>;
  /** `full`: a transaction that has returned survives a power loss. `normal`: the newest ones may be lost, in order. */
  readonly synchronous: "full" | "normal";
}

const tables = `
  CREATE TABLE segments (pipeline TEXT NOT NULL, name TEXT NOT NULL, created_ms INTEGER NOT NULL, bytes BLOB NOT NULL,
    PRIMARY KEY (pipeline, name)) WITHOUT ROWID;
  CREATE TABLE checkpoints (id INTEGER PRIMARY KEY AUTOINCREMENT, pipeline TEXT NOT NULL, epoch INTEGER NOT NULL, body BLOB NOT NULL);
  CREATE INDEX checkpoints_by_pipeline ON checkpoints (pipeline, epoch);
  CREATE TABLE segment_uses (checkpoint INTEGER NOT NULL REFERENCES checkpoints (id) ON DELETE CASCADE, pipeline TEXT NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY (checkpoint, name)) WITHOUT ROWID;
  CREATE INDEX segment_uses_by_name ON segment_uses (pipeline, name);
  CREATE TABLE shard_heads (pipeline TEXT NOT NULL, shard TEXT NOT NULL, generation INTEGER NOT NULL, epoch INTEGER NOT NULL,
    PRIMARY KEY (pipeline, shard)) WITHOUT ROWID;
  CREATE TABLE leases (pipeline TEXT NOT NULL, shard TEXT NOT NULL, generation INTEGER NOT NULL, owner TEXT, process TEXT, expires_ms REAL NOT NULL,
    PRIMARY KEY (pipeline, shard)) WITHOUT ROWID;
  CREATE TABLE logs (name TEXT PRIMARY KEY, last_cursor INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE log_entries (name TEXT NOT NULL, cursor INTEGER NOT NULL, time_ms REAL NOT NULL, key TEXT, payload BLOB NOT NULL, PRIMARY KEY (name, cursor));
  CREATE UNIQUE INDEX log_entries_by_key ON log_entries (name, key) WHERE key IS NOT NULL;
  CREATE TABLE log_fences (name TEXT NOT NULL, shard TEXT NOT NULL, generation INTEGER NOT NULL, PRIMARY KEY (name, shard)) WITHOUT ROWID;
  CREATE TABLE documents (collection TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, document TEXT,
    PRIMARY KEY (collection, id)) WITHOUT ROWID;
`;

/** Until when owners hold all their leases. */
const leaseOwners = "CREATE TABLE lease_owners (owner TEXT PRIMARY KEY, expires_ms REAL NOT NULL) WITHOUT ROWID;";

/** Who may publish checkpoint files: fences.ts. */
const fences = `
  CREATE TABLE fences (pipeline TEXT NOT NULL, id TEXT NOT NULL, generations TEXT NOT NULL, sealed TEXT, PRIMARY KEY (pipeline, id)) WITHOUT ROWID;
  CREATE TABLE checkpoint_folders (name TEXT PRIMARY KEY) WITHOUT ROWID;
`;

/** Checkpoints, leases, fences, logs and documents. */
const hostLayout: SqliteLayout = { version: 3, tables: `${tables}${leaseOwners}${fences}`, additions: { 2: leaseOwners, 3: fences }, synchronous: "full" };

type Value = null | number | string | Uint8Array;
type Row = Readonly<Record<string, unknown>>;

/** Work that waits for the next transaction. */
interface Waiting {
  readonly work: () => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** So much work is one transaction at most. */
const mostTogether = 512;

/** A database with prepared statements and StreamFlow's errors. */
export class SqliteDatabase {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #layout: SqliteLayout;
  readonly #statements = new Map<string, StatementSync>();
  #waiting: Waiting[] = [];
  /** Runs something at the end of this turn of the event loop. */
  #atTurnsEnd: ((run: () => void) => void) | undefined;
  /** Something was written in this turn: what comes until its end is written then, together. */
  #isGathering = false;
  #holders = 0;

  /**
   * Opens a file (created when missing; `:memory:` for tests) and brings it to the present schema.
   * @param busyTimeoutMs how long a call waits for another process's transaction
   * @throws {@link StreamFlowError} SF_DISK_READ_ONLY, SF_DISK_FULL, SF_DISK_FAILED, SF_STATE_CORRUPT; SF_STATE_INCOMPATIBLE for a newer schema.
   */
  constructor(path: string, busyTimeoutMs: number = defaultBusyTimeoutMs, layout: SqliteLayout = hostLayout) {
    this.path = path;
    this.#layout = layout;
    this.#database = this.#attempt("open", () => new DatabaseSync(path, { timeout: busyTimeoutMs }));
    try {
      this.#attempt("open", () => this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON"));
      this.setSynchronous(layout.synchronous);
      this.#prepareSchema();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** Runs a statement that answers nothing. Answers how many rows it changed. */
  run(sql: string, ...values: Value[]): number {
    return this.#attempt("write", () => Number(this.#statement(sql).run(...values).changes));
  }

  /** The first row, if there is one. */
  get(sql: string, ...values: Value[]): Row | undefined {
    return this.#attempt("read", () => this.#statement(sql).get(...values));
  }

  /** All rows. */
  all(sql: string, ...values: Value[]): readonly Row[] {
    return this.#attempt("read", () => this.#statement(sql).all(...values));
  }

  /** Runs `work` in one transaction that takes the write lock first: what it reads is what it changes. Not nested. */
  write<T>(work: () => T): T {
    this.#attempt("begin", () => this.#database.exec("BEGIN IMMEDIATE"));
    try {
      const result = work();
      this.#attempt("commit", () => this.#database.exec("COMMIT"));
      return result;
    } catch (error) {
      // A full disk has ended the transaction already.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /**
   * As `write`, in one transaction with everything else that is asked for in this turn of the microtask queue, in order. Work that throws is
   * taken back alone; where the transaction fails, all of it fails. Resolves when it is durable.
   */
  soon<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as (result: unknown) => void, reject });
      if (this.#waiting.length === 1 && !this.#isGathering) queueMicrotask(() => this.#writeWaiting());
    });
  }

  /**
   * From now on a turn of the event loop has two transactions of `soon` at most, one at once and one at its end: the answers that came while the thread
   * waited for the disk are gone into one after the other, and each asks for something.
   */
  gather(atTurnsEnd: (run: () => void) => void): void {
    this.#atTurnsEnd = atTurnsEnd;
  }

  #writeWaiting(): void {
    if (this.#waiting.length === 0) return;
    while (this.#waiting.length > 0) this.#writeTogether(this.#waiting.splice(0, mostTogether));
    if (this.#atTurnsEnd === undefined) return;
    this.#isGathering = true;
    this.#atTurnsEnd(() => {
      this.#isGathering = false;
      this.#writeWaiting();
    });
  }

  #writeTogether(all: readonly Waiting[]): void {
    const [first] = all;
    const answers: (() => void)[] = [];
    try {
      this.write(() => {
        for (const { work, resolve, reject } of all) {
          // A transaction of its own needs no mark to go back to.
          const outcome = all.length === 1 && first !== undefined ? { result: work() } : this.#attemptAlone(work);
          answers.push("result" in outcome ? () => resolve(outcome.result) : () => reject(outcome.error));
        }
      });
    } catch (error) {
      for (const { reject } of all) reject(error);
      return;
    }
    for (const answer of answers) answer();
  }

  #attemptAlone(work: () => unknown): { readonly result: unknown } | { readonly error: unknown } {
    this.#attempt("begin", () => this.#database.exec("SAVEPOINT one"));
    try {
      const result = work();
      this.#attempt("write", () => this.#database.exec("RELEASE one"));
      return { result };
    } catch (error) {
      // A full disk has ended the transaction, with everything in it.
      if (!this.#database.isTransaction) throw error;
      this.#database.exec("ROLLBACK TO one; RELEASE one");
      return { error };
    }
  }

  /** Rows one by one; who stops early reads no further. Nothing else may use the same text meanwhile. */
  *each(sql: string, ...values: Value[]): Generator<Row, void, void> {
    try {
      yield* this.#statement(sql).iterate(...values);
    } catch (thrown) {
      throw sqliteError(thrown, "read", this.path);
    }
  }

  /** How durable the transactions from now on are. */
  setSynchronous(synchronous: SqliteLayout["synchronous"]): void {
    this.#attempt("open", () => this.#database.exec(`PRAGMA synchronous = ${synchronous}`));
  }

  /** The file as it is now, whatever is written later: on a connection of its own, which `letGo` closes. Until then the write-ahead log grows. */
  frozen(): SqliteDatabase {
    const copy = new SqliteDatabase(this.path, defaultBusyTimeoutMs, this.#layout);
    copy.hold();
    // The first read is what fixes the moment.
    copy.#attempt("read", () => copy.#database.exec("BEGIN; SELECT count(*) FROM sqlite_schema"));
    return copy;
  }

  /** Counts a store that uses the database. */
  hold(): void {
    this.#holders++;
  }

  /** The last store that lets go closes the database. */
  letGo(): void {
    this.#holders--;
    if (this.#holders > 0 || !this.#database.isOpen) return;
    this.#atTurnsEnd = undefined;
    this.#writeWaiting();
    this.#database.close();
  }

  #prepareSchema(): void {
    const present = Number(this.get("PRAGMA user_version")?.["user_version"]);
    const known = this.#layout.version;
    if (present === known) return;
    this.write(() => {
      // Read again: another process may have been faster.
      const version = Number(this.#database.prepare("PRAGMA user_version").get()?.["user_version"]);
      if (version > known) {
        const message = `database "${this.path}" has schema version ${version}; this version of StreamFlow knows ${known}`;
        throw new StreamFlowError("SF_STATE_INCOMPATIBLE", message, { hint: "run the version of StreamFlow that wrote it, or a newer one" });
      }
      if (version === known) return;
      const missing = version === 0 ? this.#layout.tables : Array.from({ length: known - version }, (_, i) => this.#layout.additions?.[version + 1 + i] ?? "").join("");
      this.#attempt("create", () => this.#database.exec(`${missing}; PRAGMA user_version = ${known}`));
    });
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#database.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }

  #attempt<T>(operation: string, run: () => T): T {
    try {
      return run();
    } catch (thrown) {
      throw sqliteError(thrown, operation, this.path);
    }
  }
}

/** Primary result codes that mean something to a pipeline. @see https://www.sqlite.org/rescode.html */
const codes: Readonly<Record<number, { readonly code: ErrorCode; readonly retryable?: boolean }>> = {
  5: { code: "SF_DISK_FAILED", retryable: true }, // BUSY
  6: { code: "SF_DISK_FAILED", retryable: true }, // LOCKED
  8: { code: "SF_DISK_READ_ONLY" },
  11: { code: "SF_STATE_CORRUPT" },
  13: { code: "SF_DISK_FULL" },
  26: { code: "SF_STATE_CORRUPT" }, // NOTADB
};

/** Turns what SQLite throws into a StreamFlowError that names the file. */
export function sqliteError(thrown: unknown, operation: string, path: string): StreamFlowError {
  if (StreamFlowError.is(thrown)) return thrown;
  const result = (thrown as { errcode?: unknown } | null)?.errcode;
  const row = codes[typeof result === "number" ? result & 0xff : -1] ?? { code: "SF_DISK_FAILED" as const };
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const details: ErrorDetails = { cause: thrown, context: { path, operation }, ...(row.retryable === undefined ? {} : { retryable: row.retryable }) };
  return new StreamFlowError(row.code, `cannot ${operation} database "${path}": ${message}`, details);
}
