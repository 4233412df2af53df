// Against a real server: `npm run test:e2e`.
import { connect as connectSocket, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { BatchError, ChangeKind, nullable, StreamFlowError, t, type Schema, type ShardCommit, type SinkCommit, type SinkSession } from "@streamflow/core";
import { nodeEnvironment } from "@streamflow/core/node";
import { registerConformance, sinkConformance, testEnvironment } from "@streamflow/core/testing";
import fc from "fast-check";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { sinkBatch } from "../sink-batch.ts";
import { postgresSink, type PostgresSinkOptions } from "./postgres.ts";

const url = inject("postgres");
const admin = new Client({ connectionString: url });
const { environment } = testEnvironment();
const open: SinkSession[] = [];
let namespaces = 0;
let namespace = "";

beforeAll(() => admin.connect());
afterAll(() => admin.end());
beforeEach(async () => void (namespace = await newNamespace()));
afterEach(async () => {
  for (const session of open.splice(0)) await session.close();
  await dropNamespace(namespace);
});

async function newNamespace(): Promise<string> {
  const name = `sink_${process.pid}_${++namespaces}`;
  await admin.query(`CREATE SCHEMA ${name}`);
  return name;
}

async function dropNamespace(name: string): Promise<void> {
  // What an abandoned session has locked goes with its backend.
  await admin.query(`DROP SCHEMA IF EXISTS ${name} CASCADE`);
}

const schema: Schema = t.struct({ id: t.int32(), name: nullable(t.string()) });

interface OpenWith extends Partial<PostgresSinkOptions> {
  readonly contextSchema?: Schema | undefined;
  readonly node?: string;
  readonly keyFields?: readonly string[];
  readonly isReal?: boolean;
}

async function start(options: OpenWith = {}): Promise<SinkSession> {
  const { contextSchema = schema, node = "out", keyFields, isReal = false, ...rest } = options;
  const context = { environment: isReal ? nodeEnvironment({ log: { level: "error" } }) : environment, pipeline: "p", node, keyFields, signal: new AbortController().signal };
  const session = await postgresSink({ url, table: "t", namespace, ...rest }).open({ ...context, schema: "contextSchema" in options ? options.contextSchema : contextSchema });
  open.push(session);
  return session;
}

function commit(epoch: number, options: { generation?: number; shards?: readonly string[] } = {}): SinkCommit {
  const { generation = 1, shards = ["p:s/0"] } = options;
  return { epoch, shards: shards.map((shard): ShardCommit => ({ shard, generation, epoch, positions: { "0": `pos-${epoch}` } })) };
}

async function rows(sql = "SELECT * FROM t ORDER BY ctid"): Promise<readonly Record<string, unknown>[]> {
  await admin.query(`SET search_path = ${namespace}`);
  return (await admin.query<Record<string, unknown>>(sql)).rows;
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
  readonly namespace: string;
  readonly mode: "append" | "upsert";
}

for (const mode of ["append", "upsert"] as const) {
  describe(`conformance, ${mode}`, () => {
    registerConformance(it, sinkConformance<Target>({
      capabilities: postgresSink({ url, table: "t" }).capabilities,
      create: async () => ({ namespace: await newNamespace(), mode }),
      sink: (target) => postgresSink({ url, table: "t", namespace: target.namespace, mode: target.mode, ...(mode === "upsert" ? { key: ["id"] } : {}) }),
      schema,
      value: (n) => ({ id: n, name: `n${n}` }),
      refusedValue: { id: "not a number" },
      async visible(target) {
        const { rows: [table] } = await admin.query<{ name: string | null }>("SELECT to_regclass($1)::text AS name", [`${target.namespace}.t`]);
        if (table?.name == null) return [];
        return (await admin.query<{ id: number }>(`SELECT id FROM ${target.namespace}.t ORDER BY ctid`)).rows.map(({ id }) => id);
      },
      // An upsert writes in the order of the key.
      isOrdered: mode === "append",
      dispose: (target) => dropNamespace(target.namespace),
    }));
  });
}

describe("append", () => {
  it("SNK-9: rows are invisible until their epoch is committed, and then in order, however many pieces they were sent in", async () => {
    const session = await start();
    await session.write(sinkBatch([{ id: 1, name: "a" }, { id: 2, name: null }]));
    await session.flush();
    const last = 30_000;
    for (let i = 3; i <= last; i += 1000) await session.write(sinkBatch(Array.from({ length: Math.min(1000, last + 1 - i) }, (_, j) => ({ id: i + j, name: "x".repeat(100) }))));
    expect(await rows()).toEqual([]);
    await session.commitTransaction?.(commit(1));
    expect((await rows()).map((row) => row["id"])).toEqual(Array.from({ length: last }, (_, i) => i + 1));
    expect(await rows("SELECT * FROM _streamflow_commits")).toEqual([{ pipeline: "p", sink: "out", shard: "p:s/0", generation: "1", epoch: "1", positions: '{"0":"pos-1"}' }]);
  });

  it("SNK-12, SNK-7: what was discarded, or not committed at the end, is never seen; sent or not", async () => {
    const session = await start();
    const many = (name: string) => sinkBatch(Array.from({ length: 20_000 }, (_, id) => ({ id, name: name.repeat(20) })));
    await session.write(many("gone"));
    await session.discard?.();
    await session.write(sinkBatch([{ id: 1, name: "kept" }]));
    await session.commitTransaction?.(commit(1));
    await session.write(sinkBatch([{ id: 2, name: "gone" }]));
    await session.discard?.();
    await session.commitTransaction?.(commit(2));
    await session.write(many("gone too"));
    await session.close();
    expect(await rows()).toEqual([{ id: 1, name: "kept" }]);
  });

  it("SNK-2: records that do not fit are named; the others are written", async () => {
    const session = await start();
    const error = await failure(() => session.write(sinkBatch([{ id: 1 }, { id: "2" }, 3, { id: null }, { id: 5, name: "e" }, { id: 6, name: "a\0b" }])));
    expect(error).toBeInstanceOf(BatchError);
    expect((error as BatchError).failures.map((f) => [f.index, f.error.code, f.error.retryable])).toEqual([1, 2, 3, 5].map((index) => [index, "SF_SCHEMA_VIOLATION", false]));
    expect((error as BatchError).failures[0]?.error.message).toBe('column "id" expects int32 that fits integer, not null, got "2"');
    await session.commitTransaction?.(commit(1));
    expect(await rows()).toEqual([{ id: 1, name: null }, { id: 5, name: "e" }]);
  });

  it("SNK-11: bytes are copied before write returns", async () => {
    const session = await start({ contextSchema: t.struct({ b: t.bytes() }) });
    const bytes = Uint8Array.of(1, 2, 3);
    await session.write(sinkBatch([{ b: bytes }]));
    bytes.fill(9);
    await session.commitTransaction?.(commit(1));
    expect(await rows()).toEqual([{ b: Buffer.of(1, 2, 3) }]);
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

  it("SNK-6: an older generation is refused by the database, and nothing of its epoch is seen; what was staged may go with a newer epoch", async () => {
    const zombie = await start();
    await zombie.recover?.([{ shard: "p:s/0", generation: 1 }]);
    await zombie.write(sinkBatch([{ id: 666 }]));
    const owner = await start();
    await owner.recover?.([{ shard: "p:s/0", generation: 2 }]);
    expect((await failure(() => zombie.commitTransaction?.(commit(1, { generation: 1 })))).code).toBe("SF_SINK_FENCED");
    expect((await failure(() => zombie.recover?.([{ shard: "p:s/0", generation: 1 }]))).code).toBe("SF_SINK_FENCED");
    await owner.write(sinkBatch([{ id: 1 }]));
    await owner.commitTransaction?.(commit(1, { generation: 2 }));
    expect(await rows()).toEqual([{ id: 1, name: null }]);
    await owner.write(sinkBatch([{ id: 2 }]));
    for (const epoch of [1, 0]) expect((await failure(() => owner.commitTransaction?.(commit(epoch, { generation: 2 })))).code).toBe("SF_SINK_FENCED");
    await owner.write(sinkBatch([{ id: 3 }]));
    await owner.commitTransaction?.(commit(2, { generation: 2 }));
    expect((await rows()).map((row) => row["id"])).toEqual([1, 2, 3]);
    const other = await start({ node: "other" });
    await other.commitTransaction?.(commit(1));
  });

  it("X3, X4: of two that commit the same epoch of a shard at one moment, in any order of their steps, exactly one does, and its rows are there whole", async () => {
    for (let round = 1; round <= 20; round++) {
      const shards = round % 2 === 0 ? ["p:s/0", `p:new/${round}`] : [`p:new/${round}`];
      const sessions = [await start({ node: "race" }), await start({ node: "race" })];
      for (const [which, session] of sessions.entries()) await session.write(sinkBatch(Array.from({ length: 10 }, () => ({ id: round, name: `host ${which}` }))));
      const ends = await Promise.allSettled(sessions.map(async (session, which) => session.commitTransaction?.(commit(round, { shards: which === 0 ? shards : shards.toReversed() }))));
      expect(ends.map((end) => end.status).sort()).toEqual(["fulfilled", "rejected"]);
      expect(ends.flatMap((end) => (end.status === "rejected" ? [(end.reason as StreamFlowError).code] : []))).toEqual(["SF_SINK_FENCED"]);
      const found = await rows(`SELECT name, count(*)::int AS n FROM t WHERE id = ${round} GROUP BY name`);
      expect(found).toEqual([{ name: `host ${ends.findIndex((end) => end.status === "fulfilled")}`, n: 10 }]);
      for (const session of sessions) await session.close();
    }
  });

  it("X4: who was stopped in the middle of a commit, with its locks, stops its successor for as long as a commit may take at most", async () => {
    const proxy = await startProxy();
    const zombie = await start({ url: proxy.url, isReal: true, timeoutMs: 700 });
    await zombie.recover?.([{ shard: "p:s/0", generation: 1 }]);
    await zombie.write(sinkBatch([{ id: 666 }]));
    // The lock is taken; what comes behind never reaches the server.
    proxy.freezeAt("FOR UPDATE");
    const ended = failure(() => zombie.commitTransaction?.(commit(1)));
    await proxy.frozen;
    const owner = await start({ isReal: true, timeoutMs: 20_000 });
    await owner.recover?.([{ shard: "p:s/0", generation: 2 }]);
    expect(await rows()).toEqual([]);
    expect((await ended).code).toBe("SF_SINK_UNAVAILABLE");
    await owner.write(sinkBatch([{ id: 1 }]));
    await owner.commitTransaction?.(commit(1, { generation: 2 }));
    expect((await rows()).map((row) => row["id"])).toEqual([1]);
    await proxy.close();
  });

  it("two sinks commit beside each other, and a shard may be recovered in mid-epoch", async () => {
    const [a, b] = [await start(), await start({ node: "b", table: "u" })];
    const many = Array.from({ length: 30_000 }, (_, id) => ({ id, name: "n".repeat(50) }));
    await a.write(sinkBatch(many));
    await b.write(sinkBatch(many));
    expect(await a.recover?.([{ shard: "p:s/9", generation: 3 }])).toEqual([]);
    await b.commitTransaction?.(commit(1));
    await a.commitTransaction?.(commit(1));
    expect(await rows("SELECT (SELECT count(*)::int FROM t) AS t, (SELECT count(*)::int FROM u) AS u")).toEqual([{ t: 30_000, u: 30_000 }]);
  });
});

describe("upsert", () => {
  const keyed = { mode: "upsert", key: ["id"] } as const;

  it("keeps the last record of a key, and deletes", async () => {
    const session = await start(keyed);
    await session.write(sinkBatch([{ id: 1, name: "a" }, { id: 2, name: "b" }, { id: 1, name: "c" }]));
    await session.commitTransaction?.(commit(1));
    expect(await rows("SELECT * FROM t ORDER BY id")).toEqual([{ id: 1, name: "c" }, { id: 2, name: "b" }]);
    const { updateBefore, updateAfter, delete: gone } = ChangeKind;
    await session.write(sinkBatch([{ id: 1, name: "c" }, { id: 3, name: "moved" }, { id: 2 }], { changes: [updateBefore, updateAfter, gone] }));
    await session.commitTransaction?.(commit(2));
    expect(await rows("SELECT * FROM t ORDER BY id")).toEqual([{ id: 3, name: "moved" }]);
  });

  it("takes the plan's key fields, of several columns too, and demands a key", async () => {
    const session = await start({ mode: "upsert", keyFields: ["name", "part"], contextSchema: t.struct({ id: t.int32(), name: t.string(), part: t.int64() }) });
    await session.write(sinkBatch([{ id: 1, name: "a", part: 1n }, { id: 2, name: "a", part: 1n }, { id: 3, name: "a", part: 2n }]));
    await session.commitTransaction?.(commit(1));
    expect(await rows("SELECT * FROM t ORDER BY id")).toEqual([{ id: 2, name: "a", part: "1" }, { id: 3, name: "a", part: "2" }]);
    expect((await failure(() => start({ mode: "upsert" }))).code).toBe("SF_CONFIG_INVALID");
    expect((await failure(() => start({ mode: "upsert", key: ["nope"], table: "z" }))).code).toBe("SF_CONFIG_INVALID");
  });

  it("a table whose key is not unique is refused when it is opened", async () => {
    await rows("CREATE TABLE t (id integer, name text)");
    const error = await failure(() => start(keyed));
    expect([error.code, error.message]).toEqual(["SF_CONFIG_INVALID", 'Postgres sink "out": the key "id" is not unique in table "t"']);
    await rows(error.hint);
    await start(keyed);
  });

  it("equals a map, whatever changes come, wherever epochs end (property)", async () => {
    const change = fc.record({ id: fc.integer({ min: 0, max: 5 }), name: fc.string({ maxLength: 3, unit: "grapheme" }).filter((text) => !text.includes("\0")), isDelete: fc.boolean(), ends: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 100 }), async (changes) => {
        await rows("DROP TABLE IF EXISTS t; DROP TABLE IF EXISTS _streamflow_commits");
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
        expect(await rows("SELECT * FROM t ORDER BY id")).toEqual([...model].sort(([a], [b]) => a - b).map(([id, name]) => ({ id, name })));
      }),
      { numRuns: 15 },
    );
  });
});

describe("tables and types", () => {
  it("stores every type as the table in postgres-values.ts says", async () => {
    const all = t.struct({
      flag: t.bool(), small: t.int32(), big: t.int64(), real: t.float64(), money: t.decimal(30, 5), text: t.string(), raw: t.bytes(), at: t.timestamp(),
      list: t.list(t.int64()), texts: t.list(nullable(t.string())), inner: t.struct({ a: t.string() }), map: t.map(t.string(), t.int32()), any: t.any(), none: nullable(t.timestamp()),
    });
    const session = await start({ contextSchema: all });
    const one = { flag: true, small: -5, big: 9_007_199_254_740_993n, real: 1.5, money: "-1234567890123456789012345.00670", text: "ü💧", raw: Uint8Array.of(0, 255), at: 1_700_000_000_123, list: [1n, -9_007_199_254_740_993n], texts: ["a", null], inner: { a: 'x"' }, map: new Map([["k", 1]]), any: { z: [1] } };
    const two = { ...one, flag: false, real: Number.NaN, money: "0.00000", at: -62_135_596_800_000, list: [], texts: [], inner: { a: "" }, map: new Map(), any: "text" };
    const three = { ...one, real: -Infinity, money: "10000.00000", at: 253_402_300_799_999, any: null };
    await session.write(sinkBatch([one, two, three]));
    await session.commitTransaction?.(commit(1));
    const found = await rows(`SELECT flag, small, big::text, real::text, money::text, text, raw, (extract(epoch FROM at) * 1000)::int8::text AS at, list::text, texts::text, "inner"::text, map::text, "any"::text, none FROM t ORDER BY ctid`);
    const texts = { small: -5, big: "9007199254740993", text: "ü💧", raw: Buffer.of(0, 255), none: null };
    expect(found).toEqual([
      { ...texts, flag: true, real: "1.5", money: "-1234567890123456789012345.00670", at: "1700000000123", list: "{1,-9007199254740993}", texts: "{a,NULL}", inner: '{"a": "x\\""}', map: '{"k": 1}', any: '{"z": [1]}' },
      { ...texts, flag: false, real: "NaN", money: "0.00000", at: "-62135596800000", list: "{}", texts: "{}", inner: '{"a": ""}', map: "{}", any: '"text"' },
      { ...texts, flag: true, real: "-Infinity", money: "10000.00000", at: "253402300799999", list: "{1,-9007199254740993}", texts: "{a,NULL}", inner: '{"a": "x\\""}', map: '{"k": 1}', any: null },
    ]);
    const types = await rows("SELECT column_name AS name, data_type AS type, is_nullable AS nullable FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = 't' ORDER BY ordinal_position");
    expect(types.map(({ type }) => type)).toEqual(["boolean", "integer", "bigint", "double precision", "numeric", "text", "bytea", "timestamp with time zone", "ARRAY", "ARRAY", "jsonb", "jsonb", "jsonb", "timestamp with time zone"]);
    expect(types.filter(({ nullable: is }) => is === "YES").map(({ name }) => name)).toEqual(["any", "none"]);
  });

  it("numbers as Postgres reads them itself (property)", async () => {
    const session = await start({ contextSchema: t.struct({ n: t.int32(), d: t.decimal(40, 12), b: t.int64(), f: t.float64(), at: t.timestamp() }) });
    const units = fc.bigInt({ min: -(10n ** 40n) + 1n, max: 10n ** 40n - 1n });
    const decimal = fc.oneof(units, fc.bigInt({ min: -100_000n, max: 100_000n }), fc.integer({ min: 0, max: 39 }).map((zeros) => 10n ** BigInt(zeros))).map((value) => {
      const digits = (value < 0n ? -value : value).toString().padStart(13, "0");
      return `${value < 0n ? "-" : ""}${digits.slice(0, -12)}.${digits.slice(-12)}`;
    });
    const samples = fc.sample(fc.record({ d: decimal, b: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), f: fc.double(), at: fc.integer({ min: -210_866_803_200_000, max: 8_640_000_000_000_000 }) }), 500);
    await session.write(sinkBatch(samples.map((sample, n) => ({ n, ...sample }))));
    await session.commitTransaction?.(commit(1));
    const found = await rows("SELECT n, d::text, b::text, f, (extract(epoch FROM at) * 1000)::numeric(30, 0)::text AS at FROM t ORDER BY n");
    expect(found).toEqual(samples.map(({ d, b, f, at }, n) => ({ n, d, b: String(b), f, at: String(at) })));
  });

  it("fills an existing table of other types, as long as no value would be changed", async () => {
    await rows(`CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE DOMAIN cents AS numeric(6, 2) NOT NULL;
      CREATE TABLE t (tiny smallint, price cents, code varchar(3), mood mood, who uuid, at timestamp, doc json, scores real[], id bigint GENERATED ALWAYS AS IDENTITY, twice bigint GENERATED ALWAYS AS (tiny * 2) STORED, made timestamptz DEFAULT now())`);
    const contextSchema = t.struct({ tiny: t.int32(), price: t.decimal(20, 4), code: t.string(), mood: t.string(), who: t.string(), at: t.timestamp(), doc: t.struct({ a: t.int32() }), scores: t.list(t.float64()) });
    const session = await start({ contextSchema });
    const fits = { tiny: 7, price: "12.3400", code: "üüü", mood: "happy", who: "123e4567-e89b-12d3-a456-426614174000", at: 1_700_000_000_000, doc: { a: 1 }, scores: [0.5, 2] };
    const others = [{ tiny: 40_000 }, { price: "12.3450" }, { price: "10000.0000" }, { code: "üüüü" }, { who: "no uuid" }, { at: 1.5 }].map((change) => ({ ...fits, ...change }));
    const error = (await failure(() => session.write(sinkBatch([fits, ...others])))) as BatchError;
    expect(error.failures.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(error.failures[1]?.error.message).toMatch(/^column "price" expects decimal\(20, 4\) that fits .*cents, not null/);
    await session.commitTransaction?.(commit(1));
    expect(await rows("SELECT tiny, price, code, mood::text, who, at::text, doc::text, scores, id, twice, made IS NOT NULL AS made FROM t")).toEqual([{ ...fits, price: "12.34", at: "2023-11-14 22:13:20", doc: '{"a":1}', id: "1", twice: "14", made: true }]);
  });

  it("a value of an enumeration that there is not ends the epoch, not the records before it", async () => {
    await rows("CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t (mood mood)");
    const session = await start({ contextSchema: t.struct({ mood: t.string() }) });
    await session.write(sinkBatch([{ mood: "sad" }, { mood: "angry" }]));
    const error = await failure(() => session.commitTransaction?.(commit(1)));
    expect([error.code, error.retryable]).toEqual(["SF_SINK_FAILED", false]);
    expect((await failure(() => session.write(sinkBatch([{ mood: "sad" }])))).message).toBe(error.message);
    await session.discard?.();
    await session.write(sinkBatch([{ mood: "sad" }]));
    await session.commitTransaction?.(commit(1));
    expect(await rows()).toEqual([{ mood: "sad" }]);
  });

  it("a record of one value has the column value; a table without schema is filled by its names", async () => {
    const scalar = await start({ contextSchema: t.int64() });
    await scalar.write(sinkBatch([1n, 2n]));
    await scalar.commitTransaction?.(commit(1));
    expect(await rows()).toEqual([{ value: "1" }, { value: "2" }]);
    await rows('CREATE TABLE u (id serial PRIMARY KEY, "odd ""name" jsonb, extra text)');
    const free = await start({ contextSchema: undefined, table: "u" });
    await free.write(sinkBatch([{ id: 99, 'odd "name': { a: 1 } }]));
    await free.commitTransaction?.(commit(2));
    expect(await rows("SELECT * FROM u")).toEqual([{ id: 1, 'odd "name': { a: 1 }, extra: null }]);
  });

  it("refuses what cannot work when it is opened, and says what to do", async () => {
    await rows("CREATE TABLE t (other integer); CREATE TABLE must (id integer, name text, must text NOT NULL); CREATE TABLE odd (id point, name text); CREATE TABLE made (id integer GENERATED ALWAYS AS (1) STORED, name text)");
    const missing = await failure(() => start());
    expect([missing.code, missing.message]).toEqual(["SF_CONFIG_INVALID", 'Postgres sink "out": table "t" has no column "id", "name"; it has "other"']);
    await rows(missing.hint);
    await start();
    expect((await failure(() => start({ table: "must" }))).message).toBe('Postgres sink "out": column "must" of table "must" must not be null, but the records have no such field; they have "id", "name"');
    expect((await failure(() => start({ table: "odd" }))).message).toBe('Postgres sink "out": column "id" of table "odd" is of type point, which cannot be filled');
    expect((await failure(() => start({ table: "made" }))).message).toContain("is generated by the server");
    expect((await failure(() => start({ table: "absent", contextSchema: undefined }))).message).toContain("does not exist, and the fields of the records are not known");
    expect((await failure(() => start({ table: "absent", createTable: false }))).message).toBe('Postgres sink "out": table "absent" does not exist');
    expect((await failure(() => start({ namespace: "nowhere" }))).code).toBe("SF_CONFIG_INVALID");
  });

  it("a constraint of the table that a commit breaks changes nothing, at its end too", async () => {
    await rows("CREATE TABLE t (id integer, name text, UNIQUE (id) DEFERRABLE INITIALLY DEFERRED)");
    const session = await start();
    await session.write(sinkBatch([{ id: 1 }, { id: 2 }, { id: 1 }]));
    const error = await failure(() => session.commitTransaction?.(commit(1)));
    expect([error.code, error.retryable]).toEqual(["SF_SINK_FAILED", false]);
    expect(await rows()).toEqual([]);
    expect(await rows("SELECT * FROM _streamflow_commits")).toEqual([]);
    await session.discard?.();
    await session.write(sinkBatch([{ id: 1 }]));
    await session.commitTransaction?.(commit(1));
    expect(await rows()).toHaveLength(1);
  });
});

describe("a server that says no, or nothing", () => {
  const at = (change: (parts: URL) => void): string => {
    const parts = new URL(url);
    change(parts);
    return parts.href;
  };
  const { password } = new URL(url);

  it("says what is wrong with the connection, and never tells the password", async () => {
    await admin.query("DROP ROLE IF EXISTS weak");
    await admin.query(`CREATE ROLE weak LOGIN PASSWORD 'weak-${password}'; GRANT USAGE ON SCHEMA ${namespace} TO weak`);
    const as = (user: string, secret: string): string => at((parts) => void ((parts.username = user), (parts.password = secret)));
    const wrong: readonly (readonly [string, string, boolean])[] = [
      [as("postgres", `wrong-${password}`), "SF_CONFIG_INVALID", false],
      [at((parts) => (parts.pathname = "/nowhere")), "SF_CONFIG_INVALID", false],
      [as("weak", `weak-${password}`), "SF_CONFIG_INVALID", false],
      [at((parts) => (parts.port = "1")), "SF_SINK_UNAVAILABLE", true],
      [`postgres://postgres:${password}@127.0.0.1:99999999/postgres`, "SF_CONFIG_INVALID", false],
    ];
    for (const [given, code, retryable] of wrong) {
      const error = await failure(() => start({ url: given }));
      expect([error.code, error.retryable], error.message).toEqual([code, retryable]);
      const told = [error.message, error.hint, JSON.stringify(error.context), JSON.stringify(postgresSink({ url: given, table: "t" }).config), JSON.stringify(error.cause), String(error.cause)].join("\n");
      expect(told).not.toContain(password);
    }
    await admin.query(`REVOKE ALL ON SCHEMA ${namespace} FROM weak; DROP ROLE weak`);
  });

  it("an epoch may take longer than a statement usually may on the server, and a commit counts on no disk that is written later", async () => {
    const limited = at((parts) => parts.searchParams.set("options", "-c statement_timeout=300 -c synchronous_commit=off"));
    const session = await start({ url: limited, isReal: true });
    await session.write(sinkBatch(Array.from({ length: 30_000 }, (_, id) => ({ id, name: "x".repeat(50) }))));
    await new Promise((resolve) => setTimeout(resolve, 700));
    await session.commitTransaction?.(commit(1));
    expect(await rows("SELECT count(*)::int AS n FROM t")).toEqual([{ n: 30_000 }]);
    const settings = "CREATE TABLE seen (name text, setting text); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen SELECT name, setting FROM pg_settings WHERE name = 'synchronous_commit'; RETURN NULL; END $$";
    await rows(`${settings}; CREATE TRIGGER note AFTER INSERT ON t EXECUTE FUNCTION note()`);
    await rows(`ALTER FUNCTION note() SET search_path = ${namespace}`);
    await session.write(sinkBatch([{ id: 1 }]));
    await session.commitTransaction?.(commit(2));
    expect(await rows("SELECT * FROM seen")).toEqual([{ name: "synchronous_commit", setting: "on" }]);
  });

  it("a full disk is SF_DISK_FULL, and nothing of the epoch is there", async () => {
    await start();
    // A disk that is really full cannot be had here: the server's own error, raised where it would come from.
    await rows("CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$; CREATE TRIGGER full_disk BEFORE INSERT ON t EXECUTE FUNCTION full_disk()");
    const session = await start();
    await session.write(sinkBatch([{ id: 1 }]));
    const error = await failure(() => session.commitTransaction?.(commit(1)));
    expect([error.code, error.retryable]).toEqual(["SF_DISK_FULL", true]);
    expect(await rows()).toEqual([]);
  });

  it("a connection that is lost between epochs is made anew; one that is lost in the middle of one takes it along, and says so until it is discarded", async () => {
    const session = await start({ isReal: true, mode: "upsert", key: ["id"] });
    const endAll = (): Promise<unknown> => rows(`SELECT pg_terminate_backend(pid), pg_sleep(0.05) FROM pg_stat_activity WHERE application_name = 'streamflow p/out'`);
    await session.write(sinkBatch([{ id: 1 }]));
    await session.commitTransaction?.(commit(1));
    await endAll();
    await session.write(sinkBatch([{ id: 2 }]));
    await session.commitTransaction?.(commit(2));
    await session.write(sinkBatch(Array.from({ length: 30_000 }, (_, id) => ({ id, name: "x".repeat(50) }))));
    await endAll();
    const error = await failure(async () => {
      await session.write(sinkBatch([{ id: 5 }]));
      await session.commitTransaction?.(commit(3));
    });
    expect([error.code, error.retryable]).toEqual(["SF_SINK_UNAVAILABLE", true]);
    expect((await failure(() => session.commitTransaction?.(commit(3)))).code).toBe("SF_SINK_UNAVAILABLE");
    await session.discard?.();
    await session.write(sinkBatch([{ id: 3 }]));
    await session.commitTransaction?.(commit(3));
    expect((await rows("SELECT id FROM t ORDER BY id")).map((row) => row["id"])).toEqual([1, 2, 3]);
  });

  it("P3: a commit whose answer is lost is looked up: it counts where it took place", async () => {
    const proxy = await startProxy();
    const session = await start({ url: proxy.url, isReal: true, timeoutMs: 5000 });
    await session.write(sinkBatch([{ id: 1 }]));
    proxy.cutBehind("COMMIT\0");
    await session.commitTransaction?.(commit(1));
    await session.write(sinkBatch([{ id: 2 }]));
    proxy.cutBefore("COMMIT\0");
    const error = await failure(() => session.commitTransaction?.(commit(2)));
    expect([error.code, error.retryable]).toEqual(["SF_SINK_UNAVAILABLE", true]);
    expect((await rows()).map((row) => row["id"])).toEqual([1]);
    await session.discard?.();
    await session.write(sinkBatch([{ id: 2 }]));
    await session.commitTransaction?.(commit(2));
    expect((await rows()).map((row) => row["id"])).toEqual([1, 2]);
    await proxy.close();
  });

  it("P3: so is one whose answer does not come: a connection that is open at one end only", async () => {
    const proxy = await startProxy();
    const session = await start({ url: proxy.url, isReal: true, timeoutMs: 500 });
    await session.write(sinkBatch([{ id: 1 }]));
    proxy.muteBehind("COMMIT\0");
    await session.commitTransaction?.(commit(1));
    expect((await rows()).map((row) => row["id"])).toEqual([1]);
    await proxy.close();
  });

  it("who is told to stop does not wait for a server that does not answer to a new connection", async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const stop = new AbortController();
    const sink = postgresSink({ url: at((parts) => void (parts.port = String((silent.address() as AddressInfo).port))), table: "t" });
    const opening = failure(() => sink.open({ environment: nodeEnvironment(), pipeline: "p", node: "out", schema, keyFields: undefined, signal: stop.signal }));
    setTimeout(() => stop.abort(), 50);
    expect((await opening).code).toBe("SF_SINK_UNAVAILABLE");
    silent.close();
  });

  it("SNK-8: a server that takes nothing is waited for, and in the end given up", async () => {
    const proxy = await startProxy();
    const session = await start({ url: proxy.url, isReal: true, timeoutMs: 1000 });
    await session.write(sinkBatch([{ id: 0 }]));
    proxy.freezeAt("COPY");
    const error = await failure(async () => {
      for (let i = 0; i < 1000; i++) await session.write(sinkBatch(Array.from({ length: 1000 }, (_, id) => ({ id, name: "x".repeat(200) }))));
    });
    expect([error.code, error.retryable, error.message.includes("no answer within 1000 ms")]).toEqual(["SF_SINK_UNAVAILABLE", true, true]);
    await proxy.close();
  });
});

