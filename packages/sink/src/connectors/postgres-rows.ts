// Rows of one epoch on their way into a table.
//   R1. They are put together in memory and leave in pieces, while the epoch goes on: memory holds two pieces and a batch, whatever the size of an epoch.
//   R2. An epoch that fits one piece has no transaction before its commit. A larger one has an open transaction: append copies into the table itself, where
//       nobody sees it before the commit, since staging it elsewhere would write everything twice; upsert copies into a temporary table, since rows of the
//       table must not stay locked while an epoch goes on.
//   R3. What was sent is lost with its connection. Then everything fails until `clear`: no epoch is committed without its first half.
import { BatchError, ChangeKind, StreamFlowError, toStreamFlowError } from "@streamflow/core";
import type { BatchFailure, SinkBatch } from "@streamflow/core";
import { CopyBuffer, copyHeader, copyTrailer } from "./postgres-binary.ts";
import { CellWriters, type WriteCell } from "./postgres-cells.ts";
import type { CopyIn, PostgresConnection } from "./postgres-connection.ts";
import type { PostgresTable } from "./postgres-table.ts";

const pieceBytes = 1 << 20;

/** Rows that are not committed yet. */
export class EpochRows {
  readonly #connect: () => Promise<PostgresConnection>;
  readonly #table: PostgresTable;
  readonly #cells: CellWriters;
  readonly #isUpsert: boolean;
  #connection: PostgresConnection;
  #isInTransaction = false;
  #copy: CopyIn | undefined;
  #piece = new CopyBuffer(pieceBytes);
  #spare = new CopyBuffer(pieceBytes);
  /** The piece before is leaving. */
  #sending: Promise<void> = Promise.resolve();
  #failed: StreamFlowError | undefined;
  /** Of an upsert: how many rows of this epoch there have been, and whether one was a delete. */
  #order = 0;
  #deletes = false;

  /** @param connect makes a connection that is ready to stage rows; the first one is `connection`. */
  constructor(connection: PostgresConnection, connect: () => Promise<PostgresConnection>, table: PostgresTable) {
    this.#connection = connection;
    this.#connect = connect;
    this.#table = table;
    this.#isUpsert = table.createStaged !== undefined;
    this.#cells = new CellWriters(table);
  }

  /** @throws BatchError for records that the table cannot hold; the others are taken. */
  add(batch: SinkBatch): void | Promise<void> {
    if (this.#failed !== undefined) throw this.#failed;
    const failures = this.#write(batch);
    const sent = this.#piece.length < pieceBytes ? undefined : this.#try(() => this.#send());
    if (failures.length === 0) return sent;
    const error = new BatchError(`${failures.length} of ${batch.length} records do not fit their table: ${failures[0]?.error.message}`, failures);
    if (sent === undefined) throw error;
    return sent.then(() => Promise.reject(error));
  }

  /** Begins a transaction where there is none, brings everything into it, and answers its connection. */
  async seal(): Promise<PostgresConnection> {
    if (this.#failed !== undefined) throw this.#failed;
    return this.#try(async () => {
      if (this.#piece.length > 0) await this.#send();
      await this.#begin();
      if (this.#copy !== undefined) {
        await this.#sending;
        await this.#copy.send(copyTrailer);
        await this.#copy.end();
        this.#copy = undefined;
      }
      return this.#connection;
    });
  }

  /** In the transaction of the commit: from the temporary table into the table. */
  async apply(): Promise<void> {
    if (!this.#isUpsert || this.#order === 0) return;
    await this.#try(async () => {
      if (this.#deletes) await this.#connection.run(this.#table.applyDeletes);
      await this.#connection.run(this.#table.applyRows);
      await this.#connection.run(this.#table.clearStaged);
    });
  }

  /** The transaction has ended, one way or another, and what was staged with it. */
  ended(): void {
    this.#isInTransaction = false;
    this.#failed = undefined;
    this.#copy = undefined;
    this.#sending = Promise.resolve();
    this.#piece.length = 0;
    this.#order = 0;
    this.#deletes = false;
  }

  /** What happened in the transaction makes it useless. */
  fail(error: StreamFlowError): void {
    this.#failed ??= error;
  }

  /** Forgets everything since the last commit. */
  async clear(): Promise<void> {
    // In the middle of a COPY the server does not listen; a new connection is as quick.
    if (this.#copy !== undefined) this.#connection.drop();
    else if (this.#isInTransaction && !this.#connection.isLost) await this.#connection.run("ROLLBACK").catch(() => this.#connection.drop());
    await this.#sending.catch(() => undefined);
    this.ended();
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #write(batch: SinkBatch): BatchFailure[] {
    const failures: BatchFailure[] = [];
    const piece = this.#piece;
    const cells = this.#cells.of(batch);
    for (let i = 0; i < batch.length; i++) {
      const change = batch.changes?.[i] ?? ChangeKind.insert;
      const isDelete = this.#isUpsert && (change === ChangeKind.delete || change === ChangeKind.updateBefore);
      const start = piece.length;
      try {
        this.#writeRow(cells, i, isDelete);
        if (isDelete) this.#deletes = true;
      } catch (thrown) {
        piece.length = start;
        failures.push({ index: i, error: toStreamFlowError(thrown, "SF_SCHEMA_VIOLATION", "a record cannot be stored") });
      }
    }
    return failures;
  }

  #writeRow(cells: readonly WriteCell[], index: number, isDelete: boolean): void {
    const piece = this.#piece;
    piece.int16(cells.length + (this.#isUpsert ? 2 : 0));
    // A delete names its key; whatever else it holds is going away.
    if (isDelete) this.#table.columns.forEach(({ isKey }, at) => (isKey ? cells[at]?.(index, piece) : piece.int32(-1)));
    else for (const write of cells) write(index, piece);
    if (!this.#isUpsert) return;
    piece.sizedSafeInt64(this.#order++);
    piece.int32(1);
    piece.byte(isDelete ? 1 : 0);
  }

  /** Sends the piece as soon as the one before has left. */
  async #send(): Promise<void> {
    await this.#begin();
    if (this.#copy === undefined) {
      this.#copy = await this.#connection.copy(this.#table.copy);
      await this.#copy.send(copyHeader);
    }
    await this.#sending;
    const [piece, copy] = [this.#piece, this.#copy];
    this.#piece = this.#spare;
    this.#piece.length = 0;
    this.#spare = piece;
    this.#sending = copy.send(piece.written);
    // Its failure is seen by who sends next.
    this.#sending.catch(() => undefined);
  }

  async #begin(): Promise<void> {
    if (this.#isInTransaction) return;
    const begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
    if (this.#connection.isLost) this.#connection = await this.#connect();
    await this.#connection.run(begin).catch(async (error: unknown) => {
      // It may have been lost long ago, and unnoticed.
      if (!this.#connection.isLost) throw error;
      this.#connection = await this.#connect();
      await this.#connection.run(begin);
    });
    this.#isInTransaction = true;
  }

  async #try<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      const error = toStreamFlowError(thrown, "SF_SINK_FAILED", "the sink failed");
      // Without a transaction nothing has been sent: it may be tried again.
      if (this.#isInTransaction) this.fail(error);
      throw error;
    }
  }
}
