import { BatchError, t, type Sink, type SinkSession, type StreamFlowError } from "@streamflow/core";
import { systemClock } from "@streamflow/core/node";
import { registerConformance, sinkConformance, testEnvironment } from "@streamflow/core/testing";
import { afterEach, describe, expect, it } from "vitest";
import { sinkBatch } from "../sink-batch.ts";
import { httpSink, type HttpSinkOptions } from "./http.ts";
import { KeyedServer, type Reply } from "./http-server.fixture.ts";

const servers: KeyedServer[] = [];
const sessions: SinkSession[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
  for (const server of servers.splice(0)) await server.close();
});

async function server(): Promise<KeyedServer> {
  const started = await KeyedServer.start();
  servers.push(started);
  return started;
}

const quick = { initialDelayMs: 1, maxDelayMs: 2 };

async function open(sink: Sink, keyFields?: readonly string[]): Promise<SinkSession> {
  const environment = { ...testEnvironment().environment, clock: systemClock() };
  const session = await sink.open({ environment, pipeline: "p", node: "out", schema: undefined, keyFields, signal: new AbortController().signal });
  sessions.push(session);
  return session;
}

async function opened(options: Omit<HttpSinkOptions, "url"> & { readonly path?: string } = {}): Promise<{ readonly at: KeyedServer; readonly session: SinkSession }> {
  const at = await server();
  const { path = "", ...rest } = options;
  return { at, session: await open(httpSink({ url: `${at.url}${path}`, retry: quick, delivery: "idempotent", ...rest })) };
}

const numbered = (values: readonly unknown[]) => sinkBatch(values, { identityAt: (index) => ({ shard: "p:s/0", origin: `${index}`, index: 0 }) });
const failureOf = (work: void | Promise<void>): Promise<StreamFlowError> => Promise.resolve(work).then(() => expect.fail("it should have failed"), (error: StreamFlowError) => error);

const kinds: Readonly<Record<string, (url: string) => Sink>> = {
  "single records": (url) => httpSink({ url, delivery: "idempotent", retry: quick }),
  "batches through the outbox": (url) => httpSink({ url, delivery: "idempotent", batch: { maxRecords: 7 }, retry: quick }),
  "batches at least once": (url) => httpSink({ url, batch: { maxRecords: 7 }, retry: quick }),
};

for (const [name, make] of Object.entries(kinds)) {
  describe(`conformance, ${name}`, () => {
    registerConformance(it, sinkConformance<KeyedServer>({
      capabilities: make("http://127.0.0.1/").capabilities,
      create: KeyedServer.start,
      sink: ({ url }) => make(url),
      value: (n) => n,
      visible: ({ numbers }) => numbers,
      environment: () => ({ ...testEnvironment().environment, clock: systemClock() }),
      ...(name.includes("outbox") ? {} : { refusedValue: () => 0, stall: stalled }),
      dispose: (target) => target.close(),
    }));
  });
}

function stalled(target: KeyedServer): () => void {
  const gate = Promise.withResolvers<undefined>();
  target.reply = () => gate.promise;
  return () => gate.resolve(undefined);
}

it("H1: the key of a record is the same in every session, and another for every record, also for equal ones", async () => {
  const { at, session } = await opened();
  await session.write(numbered(["same", "same"]));
  const again = await open(httpSink({ url: at.url, delivery: "idempotent" }));
  await again.write(numbered(["same", "same"]));
  expect(at.arrived.map(({ key }) => key)).toEqual([0, 1, 0, 1].map((i) => at.arrived[i]?.key));
  expect(new Set(at.arrived.map(({ key }) => key)).size).toBe(2);
  expect(at.arrived[0]?.key).toMatch(/^[0-9a-f]{32}$/);
  expect(at.applied).toHaveLength(2);
});

