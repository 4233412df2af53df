// Against a real server: `npm run test:e2e`.
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { BatchError, ChangeKind, Pipeline, t, type Sink, type SinkSession, type StreamFlowError } from "@streamflow/core";
import { systemClock } from "@streamflow/core/node";
import { PipelineDriver, registerConformance, sinkConformance, testEnvironment } from "@streamflow/core/testing";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { sinkBatch } from "../sink-batch.ts";
import { redisSink, type RedisSinkOptions } from "./redis.ts";

const url = inject("redis");
const admin = new Redis(url);
const environment = { ...testEnvironment().environment, clock: systemClock() };
const sessions: SinkSession[] = [];
let folder = "";
let folders = 0;

beforeEach(() => void (folder = `t${process.pid}-${++folders}`));
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
});
afterAll(() => admin.disconnect());

async function open(options: Partial<RedisSinkOptions> = {}, node = folder): Promise<SinkSession> {
  const session = await redisSink({ url, kind: "list", key: folder, ...options }).open({ environment, pipeline: "p", node, schema: undefined, keyFields: undefined, signal: new AbortController().signal });
  sessions.push(session);
  return session;
}

const commitOf = (epoch: number, generation = 1) => ({ epoch, shards: [{ shard: "k:0", generation, epoch, positions: { "s/0": `${epoch}` } }] });

async function written(options: Partial<RedisSinkOptions>, records: readonly unknown[], changes?: readonly number[]): Promise<void> {
  const session = await open(options);
  await session.write(sinkBatch(records, changes === undefined ? {} : { changes }));
  await session.commitTransaction?.(commitOf(1));
}

const failureOf = (work: Promise<unknown> | undefined): Promise<StreamFlowError> => Promise.resolve(work).then(() => expect.fail("it should have failed"), (error: StreamFlowError) => error);

describe("conformance", () => {
  let targets = 0;
  registerConformance(it, sinkConformance<string>({
    capabilities: { delivery: "transactional", commitOrder: "sink-first" },
    // Nodes of all cases are called "sink": each has a database key of its own, and heads by hash tag.
    create: () => `c${process.pid}-${++targets}`,
    sink: (name) => redisSink({ url, kind: "list", key: `{{${name}}}:values` }),
    value: (n) => n,
    visible: async (name) => (await admin.lrange(`{${name}}:values`, 0, -1)).map(Number),
    environment: () => environment,
    refusedValue: () => 0,
  }));
});

