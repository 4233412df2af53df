// Tables of Postgres, exactly once.
//   P1. Rows, and per shard generation, epoch and positions (table _streamflow_commits) change in one transaction.
//   P2. The heads of its shards are locked from the moment at which they are looked at: of two processes that both believe they own a shard, the second
//       sees what the first has done, and is refused. No other lock of this sink outlives the epoch's own rows. See postgres-heads.ts.
//   P3. A commit whose answer was lost is looked up: the heads say whether it took place. Their lock waits for the old transaction's end, so that
//       it cannot take place afterwards.
import { StreamFlowError } from "@streamflow/core";
import type { Schema, Sink, SinkContext, SinkSession } from "@streamflow/core";
import { reach } from "../crash-point.ts";
import { sinkFirstSession, type ShardHead, type SinkTransaction } from "../exactly-once.ts";
import { PostgresConnection } from "./postgres-connection.ts";
import { serverOf } from "./postgres-errors.ts";
import { lockHeads, openHeads, writeHeads, type HeadsOwner } from "./postgres-heads.ts";
import { EpochRows } from "./postgres-rows.ts";
import { openPostgresTable, type PostgresTable } from "./postgres-table.ts";

/** Options of {@link postgresSink}. */
export interface PostgresSinkOptions {
  /** `postgres://user:password@host:port/database`, with `?sslmode=` and the like. A secret: neither plans nor messages show more of it than host, port and database. */
  readonly url: string;
  /** Table to fill. */
  readonly table: string;
  /** The schema of Postgres that the table is in. @defaultValue by the connection's search path */
  readonly namespace?: string;
  /** `append`: every record is a row; `upsert`: the last record of a key is its row, and a delete removes it. @defaultValue "append" */
  readonly mode?: "append" | "upsert";
  /** Key columns of an upsert. @defaultValue the fields that the plan has keyed the records by */
  readonly key?: readonly string[];
  /** Type of a record. @defaultValue what the plan knows; where it knows nothing, the columns of the existing table */
  readonly schema?: Schema;
  /** Whether a missing table is made from the schema. @defaultValue true */
  readonly createTable?: boolean;
  /** How long an answer of the server is waited for, in milliseconds: also the one to the statement that upserts an epoch, and for locks of others. @defaultValue 60_000 */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 60_000;
const firstPauseMs = 100;
const longestPauseMs = 2000;

/**
 * Fills a table of Postgres (13 or newer), exactly once: transactional, sink-first. Needs the packages pg and pg-copy-streams.
 *
 * Rows become visible when their epoch is committed, together with the positions that they were made from, in one transaction. They are sent by COPY while
 * the epoch goes on; an upsert takes the last of each key. Fields are columns by name; column types: see postgres-values.ts. A record that does not fit its
 * columns goes to the dead letters. Updates and deletes need mode `upsert`: an update-before counts as a delete. A connection must be the server's own, or a
 * pooler's in session mode.
 *
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID here for options that cannot work; on open where the server refuses the connection's user, or the table
 * that is there does not fit, naming the columns; SF_CLIENT_MISSING, SF_SINK_UNAVAILABLE on open.
 * @example
 * ```ts
 * import { postgresSink } from "@streamflow/sink/postgres";
 *
 * const url = process.env["DATABASE_URL"] ?? "postgres://localhost/flights";
 * postgresSink({ url, table: "delays", mode: "upsert", key: ["carrier"] });
 * ```
 */
export function postgresSink<In = unknown>(options: PostgresSinkOptions): Sink<In> {
  const { url, table, namespace, mode = "append", key, schema, timeoutMs = defaultTimeoutMs } = options;
  if (url === "") throw new StreamFlowError("SF_CONFIG_INVALID", "a Postgres sink needs a connection string", { hint: "postgres://user:password@host:port/database" });
  if (table === "") throw new StreamFlowError("SF_CONFIG_INVALID", "a Postgres sink needs the name of a table");
  if (mode === "append" && key !== undefined) throw new StreamFlowError("SF_CONFIG_INVALID", `Postgres sink "${table}": a key has a meaning in mode "upsert" only`);
  if (key?.length === 0) throw new StreamFlowError("SF_CONFIG_INVALID", `Postgres sink "${table}": the key is empty`);
  if (!(timeoutMs > 0 && timeoutMs <= 2 ** 31 - 1)) throw new StreamFlowError("SF_CONFIG_INVALID", `Postgres sink "${table}": timeoutMs must be above 0 and at most ${2 ** 31 - 1}, got ${timeoutMs}`);
  return {
    type: "postgres",
    capabilities: { delivery: "transactional", commitOrder: "sink-first" },
    config: { server: serverOf(url), table, mode, ...(namespace === undefined ? {} : { namespace }), ...(key === undefined ? {} : { key }), ...(schema === undefined ? {} : { schema }) },
    needs: { insertOnly: mode === "append", ...(key === undefined ? {} : { fields: key }) },
    open: (context) => openSession(options, context),
  };
}

async function openSession(options: PostgresSinkOptions, context: SinkContext): Promise<SinkSession> {
  const { node, pipeline, environment, signal } = context;
  const name = `Postgres sink "${node}"`;
  const key = options.mode === "upsert" ? (options.key ?? context.keyFields) : undefined;
  if (options.mode === "upsert" && (key === undefined || key.length === 0)) {
    throw new StreamFlowError("SF_CONFIG_INVALID", `${name}: an upsert needs a key, and the plan knows none`, { hint: "give the sink a key, or put a keyBy on fields before it" });
  }
  const { url, namespace, timeoutMs = defaultTimeoutMs } = options;
  const connect = (): Promise<PostgresConnection> => PostgresConnection.open({ url, name, application: `streamflow ${pipeline}/${node}`, clock: environment.clock, signal, timeoutMs });
  const connection = await connect();
  try {
    await connection.run("BEGIN");
    await openHeads(connection, namespace);
    const table = await openPostgresTable(connection, { name, table: options.table, namespace, key, schema: options.schema ?? context.schema, create: options.createTable !== false });
    await connection.run("COMMIT");
    const rows = new EpochRows(connection, () => connectStaging(connect, table), table);
    return sinkFirstSession(new PostgresSteps({ name, rows, connect, owner: { namespace, pipeline, sink: node, timeoutMs }, context }));
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** The temporary table of an upsert belongs to a connection. */
async function connectStaging(connect: () => Promise<PostgresConnection>, { createStaged }: PostgresTable): Promise<PostgresConnection> {
  const connection = await connect();
  try {
    if (createStaged !== undefined) await connection.run(createStaged);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

interface StepsParts {
  readonly name: string;
  readonly rows: EpochRows;
  readonly connect: () => Promise<PostgresConnection>;
  readonly owner: HeadsOwner;
  readonly context: SinkContext;
}

/** What only Postgres knows of the protocol in exactly-once.ts. */
class PostgresSteps {
  readonly name: string;
  readonly readsColumns = true;
  readonly #parts: StepsParts;

  constructor(parts: StepsParts) {
    this.name = parts.name;
    this.#parts = parts;
  }

  stage(batch: Parameters<EpochRows["add"]>[0]): void | Promise<void> {
    return this.#parts.rows.add(batch);
  }

  reset(): Promise<void> {
    return this.#parts.rows.clear();
  }

  close(): Promise<void> {
    return this.#parts.rows.close();
  }

  async transact(transaction: SinkTransaction): Promise<void> {
    if (transaction.withOutput) return this.#commit(transaction);
    const { environment } = this.#parts.context;
    // On a connection of its own: what is staged may go on for long before it is committed.
    return this.#withConnection(async (connection) => {
      await connection.run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
      const next = transaction.decide(await lockHeads(connection, this.#parts.owner, transaction.shards));
      await reach(environment, "postgres-sink.claim-decided");
      await writeHeads(connection, this.#parts.owner, next);
      await reach(environment, "postgres-sink.claim-written");
      await connection.commit();
      await reach(environment, "postgres-sink.claimed");
    });
  }

  async #commit({ shards, decide }: SinkTransaction): Promise<void> {
    const { rows, owner, context: { environment } } = this.#parts;
    const connection = await rows.seal();
    await reach(environment, "postgres-sink.rows-sent");
    const next = await this.#decide(connection, shards, decide);
    await reach(environment, "postgres-sink.decided");
    try {
      await rows.apply();
      await reach(environment, "postgres-sink.applied");
      await writeHeads(connection, owner, next);
      await reach(environment, "postgres-sink.heads-written");
    } catch (error) {
      rows.fail(error as StreamFlowError);
      throw error;
    }
    try {
      await connection.commit();
    } catch (error) {
      rows.fail(error as StreamFlowError);
      if (!connection.isLost) throw error;
      await this.#lookUp(next, error as StreamFlowError);
    }
    await reach(environment, "postgres-sink.committed");
    rows.ended();
  }

  /** A refusal gives back the locks, and keeps what was staged. */
  async #decide(connection: PostgresConnection, shards: SinkTransaction["shards"], decide: SinkTransaction["decide"]): Promise<readonly ShardHead[]> {
    try {
      await connection.run("SAVEPOINT decision");
      return decide(await lockHeads(connection, this.#parts.owner, shards));
    } catch (error) {
      if (StreamFlowError.is(error, "SF_SINK_FENCED")) await connection.run("ROLLBACK TO SAVEPOINT decision");
      else this.#parts.rows.fail(error as StreamFlowError);
      throw error;
    }
  }

  /** Resolves where these heads, or newer ones of the same epoch, are stored. */
  async #lookUp(wanted: readonly ShardHead[], lost: StreamFlowError): Promise<void> {
    const { owner, context } = this.#parts;
    const stored = await this.#patiently(() =>
      this.#withConnection(async (connection) => {
        await connection.run("BEGIN");
        return lockHeads(connection, owner, wanted.map(({ shard }) => shard));
      }),
    );
    const isStored = wanted.every(({ shard, epoch, positions }) => stored.get(shard)?.epoch === epoch && samePositions(stored.get(shard)?.positions, positions));
    if (!isStored) throw lost;
    context.environment.logger.info(`${this.name}: the connection was lost during a commit, which has taken place`, { pipeline: context.pipeline, node: context.node });
  }

  /** Tries again while the server cannot be reached: it may be starting. */
  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    const { clock } = this.#parts.context.environment;
    const untilMs = clock.monotonicMs() + this.#parts.owner.timeoutMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
      try {
        return await work();
      } catch (error) {
        if (!StreamFlowError.is(error, "SF_SINK_UNAVAILABLE") || clock.monotonicMs() >= untilMs || this.#parts.context.signal.aborted) throw error;
      }
      await new Promise<void>((resolve) => void clock.setTimer(pauseMs, resolve));
    }
  }

  async #withConnection<T>(work: (connection: PostgresConnection) => Promise<T>): Promise<T> {
    const connection = await this.#parts.connect();
    try {
      return await work(connection);
    } finally {
      await connection.close();
    }
  }
}

function samePositions(a: ShardHead["positions"] | undefined, b: ShardHead["positions"]): boolean {
  const names = Object.keys(b);
  return a !== undefined && Object.keys(a).length === names.length && names.every((name) => a[name] === b[name]);
}
