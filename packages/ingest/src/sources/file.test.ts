import { gzipSync } from "node:zlib";
import type { Position, Source, StreamFlowError } from "@streamflow/core";
import { registerConformance, sourceConformance } from "@streamflow/core/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drain, nextBatch, openSource, type Drained } from "../testing/drain.ts";
import { TestFiles } from "../testing/test-files.ts";
import { typedFile, type TypedFormat } from "../testing/typed-rows.fixture.ts";
import { fileSource, type FileSourceOptions } from "./file.ts";

interface Subject {
  readonly files: TestFiles;
  readonly expected: ReadonlyMap<string, readonly unknown[]>;
  readonly options: FileSourceOptions;
}

const record = (i: number): { id: number; text: string } => ({ id: i, text: `record ${i} ${"é".repeat(i % 7)}` });
const ndjsonText = (from: number, to: number): string => Array.from({ length: to - from }, (_, i) => `${JSON.stringify(record(from + i))}\n`).join("");

interface Kind {
  readonly name: string;
  readonly options: Omit<FileSourceOptions, "path" | "paths">;
  content(from: number, to: number): string | Uint8Array;
  value(i: number): unknown;
  /** A format that is read under a schema (SRC-14). */
  readonly typed?: TypedFormat;
}

const kinds: readonly Kind[] = [
  { name: "NDJSON", options: { format: "ndjson", chunkBytes: 100 }, content: ndjsonText, value: record },
  { name: "NDJSON with a schema", options: { format: "ndjson", schema: { type: "struct", fields: [{ name: "id", type: { type: "int64" } }] } }, content: ndjsonText, value: (i) => ({ id: BigInt(i) }), typed: "ndjson" },
  { name: "gzip", options: { chunkBytes: 64 }, content: (from, to) => gzipSync(ndjsonText(from, to)), value: record },
  { name: "CSV", options: { format: "csv", chunkBytes: 50 }, content: (from, to) => `id,text\r\n${Array.from({ length: to - from }, (_, i) => `${from + i},"a ""quoted""\r\nline ${from + i}"\r\n`).join("")}`, value: (i) => ({ id: String(i), text: `a "quoted"\r\nline ${i}` }), typed: "csv" },
  { name: "lines", options: { format: "lines", chunkBytes: 33 }, content: (from, to) => Array.from({ length: to - from }, (_, i) => (i % 10 === 3 ? "\n" : `line ${from + i}\n`)).join(""), value: (i) => (i % 10 === 3 ? "" : `line ${i}`) },
];

describe.each(kinds)("$name", (kind) => {
  const harness = (partitions: "per-file" | "one"): Parameters<typeof sourceConformance<Subject>>[0] => ({
    capabilities: { replayable: true, bounded: true, deterministic: true, ...(partitions === "one" ? { singlePartition: true } : {}), ...(kind.options.schema === undefined ? {} : { parallel: true }) },
    create: async (count) => {
      const files = new TestFiles();
      const middle = Math.floor(count / 20) * 10;
      await files.write("/data/a", kind.content(0, middle));
      await files.write("/data/b", kind.content(middle, count));
      const all = Array.from({ length: count }, (_, i) => kind.value(i));
      const expected: ReadonlyMap<string, readonly unknown[]> = partitions === "one" ? new Map([["files", all]]) : new Map([["/data/a", all.slice(0, middle)], ["/data/b", all.slice(middle)]]);
      return { files, expected, options: { ...kind.options, paths: ["/data/a", "/data/b"], partitions } };
    },
    source: (subject): Source => fileSource(subject.options),
    expected: (subject) => subject.expected,
    environment: (subject) => subject.files.environment,
    openHandles: (subject) => subject.files.openFiles,
    ...(kind.typed === undefined ? {} : { typed: (given) => typedFile(kind.typed ?? "ndjson", given) }),
  });
  describe("a partition per file", () => registerConformance(it, sourceConformance(harness("per-file"))));
  describe("one partition", () => registerConformance(it, sourceConformance(harness("one"))));
});

