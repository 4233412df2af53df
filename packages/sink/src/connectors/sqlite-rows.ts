// Rows of one epoch on their way into a table.
//   R1. They wait in memory. When they are many, or where one is a delete, all of them move to a temporary table, in order, and so does what follows.
//   R2. `apply` changes nothing that it could not do again: its transaction may be rolled back and run once more.
import { BatchError, ChangeKind, StreamFlowError, toStreamFlowError } from "@streamflow/core";
import type { BatchFailure, SinkBatch } from "@streamflow/core";
import type { StatementSync } from "node:sqlite";
import { fieldReader } from "../field.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import type { SqliteTable } from "./sqlite-table.ts";
import { toSqlite, type SqliteValue, type ToSqlite } from "./sqlite-values.ts";

/** SQLite takes 32,766 parameters in a statement; more than some dozens of rows in one gain nothing. */
const maxParameters = 32_766;
const rowsPerInsert = 64;
/** What rows may hold in memory, roughly. */
const mostWaitingBytes = 8 << 20;
/** A number, or a reference to a text. */
const bytesPerValue = 16;

interface ColumnWriter {
  readonly read: ReturnType<typeof fieldReader>;
  readonly convert: ToSqlite;
  readonly isKey: boolean;
}

/** Rows that are not committed yet. */
export class WaitingRows {
  readonly #connection: SqliteConnection;
  readonly #table: SqliteTable;
  readonly #columns: readonly ColumnWriter[];
  readonly #upserts: boolean;
  readonly #direct: RowInserts;
  readonly #staged: RowInserts;
  readonly #applyDeletes: StatementSync | undefined;
  readonly #applyRows: StatementSync;
  readonly #clear: StatementSync;
  #rows = new RowChunks();
  /** Some rows are in the temporary table, so all are on their way there. */
  #isStaged = false;
  #deletes = false;

  constructor(connection: SqliteConnection, table: SqliteTable, key: readonly string[] | undefined) {
    const width = table.columns.length;
    this.#connection = connection;
    this.#table = table;
    this.#upserts = key !== undefined;
    this.#columns = table.columns.map((column) => ({ read: fieldReader(column.name), convert: toSqlite(column), isKey: key?.includes(column.name) === true }));
    connection.exec(table.createStaged);
    this.#direct = new RowInserts(connection, { width, sql: (rows) => table.insertRows(rows) });
    this.#staged = new RowInserts(connection, { width: width + (this.#upserts ? 1 : 0), sql: (rows) => table.insertStaged(rows) });
    this.#applyDeletes = this.#upserts ? connection.prepare(table.applyDeletes) : undefined;
    this.#applyRows = connection.prepare(table.applyRows);
    this.#clear = connection.prepare("DELETE FROM temp._streamflow_staged");
  }

  /** @throws BatchError for records that the table cannot hold; the others wait. */
  add(batch: SinkBatch): void {
    const failures: BatchFailure[] = [];
    for (let i = 0; i < batch.length; i++) {
      const change = batch.changes?.[i] ?? ChangeKind.insert;
      const isDelete = this.#upserts && (change === ChangeKind.delete || change === ChangeKind.updateBefore);
      let row: SqliteValue[];
      try {
        row = this.#rowOf(batch.values[i], isDelete);
      } catch (thrown) {
        failures.push({ index: i, error: toStreamFlowError(thrown, "SF_SCHEMA_VIOLATION", "a record cannot be stored") });
        continue;
      }
      if (isDelete) {
        this.#deletes = true;
        this.#stage();
      }
      this.#keep(row, isDelete);
    }
    if (failures.length > 0) throw new BatchError(`${failures.length} of ${batch.length} records do not fit their table: ${failures[0]?.error.message}`, failures);
  }

