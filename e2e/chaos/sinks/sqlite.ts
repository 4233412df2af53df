// Two tables of an SQLite file: transactional, sink-first.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sqliteSink } from "@streamflow/sink";
import { type ChaosSink, counted } from "./chaos-sink.ts";

const columns = { windows: "windowStart, key, n, total, newest", late: "id, key, n" } as const;

export const sqlite: ChaosSink = {
  sinks: (path) => ({ windows: sqliteSink({ path, table: "windows" }), late: sqliteSink({ path, table: "late" }) }),
  async open(folder) {
    const path = join(folder, "out.db");
    return {
      place: path,
      read: async () => reading(path, (database) => counted({ windows: rowsOf(database, "windows"), late: rowsOf(database, "late") })),
      size: () => (existsSync(path) ? reading(path, (database) => newest(database, "windows") + newest(database, "late")) : 0),
      close: async () => undefined,
    };
  },
};

function reading<Result>(path: string, read: (database: DatabaseSync) => Result): Result {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  try {
    return read(database);
  } finally {
    database.close();
  }
}

function rowsOf(database: DatabaseSync, table: keyof typeof columns): readonly unknown[] {
  return database.prepare(`SELECT ${columns[table]} FROM ${table}`).all();
}

/** The last row's number; 0 where there is no table yet. */
function newest(database: DatabaseSync, table: keyof typeof columns): number {
  if (database.prepare("SELECT 1 FROM sqlite_master WHERE name = ?").get(table) === undefined) return 0;
  return Number(database.prepare(`SELECT max(rowid) AS newest FROM ${table}`).get()?.["newest"] ?? 0);
}