describe("what is lost on the way is sent again, and done once", () => {
  const mishaps: Readonly<Record<string, Reply>> = {
    "500 after the work was done": { status: 500, applies: true },
    "503": { status: 503 },
    "429": { status: 429 },
    "408": { status: 408 },
    "a connection that ends before the work": "hang up",
    "a connection that ends behind the work": "apply, hang up",
    "half an answer": "half an answer",
    "a server that never answers": "silence",
    "409: a request with this key is in work": { status: 409 },
  };
  it.each(Object.entries(mishaps))("%s", async (_, mishap) => {
    const { at, session } = await opened({ timeoutMs: mishap === "silence" || mishap === "half an answer" ? 80 : 5_000 });
    let left = 2;
    at.reply = ({ text }) => (text === "1" && left-- > 0 ? mishap : undefined);
    await session.write(numbered([0, 1, 2]));
    expect(at.numbers).toEqual([0, 1, 2]);
    expect(at.arrived.filter(({ text }) => text === "1")).toHaveLength(3);
    expect(new Set(at.arrived.map(({ key }) => key)).size).toBe(3);
  });

  it("a server that forgets keys does it twice: the test sees it", async () => {
    const { at, session } = await opened();
    at.remembers = false;
    let left = 1;
    at.reply = () => (left-- > 0 ? { status: 500, applies: true } : undefined);
    await session.write(numbered([0]));
    expect(at.numbers).toEqual([0, 0]);
  });
});

it("Retry-After is heeded, in seconds and as a date, and bounded", async () => {
  const waits: number[] = [];
  const answers = ["7", "Thu, 01 Jan 1970 00:00:09 GMT", "86400", "soon", undefined];
  const sink = httpSink({
    url: "http://example.test/", retry: { initialDelayMs: 0, maxDelayMs: 0 },
    fetch: async () => {
      const after = answers.shift();
      return { status: after === undefined ? 204 : 503, headers: { get: (name) => (name === "retry-after" ? (after ?? null) : null) }, body: null };
    },
  });
  const { environment } = testEnvironment();
  const clock = { monotonicMs: () => 0, soon: queueMicrotask, nowMs: () => 0, setTimer: (delayMs: number, run: () => void) => {
    if (delayMs !== 30_000) {
      waits.push(delayMs);
      queueMicrotask(run);
    }
    return () => undefined;
  } };
  const session = await sink.open({ environment: { ...environment, clock }, pipeline: "p", node: "out", schema: undefined, keyFields: undefined, signal: new AbortController().signal });
  await session.write(numbered([1]));
  expect(waits).toEqual([7_000, 9_000, 60_000, 0]);
});

it("when attempts are used up it says so, and is not tried again in place", async () => {
  const { at, session } = await opened({ retry: { ...quick, maxAttempts: 3 } });
  at.reply = () => ({ status: 503, text: "come back later" });
  expect(await failureOf(session.write(numbered([1, 2])))).toMatchObject({ code: "SF_SINK_UNAVAILABLE", retryable: false, message: expect.stringContaining("503: come back later (3 attempts)") as string });
  expect(at.arrived).toHaveLength(3);
  await at.close();
  expect(await failureOf(session.write(numbered([1])))).toMatchObject({ code: "SF_SINK_UNAVAILABLE", message: expect.stringContaining("ECONNREFUSED") as string });
});

describe("answers that no other attempt would change", () => {
  it.each([301, 307, 401, 403])("%s is wrong for every record: the pipeline fails, nothing is followed", async (status) => {
    const other = await server();
    const { at, session } = await opened({ path: "/here?token=hunter2" });
    at.reply = () => ({ status, headers: { location: `${other.url}/there?token=hunter2` } });
    const failure = await failureOf(session.write(numbered([1])));
    expect(failure).toMatchObject({ code: "SF_SINK_FAILED" });
    expect(failure.message).not.toContain("hunter2");
    expect([at.arrived.length, other.arrived.length]).toEqual([1, 0]);
  });

  it("another 4xx refuses the record alone, with what the server said", async () => {
    const { at, session } = await opened();
    at.reply = ({ text }) => (text === "1" ? { status: 422, text: "no such user" } : undefined);
    const failure = await failureOf(session.write(numbered([0, 1, 2])));
    expect(failure).toBeInstanceOf(BatchError);
    expect((failure as BatchError).failures).toMatchObject([{ index: 1, error: { code: "SF_SINK_REJECTED", retryable: false, message: expect.stringContaining("422: no such user") as string } }]);
    expect(at.numbers).toEqual([0, 2]);
  });

  it("H4: of a batch, the refused ones are found by halves; the others arrive once and in order", async () => {
    const { at, session } = await opened({ batch: { maxRecords: 16 }, delivery: "at-least-once" });
    const bad = new Set([3, 4, 11]);
    at.reply = ({ text }) => ((JSON.parse(text) as number[]).some((n) => bad.has(n)) ? { status: 400 } : undefined);
    const failure = await failureOf(session.write(numbered(Array.from({ length: 16 }, (_, i) => i))));
    expect((failure as BatchError).failures.map(({ index }) => index)).toEqual([3, 4, 11]);
    expect(at.numbers).toEqual(Array.from({ length: 16 }, (_, i) => i).filter((n) => !bad.has(n)));
  });

  it("statuses mean what they are said to mean", async () => {
    const { at, session } = await opened({ statuses: { 404: "ok", 500: "reject", 400: "fail" } });
    at.reply = ({ text }) => ({ status: [404, 500, 400][Number(text)] ?? 200 });
    await session.write(numbered([0]));
    expect(await failureOf(session.write(numbered([1])))).toBeInstanceOf(BatchError);
    expect(await failureOf(session.write(numbered([2])))).toMatchObject({ code: "SF_SINK_FAILED" });
  });
});

