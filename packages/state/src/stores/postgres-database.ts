// A Postgres database, shared by all stores of it: a few connections, a schema of tables with a version, errors with codes.
//   B1. What a store reads in a transaction is what it changes: each takes a lock by name first (a pipeline, a log), which all processes share.
//   B2. A transaction that has returned is durable: `synchronous_commit = off` is raised to `on` here.
import type { ClientBase, Pool, QueryResultRow } from "pg";
import { StreamFlowError } from "@streamflow/core";
import type { ErrorCode, ErrorDetails } from "@streamflow/core";
import { postgresTables } from "./postgres-tables.ts";

/** How a database is reached. */
export interface PostgresDatabaseOptions {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  /** The schema of Postgres that holds the tables. */
  readonly namespace: string;
  readonly connections: number;
  readonly timeoutMs: number;
}

/** What runs statements: the database itself, or a transaction. */
export interface PostgresQueries {
  rows<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
}

/** Connections to a database with the tables of the stores. */
export class PostgresDatabase implements PostgresQueries {
  /** Host, port and database: for messages. */
  readonly path: string;
  readonly #pool: Pool;
  readonly #namespace: string;
  #holders = 0;

  private constructor(pool: Pool, { url, namespace }: PostgresDatabaseOptions) {
    this.path = placeOf(url);
    this.#pool = pool;
    this.#namespace = namespace;
  }

  /**
   * Connects, and brings the tables to the present version, making them where they are missing.
   * @throws {@link StreamFlowError} SF_CLIENT_MISSING, SF_CONFIG_INVALID, SF_STORE_UNAVAILABLE; SF_STATE_INCOMPATIBLE for tables of a newer version.
   */
  static async open(options: PostgresDatabaseOptions): Promise<PostgresDatabase> {
    const database = new PostgresDatabase(await makePool(options), options);
    try {
      await database.#prepare();
      return database;
    } catch (error) {
      await database.#pool.end();
      throw error;
    }
  }

  async rows<Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.#attempt(async () => (await this.#pool.query<Row>(sql, [...values])).rows);
  }

  /** Runs `work` in one transaction that holds a lock of this name, in this schema, against all processes. */
  async transaction<T>(lock: string, work: (queries: PostgresQueries) => Promise<T>): Promise<T> {
    const client = await this.#attempt(() => this.#pool.connect());
    let broken: Error | undefined;
    try {
      return await this.#inTransaction(client, lock, work);
    } catch (error) {
      if (StreamFlowError.is(error, "SF_STORE_UNAVAILABLE")) broken = error;
      throw error;
    } finally {
      // What is unknown of a connection is not handed to anybody else.
      client.release(broken);
    }
  }

  /** Counts a store that uses the database. */
  hold(): void {
    this.#holders++;
  }

  /** The last store that lets go closes the connections. */
  async letGo(): Promise<void> {
    this.#holders--;
    if (this.#holders === 0) await this.#pool.end();
  }

  async #inTransaction<T>(client: ClientBase, lock: string, work: (queries: PostgresQueries) => Promise<T>): Promise<T> {
    const rows: PostgresQueries["rows"] = async (sql, values = []) => this.#attempt(async () => (await client.query(sql, [...values])).rows as never);
    await rows("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    try {
      await rows("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`streamflow ${this.#namespace} ${lock}`]);
      const result = await work({ rows });
      await rows("COMMIT");
      return result;
    } catch (error) {
      await client.query("ROLLBACK").catch(() => undefined);
      throw error;
    }
  }

  async #prepare(): Promise<void> {
    await this.transaction("tables", async (queries) => {
      const [found] = await queries.rows<{ readonly tables: string | null }>("SELECT to_regclass('streamflow_version')::text AS tables");
      const [row] = found?.tables === null ? [] : await queries.rows<{ readonly version: number }>("SELECT version FROM streamflow_version");
      const present = row?.version ?? 0;
      const known = postgresTables.length;
      if (present > known) {
        const message = `schema "${this.#namespace}" of ${this.path} has tables of version ${present}; this version of StreamFlow knows ${known}`;
        throw new StreamFlowError("SF_STATE_INCOMPATIBLE", message, { hint: "run the version of StreamFlow that wrote it, or a newer one" });
      }
      if (present === known) return;
      const [schema] = await queries.rows("SELECT 1 FROM pg_namespace WHERE nspname = $1", [this.#namespace]);
      if (schema === undefined) await queries.rows(`CREATE SCHEMA ${quote(this.#namespace)}`);
      for (const sql of postgresTables.slice(present).flat()) await queries.rows(sql);
      await queries.rows("CREATE TABLE IF NOT EXISTS streamflow_version (version integer NOT NULL)");
      await queries.rows("DELETE FROM streamflow_version");
      await queries.rows("INSERT INTO streamflow_version VALUES ($1)", [known]);
    });
  }

  async #attempt<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (thrown) {
      throw storeError(thrown, this.path);
    }
  }
}

