// Keyed state in a SQLite file of its own, for state that may outgrow memory.
//   I1. Only entries of a namespace that has a name are visible. `restore` writes under a number without a name, and gives it the name in one transaction.
//   I2. What lost its name is deleted in pieces, so that no call blocks the thread for long; what a crash has left of it goes when the file is opened.
//   I3. Every entry carries the checksum of its key and value.
// The file may be open in one process at a time: numbers of namespaces are remembered.
import { crc32c, decodeStateSnapshot, encodeStateSnapshot, StreamFlowError } from "@streamflow/core";
import type { SnapshotPart, StateEntry, StateRange, StateSnapshot, StateStore, StateWrite } from "@streamflow/core";
import { SqliteDatabase, type SqliteLayout } from "./sqlite-database.ts";
import type { StoreEnvironment } from "./store-environment.ts";

const layout: SqliteLayout = {
  version: 1,
  // A process that died goes back to a checkpoint: state need not survive each transaction, only those before `flush`.
  synchronous: "normal",
  tables: `
    CREATE TABLE namespaces (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE);
    CREATE TABLE entries (namespace INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, checksum INTEGER NOT NULL,
      PRIMARY KEY (namespace, key)) WITHOUT ROWID;
    CREATE TABLE flushes (id INTEGER PRIMARY KEY, count INTEGER NOT NULL);
    INSERT INTO flushes VALUES (1, 0);
  `,
};

/** A page of a scan is closed when it has this many bytes. */
const pageBytes = 256 * 1024;
const maxPageEntries = 4096;
/** Rows that one transaction of a deletion takes. */
const sweepRows = 5000;

const read = "SELECT key, value, checksum FROM entries WHERE namespace = ? AND key = ?";
const upsert = "INSERT INTO entries VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, checksum = excluded.checksum";

/**
 * Opens a state store in a SQLite file, created when missing. What was written is there after the process died; after a power loss, up to the last `flush` or later.
 * An open snapshot lets the write-ahead log grow: close it as soon as it is read.
 *
 * @param path a file; `:memory:` is not possible, because snapshots read the file on a connection of their own
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID for `:memory:`; SF_DISK_READ_ONLY, SF_DISK_FULL, SF_DISK_FAILED; SF_STATE_CORRUPT when the file is no sound
 * database; SF_STATE_INCOMPATIBLE when a newer version of StreamFlow has written it.
 */
export async function openSqliteStateStore(path: string, environment: Pick<StoreEnvironment, "clock">): Promise<StateStore> {
  if (path === "" || path === ":memory:") throw new StreamFlowError("SF_CONFIG_INVALID", `a state store needs the path of a file, got "${path}"`);
  const store = new SqliteStateStore(new SqliteDatabase(path, undefined, layout), environment);
  await store.sweep();
  return store;
}

class SqliteStateStore implements StateStore {
  readonly isDurable: boolean = true;
  readonly #database: SqliteDatabase;
  readonly #environment: Pick<StoreEnvironment, "clock">;
  readonly #ids = new Map<string, number>();
  #isClosed = false;

  constructor(database: SqliteDatabase, environment: Pick<StoreEnvironment, "clock">) {
    this.#database = database;
    this.#environment = environment;
    database.hold();
  }

  async get(namespace: string, key: Uint8Array): Promise<Uint8Array | undefined> {
    return (await this.getMany(namespace, [key]))[0];
  }

  async getMany(namespace: string, keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    const database = this.#open();
    const id = this.#idOf(namespace);
    return keys.map((key) => {
      const row = id === undefined ? undefined : database.get(read, id, key);
      return row === undefined ? undefined : checked(namespace, row, database.path).value;
    });
  }

  async put(namespace: string, key: Uint8Array, value: Uint8Array): Promise<void> {
    this.#write([{ namespace, key, value }]);
  }

  async delete(namespace: string, key: Uint8Array): Promise<void> {
    this.#write([{ namespace, key }]);
  }

  async batch(writes: readonly StateWrite[]): Promise<void> {
    this.#write(writes);
  }