describe("an ok that leaves records out", () => {
  it("sends the retryable ones again under a key of their own, and refuses the others", async () => {
    const { at, session } = await opened({ batch: {}, delivery: "at-least-once", failures: "result.errors" });
    at.reply = ({ text }) => (text === "[0,1,2,3]" ? { status: 200, applies: true, text: JSON.stringify({ result: { errors: [{ index: 1, message: "busy", retryable: true }, { index: 2, message: "never" }] } }) } : undefined);
    const failure = await failureOf(session.write(numbered([0, 1, 2, 3])));
    expect((failure as BatchError).failures).toMatchObject([{ index: 2, error: { code: "SF_SINK_REJECTED", message: expect.stringContaining("never") as string } }]);
    expect(at.arrived.map(({ text }) => text)).toEqual(["[0,1,2,3]", "[1]"]);
    expect(at.arrived[0]?.key).not.toBe(at.arrived[1]?.key);
  });

  it("gives up on a server that always leaves one out, and on answers that cannot be read", async () => {
    const { at, session } = await opened({ batch: {}, delivery: "at-least-once", failures: "errors", retry: { ...quick, maxAttempts: 3 } });
    at.reply = () => ({ status: 200, text: '{"errors":[{"index":0,"retryable":true}]}' });
    expect(await failureOf(session.write(numbered([0, 1])))).toMatchObject({ code: "SF_SINK_UNAVAILABLE", retryable: false });
    expect(at.arrived).toHaveLength(3);
    for (const text of ["<html>", '{"errors":5}', '{"errors":[1]}', '{"errors":[{"index":9}]}']) {
      at.reply = () => ({ status: 200, text });
      expect(await failureOf(session.write(numbered([0])))).toMatchObject({ code: "SF_SINK_FAILED" });
    }
    for (const text of ["", "{}", '{"errors":null}']) {
      at.reply = () => ({ status: 200, text });
      await session.write(numbered([0]));
    }
  });
});

describe("H2: batches to a server that knows keys", () => {
  const commit = { epoch: 5, shards: [{ shard: "k:0", generation: 1, epoch: 5, positions: {} }] };

  it("are cut in the checkpoint: another process, with other bounds, sends the same requests", async () => {
    const { at, session } = await opened({ batch: { maxRecords: 3 } });
    await session.write(numbered([0, 1, 2, 3, 4]));
    await session.write(numbered([5, 6, 7]));
    const prepared = (await session.prepare?.(commit)) ?? new Uint8Array();
    expect(at.arrived).toEqual([]);
    let answers = 0;
    at.reply = () => (++answers === 2 ? "apply, hang up" : answers > 2 ? { status: 401 } : undefined);
    await expect(session.commitPrepared?.(prepared)).rejects.toMatchObject({ code: "SF_SINK_FAILED" });
    at.reply = () => undefined;
    const next = await open(httpSink({ url: at.url, delivery: "idempotent", batch: { maxRecords: 100 }, retry: quick }));
    for (const _ of [1, 2]) await next.commitPrepared?.(prepared);
    expect(at.applied.map(({ text }) => text)).toEqual(["[0,1,2]", "[3,4,5]", "[6,7]"]);
  });

  it("are cut by bytes too; a larger record goes alone", async () => {
    const { at, session } = await opened({ batch: { maxRecords: 100, maxBytes: 200 } });
    const texts = ["a", "b", "c", "d"].map((letter) => letter.repeat(letter === "c" ? 500 : 20));
    await session.write(numbered(texts));
    await session.commitPrepared?.((await session.prepare?.(commit)) ?? new Uint8Array());
    expect(at.applied.map(({ text }) => (JSON.parse(text) as string[]).map((one) => one[0]).join(""))).toEqual(["ab", "c", "d"]);
  });

  it("SNK-17: a refused record goes to reject of the context, under the same identity each time", async () => {
    const at = await server();
    at.reply = ({ text }) => (text.includes("1") ? { status: 400, text: "bad" } : undefined);
    const rejected: unknown[] = [];
    const environment = { ...testEnvironment().environment, clock: systemClock() };
    const session = await httpSink({ url: at.url, delivery: "idempotent", batch: {} }).open({
      environment, pipeline: "p", node: "out", schema: undefined, keyFields: undefined, signal: new AbortController().signal, reject: (error, value, identity) => void rejected.push([error.code, value, identity]),
    });
    sessions.push(session);
    await session.write(numbered([0, 1, 2]));
    const prepared = (await session.prepare?.(commit)) ?? new Uint8Array();
    for (const _ of [1, 2]) await session.commitPrepared?.(prepared);
    const one = ["SF_SINK_REJECTED", 1, { shard: "p:s/0", origin: "epoch 5", index: 1 }];
    expect(rejected).toEqual([one, one]);
    expect(at.numbers).toEqual([0, 2]);
  });
});

