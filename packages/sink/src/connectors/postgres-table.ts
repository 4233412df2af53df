// The table that a Postgres sink fills: made from the schema or checked against it, and the statements that fill it.
import type { DataType, Schema, StructType } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";
import type { PostgresConnection } from "./postgres-connection.ts";
import { columnType, columnWriter, takesTexts, type PostgresColumn, type PostgresType, type WriteColumn } from "./postgres-values.ts";

/** What is asked of a table. */
export interface PostgresTableRequest {
  /** For messages. */
  readonly name: string;
  readonly table: string;
  /** The schema of Postgres that it is in; undefined: by the connection's search path. */
  readonly namespace: string | undefined;
  readonly schema: Schema | undefined;
  /** Key columns of an upsert; undefined: append. */
  readonly key: readonly string[] | undefined;
  /** Whether a missing table is made. */
  readonly create: boolean;
}

/** A table that is ready, and the SQL over it. */
export interface PostgresTable {
  readonly columns: readonly WritableColumn[];
  /** A record is one value, not named fields. */
  readonly isScalar: boolean;
  /** Creates the temporary table of an upsert; undefined: rows go straight into the table. */
  readonly createStaged: string | undefined;
  readonly copy: string;
  /** In the transaction of the commit: what was staged as deletes, and as rows. */
  readonly applyDeletes: string;
  readonly applyRows: string;
  readonly clearStaged: string;
}

/** A column, and how its values are written. */
export interface WritableColumn {
  readonly name: string;
  readonly isKey: boolean;
  readonly write: WriteColumn;
  /** It takes every text that there can be in a column of texts. */
  readonly takesTexts: boolean;
}

interface DeclaredColumn {
  readonly name: string;
  readonly type: DataType | undefined;
  readonly nullable: boolean;
}

interface FoundColumn extends PostgresType {
  readonly column: string;
  readonly isNotNull: boolean;
  readonly hasDefault: boolean;
  /** The server makes its values. */
  readonly isMade: boolean;
  readonly isGenerated: boolean;
}

const staged = "pg_temp._streamflow_staged";
/** Of a staged row: its place in the epoch, and whether it is a delete. */
const order = "_streamflow_order";
const deleted = "_streamflow_deleted";
/** No unique index fits an ON CONFLICT. */
const noUniqueIndex = "42P10";

/**
 * Makes or checks the table. Called inside a transaction.
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID where the table that is there does not fit: a restart would not mend it.
 */
export async function openPostgresTable(connection: PostgresConnection, request: PostgresTableRequest): Promise<PostgresTable> {
  const declared = declaredColumns(request);
  let found = await columnsOf(connection, request);
  checkKey(request, (declared ?? found.map((column) => ({ name: column.column }))).map((column) => column.name));
  if (found.length === 0) {
    await createTable(connection, request, declared);
    found = await columnsOf(connection, request);
  }
  const columns = matched(request, declared, found);
  const written = columns.map((column) => writable(request, column));
  const sql = statements(request, columns);
  if (sql.createStaged !== undefined) await connection.run(sql.createStaged);
  await checkStatements(connection, request, sql);
  const isScalar = request.schema !== undefined && request.schema.type !== "struct";
  return { columns: written, isScalar, ...sql };
}

function declaredColumns({ schema }: PostgresTableRequest): readonly DeclaredColumn[] | undefined {
  if (schema === undefined) return undefined;
  const { fields }: StructType = schema.type === "struct" ? schema : { type: "struct", fields: [{ name: "value", type: schema }] };
  return fields.map(({ name, type }) => ({ name, type, nullable: type.nullable === true || type.type === "any" }));
}

function checkKey({ name, key = [] }: PostgresTableRequest, columns: readonly string[]): void {
  const missing = key.find((column) => !columns.includes(column));
  if (missing === undefined || columns.length === 0) return;
  throw new StreamFlowError("SF_CONFIG_INVALID", `${name}: the key "${missing}" is not among the columns ${listed(columns)}`);
}

