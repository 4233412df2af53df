import { copyFile, mkdtemp, open as openFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { StreamFlowError, type Checkpoint, type HostStores } from "@streamflow/core";
import { checkpointStoreConformance, leaseStoreConformance, logStoreConformance, metadataStoreConformance, registerConformance, testEnvironment } from "@streamflow/core/testing";
import type { TestEnvironment } from "@streamflow/core/testing";
import { closeAll } from "../data-folder.ts";
import { SqliteCheckpointStore } from "./sqlite-checkpoint-store.ts";
import { SqliteDatabase, sqliteError } from "./sqlite-database.ts";
import { openSqliteStores } from "./sqlite-stores.ts";

interface Storage {
  readonly folder: string;
  readonly parts: TestEnvironment;
}

const create = async (): Promise<Storage> => ({ folder: await mkdtemp(join(tmpdir(), "streamflow-sqlite-")), parts: testEnvironment() });
const pathOf = ({ folder }: Storage): string => join(folder, "test.db");
const dispose = ({ folder }: Storage): Promise<void> => rm(folder, { recursive: true });

/** One store of a database; the others are closed, so that closing it closes the database. */
async function only<Name extends Exclude<keyof HostStores, "checkpointing">>(storage: Storage, name: Name): Promise<HostStores[Name]> {
  const stores = openSqliteStores(pathOf(storage), storage.parts.environment);
  for (const other of ["checkpoints", "leases", "logs", "metadata"] as const) if (other !== name) await stores[other].close();
  return stores[name];
}

/** Changes the database behind the stores' back. */
function change(storage: Storage, sql: string, ...values: (string | number)[]): void {
  const database = new DatabaseSync(pathOf(storage));
  database.prepare(sql).run(...values);
  database.close();
}

describe("checkpoints", () => {
  registerConformance(
    it,
    checkpointStoreConformance<Storage>({
      create,
      dispose,
      open: (storage) => only(storage, "checkpoints"),
      damageSegment: (storage, pipeline, ref) => change(storage, "UPDATE segments SET bytes = zeroblob(length(bytes)) WHERE pipeline = ? AND name = ?", pipeline, ref.name),
      damageCheckpoint: (storage, pipeline, epoch) => change(storage, "UPDATE checkpoints SET body = substr(body, 1, length(body) - 1) WHERE pipeline = ? AND epoch = ?", pipeline, epoch),
    }),
  );
});

describe("leases", () => {
  registerConformance(it, leaseStoreConformance<Storage>({ create, dispose, keepsAlive: true, open: (storage) => only(storage, "leases"), advance: ({ parts }, byMs) => parts.clock.advance(byMs) }));
});

describe("logs", () => {
  registerConformance(it, logStoreConformance<Storage>({ create, dispose, open: (storage) => only(storage, "logs") }));
});

describe("documents", () => {
  registerConformance(it, metadataStoreConformance<Storage>({ create, dispose, open: (storage) => only(storage, "metadata") }));
});

async function storage(): Promise<Storage> {
  const made = await create();
  onTestFinished(() => dispose(made));
  return made;
}

function checkpoint(epoch: number, generation = 1): Checkpoint {
  const manifest = { formatVersion: 1, shard: "k:0", epoch, generation, positions: {}, progress: {}, state: [] } as const;
  return { epoch, createdMs: 0, plan: {}, manifests: [manifest], prepared: {} };
}

describe("the database", () => {
  it("writes what is asked for at one moment together, in order; what throws is taken back alone", async () => {
    const made = await storage();
    const database = new SqliteDatabase(pathOf(made));
    database.hold();
    const put = (id: string): number => database.run("INSERT INTO documents (collection, id, version, document) VALUES ('c', ?, 1, '1')", id);
    const seen: unknown[] = [];
    const failing = (): void => {
      put("lost");
      throw new StreamFlowError("SF_INTERNAL", "no");
    };
    const count = (): number => Number(database.get("SELECT count(*) AS n FROM documents")?.["n"]);
    const all = [database.soon(() => put("a")), database.soon(failing), database.soon(() => seen.push(count())), database.soon(() => put("b"))];
    expect(count()).toBe(0);
    expect((await Promise.allSettled(all)).map((one) => one.status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect([seen, count()]).toEqual([[1], 2]);
    await expect(database.soon(failing)).rejects.toMatchObject({ code: "SF_INTERNAL" });
    expect(count()).toBe(2);
    const last = database.soon(() => put("c"));
    database.letGo();
    expect(await last).toBe(1);
    const again = new SqliteDatabase(pathOf(made));
    again.hold();
    expect(Number(again.get("SELECT count(*) AS n FROM documents")?.["n"])).toBe(3);
    again.letGo();
  });

  it("fails all that was to be written together where the transaction fails, and goes on behind it", async () => {
    const made = await storage();
    const database = new SqliteDatabase(pathOf(made), 10);
    database.hold();
    const other = new DatabaseSync(pathOf(made));
    other.exec("BEGIN IMMEDIATE");
    const refused = await Promise.allSettled([database.soon(() => 1), database.soon(() => 2)]);
    expect(refused.map((one) => (one.status === "rejected" ? (one.reason as StreamFlowError).retryable : "done"))).toEqual([true, true]);
    other.close();
    expect(await database.soon(() => 3)).toBe(3);
    database.letGo();
  });

  it("gathers what is asked for within a turn once something was written in it, and writes the first at once", async () => {
    const database = new SqliteDatabase(":memory:");
    database.hold();
    const ends: (() => void)[] = [];
    database.gather((run) => ends.push(run));
    const done: string[] = [];
    const ask = (name: string): Promise<unknown> => database.soon(() => done.push(name));
    await ask("a");
    const later = Promise.all([ask("b"), Promise.resolve().then(() => ask("c"))]);
    await Promise.resolve().then(() => undefined);
    expect([done, ends.length]).toEqual([["a"], 1]);
    ends.pop()?.();
    await later;
    expect([done, ends.length]).toEqual([["a", "b", "c"], 1]);
    ends.pop()?.();
    // Nothing was written in the turn before.
    expect(ends).toEqual([]);
    await ask("d");
    const last = ask("e");
    database.letGo();
    await last;
    expect(done).toEqual(["a", "b", "c", "d", "e"]);
    ends.pop()?.();
  });

  it("of version 1 gets what it lacks, and keeps what it has", async () => {
    const made = await storage();
    const { environment } = made.parts;
    const first = openSqliteStores(pathOf(made), environment);
    await first.metadata.put("c", "id", { kept: true });
    await closeAll(first);
    for (const table of ["lease_owners", "fences", "checkpoint_folders"]) change(made, `DROP TABLE ${table}`);
    change(made, "PRAGMA user_version = 1");
    const second = openSqliteStores(pathOf(made), environment);
    await second.leases.acquire({ pipeline: "p", shards: ["k:0"], owner: "a", ttlMs: 1000 });
    expect(await second.leases.keepAlive?.({ owner: "a", ttlMs: 1000 })).toBe(true);
    change(made, "INSERT INTO fences (pipeline, id, generations) VALUES ('p', 'a', '[]')");
    change(made, "INSERT INTO checkpoint_folders (name) VALUES ('p')");
    expect((await second.metadata.get("c", "id"))?.document).toEqual({ kept: true });
    await closeAll(second);
  });

  it("keeps the log's keys with their entries: a trimmed key may be used again, a repeated entry is left out, the others of its call are not", async () => {
    const { logs } = openSqliteStores(":memory:", testEnvironment().environment);
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    expect(await logs.append("log", [bytes("a"), bytes("b")], { keys: ["1", "2"] })).toBe(2);
    expect(await logs.append("log", [bytes("c"), bytes("x"), bytes("d")], { keys: [undefined, "2", "3"] })).toBe(4);
    expect(await logs.append("log", [bytes("x")], { keys: ["1"] })).toBe(1);
    expect((await logs.read("log", 0, 10)).map((entry) => new TextDecoder().decode(entry.payload))).toEqual(["a", "b", "c", "d"]);
    await logs.trim("log", 2);
    expect(await logs.append("log", [bytes("again")], { keys: ["1"] })).toBe(5);
  });

  it("never gives a version of a document twice, also after it was deleted", async () => {
    const { metadata } = openSqliteStores(":memory:", testEnvironment().environment);
    const first = await metadata.put("c", "id", { n: 1 });
    await metadata.delete("c", "id");
    expect(await metadata.put("c", "id", { n: 2 }, first)).toBeUndefined();
    expect(await metadata.put("c", "id", { n: 2 }, 0)).toBeGreaterThan(first ?? 0);
    await expect(metadata.put("c", "id", undefined)).rejects.toMatchObject({ code: "SF_TYPE_MISMATCH" });
  });

  it("fences between two processes' connections", async () => {
    const made = await storage();
    const [zombie, successor] = [openSqliteStores(pathOf(made), made.parts.environment), openSqliteStores(pathOf(made), made.parts.environment)];
    await zombie.checkpoints.publish("p", checkpoint(1));
    await successor.checkpoints.fence("p", [{ shard: "k:0", generation: 2 }]);
    await expect(zombie.checkpoints.publish("p", checkpoint(2))).rejects.toMatchObject({ code: "SF_CHECKPOINT_FENCED" });
    expect(await successor.checkpoints.list("p")).toHaveLength(1);
    await closeAll(zombie);
    await closeAll(successor);
  });

  it("SF_DISK_FULL: leaves earlier checkpoints as they were, and goes on when there is room", async () => {
    const made = await storage();
    const database = new SqliteDatabase(pathOf(made));
    const store = new SqliteCheckpointStore(database, made.parts.environment);
    const segment = await store.writeSegment("p", new Uint8Array(1000).fill(1));
    await store.publish("p", { ...checkpoint(1), prepared: { sink: segment } });
    database.get("PRAGMA max_page_count = 40");
    await expect(store.writeSegment("p", new Uint8Array(1_000_000))).rejects.toMatchObject({ code: "SF_DISK_FULL", retryable: true, message: expect.stringContaining(pathOf(made)) });
    expect(await store.list("p")).toMatchObject([{ epoch: 1, checkpoint: {} }]);
    expect((await store.readSegment("p", segment))[0]).toBe(1);
    database.get("PRAGMA max_page_count = 100000");
    await store.writeSegment("p", new Uint8Array(1_000_000));
    await store.publish("p", checkpoint(2));
    await store.close();
  });

  it("a transaction keeps other writers out from its beginning; who has waited too long may try again", async () => {
    const made = await storage();
    const [one, other] = [new SqliteDatabase(pathOf(made), 10), new SqliteDatabase(pathOf(made), 10)];
    const put = "INSERT OR REPLACE INTO documents VALUES ('c', 'id', 1, 'null')";
    one.write(() => {
      expect(one.get("SELECT count(*) AS n FROM documents")).toMatchObject({ n: 0 });
      expect(() => other.write(() => other.run(put))).toThrow(expect.objectContaining({ code: "SF_DISK_FAILED", retryable: true }));
      one.run(put);
    });
    expect(other.write(() => other.get("SELECT count(*) AS n FROM documents"))).toMatchObject({ n: 1 });
    expect(() => one.write(() => {
      one.run("DELETE FROM documents");
      throw new Error("no");
    })).toThrow("no");
    expect(other.get("SELECT count(*) AS n FROM documents")).toMatchObject({ n: 1 });
    for (const database of [one, other]) {
      database.hold();
      database.letGo();
    }
  });

  it("SF_STATE_CORRUPT: for a file that is no database, and for one with damaged pages", async () => {
    const made = await storage();
    await writeFile(pathOf(made), "this is no database".repeat(1000));
    expect(() => openSqliteStores(pathOf(made), made.parts.environment)).toThrow(expect.objectContaining({ code: "SF_STATE_CORRUPT", message: expect.stringContaining(pathOf(made)) }));
    await rm(pathOf(made));
    const stores = openSqliteStores(pathOf(made), made.parts.environment);
    for (let i = 0; i < 50; i++) await stores.metadata.put("c", `id-${i}`, { text: "x".repeat(5000) });
    await closeAll(stores);
    const file = await openFile(pathOf(made), "r+");
    await file.write(Buffer.alloc(4096 * 40, 0xa5), 0, 4096 * 40, 4096 * 12);
    await file.close();
    const damaged = openSqliteStores(pathOf(made), made.parts.environment);
    await expect(damaged.metadata.list("c")).rejects.toMatchObject({ code: "SF_STATE_CORRUPT" });
    await closeAll(damaged);
  });

  it("SF_STATE_INCOMPATIBLE: for a schema of a newer version", async () => {
    const made = await storage();
    await closeAll(openSqliteStores(pathOf(made), made.parts.environment));
    change(made, "PRAGMA user_version = 99");
    expect(() => openSqliteStores(pathOf(made), made.parts.environment)).toThrow(expect.objectContaining({ code: "SF_STATE_INCOMPATIBLE" }));
  });

  it("SF_DISK_FAILED: for a folder that is not there", async () => {
    const made = await storage();
    expect(() => openSqliteStores(join(made.folder, "missing", "x.db"), made.parts.environment)).toThrow(expect.objectContaining({ code: "SF_DISK_FAILED" }));
  });

  it("names what its result codes mean", () => {
    const codeOf = (errcode: number): unknown => sqliteError({ errcode }, "write", "x").code;
    expect([8, 8 | (1 << 8), 11, 13, 26, 10].map(codeOf)).toEqual(["SF_DISK_READ_ONLY", "SF_DISK_READ_ONLY", "SF_STATE_CORRUPT", "SF_DISK_FULL", "SF_STATE_CORRUPT", "SF_DISK_FAILED"]);
    expect(sqliteError({ errcode: 5 }, "write", "x")).toMatchObject({ code: "SF_DISK_FAILED", retryable: true });
    expect(sqliteError({ errcode: 1 }, "write", "x").retryable).toBe(false);
  });

  it("what it answered survives the loss of everything that was not yet moved out of the write-ahead log", async () => {
    const made = await storage();
    const stores = openSqliteStores(pathOf(made), made.parts.environment);
    await stores.checkpoints.publish("p", checkpoint(7));
    await stores.metadata.put("c", "id", { n: 1 });
    // What a process that is killed now leaves behind.
    for (const name of ["", "-wal"]) await copyFile(pathOf(made) + name, join(made.folder, `copy.db${name}`));
    const copy = openSqliteStores(join(made.folder, "copy.db"), made.parts.environment);
    expect((await copy.checkpoints.list("p")).map((entry) => entry.epoch)).toEqual([7]);
    expect((await copy.metadata.get("c", "id"))?.document).toEqual({ n: 1 });
    await closeAll(copy);
    await closeAll(stores);
  });

  it("LSE-6: takes over the leases of a process that has died at once", async () => {
    const made = await storage();
    const alive = new Map([["process-1", true]]);
    const as = (id: string): HostStores => openSqliteStores(pathOf(made), made.parts.environment, { process: { id, isAlive: async (other) => alive.get(other) } });
    const [first, second] = [as("process-1"), as("process-2")];
    const request = { pipeline: "p", shards: ["k:0"], ttlMs: 10_000 };
    await first.leases.acquire({ ...request, owner: "a" });
    await expect(second.leases.acquire({ ...request, owner: "b" })).rejects.toMatchObject({ code: "SF_LEASE_HELD", message: expect.stringContaining('"a"') });
    alive.set("process-1", false);
    expect(await second.leases.acquire({ ...request, owner: "b" })).toEqual([{ shard: "k:0", generation: 2 }]);
    expect((await first.leases.renew({ ...request, owner: "a" })).lost).toEqual(["k:0"]);
    await closeAll(first);
    await closeAll(second);
  });
});
