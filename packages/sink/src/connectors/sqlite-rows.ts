// Rows of one epoch on their way into a table.
//   R1. They wait in memory, and go straight into the table. Where they are many, or one is a delete, all of them go through a temporary table, in order.
//   R2. `apply` changes nothing that it could not do again: its transaction may be rolled back and run once more.
import { BatchError, ChangeKind, StreamFlowError, toStreamFlowError } from "@streamflow/core";
import type { BatchFailure, SinkBatch } from "@streamflow/core";
import type { StatementSync } from "node:sqlite";
import { fieldReader } from "../field.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import type { SqliteTable } from "./sqlite-table.ts";
import { toSqlite, type SqliteValue, type ToSqlite } from "./sqlite-values.ts";

/** What rows may hold in memory, roughly. */
const mostWaitingBytes = 16 << 20;
/** A list; a number, or a reference to a text. */
const bytesPerRow = 48;
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
  // One row a statement: with several, node:sqlite is slower by half.
  readonly #insertDirect: StatementSync;
  readonly #insertStaged: StatementSync;
  readonly #applyDeletes: StatementSync | undefined;
  readonly #applyRows: StatementSync;
  readonly #clear: StatementSync;
  #rows: SqliteValue[][] = [];
  #waitingBytes = 0;
  /** Rows go through the temporary table; those of an upsert say at their end whether they are deletes. */
  #isStaged = false;
  #deletes = false;

  constructor(connection: SqliteConnection, table: SqliteTable, key: readonly string[] | undefined) {
    this.#connection = connection;
    this.#table = table;
    this.#upserts = key !== undefined;
    this.#columns = table.columns.map((column) => ({ read: fieldReader(column.name), convert: toSqlite(column), isKey: key?.includes(column.name) === true }));
    connection.exec(table.createStaged);
    this.#insertDirect = connection.prepare(table.insertRow);
    this.#insertStaged = connection.prepare(table.insertStaged);
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
    this.#connection.attempt(() => {
      const insert = this.#isStaged ? this.#insertStaged : this.#insertDirect;
      for (const row of this.#rows) insert.run(...row);
      if (!this.#isStaged) return;
      if (this.#deletes) this.#applyDeletes?.run();
      this.#applyRows.run();
      this.#clear.run();
    });
  }

  /** After the commit. Before it, everything is kept: the transaction may have to run again. */
  committed(): void {
    this.#rows = [];
    this.#waitingBytes = 0;
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
    if (this.#isStaged && this.#upserts) row.push(isDelete ? 1 : 0);
    this.#rows.push(row);
    this.#waitingBytes += sizeOf(row);
    if (this.#waitingBytes > mostWaitingBytes) this.#spill();
  }

  /** From now on rows go through the temporary table. */
  #stage(): void {
    if (this.#isStaged) return;
    this.#isStaged = true;
    if (this.#upserts) for (const row of this.#rows) row.push(0);
  }

  /** Moves what waits in memory to the temporary table. Its transaction touches nothing else, so it locks nobody out. */
  #spill(): void {
    this.#stage();
    this.#connection.exec("BEGIN");
    try {
      this.#connection.attempt(() => {
        for (const row of this.#rows) this.#insertStaged.run(...row);
      });
      this.#connection.exec("COMMIT");
    } catch (error) {
      this.#connection.exec("ROLLBACK");
      throw error;
    }
    this.#rows = [];
    this.#waitingBytes = 0;
  }
}

function sizeOf(row: readonly SqliteValue[]): number {
  let bytes = bytesPerRow;
  for (const value of row) bytes += bytesPerValue + (typeof value === "string" || value instanceof Uint8Array ? value.length : 0);
  return bytes;
}
