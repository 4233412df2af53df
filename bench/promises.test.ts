// Promises are per batch, not per record: few, and the same few for small batches and large ones.
// Not here: sources and stages over an AsyncIterable of the user's, which makes a promise per element by itself.
// A Parquet file is read by row group, and each wanted column of one is a read of its own: those promises are per row group and column.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type Clock, type Disk, type Environment, eventTime, Pipeline, type Sink, type Source, type Stage } from "@streamflow/core";
import { nodeDisk } from "@streamflow/core/node";
import { testEnvironment } from "@streamflow/core/testing";
import { fileSource, iterableSource, memorySource, stdinSource } from "@streamflow/ingest";
import { callbackSink, fileSink, memorySink, route, sqliteSink, stdoutSink } from "@streamflow/sink";
import { aggregate, count, filter, flatMap, global, keyBy, lookup, map, mapAsync, project, reduce, session, sliding, split, streamJoin, sum, tumbling, window, windowJoin } from "@streamflow/transform";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, describe, expect, it } from "vitest";
import { promisesPerBatch } from "./promise-count.ts";

const most = 20;
const sizes = [64, 4_096] as const;
/** A chunk that has been read before it is asked for, or a turn that ends within a batch, saves or costs a promise or two. */
const tolerance = 2;

interface Row {
  readonly id: number;
  readonly key: string;
  readonly value: number;
  readonly time: number;
}
type Plain = Pipeline<Row, Row>;

const start = Date.UTC(2024, 0, 1);
const rows: readonly Row[] = Array.from({ length: 25 * 4_096 }, (_, id) => ({ id, key: `k${id % 100}`, value: id % 7, time: start + id * 10 }));

