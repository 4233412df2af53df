// Documents in Postgres. A deleted one leaves its version behind, so that no version of an id is ever given twice.
import { StreamFlowError } from "@streamflow/core";
import type { MetadataRecord, MetadataStore } from "@streamflow/core";
import type { PostgresDatabase } from "./postgres-database.ts";

interface DocumentRow {
  readonly id: string;
  readonly version: string;
  readonly document: string;
}

/** Zero for what is not there. */
const presentVersion = "CASE WHEN d.document IS NULL THEN 0 ELSE d.version END";

export class PostgresMetadataStore implements MetadataStore {
  readonly #database: PostgresDatabase;
  #isClosed = false;

  constructor(database: PostgresDatabase) {
    this.#database = database;
    database.hold();
  }

  async get(collection: string, id: string): Promise<MetadataRecord | undefined> {
    const [row] = await this.#database.rows<DocumentRow>("SELECT id, version, document FROM documents WHERE collection = $1 AND id = $2 AND document IS NOT NULL", [collection, id]);
    return row === undefined ? undefined : toRecord(row);
  }

  /** @throws {@link StreamFlowError} SF_TYPE_MISMATCH when the document is not JSON. */
  async put(collection: string, id: string, document: unknown, expectedVersion?: number): Promise<number | undefined> {
    const text = JSON.stringify(document) as string | undefined;
    if (text === undefined) throw new StreamFlowError("SF_TYPE_MISMATCH", `document "${id}" of "${collection}" must be JSON, got ${typeof document}`);
    // One statement: of two at once, the second sees what the first has left.
    const sql = `INSERT INTO documents AS d (collection, id, version, document)
      SELECT $1, $2, 1, $3 WHERE coalesce($4::bigint, 0) = 0 OR EXISTS (SELECT 1 FROM documents WHERE collection = $1 AND id = $2)
      ON CONFLICT (collection, id) DO UPDATE SET version = d.version + 1, document = excluded.document WHERE $4::bigint IS NULL OR $4::bigint = ${presentVersion} RETURNING version`;
    const [row] = await this.#database.rows<{ readonly version: string }>(sql, [collection, id, text, expectedVersion ?? null]);
    return row === undefined ? undefined : Number(row.version);
  }

  async delete(collection: string, id: string): Promise<void> {
    await this.#database.rows("UPDATE documents SET document = NULL WHERE collection = $1 AND id = $2", [collection, id]);
  }

  async list(collection: string): Promise<readonly MetadataRecord[]> {
    const rows = await this.#database.rows<DocumentRow>("SELECT id, version, document FROM documents WHERE collection = $1 AND document IS NOT NULL", [collection]);
    // Postgres sorts by UTF-8 bytes, which differs from code units beyond the basic plane.
    return rows.map(toRecord).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#database.letGo();
  }
}

function toRecord({ id, version, document }: DocumentRow): MetadataRecord {
  return { id, version: Number(version), document: JSON.parse(document) };
}