it("reads chunks that go on as one batch each, whatever stood unfinished in front of them", async () => {
  const files = new TestFiles();
  const line = `${JSON.stringify({ text: "x".repeat(9_000) })}\n`;
  await files.write("/data/a", line.repeat(500));
  const { session } = await openSource(fileSource({ path: "/data/a", format: "ndjson" }), { environment: files.environment });
  const lengths: number[] = [];
  for (let batch = await nextBatch(session, "/data/a"); batch !== "end"; batch = await nextBatch(session, "/data/a")) lengths.push(batch.length);
  // The first chunk is short, so that code has come to its end before it is compiled.
  expect(lengths[0]).toBe(Math.floor(65_536 / line.length));
  expect(lengths).toHaveLength(1 + Math.ceil((500 * line.length - 65_536) / (960 << 10)));
  await session.close();
});

async function read(content: string | Uint8Array, options: Partial<FileSourceOptions> = {}, from?: Position): Promise<Drained> {
  const files = new TestFiles();
  await files.write("/data/in", content);
  const drained = await drain(fileSource({ path: "/data/in", ...options }), { environment: files.environment, ...(from === undefined ? {} : { from: { "/data/in": from } }), limits: { maxRecords: 100, maxBytes: 1 << 20 } });
  expect(files.openFiles).toBe(0);
  return drained;
}

