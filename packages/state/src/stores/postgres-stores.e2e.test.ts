// Against a real server: `npm run test:e2e`.
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { Client } from "pg";
import { StreamFlowError, type Checkpoint, type HostStores } from "@streamflow/core";
import { checkpointStoreConformance, leaseStoreConformance, logStoreConformance, metadataStoreConformance, registerConformance, testEnvironment } from "@streamflow/core/testing";
import type { TestEnvironment } from "@streamflow/core/testing";
import { closeAll } from "../data-folder.ts";
import { streamingCheckpointCases } from "../streaming-checkpoints.fixture.ts";
import { openPostgresStores, type PostgresStoresOptions } from "./postgres-stores.ts";

interface Storage {
  readonly namespace: string;
  readonly parts: TestEnvironment;
}

const url = inject("postgres");
const admin = new Client({ connectionString: url });
let namespaces = 0;
beforeAll(() => admin.connect());
afterAll(() => admin.end());

/** A name that must be quoted. */
const create = (): Storage => ({ namespace: `State "${process.pid}" ${++namespaces}`, parts: testEnvironment() });
const quoted = ({ namespace }: Storage): string => `"${namespace.replaceAll('"', '""')}"`;
const dispose = async (storage: Storage): Promise<void> => void (await admin.query(`DROP SCHEMA IF EXISTS ${quoted(storage)} CASCADE`));
const open = ({ namespace, parts }: Storage, options: PostgresStoresOptions = {}): Promise<HostStores> => openPostgresStores(url, parts.environment, { namespace, ...options });

/** One store of a database; the others are closed, so that closing it closes the connections. */
async function only<Name extends Exclude<keyof HostStores, "checkpointing" | "observe">>(storage: Storage, name: Name): Promise<HostStores[Name]> {
  const stores = await open(storage);
  for (const other of ["checkpoints", "leases", "logs", "metadata"] as const) if (other !== name) await stores[other].close();
  return stores[name];
}

/** Changes the database behind the stores' back. */
async function change(storage: Storage, sql: string, ...values: (string | number)[]): Promise<void> {
  await admin.query(`SET search_path = ${quoted(storage)}`);
  await admin.query(sql, values);
}

