import { gzipSync } from "node:zlib";
import { mayGenerateCode, programBeside, type Environment, type Position, type Schema } from "@streamflow/core";
import { nextTurn } from "@streamflow/core/node";
import { InProcessThreads, registerConformance, sourceConformance } from "@streamflow/core/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fileSource, type FileSourceOptions } from "../sources/file.ts";
import { drain, type Drained, nextBatch, openSource } from "../testing/drain.ts";
import { TestFiles } from "../testing/test-files.ts";

const schema: Schema = {
  type: "struct",
  fields: [
    { name: "id", type: { type: "int32" } },
    { name: "text", type: { type: "string", nullable: true } },
    { name: "amount", type: { type: "int64", nullable: true } },
    { name: "tags", type: { type: "list", element: { type: "string" }, nullable: true } },
  ],
};

const good = fc.record({
  id: fc.integer({ min: -5, max: 99_999 }),
  text: fc.constantFrom("", "plain", "é𝄞 text", 'with "quotes" and \\', "\ud800", "line\nend", "x".repeat(90), null),
  amount: fc.constantFrom(null, 0, 12, 9_007_199_254),
}, { requiredKeys: ["id"] });
const line = fc.oneof(
  { weight: 12, arbitrary: good.map((value) => Buffer.from(JSON.stringify(value))) },
  { weight: 1, arbitrary: good.map((value) => Buffer.from(JSON.stringify({ ...value, tags: ["a", "é"], more: { deep: [1, null] } }))) },
  { weight: 2, arbitrary: fc.constantFrom("{", "", "  ", '{"id":"x"}', '{"id":1.5}', "nul", '{"text":"no id"}', `{"id":7,"pad":"${"p".repeat(400)}"}`).map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.constant(Buffer.from([0x7b, 0xff, 0x7d])) },
);

interface Content {
  readonly lines: readonly Buffer[];
  readonly newline: string;
  readonly mark: boolean;
  readonly isEnded: boolean;
}
const content: fc.Arbitrary<Content> = fc.record({ lines: fc.array(line, { maxLength: 60 }), newline: fc.constantFrom("\n", "\r\n"), mark: fc.boolean(), isEnded: fc.boolean() });

function bytesOf({ lines, newline, mark, isEnded }: Content): Uint8Array {
  const parts = lines.flatMap((one, i) => [one, Buffer.from(i === lines.length - 1 && !isEnded ? "" : newline)]);
  return Buffer.concat([Buffer.from(mark ? [0xef, 0xbb, 0xbf] : []), ...parts]);
}

/** Everything that is known of what was read, as plain data. */
function told({ values, positions, rejected, failure }: Drained): unknown {
  return { values, positions, failure, rejected: rejected.map(({ position, error, raw, truncated }) => ({ position, code: error.code, message: error.message, context: error.context, raw: Buffer.from(raw ?? []).toString("hex"), truncated })) };
}

/** Where among the records the rejected ones stand. */
function order({ batches }: Drained): readonly number[] {
  let before = 0;
  return batches.flatMap(({ rejected = [], length }) => {
    const places = rejected.map(({ beforeIndex }) => before + beforeIndex);
    before += length;
    return places;
  });
}

interface Reading extends Partial<FileSourceOptions> {
  readonly threads: number;
  readonly from?: Position;
}

const program = programBeside("range-program", import.meta.url);

class Subject {
  static async create(): Promise<Subject> {
    const subject = new Subject();
    await subject.threads.prepare(program);
    return subject;
  }

  readonly files = new TestFiles();
  readonly threads = new InProcessThreads({ disk: this.files.environment.disk });
  readonly environment: Environment = { ...this.files.environment, threads: this.threads };

  read({ threads, from, ...options }: Reading): Promise<Drained> {
    const source = fileSource({ path: "/data/f", schema, format: "ndjson", ...options } as FileSourceOptions);
    return drain(source, { environment: this.environment, columns: true, parallelism: threads, maxRejectedBytes: 300, ...(from === undefined ? {} : { from: { "/data/f": from } }) });
  }
}