  async *scan(namespace: string, range: StateRange = {}): AsyncGenerator<readonly StateEntry[], void, void> {
    const id = this.#idOf(namespace);
    if (id !== undefined) yield* pages({ database: () => this.#open(), namespace, id }, range);
  }

  async namespaces(): Promise<readonly string[]> {
    return namesIn(this.#open());
  }

  async clear(namespace: string): Promise<void> {
    const id = this.#idOf(namespace);
    if (id === undefined) return;
    this.#database.write(() => this.#database.run("UPDATE namespaces SET name = NULL WHERE id = ?", id));
    this.#ids.delete(namespace);
    await this.#drop([id]);
  }

  async snapshot(namespaces?: readonly string[]): Promise<StateSnapshot> {
    const frozen = this.#open().frozen();
    const names = [...new Set(namespaces ?? namesIn(frozen))].sort();
    let isOpen = true;
    return {
      namespaces: names,
      read: () => encodeStateSnapshot(names.map((namespace) => partOf(frozen, namespace))),
      close: async () => {
        if (isOpen) frozen.letGo();
        isOpen = false;
      },
    };
  }

  async restore(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    this.#open();
    const staged = new Map<string, number>();
    let replaced: readonly number[];
    try {
      for await (const { namespace, entries } of decodeStateSnapshot(chunks)) this.#stage(staged, namespace, entries);
      replaced = this.#publish(staged);
    } catch (error) {
      // Whatever cannot be deleted now goes when the file is opened again.
      await this.#drop([...staged.values()]).catch(() => undefined);
      throw error;
    }
    await this.#drop(replaced);
  }

  async flush(): Promise<void> {
    const database = this.#open();
    // A commit that is synced takes all commits before it along.
    database.setSynchronous("full");
    try {
      database.write(() => database.run("UPDATE flushes SET count = count + 1"));
    } finally {
      database.setSynchronous("normal");
    }
  }

  async close(): Promise<void> {
    if (!this.#isClosed) this.#database.letGo();
    this.#isClosed = true;
  }

  /** Deletes what a crash has left without a name. */
  async sweep(): Promise<void> {
    await this.#drop(this.#database.all("SELECT id FROM namespaces WHERE name IS NULL").map((row) => Number(row["id"])));
  }

  #write(writes: readonly StateWrite[]): void {
    const database = this.#open();
    const made = new Map<string, number>();
    database.write(() => {
      for (const { namespace, key, value } of writes) {
        let id = made.get(namespace) ?? this.#idOf(namespace);
        if (value === undefined) {
          if (id !== undefined) database.run("DELETE FROM entries WHERE namespace = ? AND key = ?", id, key);
          continue;
        }
        if (id === undefined) made.set(namespace, (id = createNamespace(database, namespace)));
        database.run(upsert, id, key, value, checksumOf(key, value));
      }
    });
    // Only now: a transaction that failed has made none.
    for (const [namespace, id] of made) this.#ids.set(namespace, id);
  }

  #stage(staged: Map<string, number>, namespace: string, entries: readonly StateEntry[]): void {
    const database = this.#open();
    const known = staged.get(namespace);
    const id = database.write(() => {
      const to = known ?? createNamespace(database, null);
      for (const { key, value } of entries) database.run(upsert, to, key, value, checksumOf(key, value));
      return to;
    });
    staged.set(namespace, id);
  }

  /** Gives what was staged its names; answers the numbers that had them. */
  #publish(staged: ReadonlyMap<string, number>): readonly number[] {
    const database = this.#open();
    const replaced = database.write(() =>
      [...staged].flatMap(([namespace, id]) => {
        const old = this.#idOf(namespace);
        if (old !== undefined) database.run("UPDATE namespaces SET name = NULL WHERE id = ?", old);
        database.run("UPDATE namespaces SET name = ? WHERE id = ?", namespace, id);
        return old ?? [];
      }),
    );
    for (const [namespace, id] of staged) this.#ids.set(namespace, id);
    return replaced;
  }

  async #drop(ids: readonly number[]): Promise<void> {
    for (const id of ids) {
      const some = "DELETE FROM entries WHERE namespace = ?1 AND key IN (SELECT key FROM entries WHERE namespace = ?1 LIMIT ?2)";
      while (this.#open().run(some, id, sweepRows) === sweepRows) await new Promise<void>((resolve) => this.#environment.clock.soon(resolve));
      this.#open().run("DELETE FROM namespaces WHERE id = ?", id);
    }
  }

  #idOf(namespace: string): number | undefined {
    const database = this.#open();
    const known = this.#ids.get(namespace) ?? idIn(database, namespace);
    if (known !== undefined) this.#ids.set(namespace, known);
    return known;
  }

