// The table that an SQLite sink fills: made from the schema or checked against it, and the statements that fill it.
import type { DataType, Schema, StructType } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";
import type { SqliteConnection } from "./sqlite-connection.ts";
import { columnType, type SqliteColumn } from "./sqlite-values.ts";

/** What is asked of a table. */
export interface TableRequest {
  /** For messages. */
  readonly name: string;
  readonly table: string;
  readonly schema: Schema | undefined;
  /** Key columns of an upsert; undefined: append. */
  readonly key: readonly string[] | undefined;
}

/** A table that is ready, and the SQL over it. */
export interface SqliteTable {
  readonly columns: readonly SqliteColumn[];
  /** A record is one value, not named fields. */
  readonly isScalar: boolean;
  /** Creates the temporary table that holds what is not committed. */
  readonly createStaged: string;
  /** Inserts a row into it. Upserts: the last row of a key stays; the last parameter is 1 for a delete. */
  readonly insertStaged: string;
  readonly applyDeletes: string;
  readonly applyRows: string;
  /** Inserts a row into the table itself. Upserts: it replaces the row with its key. */
  readonly insertRow: string;
}

interface FoundColumn {
  readonly name: string;
  readonly notnull: number;
  readonly dflt_value: unknown;
  readonly pk: number;
  readonly type: string;
}

/** Result code of a statement that does not fit its tables. */
const sqlError = 1;
const staged = "temp._streamflow_staged";
const deleted = "_streamflow_deleted";

/**
 * Makes or checks the table. Called inside a transaction.
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID where the table that is there does not fit: a restart would not mend it.
 */
export function openTable(connection: SqliteConnection, request: TableRequest): SqliteTable {
  const found = connection.prepare("SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info(?)").all(request.table) as unknown as readonly FoundColumn[];
  const declared = declaredColumns(request);
  checkKey(request, (declared ?? found).map((column) => column.name));
  const columns = found.length === 0 ? createTable(connection, request, declared) : checkTable(request, declared, found);
  const isScalar = request.schema !== undefined && request.schema.type !== "struct";
  const sql = statements(request, columns, found);
  checkUnique(connection, request, sql.insertRow);
  return { columns: columns.map((column) => (request.key?.includes(column.name) === true ? { ...column, nullable: false } : column)), isScalar, ...sql };
}

function checkKey({ name, key = [] }: TableRequest, columns: readonly string[]): void {
  const missing = key.find((column) => !columns.includes(column));
  if (missing === undefined || columns.length === 0) return;
  throw new StreamFlowError("SF_CONFIG_INVALID", `${name}: the key "${missing}" is not among the columns ${columns.map((column) => `"${column}"`).join(", ")}`);
}

function declaredColumns({ schema }: TableRequest): readonly SqliteColumn[] | undefined {
  if (schema === undefined) return undefined;
  const { fields }: StructType = schema.type === "struct" ? schema : { type: "struct", fields: [{ name: "value", type: schema }] };
  return fields.map(({ name, type }) => ({ name, type, nullable: isNullable(type) }));
}

function isNullable(type: DataType): boolean {
  return type.nullable === true || type.type === "any";
}

function createTable(connection: SqliteConnection, request: TableRequest, declared: readonly SqliteColumn[] | undefined): readonly SqliteColumn[] {
  const { table, key } = request;
  if (declared === undefined || declared.length === 0) {
    throw new StreamFlowError("SF_CONFIG_INVALID", `${request.name}: table "${table}" does not exist, and the fields of the records are not known`, { hint: "create the table, or give the sink a schema" });
  }
  const lines = declared.map(({ name, type, nullable }) => `${quote(name)} ${type === undefined ? "" : columnType(type)}${nullable ? "" : " NOT NULL"}`);
  if (key !== undefined) lines.push(`PRIMARY KEY (${names(key)})`);
  connection.exec(`CREATE TABLE main.${quote(table)} (${lines.join(", ")})`);
  return declared;
}