const folder = mkdtempSync(join(tmpdir(), "streamflow-promises-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function expectFew(name: string, make: (batchRecords: number) => Promise<number>): void {
  it(name, async () => {
    const [small, large] = [await make(sizes[0]), await make(sizes[1])];
    expect(small).toBeLessThanOrEqual(most);
    expect(large).toBeLessThanOrEqual(most);
    expect(Math.abs(large - small)).toBeLessThanOrEqual(tolerance);
  });
}

function config(maxRecords: number): ConstructorParameters<typeof Pipeline>[0] {
  return { name: "counted", batch: { maxRecords }, unboundedState: true, checkpoint: { everyMs: 1e9 } };
}

/** Counts a pipeline of a memory source, `body`, and what `end` writes to. */
function counted(batchRecords: number, body: (from: Plain) => Pipeline<never, unknown>, { end = () => memorySink(), environment = testEnvironment().environment }: { readonly end?: () => Sink; readonly environment?: Environment } = {}): Promise<number> {
  return promisesPerBatch({
    environment,
    build: (batches) => body(new Pipeline<Row>(config(batchRecords)).from(memorySource(rows.slice(0, batches * batchRecords)))).to(end()) as unknown as Pipeline<never, never>,
  });
}

/** "Soon" is a turn of the event loop, as outside of tests. */
function inTurns(): Environment {
  const { environment, clock } = testEnvironment();
  const turning: Clock = { nowMs: () => clock.nowMs(), monotonicMs: () => clock.monotonicMs(), setTimer: (delayMs, run) => clock.setTimer(delayMs, run), soon: (run) => void setImmediate(run) };
  return { ...environment, clock: turning };
}

function timed(from: Plain, id = "time"): Plain {
  return from.addStage(eventTime({ timestamp: (row: Row) => row.time }, { id }));
}

describe("mapAsync", () => {
  expectFew("answered at once", (size) => counted(size, (from) => from.addStage(mapAsync((row: Row) => ({ ...row })))));

  // The function's own, and one that V8 makes for each `await` while somebody counts promises. What is left is one for each place for a call, and as many for waking up.
  for (const ordered of [true, false]) {
    it(`makes none for a record besides the function's own, ${ordered ? "in order" : "out of order"}`, async () => {
      const concurrency = 16;
      const ours = async (size: number): Promise<number> =>
        (await counted(size, (from) => from.addStage(mapAsync((row: Row) => Promise.resolve(row), { ordered, concurrency })), { environment: inTurns() })) - 2 * size;
      const [small, large] = [await ours(sizes[0]), await ours(sizes[1])];
      expect(small).toBeLessThanOrEqual(most + concurrency);
      expect(Math.abs(large - small)).toBeLessThanOrEqual(tolerance);
    });
  }
});

describe("stages", () => {
  const stages: Readonly<Record<string, Stage<Row, unknown>>> = {
    filter: filter((row: Row) => row.value > 3),
    map: map((row: Row) => ({ ...row })),
    flatMap: flatMap((row: Row) => [row, row]),
    project: project({ id: (row: Row) => row.id }),
    split: split<Row>({ low: (row: Row) => row.value < 3 }),
    lookup: lookup({ source: memorySource(rows.slice(0, 100)), sourceKey: (row: Row) => row.id, key: (row: Row) => row.value }),
  };
  for (const [name, stage] of Object.entries(stages)) expectFew(name, (size) => counted(size, (from) => from.addStage(stage) as Pipeline<never, unknown>));

  const keyed: Readonly<Record<string, Stage<Row, unknown>>> = {
    reduce: reduce<Row>((a, b) => (a.value > b.value ? a : b)),
    aggregate: aggregate({ n: count(), total: sum((row: Row) => row.value) }),
    "tumbling windows": window({ window: tumbling({ sizeMs: 60_000 }), aggregate: { n: count() } }),
    "sliding windows": window({ window: sliding({ sizeMs: 60_000, slideMs: 20_000 }), aggregate: { n: count() } }),
    "session windows": window({ window: session({ gapMs: 500 }), aggregate: { n: count() } }),
    "count windows": window({ window: tumbling({ count: 10 }), aggregate: { n: count() } }),
    "global windows": window({ window: global(), early: { count: 10 }, aggregate: { n: count() } }),
  };
  for (const [name, stage] of Object.entries(keyed)) {
    expectFew(`keyBy, ${name}`, (size) => counted(size, (from) => timed(from).addStage(keyBy("key")).addStage(stage) as Pipeline<never, unknown>));
  }

  expectFew("route", (size) => counted(size, (from) => from.branch((branch) => branch
    .addStage(route<Row>({ routes: { low: (row: Row) => row.value < 3 }, otherwise: "high" }))
    .side("low", (low) => low.to(memorySink()))) as unknown as Pipeline<never, unknown>));
  expectFew("union", (size) => counted(size, (from) => {
    const other = new Pipeline<Row>(config(size)).from(memorySource<Row>([], { name: "other" }), { id: "other" });
    return from.union(other as never) as unknown as Pipeline<never, unknown>;
  }));
  expectFew("windowJoin", (size) => counted(size, (from) => {
    const right = timed(new Pipeline<Row>(config(size)).from(memorySource(rows.slice(0, 10), { name: "right" }), { id: "right" }), "right-time").addStage(keyBy("key", { id: "right-key" }));
    return timed(from).addStage(keyBy("key")).join(right as never, windowJoin({ window: tumbling({ sizeMs: 60_000 }) }) as never) as Pipeline<never, unknown>;
  }));
  expectFew("streamJoin", (size) => counted(size, (from) => {
    const right = timed(new Pipeline<Row>(config(size)).from(memorySource(rows.slice(0, 10), { name: "right" }), { id: "right" }), "right-time").addStage(keyBy("key", { id: "right-key" }));
    return timed(from).addStage(keyBy("key")).join(right as never, streamJoin({ afterMs: 1_000 }) as never) as Pipeline<never, unknown>;
  }));
});

describe("sinks", () => {
  let files = 0;
  const sinks: Readonly<Record<string, () => Sink>> = {
    memory: () => memorySink(),
    callback: () => callbackSink(() => undefined, { maxBatchRecords: 1e6 }),
    stdout: () => stdoutSink({ stream: { write: (_bytes, done) => (queueMicrotask(done), true) } }),
    sqlite: () => sqliteSink({ path: join(folder, `rows-${files++}.db`), table: "rows" }),
  };
  const schema = { type: "struct", fields: [{ name: "id", type: { type: "int32" } }] } as const;
  for (const [name, sink] of Object.entries(sinks)) {
    expectFew(name, (size) => counted(size, (from) => from.addStage(map((row: Row) => ({ id: row.id }), { schema })) as Pipeline<never, unknown>, { end: sink }));
  }
});

describe("sinks that write as bytes come together", () => {
  it("file", async () => {
    let folders = 0;
    for (const size of sizes) {
      expect(await counted(size, (from) => from as unknown as Pipeline<never, unknown>, { end: () => fileSink({ folder: `/data/out-${folders++}` }) })).toBeLessThanOrEqual(most);
    }
  });
});

const formats = {
  ndjson: { head: "", line: (id: number) => `{"id":${String(id).padStart(7, "1")}}\n` },
  csv: { head: "id\n", line: (id: number) => `${String(id).padStart(7, "1")}\n` },
  lines: { head: "", line: (id: number) => `${String(id).padStart(7, "1")}\n` },
} as const;
const textFormats = ["ndjson", "csv", "lines"] as const;
const textOf = (format: keyof typeof formats, count: number): string => Array.from({ length: count }, (_, id) => formats[format].line(id)).join("");

/** Counts a source into memory. */
function countedSource(batchRecords: number, source: (batches: number, environment: Environment) => Source, disk?: Disk): Promise<number> {
  const environment = { ...testEnvironment().environment, ...(disk === undefined ? {} : { disk }) };
  return promisesPerBatch({ environment, build: (batches) => new Pipeline(config(batchRecords)).from(source(batches, environment)).to(memorySink()) as unknown as Pipeline<never, never> });
}

describe("sources", () => {
  const row = { type: "struct", fields: [{ name: "id", type: { type: "int32" } }, { name: "key", type: { type: "string" } }, { name: "value", type: { type: "int32" } }, { name: "time", type: { type: "timestamp" } }] } as const;
  expectFew("memory", (size) => countedSource(size, (batches) => memorySource(rows.slice(0, batches * size))));
  expectFew("memory, checked", (size) => countedSource(size, (batches) => memorySource(rows.slice(0, batches * size), { schema: row })));
  expectFew("an array as an iterable", (size) => countedSource(size, (batches) => iterableSource(rows.slice(0, batches * size))));

  for (const format of textFormats) {
    expectFew(`file, ${format}`, (size) => countedSource(size, (batches, environment) => {
      const path = join(folder, `${format}-${size}-${batches}`);
      const source = sourceWith(path, environment, Buffer.from(formats[format].head + textOf(format, batches * size)));
      return source(fileSource({ path, format, chunkBytes: formats[format].line(0).length * size }));
    }, nodeDisk()));
    expectFew(`stdin, ${format}`, (size) => {
      const chunk = Buffer.from(textOf(format, size));
      async function* input(batches: number): AsyncGenerator<Uint8Array> {
        yield Buffer.from(formats[format].head);
        for (let i = 0; i < batches; i++) yield chunk;
      }
      return countedSource(size, (batches) => stdinSource({ format, input: () => input(batches) }));
    });
  }
  expectFew("stdin, a stream of Node's", (size) => {
    const chunk = Buffer.from(textOf("ndjson", size));
    return countedSource(size, (batches) => stdinSource({ input: () => Readable.from(Array.from({ length: batches }, () => chunk)) }));
  });
});

describe("Parquet files", () => {
  /** A file whose row groups hold so many rows. */
  const parquet = (size: number, groupRows: number, columns = 1): Promise<number> =>
    countedSource(size, (batches, environment) => {
      const path = join(folder, `${size}-${groupRows}-${columns}-${batches}.parquet`);
      const ids = Array.from({ length: batches * size }, (_, id) => id);
      const bytes = parquetWriteBuffer({ columnData: Array.from({ length: columns }, (_, i) => ({ name: `c${i}`, data: ids, type: "INT32" as const, nullable: false })), rowGroupSize: groupRows });
      return sourceWith(path, environment, new Uint8Array(bytes))(fileSource({ path }));
    }, nodeDisk());

  for (const columns of [1, 6]) expectFew(`${columns} columns, batches of a row group`, (size) => parquet(size, rows.length, columns));

  const perGroup = 10;
  const perColumn = 10;
  it.each([1, 6])("a row group takes few, the same for small groups and large ones, of %i columns", async (columns) => {
    const [small, large] = [await parquet(64, 64, columns), await parquet(4_096, 4_096, columns)];
    expect(large).toBeLessThanOrEqual(most + perGroup + columns * perColumn);
    expect(Math.abs(large - small)).toBeLessThanOrEqual(tolerance);
  });
});

/** Writes the file before the source is opened. */
function sourceWith(path: string, { disk }: Environment, content: Uint8Array): (source: Source) => Source {
  return (source) => ({
    ...source,
    async open(context) {
      const file = await disk.openWrite(path);
      await file.write(content, 0);
      await file.close();
      return source.open(context);
    },
  });
}
