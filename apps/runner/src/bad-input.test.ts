// Bad input through the whole engine, on real files: each gives a coded error or a dead letter, and nothing already accepted is lost.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Environment, eventTime, field, type HostStores, Pipeline, PipelineRun, type RunResult, type Sink, StreamFlowError, t } from "@streamflow/core";
import { nodeEnvironment } from "@streamflow/core/node";
import { recordingLogger } from "@streamflow/core/testing";
import { type FileSourceOptions, fileSource } from "@streamflow/ingest";
import { fileSink, sqliteSink } from "@streamflow/sink";
import { closeAll, listDeadLetters, openDataFolder } from "@streamflow/state";
import { count, keyBy, map, tumbling, window } from "@streamflow/transform";

const minuteMs = 60_000;
const event = t.struct({ id: t.int32(), key: t.string(), ts: t.timestamp() });

interface Outcome {
  readonly result: RunResult | undefined;
  readonly error: StreamFlowError | undefined;
  /** Records counted, by window rows. */
  readonly counted: number;
  readonly deadLetters: readonly { readonly code: string; readonly node: string; readonly position: string | undefined; readonly raw: string }[];
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(`${tmpdir()}/streamflow-bad-`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const line = (id: number, more: object = {}): string => `${JSON.stringify({ id, key: `k${id % 2}`, ts: id * 1_000, ...more })}\n`;
const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(`${folder}/${name}`, content);
  return `${folder}/${name}`;
};

/** Counts records per key and minute into SQLite. */
function counting(source: Partial<FileSourceOptions>, data: { readonly key?: Parameters<typeof keyBy>[0] } = {}): Pipeline {
  return new Pipeline({ name: "counts", restart: { maxRestarts: 1, initialDelayMs: 1, maxDelayMs: 2 } })
    .from(fileSource<Record<string, unknown>>({ schema: event, ...source } as FileSourceOptions))
    .addStage(eventTime({ timestamp: field("ts"), outOfOrdernessMs: minuteMs }))
    .addStage(keyBy(data.key ?? "key"))
    .addStage(window({ window: tumbling({ sizeMs: minuteMs }), aggregate: { n: count() }, emit: ({ n }, { startMs, key }) => ({ start: startMs, key: String(key).slice(0, 20), n }) }), { id: "per-minute" })
    .to(sqliteSink({ path: `${folder}/out.db`, table: "counts", schema: t.struct({ start: t.timestamp(), key: t.string(), n: t.float64() }) })) as unknown as Pipeline;
}

async function run(pipeline: Pipeline, environment: Environment = nodeEnvironment({ logger: recordingLogger() }), dataFolder: string = `${folder}/data`): Promise<Outcome> {
  let stores: HostStores | undefined;
  let result: RunResult | undefined;
  let error: StreamFlowError | undefined;
  try {
    stores = await openDataFolder(dataFolder, environment);
    result = await new PipelineRun(pipeline.plan(), { environment, stores }).run();
  } catch (thrown) {
    if (!StreamFlowError.is(thrown)) throw thrown;
    error = thrown;
  }
  const letters = stores === undefined ? [] : await listDeadLetters(stores.logs, "counts", { limit: 10_000 });
  if (stores !== undefined) await closeAll(stores);
  const deadLetters = letters.map(({ letter: { code, node, position, raw } }) => ({ code, node, position, raw: Buffer.from(raw).toString("latin1") }));
  return { result, error, counted: counted(), deadLetters };
}

function countRows(path: string): number {
  const rows = new DatabaseSync(path, { readOnly: true });
  try {
    return Number(rows.prepare("SELECT count(*) AS n FROM counts").get()?.["n"]);
  } finally {
    rows.close();
  }
}

function counted(): number {
  if (statSync(`${folder}/out.db`, { throwIfNoEntry: false }) === undefined) return 0;
  const results = new DatabaseSync(`${folder}/out.db`, { readOnly: true });
  try {
    return Number(results.prepare("SELECT coalesce(sum(n), 0) AS n FROM counts").get()?.["n"]);
  } finally {
    results.close();
  }
}

describe("bad records are dead letters, and the others are counted", () => {
  it("a broken JSON line", async () => {
    const { counted, deadLetters } = await run(counting({ path: write("in.ndjson", `${line(1)}{"id":2,"key":\n${line(3)}`) }));
    expect(counted).toBe(2);
    expect(deadLetters).toMatchObject([{ code: "SF_CODEC_DECODE", node: "file", raw: '{"id":2,"key":' }]);
    expect(deadLetters[0]?.position).toBeTypeOf("string");
  });

  it("a line of 100 MB", async () => {
    const huge = Buffer.concat([Buffer.from(`${line(1)}{"id":2,"key":"`), Buffer.alloc(100 << 20, "x"), Buffer.from(`","ts":2000}\n${line(3)}`)]);
    const { counted, deadLetters } = await run(counting({ path: write("in.ndjson", huge) }));
    expect(counted).toBe(2);
    expect(deadLetters.map(({ code, raw }) => [code, raw.length <= 65_536])).toEqual([["SF_RECORD_TOO_LARGE", true]]);
  });

  it("invalid UTF-8", async () => {
    const bad = Buffer.from(line(2).replace("k0", "k\u00ff"), "latin1");
    const { counted, deadLetters } = await run(counting({ path: write("in.ndjson", Buffer.concat([Buffer.from(line(1)), bad, Buffer.from(line(3))])) }));
    expect(counted).toBe(2);
    expect(deadLetters.map(({ code }) => code)).toEqual(["SF_CODEC_DECODE"]);
  });

  it("a value of the wrong type", async () => {
    const { counted, deadLetters } = await run(counting({ path: write("in.ndjson", line(1) + line(2, { key: { not: "text" } }) + line(3)) }));
    expect(counted).toBe(2);
    expect(deadLetters).toHaveLength(1);
  });

  it("a key of 1 MB", async () => {
    const { counted, deadLetters, error } = await run(counting({ path: write("in.ndjson", line(1) + line(2, { key: "k".repeat(1 << 20) }) + line(3)) }));
    expect(error).toBeUndefined();
    expect(counted).toBe(2);
    expect(deadLetters).toMatchObject([{ code: "SF_KEY_INVALID", node: "keyBy" }]);
  });

  it("a timestamp in the year 9999 closes no window", async () => {
    const { counted, deadLetters } = await run(counting({ path: write("in.ndjson", line(1) + line(2, { ts: Date.UTC(9999, 0) }) + line(3)) }));
    expect(counted).toBe(2);
    expect(deadLetters).toMatchObject([{ code: "SF_TIME_FUTURE", node: "eventTime" }]);
  });

  it("a record that a user function throws on", async () => {
    const failing = counting({ path: write("in.ndjson", line(1) + line(2) + line(3)) }, { key: (record: unknown) => { if ((record as { id: number }).id === 2) throw new RangeError("two"); return 1; } });
    const { counted, deadLetters } = await run(failing);
    expect(counted).toBe(2);
    expect(deadLetters).toMatchObject([{ node: "keyBy", raw: line(2).trimEnd() }]);
  });
});

describe("bad files and folders are coded errors, and what was accepted stays", () => {
  it("a truncated gzip file delivers what is intact", async () => {
    const whole = gzipSync(Array.from({ length: 5_000 }, (_, id) => line(id)).join(""));
    const { error, result } = await run(counting({ path: write("in.ndjson.gz", whole.subarray(0, whole.length - 1_000)) }));
    expect(result).toBeUndefined();
    expect(`${error?.message} ${String(error?.cause)}`).toMatch(/in\.ndjson\.gz/);
    expect(error?.code).toMatch(/^SF_/);
  });

  it("a decompression bomb stops at its bound", async () => {
    const bomb = gzipSync(Buffer.alloc(64 << 20, " "));
    const { error } = await run(counting({ path: write("in.ndjson.gz", bomb), maxDecompressedBytes: 1 << 20 }));
    expect(`${error?.message}`).toMatch(/decompress/i);
  });

  it("a missing file", async () => {
    const { error } = await run(counting({ path: `${folder}/none.ndjson` }));
    expect(error?.code).toBe("SF_SOURCE_MISSING");
    expect(error?.message).toContain("none.ndjson");
  });

  it("a read-only data folder", async () => {
    if (process.getuid?.() === 0) {
      // Root writes everywhere; a file in place of the folder is what it cannot use.
      write("data", "a file");
    } else {
      mkdirSync(`${folder}/data`);
      chmodSync(`${folder}/data`, 0o500);
    }
    const { error } = await run(counting({ path: write("in.ndjson", line(1)) }));
    expect(["SF_DISK_READ_ONLY", "SF_CONFIG_INVALID"]).toContain(error?.code);
    expect(error?.message).toContain(`${folder}/data`);
  });

  it("a full disk: the run fails with SF_DISK_FULL, and goes on where it was once there is room", async () => {
    const path = write("in.ndjson", Array.from({ length: 20_000 }, (_, id) => line(id)).join(""));
    const small = `${folder}/small`;
    mkdirSync(small);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=600k", "tmpfs", small], { stdio: "ignore" });
    } catch {
      // Only root may mount. VirtualDisk's quota proves the same in packages/state.
      return;
    }
    try {
      writeFileSync(`${small}/ballast`, Buffer.alloc(520 << 10));
      const full = await run(counting({ path }), undefined, `${small}/data`);
      expect(full.error?.code).toMatch(/SF_DISK_FULL|SF_RESTART_EXHAUSTED/);
      rmSync(`${small}/ballast`);
      const after = await run(counting({ path }), undefined, `${small}/data`);
      expect(after.error).toBeUndefined();
      expect(after.counted).toBe(20_000);
    } finally {
      execFileSync("umount", [small]);
    }
  });

  const half = (): string => Array.from({ length: 4_000 }, (_, id) => (id % 2 === 0 ? line(id) : `{"broken ${"x".repeat(200)}\n`)).join("");
  const plain = (to: (small: string) => Sink, content: string) => (small: string): Pipeline =>
    new Pipeline({ name: "counts", restart: { maxRestarts: 1, initialDelayMs: 1, maxDelayMs: 2 }, checkpoint: { everyMs: 5 }, batch: { maxRecords: 500 } })
      .from(fileSource<{ id: number }>({ path: write("in.ndjson", content), schema: event, chunkBytes: 16_384 }))
      .to(to(small) as never) as unknown as Pipeline;
  const lines = (): string => Array.from({ length: 4_000 }, (_, id) => line(id)).join("");
  const rows = t.struct({ id: t.int32(), key: t.string(), ts: t.timestamp() });
  it.each<readonly [what: string, kilobytes: number, make: () => (small: string) => Pipeline, data: (small: string) => string, read: (small: string) => number, want: number]>([
    ["a file sink", 64, () => plain((small) => fileSink({ folder: `${small}/out` }), lines()), () => `${folder}/data`, (small) => readdirSync(`${small}/out`).filter((name) => name.startsWith("part-")).reduce((sum, name) => sum + readFileSync(`${small}/out/${name}`, "utf8").trimEnd().split("\n").length, 0), 4_000],
    ["a SQLite sink", 100, () => plain((small) => sqliteSink({ path: `${small}/out.db`, table: "counts", schema: rows }), lines()), () => `${folder}/data`, (small) => countRows(`${small}/out.db`), 4_000],
    ["dead letters", 300, () => plain(() => sqliteSink({ path: `${folder}/rows.db`, table: "counts", schema: rows }), half()), (small) => `${small}/data`, () => countRows(`${folder}/rows.db`), 2_000],
  ])("a full disk under %s: nothing is lost or doubled once there is room", async (what, kilobytes, make, data, read, want) => {
    const small = `${folder}/small`;
    mkdirSync(small);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", small], { stdio: "ignore" });
    } catch {
      // Only root may mount.
      return;
    }
    try {
      const pipeline = make();
      const full = await run(pipeline(small), undefined, data(small));
      expect(full.error?.code).toMatch(/SF_DISK_FULL|SF_RESTART_EXHAUSTED/);
      expect(`${full.error?.message} ${full.error?.code}`).toMatch(/full|ENOSPC|SF_DISK_FULL/);
      execFileSync("mount", ["-o", "remount,size=40m", small]);
      const after = await run(pipeline(small), undefined, data(small));
      expect(after.error).toBeUndefined();
      expect(read(small)).toBe(want);
      expect(new Set(after.deadLetters.map(({ position }) => position)).size).toBe(after.deadLetters.length);
      expect(after.deadLetters).toHaveLength(what === "dead letters" ? 2_000 : 0);
    } finally {
      execFileSync("umount", [small]);
    }
  });