function checkTable(request: TableRequest, declared: readonly SqliteColumn[] | undefined, found: readonly FoundColumn[]): readonly SqliteColumn[] {
  const byName = new Map(found.map((column) => [column.name, column]));
  const columns = declared ?? found.map(({ name }) => ({ name, type: undefined, nullable: true }));
  const missing = columns.filter(({ name }) => !byName.has(name));
  if (missing.length > 0) {
    const add = missing.map(({ name, type }) => `ALTER TABLE ${quote(request.table)} ADD COLUMN ${quote(name)} ${type === undefined ? "" : columnType(type)}`.trim());
    throw new StreamFlowError("SF_CONFIG_INVALID", `${request.name}: table "${request.table}" has no column ${listed(missing)}; it has ${listed(found)}`, { hint: add.join("; ") });
  }
  const unfilled = found.filter((column) => column.notnull === 1 && column.dflt_value === null && column.pk === 0 && !columns.some(({ name }) => name === column.name));
  if (unfilled.length > 0) {
    throw new StreamFlowError("SF_CONFIG_INVALID", `${request.name}: column ${listed(unfilled)} of table "${request.table}" must not be null, but the records have no such field; they have ${listed(columns)}`, {
      hint: "give the column a default value, or the records the field",
    });
  }
  return columns.map((column) => ({ ...column, nullable: column.nullable && byName.get(column.name)?.notnull !== 1 }));
}

function statements({ table, key }: TableRequest, columns: readonly SqliteColumn[], found: readonly FoundColumn[]): Pick<SqliteTable, "createStaged" | "insertStaged" | "applyDeletes" | "applyRows" | "insertRow"> {
  const target = `main.${quote(table)}`;
  const list = names(columns.map((column) => column.name));
  // The same affinity as in the table, so that a value is changed once and keys compare alike.
  const typeOf = ({ name, type }: SqliteColumn): string => found.find((column) => column.name === name)?.type ?? (type === undefined ? "" : columnType(type));
  const lines = columns.map((column) => `${quote(column.name)} ${typeOf(column)}`);
  const values = (count: number): string => `VALUES (${Array(count).fill("?").join(",")})`;
  if (key === undefined) {
    return {
      createStaged: `CREATE TABLE ${staged} (${lines.join(", ")})`,
      insertStaged: `INSERT INTO ${staged} ${values(columns.length)}`,
      applyDeletes: "",
      applyRows: `INSERT INTO ${target} (${list}) SELECT ${list} FROM ${staged} ORDER BY rowid`,
      insertRow: `INSERT INTO ${target} (${list}) ${values(columns.length)}`,
    };
  }
  const rest = columns.map((column) => column.name).filter((name) => !key.includes(name));
  const change = rest.length === 0 ? "NOTHING" : `UPDATE SET ${rest.map((name) => `${quote(name)} = excluded.${quote(name)}`).join(", ")}`;
  const keys = key.length === 1 ? names(key) : `(${names(key)})`;
  return {
    createStaged: `CREATE TABLE ${staged} (${[...lines, `${deleted} INTEGER`].join(", ")}, UNIQUE (${names(key)}))`,
    insertStaged: `INSERT OR REPLACE INTO ${staged} ${values(columns.length + 1)}`,
    applyDeletes: `DELETE FROM ${target} WHERE ${keys} IN (SELECT ${names(key)} FROM ${staged} WHERE ${deleted} = 1)`,
    applyRows: `INSERT INTO ${target} (${list}) SELECT ${list} FROM ${staged} WHERE ${deleted} = 0 ORDER BY rowid ON CONFLICT (${names(key)}) DO ${change}`,
    insertRow: `INSERT INTO ${target} (${list}) ${values(columns.length)} ON CONFLICT (${names(key)}) DO ${change}`,
  };
}

/** SQLite finds out by itself whether the key of an upsert is unique. */
function checkUnique(connection: SqliteConnection, { name, table, key }: TableRequest, insertRow: string): void {
  if (key === undefined) return;
  try {
    connection.prepare(insertRow);
  } catch (error) {
    if (!StreamFlowError.is(error) || error.context?.["sqlite"] !== sqlError) throw error;
    throw new StreamFlowError("SF_CONFIG_INVALID", `${name}: the key ${key.map((column) => `"${column}"`).join(", ")} is not unique in table "${table}"`, {
      cause: error, hint: `CREATE UNIQUE INDEX ${quote(`${table}_key`)} ON ${quote(table)} (${names(key)})`,
    });
  }
}

function listed(columns: readonly { readonly name: string }[]): string {
  return columns.map(({ name }) => `"${name}"`).join(", ");
}

function names(list: readonly string[]): string {
  return list.map(quote).join(", ");
}

/** An identifier, whatever it holds. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