interface Proxy {
  readonly url: string;
  /** Resolves when the freeze has come. */
  readonly frozen: Promise<void>;
  /** From the first message of the client with this text on: the answer to it comes, nothing else goes to the server or back. */
  freezeAt(text: string): void;
  /** The message reaches the server, and the connection is then lost. */
  cutBehind(text: string): void;
  cutBefore(text: string): void;
  /** The message reaches the server, and no answer comes, on this connection. */
  muteBehind(text: string): void;
  close(): Promise<void>;
}

/** A wire between client and server that can be cut and blocked, once for each order. */
async function startProxy(): Promise<Proxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let order: { readonly text: string; readonly act: "freeze" | "cutBehind" | "cutBefore" | "mute" } | undefined;
  let onFrozen: () => void = () => undefined;
  const frozen = new Promise<void>((resolve) => (onFrozen = resolve));
  const server: Server = createServer((client) => {
    const upstream = connectSocket(Number(target.port), target.hostname);
    let isBlocked = false;
    let isMuted = false;
    for (const [one, other] of [[client, upstream], [upstream, client]] as const) {
      sockets.add(one);
      one.on("error", () => undefined);
      one.on("close", () => (isBlocked ? undefined : other.destroy()));
    }
    client.on("data", (bytes) => {
      if (isBlocked) return;
      const hit = order !== undefined && bytes.includes(order.text) ? order.act : undefined;
      if (hit !== undefined) order = undefined;
      if (hit === "cutBefore") return void client.destroy();
      if (hit === "mute") isMuted = true;
      upstream.write(bytes);
      if (hit === "freeze") {
        isBlocked = true;
        client.pause();
        onFrozen();
      }
      // The server has the commit and answers it; nobody hears that.
      if (hit === "cutBehind") upstream.once("data", () => client.destroy());
    });
    upstream.on("data", (bytes) => {
      if (!isMuted && !isBlocked) client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const through = new URL(url);
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    frozen,
    freezeAt: (text) => void (order = { text, act: "freeze" }),
    cutBehind: (text) => void (order = { text, act: "cutBehind" }),
    cutBefore: (text) => void (order = { text, act: "cutBefore" }),
    muteBehind: (text) => void (order = { text, act: "mute" }),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
