import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { BatchError, ChangeKind, nullable, Pipeline, PipelineRun, StreamFlowError, t, type Schema, type ShardCommit, type SinkCommit, type SinkSession } from "@streamflow/core";
import { memoryStores, registerConformance, sinkConformance, testEnvironment, testRecords, TestSource } from "@streamflow/core/testing";
import { nodeEnvironment } from "@streamflow/core/node";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sinkBatch } from "../sink-batch.ts";
import { sqliteSink, type SqliteSinkOptions } from "./sqlite.ts";

let folder = "";
let path = "";
const open: SinkSession[] = [];
const { environment } = testEnvironment();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "streamflow-sqlite-"));
  path = join(folder, "out.db");
});
afterEach(async () => {
  for (const session of open.splice(0)) await session.close();
  rmSync(folder, { recursive: true, force: true });
});

const schema: Schema = t.struct({ id: t.int32(), name: nullable(t.string()) });

interface OpenWith extends Partial<SqliteSinkOptions> {
  readonly contextSchema?: Schema | undefined;
  readonly node?: string;
  readonly keyFields?: readonly string[];
}

async function start(options: OpenWith = {}): Promise<SinkSession> {
  const { contextSchema = schema, node = "out", keyFields, ...rest } = options;
  const context = { environment, pipeline: "p", node, keyFields, signal: new AbortController().signal };
  const session = await sqliteSink({ path, table: "t", ...rest }).open({ ...context, schema: "contextSchema" in options ? options.contextSchema : contextSchema });
  open.push(session);
  return session;
}

function commit(epoch: number, options: { generation?: number; shards?: readonly string[] } = {}): SinkCommit {
  const { generation = 1, shards = ["p:s/0"] } = options;
  return { epoch, shards: shards.map((shard): ShardCommit => ({ shard, generation, epoch, positions: { "0": `pos-${epoch}` } })) };
}

function rows(sql = "SELECT * FROM t ORDER BY rowid"): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database.prepare(sql).all().map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

async function failure(work: () => unknown): Promise<StreamFlowError> {
  try {
    await work();
  } catch (error) {
    expect(StreamFlowError.is(error), String(error)).toBe(true);
    return error as StreamFlowError;
  }
  return expect.fail("it did not fail");
}

interface Target {
  readonly folder: string;
  readonly mode: "append" | "upsert";
}

for (const mode of ["append", "upsert"] as const) {
  describe(`conformance, ${mode}`, () => {
    registerConformance(it, sinkConformance<Target>({
      capabilities: sqliteSink({ path: "x", table: "t" }).capabilities,
      create: () => ({ folder: mkdtempSync(join(tmpdir(), "streamflow-sqlite-")), mode }),
      sink: (target) => sqliteSink({ path: join(target.folder, "out.db"), table: "t", mode: target.mode, ...(mode === "upsert" ? { key: ["id"] } : {}) }),
      schema,
      value: (n) => ({ id: n, name: `n${n}` }),
      refusedValue: { id: "not a number" },
      visible(target) {
        const database = new DatabaseSync(join(target.folder, "out.db"));
        try {
          return database.prepare("SELECT id FROM t ORDER BY rowid").all().map((row) => Number(row["id"]));
        } catch {
          return []; // no table yet
        } finally {
          database.close();
        }
      },
      isOrdered: true,
      dispose: (target) => rmSync(target.folder, { recursive: true }),
    }));
  });
}