describe("checkpoints", () => {
  registerConformance(it, checkpointStoreConformance<Storage>({
    create,
    dispose,
    open: (storage) => only(storage, "checkpoints"),
    damageSegment: (storage, pipeline, ref) => change(storage, "UPDATE segments SET bytes = decode(repeat('00', length(bytes)), 'hex') WHERE pipeline = $1 AND name = $2", pipeline, ref.name),
    damageCheckpoint: (storage, pipeline, epoch) => change(storage, "UPDATE checkpoints SET body = substr(body, 1, length(body) - 1) WHERE pipeline = $1 AND epoch = $2", pipeline, epoch),
  }));
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

describe("streaming checkpoints", () => {
  for (const [name, run] of streamingCheckpointCases) {
    it(name, async () => {
      const made = await storage();
      await run({ metadata: (await opened(made)).metadata, other: (await opened(made)).metadata });
    });
  }
});

async function storage(): Promise<Storage> {
  const made = create();
  onTestFinished(() => dispose(made));
  return made;
}

async function opened(made: Storage, options?: PostgresStoresOptions): Promise<HostStores> {
  const stores = await open(made, options);
  onTestFinished(() => closeAll(stores));
  return stores;
}

function checkpoint(epoch: number, generation = 1): Checkpoint {
  const manifest = { formatVersion: 1, shard: "k:0", epoch, generation, positions: {}, progress: {}, state: [] } as const;
  return { epoch, createdMs: 0, plan: {}, manifests: [manifest], prepared: {} };
}

const request = { pipeline: "p", shards: ["k:0", "k:1"], ttlMs: 10_000 };

describe("the database", () => {
  it("is made by any number of processes at once, once", async () => {
    const made = await storage();
    const hosts = await Promise.all(Array.from({ length: 5 }, () => opened(made)));
    await Promise.all(hosts.map((stores, n) => stores.metadata.put("c", `id-${n}`, { n })));
    expect(await hosts[0]?.metadata.list("c")).toHaveLength(5);
  });

  it("CKP-4, CKP-8: of two that publish the same epoch at one moment, exactly one does; who was fenced does not", async () => {
    const made = await storage();
    const [one, two] = [await opened(made), await opened(made)];
    for (let epoch = 1; epoch <= 10; epoch++) {
      const ends = await Promise.allSettled([one, two].map((stores) => stores.checkpoints.publish("p", checkpoint(epoch))));
      expect(ends.map((end) => (end.status === "rejected" ? (end.reason as StreamFlowError).code : "published")).sort()).toEqual(["SF_CHECKPOINT_FENCED", "published"]);
    }
    const [fence, late] = await Promise.allSettled([two.checkpoints.fence("p", [{ shard: "k:0", generation: 2 }]), one.checkpoints.publish("p", checkpoint(11))]);
    expect(fence.status).toBe("fulfilled");
    // In time, or not at all.
    if (late.status === "rejected") expect((late.reason as StreamFlowError).code).toBe("SF_CHECKPOINT_FENCED");
    await expect(one.checkpoints.publish("p", checkpoint(12))).rejects.toMatchObject({ code: "SF_CHECKPOINT_FENCED" });
    await two.checkpoints.publish("p", checkpoint(12, 2));
    expect(await two.checkpoints.list("p")).toHaveLength(late.status === "fulfilled" ? 12 : 11);
  });

  it("LSE-1, LSE-2: of many that ask for the same shards at one moment one gets them, all of them, with numbers never given before", async () => {
    const made = await storage();
    const hosts = await Promise.all(Array.from({ length: 4 }, () => opened(made)));
    const seen = new Set<number>();
    for (let round = 0; round < 5; round++) {
      const ends = await Promise.allSettled(hosts.map((stores, n) => stores.leases.acquire({ ...request, shards: n % 2 === 0 ? request.shards : request.shards.toReversed(), owner: `host-${n}` })));
      const winners = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
      expect(winners).toHaveLength(1);
      for (const end of ends) if (end.status === "rejected") expect((end.reason as StreamFlowError).code).toBe("SF_LEASE_HELD");
      const generations = new Set(winners[0]?.map(({ generation }) => generation));
      for (const generation of generations) expect(seen.has(generation)).toBe(false);
      for (const generation of generations) seen.add(generation);
      await hosts[ends.findIndex((end) => end.status === "fulfilled")]?.leases.release({ ...request, owner: `host-${ends.findIndex((end) => end.status === "fulfilled")}` });
    }
  });

  it("LOG-1, LOG-4: appends of many at one moment are all there, each call's together, and what has a key is there once", async () => {
    const made = await storage();
    const hosts = await Promise.all(Array.from({ length: 4 }, () => opened(made)));
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    await Promise.all(hosts.flatMap((stores, n) => [0, 1, 2].map((call) => stores.logs.append("log", [bytes(`${n}-${call}-a`), bytes("same"), bytes(`${n}-${call}-b`)], { keys: [undefined, "key", undefined] }))));
    const found = (await hosts[0]?.logs.read("log", 0, 1000))?.map(({ cursor, payload }) => [cursor, new TextDecoder().decode(payload)] as const) ?? [];
    expect(found.map(([cursor]) => cursor)).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
    expect(found.filter(([, text]) => text === "same")).toHaveLength(1);
    const rest = found.map(([, text]) => text).filter((text) => text !== "same");
    for (let i = 0; i < rest.length; i += 2) expect(rest[i]?.slice(0, -2)).toBe(rest[i + 1]?.slice(0, -2));
  });

  it("MDS-1: of many that put over the same version one does; a version is never given twice, also after a delete", async () => {
    const made = await storage();
    const { metadata } = await opened(made);
    const puts = await Promise.all(Array.from({ length: 6 }, (_, n) => metadata.put("c", "id", { n }, 0)));
    expect(puts.filter((version) => version !== undefined)).toEqual([1]);
    expect(await metadata.put("c", "id", { n: 7 }, 5)).toBeUndefined();
    expect(await metadata.put("c", "other", { n: 7 }, 5)).toBeUndefined();
    await metadata.delete("c", "id");
    expect(await metadata.put("c", "id", { n: 8 }, 1)).toBeUndefined();
    expect(await metadata.put("c", "id", { n: 8 }, 0)).toBe(2);
  });

  it("LSE-6: takes over the leases of a process that has died at once", async () => {
    const made = await storage();
    const alive = new Map([["process-1", true]]);
    const as = (id: string): Promise<HostStores> => opened(made, { process: { id, isAlive: async (other) => alive.get(other) } });
    const [first, second] = [await as("process-1"), await as("process-2")];
    await first.leases.acquire({ ...request, owner: "a" });
    await expect(second.leases.acquire({ ...request, owner: "b" })).rejects.toMatchObject({ code: "SF_LEASE_HELD", message: expect.stringContaining('"a"') });
    alive.set("process-1", false);
    expect(await second.leases.acquire({ ...request, owner: "b" })).toEqual(request.shards.map((shard) => ({ shard, generation: 2 })));
    expect((await first.leases.renew({ ...request, owner: "a" })).lost).toEqual(request.shards);
  });

  it("a segment that another process needs for what it is publishing is not pruned beside it", async () => {
    const made = await storage();
    const [one, two] = [await opened(made), await opened(made)];
    for (let round = 1; round <= 5; round++) {
      const shared = await one.checkpoints.writeSegment("p", new Uint8Array(100).fill(round));
      await one.checkpoints.publish("p", { ...checkpoint(round * 10), prepared: { sink: shared } });
      const [, published] = await Promise.allSettled([two.checkpoints.prune("p", 1, []), one.checkpoints.publish("p", { ...checkpoint(round * 10 + 1), prepared: { sink: shared } }), two.checkpoints.discard?.("p", [shared])]);
      expect(published?.status).toBe("fulfilled");
      const [newest] = await two.checkpoints.list("p");
      expect(newest).toMatchObject({ epoch: round * 10 + 1, checkpoint: {} });
      expect((await two.checkpoints.readSegment("p", shared))[0]).toBe(round);
    }
    await expect(one.checkpoints.publish("p", { ...checkpoint(99), prepared: { sink: { name: "absent", byteLength: 1, checksum: "0" } } })).rejects.toMatchObject({ code: "SF_CHECKPOINT_FAILED", message: expect.stringContaining('segment "absent"') });
  });

  it("SF_STATE_INCOMPATIBLE: for tables of a newer version", async () => {
    const made = await storage();
    await closeAll(await open(made));
    await change(made, "UPDATE streamflow_version SET version = 99");
    await expect(open(made)).rejects.toMatchObject({ code: "SF_STATE_INCOMPATIBLE", message: expect.stringContaining("version 99") });
  });

  it("goes on where its connections were ended; what cannot be reached is SF_STORE_UNAVAILABLE, and tells no password", async () => {
    const made = await storage();
    const stores = await opened(made, { connections: 2 });
    await stores.metadata.put("c", "id", { n: 1 });
    await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'streamflow stores'");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await stores.metadata.get("c", "id"))?.document).toEqual({ n: 1 });
    const { password } = new URL(url);
    const away = url.replace(/:\d+\//, ":1/");
    const wrong = url.replace(password, `x${password}`);
    for (const [given, code, retryable] of [[away, "SF_STORE_UNAVAILABLE", true], [wrong, "SF_CONFIG_INVALID", false], [url.replace(/:\d+\//, ":999999/"), "SF_CONFIG_INVALID", false]] as const) {
      const error = await openPostgresStores(given, made.parts.environment).then(() => expect.fail("opened"), (thrown: unknown) => thrown as StreamFlowError);
      expect([error.code, error.retryable], error.message).toEqual([code, retryable]);
      expect([error.message, error.hint, JSON.stringify(error.context), String(error.cause), JSON.stringify(error.cause)].join()).not.toContain(password);
    }
  });

  it("a connection that is lost in the middle of a transaction fails it alone, and nothing else of the process", async () => {
    const made = await storage();
    const stores = await opened(made, { connections: 1 });
    const lock = new Client({ connectionString: url });
    await lock.connect();
    await lock.query(`BEGIN; LOCK TABLE ${quoted(made)}.shard_heads`);
    const waiting = stores.checkpoints.fence("p", [{ shard: "k:0", generation: 1 }]).then(() => "fenced", (error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await lock.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'streamflow stores' AND wait_event_type = 'Lock'");
    expect(await waiting).toMatchObject({ code: "SF_STORE_UNAVAILABLE", retryable: true });
    await lock.end();
    await stores.checkpoints.fence("p", [{ shard: "k:0", generation: 1 }]);
  });

  it("keeps a segment of many megabytes as it is", async () => {
    const { checkpoints } = await opened(await storage());
    const bytes = new Uint8Array(20 << 20).map((_, i) => (i * 31) % 251);
    const ref = await checkpoints.writeSegment("p", bytes);
    expect(Buffer.compare(await checkpoints.readSegment("p", ref), bytes)).toBe(0);
  });

  it.each([[{ connections: 0 }], [{ connections: 1.5 }], [{ timeoutMs: 0 }], [{ namespace: "" }]])("refuses %o", async (options) => {
    await expect(open(create(), options)).rejects.toMatchObject({ code: "SF_CONFIG_INVALID" });
  });
});