  it("gzip padded with zeros, and a CSV quote that is never closed, end", async () => {
    const gzip = Buffer.concat([gzipSync(line(1) + line(3)), Buffer.alloc(600)]);
    expect(await run(counting({ path: write("in.ndjson.gz", gzip) }))).toMatchObject({ counted: 2, error: undefined, deadLetters: [] });
    const open = `id,key,ts\n1,a,1000\n2,"${"x\n".repeat(1 << 20)}`;
    const { deadLetters, error } = await run(counting({ path: write("in.csv", open), maxRecordBytes: 1 << 20 }), undefined, `${folder}/data-of-csv`);
    expect(error).toBeUndefined();
    expect(deadLetters).toMatchObject([{ code: "SF_RECORD_TOO_LARGE" }]);
  });

  it("two runs on one data folder: the second is refused by name", async () => {
    const environment = nodeEnvironment({ logger: recordingLogger() });
    const stores = await openDataFolder(`${folder}/data`, environment);
    const path = write("in.ndjson", line(1) + line(2));
    const first = await stores.leases.acquire({ pipeline: "counts", shards: ["p:file/in.ndjson", ...[path].map((p) => `p:file/${p}`)], owner: "first", ttlMs: 60_000 });
    expect(first.length).toBeGreaterThan(0);
    const { error } = await run(counting({ path }));
    expect(error?.code).toBe("SF_LEASE_HELD");
    expect(error?.message).toContain("first");
    await closeAll(stores);
  });
});