describe("append", () => {
  it("SNK-9: rows are invisible until their epoch is committed, and then in order", async () => {
    const session = await start();
    await session.write(sinkBatch([{ id: 1, name: "a" }, { id: 2, name: null }]));
    await session.flush();
    expect(rows()).toEqual([]);
    for (let i = 3; i <= 300; i++) await session.write(sinkBatch([{ id: i, name: "x" }]));
    await session.commitTransaction?.(commit(1));
    expect(rows().map((row) => row["id"])).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    expect(rows("SELECT * FROM _streamflow_commits")).toEqual([{ pipeline: "p", sink: "out", shard: "p:s/0", generation: 1, epoch: 1, positions: '{"0":"pos-1"}' }]);
  });

  it("SNK-12, SNK-7: what was discarded, or not committed at the end, is never seen", async () => {
    const session = await start();
    await session.write(sinkBatch(Array.from({ length: 1000 }, (_, id) => ({ id, name: "gone" }))));
    await session.discard?.();
    await session.write(sinkBatch([{ id: 1, name: "kept" }]));
    await session.commitTransaction?.(commit(1));
    await session.write(sinkBatch(Array.from({ length: 1000 }, (_, id) => ({ id, name: "gone too" }))));
    await session.close();
    expect(rows()).toEqual([{ id: 1, name: "kept" }]);
  });

  it("SNK-2: records that do not fit are named; the others are written", async () => {
    const session = await start();
    const error = await failure(() => session.write(sinkBatch([{ id: 1 }, { id: "2" }, 3, { id: null }, { id: 5, name: "e" }])));
    expect(error).toBeInstanceOf(BatchError);
    expect((error as BatchError).failures.map((f) => [f.index, f.error.code, f.error.retryable])).toEqual([[1, "SF_SCHEMA_VIOLATION", false], [2, "SF_SCHEMA_VIOLATION", false], [3, "SF_SCHEMA_VIOLATION", false]]);
    expect((error as BatchError).failures[0]?.error.message).toContain('column "id" expects int32');
    await session.commitTransaction?.(commit(1));
    expect(rows()).toEqual([{ id: 1, name: null }, { id: 5, name: "e" }]);
  });

  it("SNK-11: bytes are copied before write returns", async () => {
    const session = await start({ contextSchema: t.struct({ b: t.bytes() }) });
    // A Buffer too: its slice is no copy.
    const bytes = [Uint8Array.of(1, 2, 3), Buffer.of(1, 2, 3)];
    await session.write(sinkBatch(bytes.map((b) => ({ b }))));
    for (const each of bytes) each.fill(9);
    await session.commitTransaction?.(commit(1));
    expect(rows()).toEqual([{ b: Uint8Array.of(1, 2, 3) }, { b: Uint8Array.of(1, 2, 3) }]);
  });
});

describe("fencing and recovery", () => {
  it("SNK-10: recover answers the last commit of each shard, in another session too", async () => {
    const first = await start();
    expect(await first.recover?.([{ shard: "p:s/0", generation: 1 }])).toEqual([]);
    await first.write(sinkBatch([{ id: 1 }]));
    await first.commitTransaction?.(commit(4, { shards: ["p:s/0", "p:s/1"] }));
    await first.close();
    const second = await start();
    const owners = ["p:s/1", "p:s/2"].map((shard) => ({ shard, generation: 2 }));
    expect(await second.recover?.(owners)).toEqual([{ shard: "p:s/1", generation: 1, epoch: 4, positions: { "0": "pos-4" } }]);
  });

  it("SNK-6: an older generation is refused by the database, and nothing of its epoch is seen", async () => {
    const zombie = await start();
    await zombie.recover?.([{ shard: "p:s/0", generation: 1 }]);
    await zombie.write(sinkBatch([{ id: 666 }]));
    const owner = await start();
    await owner.recover?.([{ shard: "p:s/0", generation: 2 }]);
    expect((await failure(() => zombie.commitTransaction?.(commit(1, { generation: 1 })))).code).toBe("SF_SINK_FENCED");
    expect((await failure(() => zombie.recover?.([{ shard: "p:s/0", generation: 1 }]))).code).toBe("SF_SINK_FENCED");
    await owner.write(sinkBatch([{ id: 1 }]));
    await owner.commitTransaction?.(commit(1, { generation: 2 }));
    expect(rows()).toEqual([{ id: 1, name: null }]);
  });

  it("SNK-6: an epoch that is not newer is refused; another sink's epochs do not matter", async () => {
    const session = await start();
    await session.commitTransaction?.(commit(5));
    await session.write(sinkBatch([{ id: 1 }]));
    for (const epoch of [5, 4]) expect((await failure(() => session.commitTransaction?.(commit(epoch)))).code).toBe("SF_SINK_FENCED");
    expect(rows()).toEqual([]);
    await session.commitTransaction?.(commit(6));
    expect(rows()).toHaveLength(1);
    const other = await start({ node: "other" });
    await other.commitTransaction?.(commit(1));
  });

  it("two sinks of one file commit beside each other, and a shard may be recovered in mid-epoch", async () => {
    const [a, b] = [await start(), await start({ node: "b", table: "u" })];
    const many = Array.from({ length: 5000 }, (_, id) => ({ id, name: "n" }));
    await a.write(sinkBatch(many));
    await b.write(sinkBatch(many));
    expect(await a.recover?.([{ shard: "p:s/9", generation: 3 }])).toEqual([]);
    await b.commitTransaction?.(commit(1));
    await a.commitTransaction?.(commit(1));
    expect(rows("SELECT (SELECT count(*) FROM t) AS t, (SELECT count(*) FROM u) AS u")).toEqual([{ t: 5000, u: 5000 }]);
  });
});

