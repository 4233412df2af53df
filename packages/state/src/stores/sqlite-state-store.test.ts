import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import type { StateStore } from "@streamflow/core";
import { ManualClock, MemoryStateStore, registerConformance, stateStoreConformance } from "@streamflow/core/testing";
import { openSqliteStateStore } from "./sqlite-state-store.ts";

interface Storage {
  readonly folder: string;
  path: string;
  readonly opened: StateStore[];
}

async function create(): Promise<Storage> {
  const folder = await mkdtemp(join(tmpdir(), "streamflow-state-"));
  return { folder, path: join(folder, "state.db"), opened: [] };
}

async function open(storage: Storage): Promise<StateStore> {
  const store = await openSqliteStateStore(storage.path, { clock: new ManualClock() });
  storage.opened.push(store);
  return store;
}

async function dispose(storage: Storage): Promise<void> {
  for (const store of storage.opened) await store.close();
  await rm(storage.folder, { recursive: true });
}

function change(path: string, sql: string, ...values: (string | number | Uint8Array)[]): void {
  const database = new DatabaseSync(path);
  database.prepare(sql).run(...values);
  database.close();
}

describe("state in SQLite", () => {
  registerConformance(
    it,
    stateStoreConformance<Storage>({
      isDurable: true,
      create,
      open,
      dispose,
      damage: ({ path }, namespace, key) =>
        change(path, "UPDATE entries SET value = zeroblob(length(value)) WHERE key = ? AND namespace = (SELECT id FROM namespaces WHERE name = ?)", key, namespace),
      // What a process that is killed now leaves behind.
      crash: async (storage) => {
        const next = join(storage.folder, `state-${storage.opened.length}.db`);
        for (const suffix of ["", "-wal"]) await copyFile(storage.path + suffix, next + suffix);
        storage.path = next;
      },
    }),
  );
});

describe("the file of a state store", () => {
  async function storage(): Promise<Storage> {
    const made = await create();
    onTestFinished(() => dispose(made));
    return made;
  }
  const key = (i: number): Uint8Array => Uint8Array.of(i >> 16, i >> 8, i);

  function rows(path: string): readonly [namespaces: number, entries: number] {
    const database = new DatabaseSync(path);
    const count = (table: string): number => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"]);
    const found = [count("namespaces"), count("entries")] as const;
    database.close();
    return found;
  }

  it("I1, I2: what a restore that died has written is never seen, and gone when the file is opened", async () => {
    const made = await storage();
    const store = await open(made);
    await store.put("n", key(1), Uint8Array.of(1));
    const source = new MemoryStateStore();
    await source.batch(Array.from({ length: 12_000 }, (_, i) => ({ namespace: "n", key: key(i), value: new Uint8Array(20) })));
    const snapshot = await Array.fromAsync((await source.snapshot()).read());
    let reached = (): void => undefined;
    const isStaged = new Promise<void>((resolve) => void (reached = resolve));
    const restoring = store.restore((async function* () {
      yield* snapshot.slice(0, -1);
      reached();
      await new Promise(() => undefined);
    })());
    void restoring.catch(() => undefined);
    await isStaged;
    expect(rows(made.path)).toEqual([2, expect.any(Number)]);
    expect(rows(made.path)[1]).toBeGreaterThan(10_000);
    expect(await store.namespaces()).toEqual(["n"]);
    expect(await store.get("n", key(1))).toEqual(Uint8Array.of(1));
    await store.close();
    const reopened = await open(made);
    expect(rows(made.path)).toEqual([1, 1]);
    expect(await reopened.get("n", key(1))).toEqual(Uint8Array.of(1));
  });

  it("I2: clearing and restoring leave no rows behind", async () => {
    const made = await storage();
    const store = await open(made);
    await store.batch(Array.from({ length: 12_000 }, (_, i) => ({ namespace: "n", key: key(i), value: new Uint8Array(20) })));
    const snapshot = await store.snapshot();
    await store.restore(snapshot.read());
    await snapshot.close();
    expect(rows(made.path)).toEqual([1, 12_000]);
    await store.clear("n");
    expect(rows(made.path)).toEqual([0, 0]);
  });

  it("a namespace that a failed batch has made is not remembered", async () => {
    const made = await storage();
    const store = await open(made);
    const bad = { namespace: "n", key: key(2), value: { length: 0 } as Uint8Array };
    await expect(store.batch([{ namespace: "n", key: key(1), value: key(1) }, bad])).rejects.toThrow();
    expect(await store.namespaces()).toEqual([]);
    await store.put("n", key(3), key(3));
    expect(await store.namespaces()).toEqual(["n"]);
    expect(await store.get("n", key(1))).toBeUndefined();
  });

  it("the write-ahead log is let go when a snapshot is closed, and a snapshot outlives its store", async () => {
    const made = await storage();
    const store = await open(made);
    await store.put("n", key(1), key(1));
    const snapshot = await store.snapshot();
    await store.put("n", key(1), key(2));
    await store.close();
    const copy = new MemoryStateStore();
    await copy.restore(snapshot.read());
    expect(await copy.get("n", key(1))).toEqual(key(1));
    await snapshot.close();
    await (await open(made)).close();
  });

  it("SF_CONFIG_INVALID for a path that is no file, SF_STATE_INCOMPATIBLE for one that a newer version has written", async () => {
    const made = await storage();
    await expect(openSqliteStateStore(":memory:", { clock: new ManualClock() })).rejects.toMatchObject({ code: "SF_CONFIG_INVALID" });
    await (await open(made)).close();
    change(made.path, "PRAGMA user_version = 9");
    await expect(open(made)).rejects.toMatchObject({ code: "SF_STATE_INCOMPATIBLE", message: expect.stringContaining("knows 1") });
  });
});