/** Empty: there is no such table. A domain reads as what it is made of. */
async function columnsOf(connection: PostgresConnection, request: PostgresTableRequest): Promise<readonly FoundColumn[]> {
  const rows = await connection.rows<Record<string, unknown>>(
    `SELECT a.attname AS column, a.attnotnull OR t.typnotnull AS "isNotNull", a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL AS "hasDefault",
        a.attidentity <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%', false) AS "isMade", a.attgenerated <> '' AS "isGenerated",
        format_type(a.atttypid, a.atttypmod) AS name, b.typname AS base, b.typtype::text AS kind, b.oid::int8::text AS oid,
        CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS modifier,
        e.typname AS "elementBase", e.typtype::text AS "elementKind", e.oid::int8::text AS "elementOid"
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
        LEFT JOIN pg_type e ON e.oid = b.typelem AND b.typcategory = 'A' LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [qualified(request)],
  );
  return rows.map((row) => {
    const { elementBase, elementKind, elementOid, oid, modifier, ...rest } = row;
    const element = typeof elementBase === "string" ? { element: { name: elementBase, base: elementBase, kind: String(elementKind), oid: Number(elementOid), modifier: Number(modifier) } } : {};
    return { ...rest, oid: Number(oid), modifier: Number(modifier), ...element } as FoundColumn;
  });
}

async function createTable(connection: PostgresConnection, request: PostgresTableRequest, declared: readonly DeclaredColumn[] | undefined): Promise<void> {
  const { name, table, key, create } = request;
  if (!create) throw new StreamFlowError("SF_CONFIG_INVALID", `${name}: table "${table}" does not exist`, { hint: "create the table, or set createTable: true" });
  if (declared === undefined || declared.length === 0) {
    throw new StreamFlowError("SF_CONFIG_INVALID", `${name}: table "${table}" does not exist, and the fields of the records are not known`, { hint: "create the table, or give the sink a schema" });
  }
  const lines = declared.map((column) => `${quote(column.name)} ${columnType(column.type ?? { type: "any" })}${column.nullable ? "" : " NOT NULL"}`);
  if (key !== undefined) lines.push(`PRIMARY KEY (${names(key)})`);
  // Rows that change again and again find room beside their old selves, and their index entries stay (two thirds of the server's time, measured).
  const room = key === undefined ? "" : " WITH (fillfactor = 70)";
  await connection.run(`CREATE TABLE ${qualified(request)} (${lines.join(", ")})${room}`);
}

function matched(request: PostgresTableRequest, declared: readonly DeclaredColumn[] | undefined, found: readonly FoundColumn[]): readonly PostgresColumn[] {
  const { name, table, key } = request;
  const byName = new Map(found.map((column) => [column.column, column]));
  // Of records that nothing is known of, columns that the server fills by itself get no value.
  const columns = declared ?? found.filter((column) => !column.isMade && !column.isGenerated).map(({ column }) => ({ name: column, type: undefined, nullable: true }));
  const missing = columns.filter((column) => !byName.has(column.name));
  if (missing.length > 0) {
    const add = missing.map((column) => `ALTER TABLE ${qualified(request)} ADD COLUMN ${quote(column.name)} ${columnType(column.type ?? { type: "any" })}`);
    throw new StreamFlowError("SF_CONFIG_INVALID", `${name}: table "${table}" has no column ${listed(missing.map((column) => column.name))}; it has ${listed(found.map(({ column }) => column))}`, { hint: add.join("; ") });
  }
  const unfilled = found.filter((column) => column.isNotNull && !column.hasDefault && !columns.some((given) => given.name === column.column)).map(({ column }) => column);
  if (unfilled.length > 0) {
    throw new StreamFlowError("SF_CONFIG_INVALID", `${name}: column ${listed(unfilled)} of table "${table}" must not be null, but the records have no such field; they have ${listed(columns.map((column) => column.name))}`, {
      hint: "give the column a default value, or the records the field",
    });
  }
  return columns.map((column) => {
    const target = byName.get(column.name) as FoundColumn;
    return { ...column, target, nullable: column.nullable && !target.isNotNull && key?.includes(column.name) !== true };
  });
}

function writable({ name, table, key }: PostgresTableRequest, column: PostgresColumn): WritableColumn {
  const write = columnWriter(column);
  if (write === undefined || (column.target as FoundColumn).isGenerated) {
    throw new StreamFlowError("SF_CONFIG_INVALID", `${name}: column "${column.name}" of table "${table}" is ${write === undefined ? `of type ${column.target.name}, which cannot be filled` : "generated by the server"}`, {
      hint: "leave the field out of the records, or give the column another type",
    });
  }
  return { name: column.name, isKey: key?.includes(column.name) === true, write, takesTexts: takesTexts(column.target) };
}

function statements(request: PostgresTableRequest, columns: readonly PostgresColumn[]): Omit<PostgresTable, "columns" | "isScalar"> {
  const { key } = request;
  const target = qualified(request);
  const list = names(columns.map((column) => column.name));
  if (key === undefined) {
    const probe = `INSERT INTO ${target} (${list}) VALUES (${columns.map(() => "NULL").join(", ")})`;
    return { createStaged: undefined, copy: `COPY ${target} (${list}) FROM STDIN (FORMAT binary)`, applyDeletes: "", applyRows: probe, clearStaged: "" };
  }
  const rest = columns.map((column) => column.name).filter((name) => !key.includes(name));
  const change = rest.length === 0 ? "NOTHING" : `UPDATE SET ${rest.map((name) => `${quote(name)} = excluded.${quote(name)}`).join(", ")}`;
  const last = `(SELECT DISTINCT ON (${names(key)}) * FROM ${staged} ORDER BY ${names(key)}, ${order} DESC) AS last`;
  const types = columns.map(({ name, target: { name: type } }) => `${quote(name)} ${type}`);
  return {
    createStaged: `CREATE TEMPORARY TABLE _streamflow_staged (${[...types, `${order} bigint`, `${deleted} boolean`].join(", ")})`,
    copy: `COPY ${staged} (${list}, ${order}, ${deleted}) FROM STDIN (FORMAT binary)`,
    applyDeletes: `DELETE FROM ${target} AS t USING ${last} WHERE last.${deleted} AND ${key.map((name) => `t.${quote(name)} = last.${quote(name)}`).join(" AND ")}`,
    // Rows of equal keys are locked in one order by all who write them.
    applyRows: `INSERT INTO ${target} (${list}) SELECT ${list} FROM ${last} WHERE NOT ${deleted} ORDER BY ${names(key)} ON CONFLICT (${names(key)}) DO ${change}`,
    clearStaged: `TRUNCATE ${staged}`,
  };
}

/** Postgres itself says whether the statements may run, and whether the key of an upsert is unique. */
async function checkStatements(connection: PostgresConnection, request: PostgresTableRequest, { applyRows }: Pick<PostgresTable, "applyRows">): Promise<void> {
  const { name, table, key } = request;
  try {
    await connection.run(`EXPLAIN ${applyRows}`);
  } catch (error) {
    if (!StreamFlowError.is(error) || error.context?.["state"] !== noUniqueIndex || key === undefined) throw error;
    throw new StreamFlowError("SF_CONFIG_INVALID", `${name}: the key ${listed(key)} is not unique in table "${table}"`, {
      cause: error, hint: `CREATE UNIQUE INDEX ON ${qualified(request)} (${names(key)})`,
    });
  }
}

function listed(columns: readonly string[]): string {
  return columns.map((column) => `"${column}"`).join(", ");
}

function names(list: readonly string[]): string {
  return list.map(quote).join(", ");
}

/** A table's name, with its schema where one was given. */
export function qualified({ namespace, table }: Pick<PostgresTableRequest, "namespace" | "table">): string {
  return namespace === undefined ? quote(table) : `${quote(namespace)}.${quote(table)}`;
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