/** Bytes as a plain view: a Buffer is one with other methods. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

async function makePool({ url, namespace, connections, timeoutMs }: PostgresDatabaseOptions): Promise<Pool> {
  const pg = await import("pg").catch((thrown: unknown) => Promise.reject(clientError(thrown)));
  try {
    // The pool itself would read the string only when it connects.
    void new pg.Client({ connectionString: url });
    const settings = `SELECT set_config('search_path', $1, false), set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)`;
    const onConnect = (client: ClientBase): unknown => {
      // The pool listens only while nobody uses it; who does learns of a loss by the next statement.
      client.on("error", () => undefined);
      return client.query(settings, [quote(namespace)]);
    };
    const pool = new pg.Pool({ connectionString: url, application_name: "streamflow stores", max: connections, keepAlive: true, query_timeout: timeoutMs, connectionTimeoutMillis: timeoutMs, allowExitOnIdle: true, onConnect });
    // A connection that is lost while nobody uses it is made anew by who does.
    pool.on("error", () => undefined);
    return pool;
  } catch {
    // What it throws may hold the string, and with it the password.
    throw new StreamFlowError("SF_CONFIG_INVALID", "the connection string of the stores is malformed", { hint: "postgres://user:password@host:port/database" });
  }
}

function clientError(thrown: unknown): unknown {
  const { code, message = "" } = thrown as { readonly code?: string; readonly message?: string };
  if (code !== "ERR_MODULE_NOT_FOUND" || !message.includes("'pg'")) return thrown;
  return new StreamFlowError("SF_CLIENT_MISSING", "stores in Postgres need the package pg, which is not installed", { cause: thrown, hint: "npm install pg@8" });
}

/** By SQLSTATE, else by its class. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const codes: Readonly<Record<string, ErrorCode>> = {
  "22": "SF_CHECKPOINT_FAILED", "23": "SF_CHECKPOINT_FAILED",
  "28": "SF_CONFIG_INVALID", "3D": "SF_CONFIG_INVALID", "3F": "SF_CONFIG_INVALID", "42": "SF_CONFIG_INVALID",
  "53100": "SF_DISK_FULL", XX001: "SF_STATE_CORRUPT", XX002: "SF_STATE_CORRUPT",
};

/** Turns what the client throws into a StreamFlowError that names the database. */
export function storeError(thrown: unknown, path: string): StreamFlowError {
  if (StreamFlowError.is(thrown)) return thrown;
  const state = (thrown as { readonly code?: unknown } | null)?.code;
  const message = thrown instanceof Error && thrown.message !== "" ? thrown.message : String(state ?? thrown);
  const code = typeof state === "string" && state.length === 5 ? (codes[state] ?? codes[state.slice(0, 2)]) : undefined;
  const details: ErrorDetails = { cause: thrown, context: { path, ...(typeof state === "string" ? { state } : {}) } };
  return new StreamFlowError(code ?? "SF_STORE_UNAVAILABLE", `stores in Postgres, ${path}: ${message}`, details);
}

/** Host, port and database of a connection string, and nothing else of it. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) return "Postgres";
  const { hostname, port, pathname } = new URL(url);
  return `${hostname === "" ? "localhost" : hostname}:${port === "" ? "5432" : port}${pathname}`;
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
