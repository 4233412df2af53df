// Documents in SQLite. A deleted one leaves its version behind, so that no version of an id is ever given twice.
import { StreamFlowError } from "@streamflow/core";
import type { MetadataRecord, MetadataStore } from "@streamflow/core";
import type { SqliteDatabase } from "./sqlite-database.ts";

export class SqliteMetadataStore implements MetadataStore {
  readonly #database: SqliteDatabase;
  #isClosed = false;

  constructor(database: SqliteDatabase) {
    this.#database = database;
    database.hold();
  }

  async get(collection: string, id: string): Promise<MetadataRecord | undefined> {
    const row = this.#row(collection, id);
    return row === undefined || row["document"] === null ? undefined : toRecord(row);
  }

  /** @throws {@link StreamFlowError} SF_TYPE_MISMATCH when the document is not JSON. */
  async put(collection: string, id: string, document: unknown, expectedVersion?: number): Promise<number | undefined> {
    const text = JSON.stringify(document) as string | undefined;
    if (text === undefined) throw new StreamFlowError("SF_TYPE_MISMATCH", `document "${id}" of "${collection}" must be JSON, got ${typeof document}`);
    return this.#database.write(() => {
      const row = this.#row(collection, id);
      const last = Number(row?.["version"] ?? 0);
      const present = row === undefined || row["document"] === null ? 0 : last;
      if (expectedVersion !== undefined && expectedVersion !== present) return undefined;
      this.#database.run("INSERT OR REPLACE INTO documents (collection, id, version, document) VALUES (?, ?, ?, ?)", collection, id, last + 1, text);
      return last + 1;
    });
  }

  async delete(collection: string, id: string): Promise<void> {
    this.#database.write(() => {
      this.#database.run("UPDATE documents SET document = NULL WHERE collection = ? AND id = ?", collection, id);
    });
  }

  async list(collection: string): Promise<readonly MetadataRecord[]> {
    const rows = this.#database.all("SELECT id, version, document FROM documents WHERE collection = ? AND document IS NOT NULL", collection);
    // SQLite sorts by UTF-8 bytes, which differs from code units beyond the basic plane.
    return rows.map(toRecord).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#database.letGo();
  }

  #row(collection: string, id: string): Readonly<Record<string, unknown>> | undefined {
    return this.#database.get("SELECT id, version, document FROM documents WHERE collection = ? AND id = ?", collection, id);
  }
}

function toRecord(row: Readonly<Record<string, unknown>>): MetadataRecord {
  return { id: String(row["id"]), version: Number(row["version"]), document: JSON.parse(String(row["document"])) };
}