describe("upsert", () => {
  const keyed = { mode: "upsert", key: ["id"] } as const;

  it("keeps the last record of a key, and deletes", async () => {
    const session = await start(keyed);
    await session.write(sinkBatch([{ id: 1, name: "a" }, { id: 2, name: "b" }, { id: 1, name: "c" }]));
    await session.commitTransaction?.(commit(1));
    expect(rows("SELECT * FROM t ORDER BY id")).toEqual([{ id: 1, name: "c" }, { id: 2, name: "b" }]);
    const { updateBefore, updateAfter, delete: gone } = ChangeKind;
    await session.write(sinkBatch([{ id: 1, name: "c" }, { id: 3, name: "moved" }, { id: 2 }], { changes: [updateBefore, updateAfter, gone] }));
    await session.commitTransaction?.(commit(2));
    expect(rows("SELECT * FROM t ORDER BY id")).toEqual([{ id: 3, name: "moved" }]);
  });

  it("takes the plan's key fields, and demands a key", async () => {
    const session = await start({ mode: "upsert", keyFields: ["name"], contextSchema: t.struct({ id: t.int32(), name: t.string() }) });
    await session.write(sinkBatch([{ id: 1, name: "a" }, { id: 2, name: "a" }]));
    await session.commitTransaction?.(commit(1));
    expect(rows()).toEqual([{ id: 2, name: "a" }]);
    expect((await failure(() => start({ mode: "upsert" }))).code).toBe("SF_CONFIG_INVALID");
    expect((await failure(() => start({ mode: "upsert", key: ["nope"], table: "z" }))).code).toBe("SF_CONFIG_INVALID");
  });

  it("a table whose key is not unique is refused when it is opened", async () => {
    new DatabaseSync(path).exec("CREATE TABLE t (id INTEGER, name TEXT)");
    const error = await failure(() => start(keyed));
    expect([error.code, error.message]).toEqual(["SF_CONFIG_INVALID", 'SQLite sink "out": the key "id" is not unique in table "t"']);
    new DatabaseSync(path).exec(error.hint!);
    await start(keyed);
  });

  it("equals a map, whatever changes come, wherever epochs end (property)", async () => {
    const change = fc.record({ id: fc.integer({ min: 0, max: 5 }), name: fc.string({ maxLength: 3 }), isDelete: fc.boolean(), ends: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 150 }), async (changes) => {
        rmSync(path, { force: true });
        const session = await start(keyed);
        const model = new Map<number, string>();
        let epoch = 0;
        for (const { id, name, isDelete, ends } of changes) {
          await session.write(sinkBatch([{ id, name }], { changes: [isDelete ? ChangeKind.delete : ChangeKind.insert] }));
          if (isDelete) model.delete(id);
          else model.set(id, name);
          if (ends) await session.commitTransaction?.(commit(++epoch));
        }
        await session.commitTransaction?.(commit(++epoch));
        await session.close();
        expect(rows("SELECT * FROM t ORDER BY id")).toEqual([...model].sort(([a], [b]) => a - b).map(([id, name]) => ({ id, name })));
      }),
      { numRuns: 25 },
    );
  });
});