describe("what records become", () => {
  it("set: the last value of a key; a delete removes it; ttl", async () => {
    await written({ kind: "set", key: `${folder}:{id}`, ttlMs: 60_000 }, [{ id: 1, v: "a" }, { id: 2, v: "b" }, { id: 1, v: "ü" }, { id: 2, v: "b" }, { id: 3 }], [0, 0, 0, ChangeKind.delete, 0]);
    expect(await admin.mget(...[1, 2, 3].map((id) => `${folder}:${id}`))).toEqual(['{"id":1,"v":"ü"}', null, '{"id":3}']);
    expect(await admin.pttl(`${folder}:1`)).toBeGreaterThan(50_000);
  });

  it("hash: the fields of the last record, and no field or value of before", async () => {
    await admin.set(`${folder}:x`, "a text was here");
    await written({ kind: "hash", key: `${folder}:{id}`, ttlMs: 60_000 }, [{ id: "x", old: 1 }, { id: "x", text: "a", n: 1n, is: true, none: null, list: [1, "b"], bytes: Uint8Array.of(104, 105) }, { id: "y", a: 1 }], [0, 0, 0]);
    expect(await admin.hgetall(`${folder}:x`)).toEqual({ id: "x", text: "a", n: "1", is: "true", list: '[1,"b"]', bytes: "hi" });
    expect(await admin.pttl(`${folder}:x`)).toBeGreaterThan(50_000);
    const again = await open({ kind: "hash", key: `${folder}:{id}` });
    await again.write(sinkBatch([{ id: "y" }], { changes: [ChangeKind.updateBefore] }));
    await again.commitTransaction?.(commitOf(2));
    expect(await admin.exists(`${folder}:y`)).toBe(0);
  });

  it("stream, list and publish: in order, bounded where that is said", async () => {
    const heard: string[] = [];
    const ear = new Redis(url);
    await ear.subscribe(`${folder}:news`);
    ear.on("message", (_, text: string) => void heard.push(text));
    await written({ kind: "stream", key: `${folder}:s` }, [{ a: 1, b: "x" }, { a: 2 }]);
    expect((await admin.xrange(`${folder}:s`, "-", "+")).map(([, fields]) => fields)).toEqual([["a", "1", "b", "x"], ["a", "2"]]);
    for (const [index, [kind, maxLength]] of ([["list", 2], ["publish", undefined]] as const).entries()) {
      const session = await open({ kind, key: `${folder}:${kind === "list" ? "l" : "news"}`, ...(maxLength === undefined ? {} : { maxLength }) });
      await session.write(sinkBatch([1, 2, 3]));
      await session.commitTransaction?.(commitOf(10 + index));
    }
    expect(await admin.lrange(`${folder}:l`, 0, -1)).toEqual(["2", "3"]);
    while (heard.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(heard).toEqual(["1", "2", "3"]);
    ear.disconnect();
  });

  it("formats: without the end of a line", async () => {
    const session = await redisSink({ url, kind: "list", key: folder, format: "csv" }).open({ environment, pipeline: "p", node: folder, schema: t.struct({ a: t.int32(), b: t.string() }), keyFields: undefined, signal: new AbortController().signal });
    sessions.push(session);
    await session.write(sinkBatch([{ a: 1, b: "x" }]));
    await session.commitTransaction?.(commitOf(1));
    expect(await admin.lrange(folder, 0, -1)).toEqual(["1,x"]);
  });

  it("a record that cannot be written is refused alone", async () => {
    const session = await open({ kind: "stream", key: `${folder}:{k}` });
    const records = [{ k: "a", n: 1 }, "text", { n: 1 }, { k: null }, { k: {} }, { k: "a", n: 2 }];
    const failure = await failureOf((async () => session.write(sinkBatch(records)))());
    expect((failure as BatchError).failures.map(({ index, error }) => [index, error.code])).toEqual([1, 2, 3, 4].map((index) => [index, "SF_CODEC_ENCODE"]));
    await session.commitTransaction?.(commitOf(1));
    expect(await admin.xlen(`${folder}:a`)).toBe(2);
  });
});

it("a larger epoch than one message of the protocol may hold; the bound on bytes is one", async () => {
  const session = await open();
  await session.write(sinkBatch(Array.from({ length: 30_000 }, (_, i) => i)));
  await session.commitTransaction?.(commitOf(1));
  expect(await admin.llen(folder)).toBe(30_000);
  const small = await open({ maxEpochBytes: 1000 }, "other");
  await small.write(sinkBatch(["x".repeat(2000)]));
  expect(await failureOf((async () => small.write(sinkBatch([1])))())).toMatchObject({ code: "SF_BUDGET_EXCEEDED" });
});

it("a key of another type fails the commit before anything is changed", async () => {
  await admin.set(`${folder}:b`, "a text");
  const session = await open({ key: `${folder}:{k}` });
  await session.write(sinkBatch([{ k: "a" }, { k: "b" }]));
  expect(await failureOf(session.commitTransaction?.(commitOf(1)))).toMatchObject({ code: "SF_SINK_FAILED", message: expect.stringContaining("is a string, not a list") as string });
  expect(await admin.exists(`${folder}:a`)).toBe(0);
  expect(await (await open()).recover?.([{ shard: "k:0", generation: 2 }])).toEqual([]);
});

it("R2: two owners that commit at once: one of them is refused, whoever reads first", async () => {
  for (let round = 0; round < 20; round++) {
    const node = `${folder}-${round}`;
    const [old, next] = [await open({ key: node }, node), await open({ key: node }, node)];
    await old.write(sinkBatch(["old"]));
    await next.write(sinkBatch(["new"]));
    const ends = await Promise.allSettled([old.commitTransaction?.(commitOf(1, 1)), next.recover?.([{ shard: "k:0", generation: 2 }]).then(() => next.commitTransaction?.(commitOf(2, 2)))]);
    expect(ends[1]?.status).toBe("fulfilled");
    if (ends[0]?.status === "rejected") expect(ends[0].reason).toMatchObject({ code: "SF_SINK_FENCED" });
    expect(await admin.lrange(node, 0, -1)).toEqual(ends[0]?.status === "rejected" ? ['"new"'] : ['"old"', '"new"']);
  }
});

describe("a server that cannot be reached", () => {
  it("refused, wrong password, not Redis: said with codes, and without the password", async () => {
    const sink = (to: string): Promise<StreamFlowError> => failureOf(open({ url: to }));
    expect(await sink("redis://:hunter2@127.0.0.1:1")).toMatchObject({ code: "SF_SINK_UNAVAILABLE", message: expect.not.stringContaining("hunter2") as string });
    await admin.acl("SETUSER", folder, "on", ">right", "~*", "+@all");
    expect(await sink(url.replace("//", `//${folder}:hunter2@`))).toMatchObject({ code: "SF_CONFIG_INVALID", message: expect.not.stringContaining("hunter2") as string });
    await admin.acl("SETUSER", folder, "-multi");
    const session = await open({ url: url.replace("//", `//${folder}:right@`) });
    expect(await failureOf(session.commitTransaction?.(commitOf(1)))).toMatchObject({ code: "SF_CONFIG_INVALID", message: expect.stringContaining("multi") as string });
  });

  it("R1: a half-open connection ends with the time-out; the next commit takes another connection", async () => {
    const proxy = await Proxy.start(Number(new URL(url).port));
    try {
      const session = await open({ url: proxy.url, timeoutMs: 300 });
      await session.write(sinkBatch([1]));
      proxy.isSilent = true;
      expect(await failureOf(session.commitTransaction?.(commitOf(1)))).toMatchObject({ code: "SF_TIMEOUT" });
      proxy.isSilent = false;
      proxy.cut();
      await session.commitTransaction?.(commitOf(1));
      expect(await admin.lrange(folder, 0, -1)).toEqual(["1"]);
    } finally {
      await proxy.close();
    }
  });

  it("a commit whose answer is lost has happened: recover says so", async () => {
    const proxy = await Proxy.start(Number(new URL(url).port));
    try {
      const session = await open({ url: proxy.url, timeoutMs: 2000 });
      await session.write(sinkBatch([1]));
      proxy.cutsBehind = "EXEC";
      expect(await failureOf(session.commitTransaction?.(commitOf(1)))).toMatchObject({ code: "SF_SINK_UNAVAILABLE" });
      expect(await (await open()).recover?.([{ shard: "k:0", generation: 2 }])).toMatchObject([{ epoch: 1 }]);
      expect(await admin.lrange(folder, 0, -1)).toEqual(["1"]);
    } finally {
      await proxy.close();
    }
  });
});

it("in a pipeline whose processes are killed, every record is there once, in order", async () => {
  const driver = new PipelineDriver({
    brokers: { in: { bounded: true } },
    build: (ends) => new Pipeline({ name: folder, checkpoint: { everyMs: 100 } }).from(ends.source<number>()).to(onClock(redisSink<number>({ url, kind: "list", key: folder })), { id: "out" }),
  });
  await driver.start();
  for (let round = 0; round < 6; round++) {
    driver.push(Array.from({ length: 50 }, (_, i) => round * 50 + i));
    await turns(driver);
    driver.crash();
    await driver.start();
  }
  driver.broker().end();
  for (let tries = 0; tries < 50 && driver.run().state !== "finished"; tries++) await turns(driver);
  expect(driver.run().state).toBe("finished");
  expect((await admin.lrange(folder, 0, -1)).map(Number)).toEqual(Array.from({ length: 300 }, (_, i) => i));
});

/** The driver's clock is moved by hand; a socket has its own time. */
async function turns(driver: PipelineDriver): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await driver.advance(60);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function onClock(sink: Sink<number>): Sink<number> {
  return { ...sink, open: (context) => sink.open({ ...context, environment: { ...context.environment, clock: environment.clock } }) };
}

/** Stands between, and can be silent, or cut connections. */
class Proxy {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  isSilent = false;
  cutsBehind: string | undefined;

  private constructor(port: number) {
    this.#server = createServer((near) => {
      const far = connect(port, "127.0.0.1");
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on("close", () => this.#sockets.delete(socket));
        socket.on("error", () => undefined);
      }
      let isCut = false;
      near.on("data", (bytes) => {
        if (this.isSilent) return;
        far.write(bytes);
        if (this.cutsBehind !== undefined && bytes.toString().toUpperCase().includes(this.cutsBehind)) isCut = true;
      });
      far.on("data", (bytes) => (isCut ? near.destroy() : void near.write(bytes)));
    });
  }

  static async start(port: number): Promise<Proxy> {
    const proxy = new Proxy(port);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