  #open(): SqliteDatabase {
    if (this.#isClosed) throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `the state store "${this.#database.path}" is closed`);
    return this.#database;
  }
}

/** Where pages are read. `database` throws when it is closed. */
interface PageSource {
  readonly database: () => SqliteDatabase;
  readonly namespace: string;
  readonly id: number;
}

/** Reads pages that begin behind the last key of the one before: between two pages anything may be written. */
async function* pages(source: PageSource, { from, to }: StateRange): AsyncGenerator<readonly StateEntry[], void, void> {
  let start = from ?? new Uint8Array();
  for (let comparison = ">="; ; comparison = ">") {
    const page = onePage(source, { comparison, start, to });
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (last === undefined) return;
    // A copy: the page belongs to the caller from here on.
    start = last.key.slice();
  }
}

function onePage({ database, namespace, id }: PageSource, range: { comparison: string; start: Uint8Array; to: Uint8Array | undefined }): readonly StateEntry[] {
  const page: StateEntry[] = [];
  let length = 0;
  const bound = range.to === undefined ? "" : "AND key < ?";
  const sql = `SELECT key, value, checksum FROM entries WHERE namespace = ? AND key ${range.comparison} ? ${bound} ORDER BY key LIMIT ${maxPageEntries}`;
  const from = database();
  for (const row of from.each(sql, id, range.start, ...(range.to === undefined ? [] : [range.to]))) {
    const entry = checked(namespace, row, from.path);
    page.push(entry);
    length += entry.key.length + entry.value.length;
    if (length >= pageBytes) break;
  }
  return page;
}

function partOf(frozen: SqliteDatabase, namespace: string): SnapshotPart {
  const id = idIn(frozen, namespace);
  const none = (async function* (): AsyncGenerator<readonly StateEntry[]> {})();
  return { namespace, pages: id === undefined ? none : pages({ database: () => frozen, namespace, id }, {}) };
}

function namesIn(database: SqliteDatabase): readonly string[] {
  const sql = "SELECT name FROM namespaces WHERE name IS NOT NULL AND EXISTS (SELECT 1 FROM entries WHERE namespace = namespaces.id)";
  return database.all(sql).map((row) => String(row["name"])).sort();
}

function idIn(database: SqliteDatabase, namespace: string): number | undefined {
  const row = database.get("SELECT id FROM namespaces WHERE name = ?", namespace);
  return row === undefined ? undefined : Number(row["id"]);
}

function createNamespace(database: SqliteDatabase, name: string | null): number {
  return Number(database.get("INSERT INTO namespaces (name) VALUES (?) RETURNING id", name)?.["id"]);
}

function checksumOf(key: Uint8Array, value: Uint8Array): number {
  return crc32c(value, crc32c(key));
}

function checked(namespace: string, row: Readonly<Record<string, unknown>>, path: string): StateEntry {
  const [key, value] = [row["key"] as Uint8Array, row["value"] as Uint8Array];
  if (checksumOf(key, value) === Number(row["checksum"])) return { key, value };
  throw new StreamFlowError("SF_STATE_CORRUPT", `a value of state "${namespace}" in "${path}" fails its checksum`, {
    hint: "restore from a checkpoint",
    context: { namespace, path },
  });
}