describe("H3: several requests at once", () => {
  it("keep the order of a key, and overlap otherwise", async () => {
    const { at, session } = await opened({ concurrency: 4, orderBy: ["k"] });
    at.reply = () => new Promise((resolve) => setTimeout(() => resolve(undefined), 3 + Math.random() * 10));
    const records = Array.from({ length: 40 }, (_, i) => ({ k: i % 5, i }));
    await session.write(numbered(records));
    const seen = at.applied.map(({ text }) => JSON.parse(text) as { k: number; i: number });
    for (let k = 0; k < 5; k++) expect(seen.filter((record) => record.k === k).map(({ i }) => i)).toEqual(records.filter((record) => record.k === k).map(({ i }) => i));
    expect(at.mostInFlight).toBeGreaterThan(1);
    expect(at.mostInFlight).toBeLessThanOrEqual(4);
  });

  it("the key is what the plan has keyed by; nothing is begun behind a failure", async () => {
    const at = await server();
    const session = await open(httpSink({ url: at.url, concurrency: 8, retry: { ...quick, maxAttempts: 1 } }), ["k"]);
    at.reply = ({ text }) => (text.includes('"i":1}') ? { status: 503 } : undefined);
    expect(await failureOf(session.write(numbered([0, 1, 2, 3].map((i) => ({ k: "same", i })))))).toMatchObject({ code: "SF_SINK_UNAVAILABLE" });
    expect(at.applied.map(({ text }) => JSON.parse(text) as unknown)).toEqual([{ k: "same", i: 0 }]);
    expect(at.mostInFlight).toBe(1);
  });
});

it("connections are kept alive", async () => {
  const { at, session } = await opened();
  for (let i = 0; i < 20; i++) await session.write(numbered([i]));
  // The next request may begin before the client has seen that the last one is over.
  expect(at.connections).toBeLessThanOrEqual(3);
});

