// One connection to Postgres: statements, COPY, errors with codes, and an end for every wait.
//   C1. Whatever is asked of a connection answers, or fails within `timeoutMs`: a server that has gone without a word counts as lost.
//   C2. A connection that was lost stays so. What it had not committed is gone with it, on both sides.
import type { Client, QueryResultRow } from "pg";
import type { CopyStreamQuery } from "pg-copy-streams";
import type { Clock } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";
import { clientError, postgresError, serverOf } from "./postgres-errors.ts";

/** What a connection needs. */
export interface PostgresConnectionOptions {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  /** For messages: `Postgres sink "out"`. */
  readonly name: string;
  /** What the server lists the connection as. */
  readonly application: string;
  readonly clock: Clock;
  /** Ends the wait for a server that does not answer to a new connection. */
  readonly signal: AbortSignal;
  /** How long an answer of the server is waited for. */
  readonly timeoutMs: number;
}

/** A COPY that is under way. */
export interface CopyIn {
  /** Resolves when the bytes have left; they must not change before. */
  send(bytes: Uint8Array): Promise<void>;
  /** Resolves when the server has taken all of it. */
  end(): Promise<void>;
}

/** The server finds out within a minute that this process has gone without a word, and within five that it does nothing with a transaction outside of a COPY. */
const sessionSettings = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3; SET idle_in_transaction_session_timeout = '5min'; SET client_min_messages = warning";
/** A COPY takes as long as its epoch, whatever is usual on the server. Which of these there are depends on its version. */
const noLimits = "SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN ('statement_timeout', 'transaction_timeout')";
/** A commit that was confirmed must not be lost: it may be the only place that knows how far the pipeline is. */
const durableCommits = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

const farewellMs = 1000;

/** A connection of its own, never shared. */
export class PostgresConnection {
  readonly #options: PostgresConnectionOptions;
  readonly #client: Client;
  readonly #where: string;
  #lost: unknown;
  #isClosed = false;

  private constructor(client: Client, options: PostgresConnectionOptions) {
    this.#client = client;
    this.#options = options;
    this.#where = `${options.name}: ${serverOf(options.url)}`;
    client.on("error", (error) => (this.#lost ??= error));
    client.on("end", () => (this.#lost ??= new Error("the connection has ended")));
  }

  /**
   * Connects.
   * @throws {@link StreamFlowError} SF_CLIENT_MISSING, SF_CONFIG_INVALID (connection string, user, password, database), SF_SINK_UNAVAILABLE.
   */
  static async open(options: PostgresConnectionOptions): Promise<PostgresConnection> {
    const connection = new PostgresConnection(await makeClient(options), options);
    const giveUp = (): void => connection.drop();
    options.signal.addEventListener("abort", giveUp);
    try {
      await connection.#within(() => connection.#client.connect());
      await connection.run(sessionSettings);
      await connection.run(noLimits);
      await connection.run(durableCommits);
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    } finally {
      options.signal.removeEventListener("abort", giveUp);
    }
  }

  get isLost(): boolean {
    return this.#lost !== undefined || this.#isClosed;
  }

  /** Runs statements without parameters. */
  async run(sql: string): Promise<void> {
    await this.#within(() => this.#client.query(sql));
  }

  /** Ends a transaction for good. A server that has given it up answers a COMMIT with a ROLLBACK, and without an error. */
  async commit(): Promise<void> {
    const { command } = await this.#within(() => this.#client.query("COMMIT"));
    if (command !== "COMMIT") throw new StreamFlowError("SF_SINK_FAILED", `${this.#where}: the server has rolled back instead of committing`);
  }

  /** Runs one statement, and answers its rows. */
  async rows<Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const { rows } = await this.#within(() => this.#client.query<Row>(sql, [...values]));
    return rows;
  }

  /** Begins a COPY; its errors come with the next call. */
  async copy(sql: string): Promise<CopyIn> {
    const { from } = await import("pg-copy-streams").catch((thrown: unknown) => Promise.reject(clientError(thrown, this.#options.name)));
    const stream: CopyStreamQuery = this.#client.query(from(sql));
    const ended = new Promise<void>((resolve, reject) => stream.once("finish", resolve).once("error", reject));
    // Waited for later, or never where the transaction is given up.
    ended.catch(() => undefined);
    const failed = ended.then(() => new Promise<never>(() => undefined));
    failed.catch(() => undefined);
    return {
      send: (bytes) => this.#within(() => Promise.race([failed, new Promise<void>((resolve) => stream.write(bytes, () => resolve()))])),
      end: () => this.#within(() => (stream.end(), ended)),
    };
  }

  /** Ends the connection, politely where the server still answers. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { clock } = this.#options;
    // A lost connection says nothing any more, and one in the middle of a COPY would not listen.
    let cancel: () => void = () => undefined;
    const late = new Promise<void>((resolve) => (cancel = clock.setTimer(farewellMs, resolve)));
    await Promise.race([this.#client.end().catch(() => undefined), late]);
    cancel();
    this.drop();
  }

  /** Ends the connection without a word: the server rolls back. */
  drop(): void {
    this.#isClosed = true;
    streamOf(this.#client)?.destroy();
  }

  /** Runs a call of the client within the time that there is. */
  async #within<T>(call: () => Promise<T>): Promise<T> {
    const { clock, timeoutMs } = this.#options;
    if (this.#lost !== undefined) throw postgresError(this.#lost, this.#where);
    const running = call();
    let cancel: () => void = () => undefined;
    const late = new Promise<never>((_, reject) => {
      cancel = clock.setTimer(timeoutMs, () => {
        this.#lost ??= new StreamFlowError("SF_SINK_UNAVAILABLE", `${this.#where}: no answer within ${timeoutMs} ms`, { context: { server: this.#where }, hint: "look at the server's load and locks, or raise timeoutMs" });
        this.drop();
        reject(this.#lost);
      });
    });
    try {
      return await Promise.race([running, late]);
    } catch (thrown) {
      throw postgresError(thrown, this.#where);
    } finally {
      cancel();
      running.catch(() => undefined);
    }
  }
}

async function makeClient({ url, name, application }: PostgresConnectionOptions): Promise<Client> {
  const pg = await import("pg").catch((thrown: unknown) => Promise.reject(clientError(thrown, name)));
  try {
    return new pg.Client({ connectionString: url, application_name: application, keepAlive: true });
  } catch {
    // What it throws may hold the string, and with it the password.
    throw new StreamFlowError("SF_CONFIG_INVALID", `${name}: the connection string is malformed`, { hint: "postgres://user:password@host:port/database" });
  }
}

/** The socket: the client has no other way to end at once. */
function streamOf(client: Client): { destroy(): void } | undefined {
  return (client as unknown as { readonly connection?: { readonly stream?: { destroy(): void } } }).connection?.stream;
}