describe("positions", () => {
  it("reading goes on exactly behind any record, whatever the chunks and line ends", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('{"a":1}', '{"b":"é"}', "", "{broken", " ", '"x"'), { maxLength: 20 }), fc.constantFrom("\n", "\r\n"), fc.integer({ min: 1, max: 40 }), fc.boolean(), async (texts, lineEnd, chunkBytes, ends) => {
        const content = texts.join(lineEnd) + (ends ? lineEnd : "");
        const whole = await read(content, { chunkBytes });
        for (const [i, position] of whole.positions.entries()) {
          const rest = await read(content, { chunkBytes: 17 }, position);
          expect(rest.failure).toBeUndefined();
          expect(rest.values).toEqual(whole.values.slice(i + 1));
          expect(rest.positions).toEqual(whole.positions.slice(i + 1));
        }
        for (const rejected of whole.rejected) expect((await read(content, {}, rejected.position)).failure).toBeUndefined();
        expect((await read(content, {}, whole.ends.at(-1))).values).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it("SF_SOURCE_POSITION: a file that was truncated, replaced, renamed or is another kind of source's", async () => {
    const content = ndjsonText(0, 100);
    const { positions } = await read(content);
    const at = positions[80] ?? "";
    expect((await read(content.slice(0, 2000), {}, at)).failure).toMatchObject({ code: "SF_SOURCE_POSITION", message: expect.stringContaining("shorter") as unknown });
    expect((await read(content.slice(0, 500), {}, at)).failure).toMatchObject({ code: "SF_SOURCE_POSITION" });
    expect((await read(content.replace("record 1", "record X"), {}, at)).failure).toMatchObject({ code: "SF_SOURCE_POSITION", message: expect.stringContaining("first bytes") as unknown });
    expect((await read(content, {}, at.replace("/data/in", "/data/other"))).failure).toMatchObject({ code: "SF_SOURCE_POSITION" });
    expect((await read(content, {}, "42")).failure).toMatchObject({ code: "SF_SOURCE_POSITION" });
    expect((await read(`${content}${ndjsonText(100, 110)}`, {}, at)).values).toHaveLength(29);
  });

  it("gzip: a shorter content is noticed too", async () => {
    const { positions } = await read(gzipSync(ndjsonText(0, 100)));
    expect((await read(gzipSync(ndjsonText(0, 60)), {}, positions[80])).failure).toMatchObject({ code: "SF_SOURCE_POSITION" });
    expect((await read(gzipSync(ndjsonText(0, 200)), {}, positions[80])).values).toHaveLength(119);
  });
});

describe("bad input", () => {
  it("an empty file, and one of blank lines, has no records", async () => {
    expect(await read("")).toMatchObject({ values: [], failure: undefined });
    expect(await read("\n\n \n")).toMatchObject({ values: [], rejected: [], failure: undefined });
    expect(await read("", { format: "csv" })).toMatchObject({ values: [], failure: undefined });
  });

  it("SF_SOURCE_MISSING: a missing file or folder, by path, when the source is opened", async () => {
    const { environment } = new TestFiles();
    await expect(openSource(fileSource({ path: "/data/none.ndjson" }), { environment })).rejects.toMatchObject({ code: "SF_SOURCE_MISSING", message: 'file "/data/none.ndjson" does not exist' });
    await expect(openSource(fileSource({ folder: "/none" }), { environment })).rejects.toMatchObject({ code: "SF_SOURCE_MISSING" });
  });

  it("SF_SOURCE_MISSING: a file that is removed after it was listed", async () => {
    const files = new TestFiles();
    await files.write("/data/in", ndjsonText(0, 3));
    const { session } = await openSource(fileSource({ path: "/data/in" }), { environment: files.environment });
    await files.environment.disk.remove("/data/in");
    await expect(nextBatch(session, "/data/in")).rejects.toMatchObject({ code: "SF_SOURCE_MISSING" });
    await session.close();
  });

  it("SF_SOURCE_FAILED: a folder instead of a file, and a file instead of a folder", async () => {
    const files = new TestFiles();
    await files.write("/data/file", "");
    await expect(openSource(fileSource({ path: "/data" }), { environment: files.environment })).rejects.toMatchObject({ code: "SF_SOURCE_FAILED", message: '"/data" is a folder, expected a file' });
    await expect(openSource(fileSource({ folder: "/data/file" }), { environment: files.environment })).rejects.toMatchObject({ code: "SF_SOURCE_FAILED" });
  });

  it("SF_SOURCE_FAILED: a file without permission, and one that fails in its middle", async () => {
    const files = new TestFiles((operation, path) => {
      if (operation === "open" && path === "/data/secret" && isDenied) throw new Error("EACCES: permission denied");
      if (operation === "read" && reads-- === 0) throw new Error("EIO");
    });
    let isDenied = false;
    let reads = Infinity;
    await files.write("/data/secret", ndjsonText(0, 3));
    isDenied = true;
    expect((await drain(fileSource({ path: "/data/secret" }), { environment: files.environment })).failure).toMatchObject({ code: "SF_SOURCE_FAILED", message: expect.stringContaining('"/data/secret"') as unknown });
    isDenied = false;
    reads = 3;
    const torn = await drain(fileSource({ path: "/data/secret", chunkBytes: 20, compression: "none" }), { environment: files.environment });
    expect(torn.failure).toMatchObject({ code: "SF_SOURCE_FAILED" });
    expect(torn.values).toEqual([record(0), record(1)]);
    expect(files.openFiles).toBe(0);
  });

  it("SF_CODEC_DECODE: a truncated gzip file delivers what is intact", async () => {
    const content = gzipSync(Array.from({ length: 5000 }, (_, i) => `{"i":${i},"x":"${Math.sin(i)}"}\n`).join(""));
    const { values, failure } = await read(content.subarray(0, content.length >> 1));
    expect(failure).toMatchObject({ code: "SF_CODEC_DECODE", message: expect.stringMatching(/"\/data\/in" is truncated \(after \d+ decompressed/) as unknown });
    expect(values.length).toBeGreaterThan(2000);
    expect(values[2000]).toEqual({ i: 2000, x: String(Math.sin(2000)) });
  });

  it("SF_SOURCE_POSITION: a file that becomes shorter than what was read of it, while it is read", async () => {
    const files = new TestFiles();
    await files.write("/data/in", ndjsonText(0, 1000));
    const { session } = await openSource(fileSource({ path: "/data/in", chunkBytes: 500 }), { environment: files.environment });
    for (let i = 0; i < 10; i++) await nextBatch(session, "/data/in");
    await files.write("/data/in", ndjsonText(0, 20));
    await expect((async () => {
      while ((await nextBatch(session, "/data/in")) !== "end");
    })()).rejects.toMatchObject({ code: "SF_SOURCE_POSITION", message: expect.stringContaining("/data/in") as unknown });
    await session.close();
    expect(files.openFiles).toBe(0);
  });

  it("gzip may be padded with zeros, as tapes are; other bytes behind its end are damage, wherever they come", async () => {
    const content = gzipSync(ndjsonText(0, 1000));
    for (const chunkBytes of [100, 1 << 20]) {
      for (const zeros of [1, 8, 100, 5000]) {
        const padded = Buffer.concat([content, Buffer.alloc(zeros)]);
        expect(await read(padded, { chunkBytes })).toMatchObject({ values: { length: 1000 }, failure: undefined });
        expect((await read(Buffer.concat([padded, Buffer.from("x")]), { chunkBytes })).failure).toMatchObject({ code: "SF_CODEC_DECODE" });
        expect((await read(Buffer.concat([padded, content]), { chunkBytes })).failure).toMatchObject({ code: "SF_CODEC_DECODE" });
      }
      expect((await read(Buffer.concat([content, Buffer.from("trailing")]), { chunkBytes })).failure).toMatchObject({ code: "SF_CODEC_DECODE" });
    }
  });

  it("SF_CODEC_DECODE: damaged gzip, and a decompression bomb within bounded memory", async () => {
    const damaged = gzipSync(ndjsonText(0, 1000));
    damaged.writeUInt8((damaged.at(-6) ?? 0) ^ 1, damaged.length - 6);
    expect((await read(damaged)).failure).toMatchObject({ code: "SF_CODEC_DECODE", message: expect.stringContaining("damaged") as unknown });
    const bomb = gzipSync(Buffer.alloc(150 << 20, 0x61));
    const before = process.memoryUsage().rss;
    const { failure, values } = await read(bomb, { maxRecordBytes: 1 << 20 });
    expect(failure).toMatchObject({ code: "SF_CODEC_DECODE", message: expect.stringContaining("1000 times") as unknown });
    expect(values).toEqual([]);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 << 20);
    expect((await read(gzipSync(ndjsonText(0, 1000)), { maxDecompressedBytes: 5000 })).failure).toMatchObject({ message: expect.stringContaining("maxDecompressedBytes 5000") as unknown });
  });

  it("SF_RECORD_TOO_LARGE: a 100 MB line is rejected with its head, and reading goes on", async () => {
    const content = Buffer.concat([Buffer.from('{"a":1}\n"'), Buffer.alloc(100_000_000, 0x78), Buffer.from('"\n{"a":2}\n')]);
    const { values, rejected, positions, failure } = await read(content, { maxRecordBytes: 1 << 20 });
    expect(failure).toBeUndefined();
    expect(values).toEqual([{ a: 1 }, { a: 2 }]);
    expect(rejected).toMatchObject([{ beforeIndex: 0, truncated: true, error: { code: "SF_RECORD_TOO_LARGE", context: { bytes: 100_000_002 } } }]);
    expect(rejected[0]?.raw).toHaveLength(65_536);
    expect((await read(content, { maxRecordBytes: 1 << 20 }, rejected[0]?.position)).values).toEqual([{ a: 2 }]);
    expect((await read(content, { maxRecordBytes: 1 << 20 }, positions[0])).rejected).toHaveLength(1);
  });

  it("broken JSON and invalid UTF-8 are rejected with their bytes, in their places", async () => {
    const content = Buffer.concat([Buffer.from('{"a":1}\n{broken\n{"a":2}\n{"a":"'), Buffer.from([0xff]), Buffer.from('"}\n')]);
    const { values, rejected } = await read(content);
    expect(values).toEqual([{ a: 1 }, { a: 2 }]);
    expect(rejected.map((one) => [one.beforeIndex, one.error.code, Buffer.from(one.raw ?? []).toString("latin1")])).toEqual([
      [1, "SF_CODEC_DECODE", "{broken"],
      [2, "SF_CODEC_DECODE", '{"a":"\u00ff"}'],
    ]);
  });
});

describe("what is read", () => {
  it("lists a folder by name, with a suffix, without sub-folders and hidden files", async () => {
    const files = new TestFiles();
    for (const [name, i] of [["b.ndjson", 2], ["a.ndjson", 1], [".hidden.ndjson", 3], ["c.txt", 4]] as const) await files.write(`/data/${name}`, `{"i":${i}}\n`);
    await files.makeFolder("/data/d.ndjson");
    const source = fileSource({ folder: "data", baseFolder: "/", suffix: ".ndjson" });
    const { session, partitions } = await openSource(source, { environment: files.environment });
    expect(partitions).toEqual(["a.ndjson", "b.ndjson"]);
    await session.close();
    expect((await drain(source, { environment: files.environment })).values).toEqual([{ i: 1 }, { i: 2 }]);
  });

  it("reads only what is wanted of a record, and tells its progress", async () => {
    const files = new TestFiles();
    await files.write("/data/in", ndjsonText(0, 2000));
    const { session } = await openSource(fileSource({ path: "/data/in", chunkBytes: 4096 }), { environment: files.environment, projection: [["id"]] });
    expect(session.progress?.()).toBe(0);
    const first = await nextBatch(session, "/data/in");
    expect(first === "end" ? [] : first.values?.[0]).toEqual({ id: 0 });
    expect(session.progress?.()).toBeGreaterThan(0);
    expect(session.progress?.()).toBeLessThan(1);
    while ((await nextBatch(session, "/data/in")) !== "end");
    expect(session.progress?.()).toBe(1);
    await session.close();
  });

  it("never fills a buffer again whose batch is in use, and reads at most one chunk ahead", async () => {
    const files = new TestFiles();
    await files.write("/data/in", ndjsonText(0, 3000));
    const { session } = await openSource(fileSource({ path: "/data/in", chunkBytes: 1000 }), { environment: files.environment });
    expect(files.bytesRead).toBe(0);
    const held: { text: string; again: () => string }[] = [];
    for (let batch = await nextBatch(session, "/data/in"); batch !== "end"; batch = await nextBatch(session, "/data/in")) {
      const { raw } = batch;
      const text = (): string => Buffer.from(raw?.bytes.subarray(raw.starts[0], raw.ends[0]) ?? []).toString();
      held.push({ text: text(), again: text });
      if (held.length === 1) {
        await new Promise((resolve) => setImmediate(resolve));
        expect(files.bytesRead).toBeLessThanOrEqual(3 * 1000 + 2);
      }
      if (held.length % 3 === 0) batch.release?.();
    }
    for (const [i, one] of held.entries()) if (i % 3 !== 2) expect(one.again()).toBe(one.text);
    await session.close();
  });
});

describe("options", () => {
  const codeOf = (make: () => unknown): string => {
    try {
      make();
    } catch (thrown) {
      return (thrown as StreamFlowError).code;
    }
    return "none";
  };

  it("SF_CONFIG_INVALID: none or several of path, paths and folder; doubled paths; bounds that are not positive", () => {
    expect(codeOf(() => fileSource({}))).toBe("SF_CONFIG_INVALID");
    expect(codeOf(() => fileSource({ path: "a", folder: "b" }))).toBe("SF_CONFIG_INVALID");
    expect(codeOf(() => fileSource({ paths: [] }))).toBe("SF_CONFIG_INVALID");
    expect(codeOf(() => fileSource({ paths: ["a", "a"] }))).toBe("SF_CONFIG_INVALID");
    expect(codeOf(() => fileSource({ path: "a", chunkBytes: 0 }))).toBe("SF_CONFIG_INVALID");
    expect(codeOf(() => fileSource({ path: "a", maxRecordBytes: 1.5 }))).toBe("SF_CONFIG_INVALID");
  });

  it("the format follows the name", () => {
    expect(["a.csv", "a.CSV.gz", "a.parquet", "a.txt", "a.ndjson", "a.log"].map((path) => fileSource({ path }).config["format"])).toEqual(["csv", "csv", "parquet", "lines", "ndjson", "ndjson"]);
  });
});