it("close and an aborted pipeline end a request that is not answered", async () => {
  const { at, session } = await opened();
  at.reply = () => "silence";
  const written = failureOf(session.write(numbered([1])));
  while (at.arrived.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await session.close();
  expect(await written).toMatchObject({ code: "SF_ABORTED" });
  expect(() => session.write(numbered([1]))).toThrowError(expect.objectContaining({ code: "SF_LIFECYCLE_ILLEGAL" }) as Error);
});

describe("where requests go", () => {
  it("URL and headers may name fields; neighbours with one target share a request", async () => {
    const { at, session } = await opened({ path: "/users/{user.id}?q={q}", method: "PUT", headers: { "X-Tag": "t-{tag}", authorization: "Bearer hunter2" }, batch: {}, delivery: "at-least-once" });
    const records = [{ user: { id: "a/b ü" }, q: 1n, tag: true }, { user: { id: "a/b ü" }, q: 1n, tag: true }, { user: { id: 7 }, q: "&", tag: "x" }];
    await session.write(numbered(records));
    expect(at.applied.map(({ method, path, headers, text }) => [method, path, headers["x-tag"], headers.authorization, (JSON.parse(text) as unknown[]).length])).toEqual([
      ["PUT", "/users/a%2Fb%20%C3%BC?q=1", "t-true", "Bearer hunter2", 2], ["PUT", "/users/7?q=%26", "t-x", "Bearer hunter2", 1],
    ]);
  });

  it("a record that cannot be put into them is refused alone", async () => {
    const { at, session } = await opened({ path: "/u/{id}", headers: { x: "{h}" } });
    const bad = [{ id: "..", h: 1 }, { id: "", h: 1 }, { id: null, h: 1 }, { h: 1 }, { id: 1, h: "a\r\nb: c" }, { id: 1, h: "→" }, "text"];
    const failure = await failureOf(session.write(numbered([...bad, { id: 1, h: 1 }])));
    expect((failure as BatchError).failures.map(({ index, error }) => [index, error.code])).toEqual(bad.map((_, i) => [i, "SF_CODEC_ENCODE"]));
    expect(at.arrived.map(({ path }) => path)).toEqual(["/u/1"]);
  });

  it("a function of the record is as good", async () => {
    const at = await server();
    const session = await open(httpSink({ url: (value) => ((value as { id: number }).id < 0 ? "ftp://x/" : `${at.url}/${(value as { id: number }).id}`) }));
    expect(((await failureOf(session.write(numbered([{ id: 1 }, { id: -1 }])))) as BatchError).failures.map(({ index }) => index)).toEqual([1]);
    expect(at.arrived.map(({ path }) => path)).toEqual(["/1"]);
  });
});

it("bodies by format: a JSON value or list, lines, a header line in each", async () => {
  const at = await server();
  const rows = [{ a: 1 }, { a: 2 }];
  const expected: Readonly<Record<string, readonly [string, string, string]>> = {
    json: ["application/json", '{"a":1}', '[{"a":1},{"a":2}]'], ndjson: ["application/x-ndjson", '{"a":1}\n', '{"a":1}\n{"a":2}\n'], csv: ["text/csv; charset=utf-8", "a\r\n1\r\n", "a\r\n1\r\n2\r\n"],
  };
  for (const [format, [type, alone, together]] of Object.entries(expected)) {
    for (const batch of [undefined, {}]) {
      const sink = httpSink({ url: at.url, format: format as "json", ...(batch === undefined ? {} : { batch }) });
      const session = await sink.open({ environment: { ...testEnvironment().environment, clock: systemClock() }, pipeline: "p", node: "out", schema: t.struct({ a: t.int32() }), keyFields: undefined, signal: new AbortController().signal });
      sessions.push(session);
      await session.write(numbered(rows));
      const [first] = at.arrived.splice(0);
      expect([first?.headers["content-type"], first?.text]).toEqual([type, batch === undefined ? alone : together]);
    }
  }
});

describe("the plan", () => {
  it("shows no secret", () => {
    const { config } = httpSink({ url: "https://x.example/a?token=hunter2", headers: { Authorization: "hunter2" } });
    expect(JSON.stringify(config)).not.toContain("hunter2");
    expect(config).toMatchObject({ url: "https://x.example/a?…", headers: ["Authorization"] });
  });

  it("says what it can promise", () => {
    const url = "http://x.example/";
    expect(httpSink({ url }).capabilities).toMatchObject({ delivery: "at-least-once", reason: expect.stringContaining("keys") as string });
    expect(httpSink({ url, delivery: "idempotent" }).capabilities.delivery).toBe("idempotent");
    for (const options of [{ batch: {} }, { outbox: true }]) expect(httpSink({ url, delivery: "idempotent", ...options }).capabilities).toEqual({ delivery: "transactional", commitOrder: "store-first" });
  });

  const url = "http://x.example/";
  const wrong: readonly HttpSinkOptions[] = [
    { url: "x.example" }, { url: "ftp://x.example/" }, { url: "http://u:p@x.example/" }, { url: "http://{host}/" }, { url: "http://x.example/{}" }, { url: "http://x.example/{a" },
    { url, headers: { "a b": "c" } }, { url, headers: { a: "{" } }, { url, concurrency: 0 }, { url, timeoutMs: 0 }, { url, retry: { maxAttempts: 0 } }, { url, batch: { maxRecords: 0 } },
    { url, outbox: true }, { url, outbox: false, delivery: "idempotent", batch: {} },
  ];
  it.each(wrong.map((options) => [JSON.stringify(options), options] as const))("refuses %s", (_, options) => {
    expect(() => httpSink(options)).toThrowError(expect.objectContaining({ code: "SF_CONFIG_INVALID" }) as Error);
  });
});