describe("tables and types", () => {
  it("stores every type as the table in sqlite-values.ts says", async () => {
    const all = t.struct({
      flag: t.bool(), small: t.int32(), big: t.int64(), real: nullable(t.float64()), money: t.decimal(10, 2), text: t.string(), raw: t.bytes(), at: t.timestamp(),
      list: t.list(t.int64()), inner: t.struct({ a: t.string() }), map: t.map(t.string(), t.int32()), any: t.any(),
    });
    const session = await start({ contextSchema: all });
    const base = { flag: true, small: -5, big: 9_007_199_254_740_993n, real: 1.5, money: "12.30", text: "ü", raw: Uint8Array.of(0, 255), at: 1_700_000_000_000 };
    await session.write(sinkBatch([{ ...base, list: [1n, 9_007_199_254_740_993n], inner: { a: "x" }, map: new Map([["k", 1]]), any: { z: [1] } }, { ...base, real: NaN, list: [], inner: { a: "" }, map: new Map(), any: 7 }]));
    await session.commitTransaction?.(commit(1));
    const found = rows("SELECT flag, small, real, money, text, raw, at, list, \"inner\", map, \"any\", CAST(big AS TEXT) AS big, typeof(small) AS small_type, typeof(real) AS real_type, typeof(at) AS at_type FROM t");
    expect(found[0]).toMatchObject({ flag: 1, small: -5, big: "9007199254740993", real: 1.5, money: "12.30", text: "ü", raw: Uint8Array.of(0, 255), at: 1_700_000_000_000 });
    expect(found[0]).toMatchObject({ list: '[1,"9007199254740993"]', inner: '{"a":"x"}', map: '{"k":1}', any: '{"z":[1]}', small_type: "integer", real_type: "real", at_type: "integer" });
    expect(found[1]).toMatchObject({ real: null, any: 7 });
  });

  it("NaN in a field that must not be null is refused, with the reason", async () => {
    const session = await start({ contextSchema: t.struct({ x: t.float64() }) });
    const error = (await failure(() => session.write(sinkBatch([{ x: NaN }])))) as BatchError;
    expect(error.failures[0]?.error.hint).toContain("NaN");
  });

  it("a record of one value has the column value", async () => {
    const session = await start({ contextSchema: t.int64() });
    await session.write(sinkBatch([1n, 2n]));
    await session.commitTransaction?.(commit(1));
    expect(rows()).toEqual([{ value: 1 }, { value: 2 }]);
  });

  it("fills an existing table without a schema, by names", async () => {
    new DatabaseSync(path).exec('CREATE TABLE t (id INTEGER PRIMARY KEY, "odd ""name" TEXT, extra TEXT DEFAULT \'d\')');
    const session = await start({ contextSchema: undefined });
    await session.write(sinkBatch([{ id: 7, 'odd "name': { a: 1 } }]));
    await session.commitTransaction?.(commit(1));
    expect(rows()).toEqual([{ id: 7, 'odd "name': '{"a":1}', extra: null }]);
  });

  it("says which columns are missing, and how to add them, and does not restart", async () => {
    new DatabaseSync(path).exec("CREATE TABLE t (other INTEGER)");
    const error = await failure(() => start());
    expect([error.code, error.message]).toEqual(["SF_CONFIG_INVALID", 'SQLite sink "out": table "t" has no column "id", "name"; it has "other"']);
    expect(error.hint).toBe('ALTER TABLE "t" ADD COLUMN "id" INTEGER; ALTER TABLE "t" ADD COLUMN "name" TEXT');
    new DatabaseSync(path).exec(error.hint!);
    await start();
    const { environment: fresh, clock } = testEnvironment();
    const numbers = new TestSource({ "0": testRecords([{ absent: 1 }]) }, { schema: t.struct({ absent: t.int32() }) });
    const run = new PipelineRun(new Pipeline({ name: "p" }).from(numbers).to(sqliteSink({ path, table: "t" })).plan(), { environment: fresh, stores: memoryStores(clock) });
    expect((await failure(() => run.run())).code).toBe("SF_CONFIG_INVALID");
    expect(run.restarts).toBe(0);
  });

  it("refuses a table with a column that no record would fill, a missing table without schema, and a file that is no database", async () => {
    new DatabaseSync(path).exec("CREATE TABLE t (id INTEGER, name TEXT, must TEXT NOT NULL)");
    const error = await failure(() => start());
    expect([error.code, error.message]).toEqual(["SF_CONFIG_INVALID", 'SQLite sink "out": column "must" of table "t" must not be null, but the records have no such field; they have "id", "name"']);
    expect((await failure(() => start({ table: "absent", contextSchema: undefined }))).code).toBe("SF_CONFIG_INVALID");
    writeFileSync(`${path}.txt`, "no database".repeat(100));
    expect((await failure(() => start({ path: `${path}.txt` }))).code).toBe("SF_CONFIG_INVALID");
    expect(() => sqliteSink({ path: ":memory:", table: "t" })).toThrow(/path of a file/);
    expect(() => sqliteSink({ path, table: "t", key: ["id"] })).toThrow(/upsert/);
  });

  it("a constraint of the table that a commit breaks changes nothing", async () => {
    new DatabaseSync(path).exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
    const session = await start();
    await session.write(sinkBatch([{ id: 1 }, { id: 2 }, { id: 1 }]));
    const error = await failure(() => session.commitTransaction?.(commit(1)));
    expect([error.code, error.retryable]).toEqual(["SF_SINK_FAILED", false]);
    expect(rows()).toEqual([]);
    expect(rows("SELECT * FROM _streamflow_commits")).toEqual([]);
    await session.discard?.();
    await session.write(sinkBatch([{ id: 1 }]));
    await session.commitTransaction?.(commit(1));
    expect(rows()).toHaveLength(1);
  });
});