const lines = (count: number): string => Array.from({ length: count }, (_, i) => `${JSON.stringify({ id: i, text: `text ${i} é`, amount: i })}\n`).join("");

/** Without generated code there are no columns, and no threads that fill them. */
const withThreads = it.skipIf(!mayGenerateCode());

describe("a file read by several threads", () => {
  it.each([2, 4])("I1: %d threads give what one gives, from the start and from any position", async (threads) => {
    await fc.assert(fc.asyncProperty(content, fc.integer({ min: 1, max: 160 }), fc.nat(), async (what, chunkBytes, at) => {
      const subject = await Subject.create();
      await subject.files.write("/data/f", bytesOf(what));
      const options = { chunkBytes, maxRecordBytes: 200 };
      const [one, many] = [await subject.read({ ...options, threads: 1 }), await subject.read({ ...options, threads })];
      expect(told(many)).toEqual(told(one));
      expect(order(many)).toEqual(order(one));
      expect([subject.files.openFiles, subject.threads.running]).toEqual([0, 0]);
      const from = one.positions[at % Math.max(1, one.positions.length)];
      if (from === undefined) return;
      const [rest, restOfMany] = [await subject.read({ ...options, threads: 1, from }), await subject.read({ ...options, threads, from })];
      expect(told(restOfMany)).toEqual(told(rest));
    }), { numRuns: 120 });
  });

  withThreads("threads read most of it", async () => {
    const subject = await Subject.create();
    const content = lines(4_000);
    await subject.files.write("/data/f", content);
    const many = await subject.read({ threads: 3, chunkBytes: 1_000 });
    expect(many.values.length).toBe(4_000);
    expect(subject.threads.started).toBe(2);
    // Nothing is read twice but heads and what lies between ranges: a page behind each.
    expect(many.batches.filter((batch) => batch.raw?.bytes.buffer instanceof SharedArrayBuffer).length).toBeGreaterThan(20);
  });

  withThreads("I3: others are asked to add up where they wait for this thread, again and again", async () => {
    const files = new TestFiles();
    await files.write("/data/f", lines(4_000));
    const asked: boolean[] = [];
    const threads = new InProcessThreads({ disk: files.environment.disk, onMessage: (message) => {
      const { kind, adds } = message as { readonly kind: string; readonly adds: boolean };
      if (kind === "range") asked.push(adds);
    } });
    await threads.prepare(program);
    const source = fileSource({ path: "/data/f", schema, format: "ndjson", chunkBytes: 1_000 });
    const read = async (turns: number): Promise<readonly boolean[]> => {
      const { session } = await openSource(source, { environment: { ...files.environment, threads }, columns: true, parallelism: 2 });
      asked.length = 0;
      for (let batch = await nextBatch(session, "/data/f"); batch !== "end"; batch = await nextBatch(session, "/data/f")) {
        batch.release?.();
        for (let i = 0; i < turns; i++) await nextTurn();
      }
      await session.close();
      return [...asked];
    };
    const [quick, slow] = [await read(0), await read(20)];
    expect([quick.length > 50, quick.includes(true)]).toEqual([true, false]);
    expect([slow.slice(0, 16).includes(true), slow.slice(40).every((adds) => adds), slow.length > 100]).toEqual([false, true, true]);
  });

  it.each([
    ["one thread", { threads: 1 }, lines(500)],
    ["a short file", { threads: 4 }, lines(20)],
    ["a compressed file", { threads: 4 }, gzipSync(lines(5_000))],
    ["records without a schema", { threads: 4, schema: undefined }, lines(500)],
    ["lines of text", { threads: 4, format: "lines", schema: undefined }, lines(500)],
  ] as const)("starts none for %s", async (_what, options, text) => {
    const subject = await Subject.create();
    await subject.files.write("/data/f", text);
    const { positions, failure } = await subject.read({ ...options, chunkBytes: 1_000 } as Reading);
    expect([positions.length > 0, failure, subject.threads.started]).toEqual([true, undefined, 0]);
  });

  it("a record longer than any buffer is read in its place, and what follows is shared again", async () => {
    const subject = await Subject.create();
    const long = `{"id":1,"text":"${"x".repeat(150_000)}"}\n`;
    await subject.files.write("/data/f", lines(300) + long + lines(300) + long + lines(300));
    const [one, many] = [await subject.read({ threads: 1 }), await subject.read({ threads: 2, chunkBytes: 2_000 })];
    expect(told(many)).toEqual(told(one));
    expect(many.values.length).toBe(902);
  });

  it("a file that was replaced is refused, as by one thread", async () => {
    const subject = await Subject.create();
    await subject.files.write("/data/f", lines(500));
    const { positions } = await subject.read({ threads: 1 });
    await subject.files.write("/data/f", lines(600).replaceAll("text", "TEXT"));
    const { failure } = await subject.read({ threads: 2, chunkBytes: 1_000, from: positions[100]! });
    expect(failure).toMatchObject({ code: "SF_SOURCE_POSITION" });
  });

  it("a file that shrinks while it is read is an error, not an early end", async () => {
    const subject = await Subject.create();
    await subject.files.write("/data/f", lines(2_000));
    const { session } = await openSource(fileSource({ path: "/data/f", schema, chunkBytes: 1_000 }), { environment: subject.environment, columns: true, parallelism: 2 });
    for (let i = 0; i < 20; i++) await nextBatch(session, "/data/f");
    await subject.files.write("/data/f", lines(10));
    const rest = async (): Promise<void> => {
      while ((await nextBatch(session, "/data/f")) !== "end");
    };
    await expect(rest()).rejects.toMatchObject({ code: "SF_SOURCE_POSITION" });
    await session.close();
    expect([subject.files.openFiles, subject.threads.running]).toEqual([0, 0]);
  });

  it("what is added after the source was opened is read too", async () => {
    const subject = await Subject.create();
    await subject.files.write("/data/f", lines(1_000));
    const { session } = await openSource(fileSource({ path: "/data/f", schema, chunkBytes: 1_000 }), { environment: subject.environment, columns: true, parallelism: 2 });
    let count = 0;
    for (let batch = await nextBatch(session, "/data/f"); batch !== "end"; batch = await nextBatch(session, "/data/f")) {
      if (count === 0) await subject.files.write("/data/f", lines(1_700));
      count += batch.length;
      batch.release?.();
    }
    await session.close();
    expect(count).toBe(1_700);
  });

  withThreads("T1: batches that are never released cost memory, never a wrong record", async () => {
    const subject = await Subject.create();
    await subject.files.write("/data/f", lines(2_000));
    const { session } = await openSource(fileSource({ path: "/data/f", schema, chunkBytes: 1_000 }), { environment: subject.environment, columns: true, parallelism: 2 });
    const ids: unknown[] = [];
    const kept: { readonly read: () => unknown; readonly expected: unknown }[] = [];
    for (let batch = await nextBatch(session, "/data/f"); batch !== "end"; batch = await nextBatch(session, "/data/f")) {
      const column = batch.columns![0]!.values;
      ids.push(...column);
      kept.push({ read: () => [...column], expected: [...column] });
    }
    expect(ids).toEqual(Array.from({ length: 2_000 }, (_, i) => i));
    for (const { read, expected } of kept) expect(read()).toEqual(expected);
    await session.close();
  });

  withThreads("T2: a thread that ends by itself fails the reading, with its reason", async () => {
    const files = new TestFiles();
    await files.write("/data/f", lines(2_000));
    let ranges = 0;
    const threads = new InProcessThreads({
      disk: files.environment.disk,
      onMessage: (message) => {
        if ((message as { kind: string }).kind === "range" && ++ranges === 10) throw new RangeError("out of memory");
      },
    });
    await threads.prepare(program);
    const { failure } = await drain(fileSource({ path: "/data/f", schema, chunkBytes: 1_000 }), { environment: { ...files.environment, threads }, columns: true, parallelism: 2 });
    expect(failure).toMatchObject({ code: "SF_SOURCE_FAILED", message: expect.stringContaining("out of memory") as string });
    expect(threads.running).toBe(0);
  });

  withThreads("what a thread cannot read is read here", async () => {
    const files = new TestFiles();
    await files.write("/data/f", lines(500));
    const disk = { ...files.environment.disk, openRead: () => Promise.reject(new Error("not for threads")) };
    const threads = new InProcessThreads({ disk });
    await threads.prepare(program);
    const { values, failure } = await drain(fileSource({ path: "/data/f", schema, chunkBytes: 1_000 }), { environment: { ...files.environment, threads }, columns: true, parallelism: 2 });
    expect([values.length, failure, threads.started]).toEqual([500, undefined, 1]);
  });

  withThreads("T3: an abort in the middle ends it, and closes the threads", async () => {
    const subject = await Subject.create();
    await subject.files.write("/data/f", lines(5_000));
    const abort = new AbortController();
    const { session } = await openSource(fileSource({ path: "/data/f", schema, chunkBytes: 1_000 }), { environment: subject.environment, columns: true, parallelism: 4, signal: abort.signal });
    for (let i = 0; i < 12; i++) await nextBatch(session, "/data/f");
    expect(subject.threads.running).toBe(3);
    abort.abort();
    await session.close();
    expect([subject.files.openFiles, subject.threads.running, subject.environment.budget.usedBytes]).toEqual([0, 0, 0]);
  });

  it("reads on without room in the budget", async () => {
    const subject = await Subject.create();
    await subject.files.write("/data/f", lines(1_000));
    const { budget } = subject.environment;
    budget.tryTake(budget.limitBytes, 0);
    const { values } = await subject.read({ threads: 2, chunkBytes: 1_000 });
    expect(values.length).toBe(1_000);
    expect(budget.usedBytes).toBe(budget.limitBytes);
  });

  it("refuses threads for what only one can read", () => {
    expect(() => fileSource({ path: "a.csv", schema, parallelism: 2 })).toThrow("only NDJSON with a schema");
    expect(() => fileSource({ path: "a.ndjson", parallelism: 2 })).toThrow("only NDJSON with a schema");
    expect(() => fileSource({ path: "a.ndjson", schema, compression: "gzip", parallelism: 2 })).toThrow("only NDJSON with a schema");
    expect(() => fileSource({ path: "a.ndjson", schema, parallelism: 0 })).toThrow("parallelism of a file source must be a whole number from 1 to 256, got 0");
    expect(fileSource({ path: "a.ndjson", schema, parallelism: 2 })).toMatchObject({ parallelism: 2, capabilities: { parallel: true }, config: { path: "a.ndjson" } });
    expect(fileSource({ path: "a.ndjson", schema, parallelism: 2 }).config).toEqual(fileSource({ path: "a.ndjson", schema }).config);
    expect(fileSource({ path: "a.csv", parallelism: 1 }).capabilities.parallel).toBeUndefined();
  });
});

describe("conformance with threads", () => {
  const typed: Schema = { type: "struct", fields: [{ name: "id", type: { type: "int32" } }, { name: "text", type: { type: "string" } }] };
  registerConformance(it, sourceConformance<Subject & { expected?: readonly unknown[] }>({
    capabilities: { replayable: true, bounded: true, deterministic: true, singlePartition: true, parallel: true },
    create: async (count) => {
      const subject: Subject & { expected?: readonly unknown[] } = await Subject.create();
      const all = Array.from({ length: count }, (_, id) => ({ id, text: `record ${id} ${"é".repeat(id % 7)}` }));
      await subject.files.write("/data/f", all.map((one) => `${JSON.stringify(one)}\n`).join(""));
      subject.expected = all;
      return subject;
    },
    source: () => {
      const source = fileSource({ path: "/data/f", schema: typed, chunkBytes: 100 });
      return { ...source, open: (context) => source.open({ ...context, columns: true, parallelism: 3 }) };
    },
    expected: (subject) => new Map([["/data/f", subject.expected ?? []]]),
    environment: (subject) => subject.environment,
    openHandles: (subject) => subject.files.openFiles + subject.threads.running,
  }));
});