  /** Inside a transaction: into the table. */
  apply(): void {
    if (!this.#isStaged) {
      this.#direct.insert(this.#rows);
      return;
    }
    this.#staged.insert(this.#rows);
    this.#connection.attempt(() => {
      if (this.#deletes) this.#applyDeletes?.run();
      this.#applyRows.run();
      this.#clear.run();
    });
  }

  /** After the commit. Before it, everything is kept: the transaction may have to run again. */
  committed(): void {
    this.#rows = new RowChunks();
    this.#isStaged = false;
    this.#deletes = false;
  }

  clear(): void {
    this.#connection.attempt(() => this.#clear.run());
    this.committed();
  }

  #rowOf(value: unknown, isDelete: boolean): SqliteValue[] {
    const [only] = this.#columns;
    if (this.#table.isScalar) return [only?.convert(value) ?? null];
    if (typeof value !== "object" || value === null) throw new StreamFlowError("SF_SCHEMA_VIOLATION", `a record must be an object with named fields, got ${value === null ? "null" : typeof value}`);
    const row: SqliteValue[] = [];
    for (const { read, convert, isKey } of this.#columns) {
      // A delete names its key; whatever else it holds is going away.
      row.push(isDelete && !isKey ? null : convert(read(value as Readonly<Record<string, unknown>>)));
    }
    return row;
  }

  #keep(row: SqliteValue[], isDelete: boolean): void {
    if (!this.#isStaged) {
      this.#rows.add(row, this.#direct.chunk);
      if (this.#rows.byteLength > mostWaitingBytes) this.#stage();
      return;
    }
    if (this.#upserts) row.push(isDelete ? 1 : 0);
    this.#rows.add(row, this.#staged.chunk);
    if (this.#rows.count < this.#staged.chunk) return;
    this.#staged.insert(this.#rows);
    this.#rows = new RowChunks();
  }

  /** Moves what waits in memory to the temporary table. */
  #stage(): void {
    if (this.#isStaged) return;
    this.#isStaged = true;
    const waiting = this.#rows;
    this.#rows = new RowChunks();
    for (const row of waiting.rows(this.#direct.width)) this.#keep(row, false);
  }
}

/** Rows in memory: the parameters of whole chunks one after another, then of a part of one. */
class RowChunks {
  readonly full: SqliteValue[][] = [];
  rest: SqliteValue[] = [];
  /** Rows held. */
  count = 0;
  byteLength = 0;

  /** @param chunk rows of a chunk */
  add(row: readonly SqliteValue[], chunk: number): void {
    for (const value of row) {
      this.rest.push(value);
      this.byteLength += bytesPerValue + (typeof value === "string" ? value.length : value instanceof Uint8Array ? value.length : 0);
    }
    this.count++;
    if (this.count % chunk > 0) return;
    this.full.push(this.rest);
    this.rest = [];
  }

  *rows(width: number): Generator<SqliteValue[]> {
    for (const values of [...this.full, this.rest]) for (let at = 0; at < values.length; at += width) yield values.slice(at, at + width);
  }
}

/** The statements that insert rows of one width somewhere. */
class RowInserts {
  readonly width: number;
  /** Rows of a chunk. */
  readonly chunk: number;
  readonly #connection: SqliteConnection;
  readonly #insertChunk: StatementSync;
  readonly #insertOne: StatementSync;

  constructor(connection: SqliteConnection, { width, sql }: { readonly width: number; readonly sql: (rows: number) => string }) {
    this.width = width;
    this.chunk = Math.max(1, Math.min(rowsPerInsert, Math.floor(maxParameters / width)));
    this.#connection = connection;
    this.#insertChunk = connection.prepare(sql(this.chunk));
    this.#insertOne = connection.prepare(sql(1));
  }

  insert({ full, rest }: RowChunks): void {
    this.#connection.attempt(() => {
      for (const values of full) this.#insertChunk.run(...values);
      for (let at = 0; at < rest.length; at += this.width) this.#insertOne.run(...rest.slice(at, at + this.width));
    });
  }
}
