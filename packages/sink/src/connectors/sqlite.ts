// Tables of an SQLite file, exactly once.
//   Q1. Rows wait in a temporary table of the connection: memory stays bounded, other writers of the file are not locked out, and an epoch
//       that is not committed vanishes with its process.
//   Q2. Rows, and per shard generation, epoch and positions (table _streamflow_commits) change in one transaction.
// node:sqlite reaches the file system by itself: this sink cannot run on a virtual disk.
import { BatchError, ChangeKind, StreamFlowError, toStreamFlowError } from "@streamflow/core";
import type { BatchFailure, Schema, ShardId, Sink, SinkBatch, SinkContext, SinkSession } from "@streamflow/core";
import type { StatementSync } from "node:sqlite";
import { sinkFirstSession, type ShardHead, type SinkTransaction } from "../exactly-once.ts";
import { fieldReader } from "../field.ts";
import { makeDurableFolder, pathFrom } from "./durable-folder.ts";
import { SqliteConnection } from "./sqlite-connection.ts";
import { openTable, type SqliteTable } from "./sqlite-table.ts";
import { toSqlite, type SqliteValue, type ToSqlite } from "./sqlite-values.ts";

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
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID here for options that cannot work; on open SF_SINK_FAILED where the table does not fit.
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
    const writer = new StagedRows(connection, table, key);
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

function apply({ shards, withOutput, decide }: SinkTransaction, writer: StagedRows, heads: StoredHeads): void {
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

/** SQLite takes 32,766 parameters in a statement; more than some dozens of rows in one gain nothing. */
const maxParameters = 32_766;
const rowsPerInsert = 64;

/** Rows that are not committed yet (Q1). */
class StagedRows {
  readonly #connection: SqliteConnection;
  readonly #table: SqliteTable;
  readonly #fields: readonly { readonly read: ReturnType<typeof fieldReader>; readonly convert: ToSqlite; readonly isKey: boolean }[];
  readonly #upserts: boolean;
  readonly #width: number;
  readonly #chunk: number;
  readonly #insertChunk: StatementSync;
  readonly #insertOne: StatementSync;
  readonly #applyDeletes: StatementSync | undefined;
  readonly #applyRows: StatementSync;
  readonly #clear: StatementSync;
  /** Parameters of less than one chunk of rows. */
  #waiting: SqliteValue[] = [];
  #deletes = false;

  constructor(connection: SqliteConnection, table: SqliteTable, key: readonly string[] | undefined) {
    this.#connection = connection;
    this.#table = table;
    this.#upserts = key !== undefined;
    this.#fields = table.columns.map((column) => ({ read: fieldReader(column.name), convert: toSqlite(column), isKey: key?.includes(column.name) === true }));
    this.#width = table.columns.length + (this.#upserts ? 1 : 0);
    this.#chunk = Math.max(1, Math.min(rowsPerInsert, Math.floor(maxParameters / this.#width)));
    connection.exec(table.createStaged);
    this.#insertChunk = connection.prepare(table.insertStaged(this.#chunk));
    this.#insertOne = connection.prepare(table.insertStaged(1));
    this.#applyDeletes = this.#upserts ? connection.prepare(table.applyDeletes) : undefined;
    this.#applyRows = connection.prepare(table.applyRows);
    this.#clear = connection.prepare("DELETE FROM temp._streamflow_staged");
  }

  /** @throws BatchError for records that the table cannot hold; the others are staged. */
  add(batch: SinkBatch): void {
    const failures: BatchFailure[] = [];
    for (let i = 0; i < batch.length; i++) {
      const length = this.#waiting.length;
      try {
        this.#push(batch.values[i], batch.changes?.[i] ?? ChangeKind.insert);
      } catch (thrown) {
        this.#waiting.length = length;
        failures.push({ index: i, error: toStreamFlowError(thrown, "SF_SCHEMA_VIOLATION", "a record cannot be stored") });
        continue;
      }
      if (this.#waiting.length >= this.#chunk * this.#width) this.#insertWaiting();
    }
    if (failures.length > 0) throw new BatchError(`${failures.length} of ${batch.length} records do not fit their table: ${failures[0]?.error.message}`, failures);
  }

  /** Inside a transaction: from the temporary table to the real one. */
  apply(): void {
    this.#insertRest();
    this.#connection.attempt(() => {
      if (this.#deletes) this.#applyDeletes?.run();
      this.#applyRows.run();
      this.#clear.run();
    });
  }

  /** After the commit. Before it, everything is kept: the transaction may have to run again. */
  committed(): void {
    this.#waiting = [];
    this.#deletes = false;
  }

  clear(): void {
    this.#connection.attempt(() => this.#clear.run());
    this.committed();
  }

  #push(value: unknown, change: number): void {
    const waiting = this.#waiting;
    const isDelete = this.#upserts && (change === ChangeKind.delete || change === ChangeKind.updateBefore);
    if (this.#table.isScalar) waiting.push(this.#fields[0]?.convert(value) ?? null);
    else {
      if (typeof value !== "object" || value === null) throw new StreamFlowError("SF_SCHEMA_VIOLATION", `a record must be an object with named fields, got ${value === null ? "null" : typeof value}`);
      for (const { read, convert, isKey } of this.#fields) {
        // A delete names its key; whatever else it holds is going away.
        waiting.push(isDelete && !isKey ? null : convert(read(value as Readonly<Record<string, unknown>>)));
      }
    }
    if (!this.#upserts) return;
    waiting.push(isDelete ? 1 : 0);
    if (isDelete) this.#deletes = true;
  }

  #insertWaiting(): void {
    this.#connection.attempt(() => this.#insertChunk.run(...this.#waiting));
    this.#waiting = [];
  }

  /** Rolled back with the transaction around it, so what waits is kept. */
  #insertRest(): void {
    const waiting = this.#waiting;
    this.#connection.attempt(() => {
      for (let at = 0; at < waiting.length; at += this.#width) this.#insertOne.run(...waiting.slice(at, at + this.#width));
    });
  }
}
