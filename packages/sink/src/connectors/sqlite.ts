// Tables of an SQLite file, exactly once.
//   Q1. Rows wait in memory, and in a temporary table of the connection where they are many: memory stays bounded, other writers of the file
//       are not locked out, and an epoch that is not committed vanishes with its process. See sqlite-rows.ts.
//   Q2. Rows, and per shard generation, epoch and positions (table _streamflow_commits) change in one transaction.
// node:sqlite reaches the file system by itself: this sink cannot run on a virtual disk.
import { StreamFlowError } from "@streamflow/core";
import type { Schema, ShardId, Sink, SinkContext, SinkSession } from "@streamflow/core";
import type { StatementSync } from "node:sqlite";
import { sinkFirstSession, type ShardHead, type SinkTransaction } from "../exactly-once.ts";
import { makeDurableFolder, pathFrom } from "./durable-folder.ts";
import { SqliteConnection } from "./sqlite-connection.ts";
import { WaitingRows } from "./sqlite-rows.ts";
import { openTable } from "./sqlite-table.ts";

/** Options of {@link sqliteSink}. */
export interface SqliteSinkOptions {
  /** Path of the database file; it is created when missing, its folder too. */
  readonly path: string;
  /** Folder that a relative `path` is meant from. @defaultValue the process's */
  readonly baseFolder?: string;
  /** Table to fill; created from the schema when missing. */
  readonly table: string;
  /** `append`: every record is a row; `upsert`: the last record of a key is its row, and a delete removes it. @defaultValue "append" */
  readonly mode?: "append" | "upsert";
  /** Key columns of an upsert. @defaultValue the fields that the plan has keyed the records by */
  readonly key?: readonly string[];
  /** Type of a record. @defaultValue what the plan knows; where it knows nothing, the columns of the existing table */
  readonly schema?: Schema;
  /** How long a commit waits for transactions of other connections, in milliseconds. @defaultValue 10_000 */
  readonly busyTimeoutMs?: number;
}

/**
 * Fills a table of an SQLite file, exactly once: transactional, sink-first.
 *
 * Rows become visible when their epoch is committed, together with the positions that they were made from, in one transaction. The file is set
 * to write-ahead logging; several sinks, stores and readers may share it. Fields are columns by name; column types: see sqlite-values.ts.
 * A record that does not fit its columns goes to the dead letters. Updates and deletes need mode `upsert`: an update-before counts as a delete.
 *
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID here for options that cannot work; on open where the table that is there does not fit, naming the columns.
 * @example
 * ```ts
 * sqliteSink({ path: "data/flights.db", table: "delays", mode: "upsert", key: ["carrier"] });
 * ```
 */
export function sqliteSink<In = unknown>(options: SqliteSinkOptions): Sink<In> {
  const { path, table, mode = "append", key, schema } = options;
  if (path === "" || path === ":memory:") throw new StreamFlowError("SF_CONFIG_INVALID", `an SQLite sink needs the path of a file, got "${path}"`);
  if (table === "") throw new StreamFlowError("SF_CONFIG_INVALID", "an SQLite sink needs the name of a table");
  if (mode === "append" && key !== undefined) throw new StreamFlowError("SF_CONFIG_INVALID", `SQLite sink "${table}": a key has a meaning in mode "upsert" only`);
  if (key?.length === 0) throw new StreamFlowError("SF_CONFIG_INVALID", `SQLite sink "${table}": the key is empty`);
  return {
    type: "sqlite",
    capabilities: { delivery: "transactional", commitOrder: "sink-first" },
    config: { path, table, mode, ...(key === undefined ? {} : { key }), ...(schema === undefined ? {} : { schema }) },
    needs: { insertOnly: mode === "append", ...(key === undefined ? {} : { fields: key }) },
    open: (context) => openSession(options, context),
  };
}

async function openSession(options: SqliteSinkOptions, context: SinkContext): Promise<SinkSession> {
  const { environment, node, pipeline, signal } = context;
  const name = `SQLite sink "${node}"`;
  const key = options.mode === "upsert" ? (options.key ?? context.keyFields) : undefined;
  if (options.mode === "upsert" && (key === undefined || key.length === 0)) {
    throw new StreamFlowError("SF_CONFIG_INVALID", `${name}: an upsert needs a key, and the plan knows none`, { hint: "give the sink a key, or put a keyBy on fields before it" });
  }
  const path = pathFrom(options.baseFolder, options.path);
  const slash = path.lastIndexOf("/");
  const folder = slash > 0 ? path.slice(0, slash) : "";
  if (folder !== "") await makeDurableFolder(environment.disk, folder);
  const connection = await SqliteConnection.open({ path, name, clock: environment.clock, signal, busyTimeoutMs: options.busyTimeoutMs ?? 10_000 });
  try {
    const request = { name, table: options.table, schema: options.schema ?? context.schema, key };
    const table = await connection.transaction(() => {
      connection.exec(commitTable);
      return openTable(connection, request);
    });
    const writer = new WaitingRows(connection, table, key);
    const heads = new StoredHeads(connection, [pipeline, node]);
    return sinkFirstSession({
      name,
      stage: (batch) => writer.add(batch),
      async transact(transaction) {
        await connection.transaction(() => apply(transaction, writer, heads));
        if (transaction.withOutput) writer.committed();
      },
      async reset() {
        writer.clear();
      },
      async close() {
        connection.close();
      },
    });
  } catch (error) {
    connection.close();
    throw error;
  }
}

function apply({ shards, withOutput, decide }: SinkTransaction, writer: WaitingRows, heads: StoredHeads): void {
  const next = decide(heads.read(shards));
  if (withOutput) writer.apply();
  heads.write(next);
}

const commitTable = `CREATE TABLE IF NOT EXISTS main._streamflow_commits (pipeline TEXT NOT NULL, sink TEXT NOT NULL, shard TEXT NOT NULL,
  generation INTEGER NOT NULL, epoch INTEGER NOT NULL, positions TEXT NOT NULL, PRIMARY KEY (pipeline, sink, shard)) WITHOUT ROWID`;

/** The heads of one sink's shards. */
class StoredHeads {
  readonly #connection: SqliteConnection;
  readonly #owner: readonly [pipeline: string, sink: string];
  readonly #select: StatementSync;
  readonly #upsert: StatementSync;

  constructor(connection: SqliteConnection, owner: readonly [string, string]) {
    this.#connection = connection;
    this.#owner = owner;
    this.#select = connection.prepare("SELECT generation, epoch, positions FROM main._streamflow_commits WHERE pipeline = ? AND sink = ? AND shard = ?");
    this.#upsert = connection.prepare("INSERT OR REPLACE INTO main._streamflow_commits VALUES (?, ?, ?, ?, ?, ?)");
  }

  read(shards: readonly ShardId[]): ReadonlyMap<ShardId, ShardHead> {
    const heads = new Map<ShardId, ShardHead>();
    for (const shard of shards) {
      const row = this.#connection.attempt(() => this.#select.get(...this.#owner, shard));
      if (row === undefined) continue;
      const positions = JSON.parse(String(row["positions"])) as ShardHead["positions"];
      heads.set(shard, { shard, generation: Number(row["generation"]), epoch: Number(row["epoch"]), positions });
    }
    return heads;
  }

  write(heads: readonly ShardHead[]): void {
    for (const { shard, generation, epoch, positions } of heads) {
      this.#connection.attempt(() => this.#upsert.run(...this.#owner, shard, generation, epoch, JSON.stringify(positions)));
    }
  }
}