describe("a database that says no", () => {
  it("a place that cannot be written is final: a restart would not mend it", async () => {
    const { environment } = testEnvironment();
    const sink = sqliteSink({ path: folder, table: "t" });
    const error = await failure(() => sink.open({ environment, pipeline: "p", node: "out", schema, keyFields: undefined, signal: new AbortController().signal }));
    expect([error.code, error.hint]).toEqual(["SF_DISK_READ_ONLY", "check that the folder exists and may be written"]);
  });

  it("waits on the clock for another writer, then gives up, retryably, and can be tried again", async () => {
    const manual = testEnvironment();
    const sink = sqliteSink({ path, table: "t", busyTimeoutMs: 1000 });
    const session = await sink.open({ environment: manual.environment, pipeline: "p", node: "out", schema, keyFields: undefined, signal: new AbortController().signal });
    open.push(session);
    const blocker = new DatabaseSync(path);
    blocker.exec("BEGIN IMMEDIATE");
    await session.write(sinkBatch([{ id: 1 }]));
    const refused = failure(() => session.commitTransaction?.(commit(1)));
    await manual.clock.advanceAsync(2000);
    const error = await refused;
    expect([error.code, error.retryable]).toEqual(["SF_SINK_UNAVAILABLE", true]);
    const second = session.commitTransaction?.(commit(1));
    await manual.clock.advanceAsync(100);
    blocker.exec("COMMIT");
    await manual.clock.advanceAsync(500);
    await second;
    expect(rows()).toHaveLength(1);
    blocker.close();
  });

  it("a full disk is SF_DISK_FULL, loses nothing, and the commit may be tried again", async () => {
    const session = await start();
    await session.write(sinkBatch(Array.from({ length: 2000 }, (_, id) => ({ id, name: "x".repeat(100) }))));
    const full = Object.assign(new Error("database or disk is full"), { errcode: 13 });
    // A real full disk cannot be had here: SQLite's own error, thrown where it would come from.
    const exec = DatabaseSync.prototype.exec;
    DatabaseSync.prototype.exec = function (sql: string) {
      if (sql === "COMMIT") throw full;
      exec.call(this, sql);
    };
    try {
      const error = await failure(() => session.commitTransaction?.(commit(1)));
      expect([error.code, error.retryable]).toEqual(["SF_DISK_FULL", true]);
    } finally {
      DatabaseSync.prototype.exec = exec;
    }
    expect(rows()).toEqual([]);
    await session.commitTransaction?.(commit(1));
    expect(rows()).toHaveLength(2000);
  });
});