describe("time", () => {
  it("a clock set back changes no result", async () => {
    const environment = nodeEnvironment({ logger: recordingLogger() });
    let calls = 0;
    const clock = { ...environment.clock, nowMs: () => environment.clock.nowMs() - (calls++ > 3 ? 3_600_000 : 0), monotonicMs: () => environment.clock.monotonicMs(), setTimer: environment.clock.setTimer.bind(environment.clock), soon: environment.clock.soon.bind(environment.clock) };
    const { counted, error } = await run(counting({ path: write("in.ndjson", line(1) + line(2) + line(3)) }), { ...environment, clock });
    expect(error).toBeUndefined();
    expect(counted).toBe(3);
  });
});

describe("a function that returns a promise", () => {
  it("is refused where it was declared synchronous", async () => {
    const pipeline = new Pipeline({ name: "counts" })
      .from(fileSource<{ id: number }>({ path: write("in.ndjson", line(1)) }))
      .addStage(map((record: { id: number }) => Promise.resolve(record)))
      .to(sqliteSink({ path: `${folder}/out.db`, table: "counts", schema: t.struct({ n: t.float64() }) }) as never) as unknown as Pipeline;
    const { error, deadLetters } = await run(pipeline);
    expect(error?.code ?? deadLetters[0]?.code).toBe("SF_STAGE_PROMISE");
  });
});