describe("SIGKILL", () => {
  it("kills a writer again and again: what is committed is always a whole number of epochs, and recovery goes on", async () => {
    const writer = fileURLToPath(new URL("sqlite-writer.fixture.ts", import.meta.url));
    const epochRows = 500;
    let generation = 0;
    for (const delayMs of [150, 230, 310, 190, 270]) {
      generation++;
      const child = spawn(process.execPath, ["--conditions=streamflow-source", "--disable-warning=ExperimentalWarning", writer, path, String(generation), String(epochRows)], { stdio: ["ignore", "pipe", "inherit"] });
      await new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      child.kill("SIGKILL");
      await new Promise((resolve) => child.once("exit", resolve));
      const [counted] = rows("SELECT count(*) AS n, count(DISTINCT id) AS ids, coalesce(max(id), -1) AS last FROM t");
      const [head] = rows("SELECT epoch, positions FROM _streamflow_commits");
      const next = head === undefined ? 0 : Number((JSON.parse(String(head["positions"])) as Record<string, string>)["0"]);
      expect(counted).toEqual({ n: next, ids: next, last: next - 1 });
      expect(next % epochRows).toBe(0);
    }
    const [{ n } = { n: 0 }] = rows("SELECT count(*) AS n FROM t");
    expect(Number(n)).toBeGreaterThan(epochRows);
  });
});

it("takes 200,000 rows in one commit", { timeout: 60_000 }, async () => {
  const count = 200_000;
  const session = await sqliteSink({ path, table: "t" }).open({
    environment: nodeEnvironment(), pipeline: "p", node: "out", keyFields: undefined, signal: new AbortController().signal,
    schema: t.struct({ carrier: t.string(), number: t.int32(), delay: t.float64(), at: t.timestamp(), note: nullable(t.string()) }),
  });
  open.push(session);
  const batches = Array.from({ length: count / 1000 }, (_, b) => sinkBatch(Array.from({ length: 1000 }, (_r, i) => ({ carrier: `C${i % 20}`, number: i, delay: i / 2, at: 1_700_000_000_000 + b, note: `note ${i}` }))));
  const startMs = performance.now();
  for (const batch of batches) await session.write(batch);
  await session.commitTransaction?.(commit(1));
  const perSecond = Math.round((count / (performance.now() - startMs)) * 1000);
  expect(rows("SELECT count(*) AS n, count(DISTINCT at) AS times FROM t")).toEqual([{ n: count, times: batches.length }]);
  if (process.env["STREAMFLOW_BENCH"] !== undefined) process.stdout.write(`sqlite append: ${perSecond} rows/s\n`);
});
