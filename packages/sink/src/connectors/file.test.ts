import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { StreamFlowError, type BatchError, type SinkCommit, type SinkSession } from "@streamflow/core";
import { nodeEnvironment } from "@streamflow/core/node";
import { ManualClock, registerConformance, sinkConformance, testEnvironment, VirtualDisk, type TestEnvironment } from "@streamflow/core/testing";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { csvEncoder } from "../encoders/csv.ts";
import { linesEncoder } from "../encoders/lines.ts";
import { sinkBatch } from "../sink-batch.ts";
import { committedParts } from "./file-log.ts";
import { fileSink, type FileSinkOptions } from "./file.ts";

const folder = "/data/out";
const minute = 60_000;

function commit(epoch: number, options: { generation?: number; shards?: readonly string[] } = {}): SinkCommit {
  const { generation = 1, shards = ["k:0"] } = options;
  return { epoch, shards: shards.map((shard) => ({ shard, generation, epoch, positions: {} })) };
}

async function open(test: TestEnvironment, options: Partial<FileSinkOptions> = {}) {
  const session = await fileSink({ folder, format: linesEncoder(), ...options }).open({ environment: test.environment, pipeline: "p", node: "out", schema: undefined, keyFields: undefined, signal: new AbortController().signal });
  return session as SinkSession & Required<Pick<SinkSession, "prepare" | "commitPrepared" | "abortPrepared" | "discard">>;
}

function text(disk: VirtualDisk, name: string): string {
  return new TextDecoder().decode(disk.files().get(`${folder}/${name}`));
}

function names(disk: VirtualDisk): readonly string[] {
  return [...disk.files().keys()].map((path) => path.slice(folder.length + 1));
}

/** What a reader of the folder sees, without the log: the lines of all parts, in order of their names. */
function visible(disk: VirtualDisk): readonly string[] {
  return names(disk).filter((name) => name.startsWith("part-")).flatMap((name) => text(disk, name).trimEnd().split("\n"));
}

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    return StreamFlowError.is(error) ? error.code : String(error);
  }
  return "no failure";
}

describe("conformance", () => {
  registerConformance(it, sinkConformance<TestEnvironment>({
    capabilities: fileSink({ folder }).capabilities,
    create: () => testEnvironment(),
    sink: () => fileSink({ folder, format: linesEncoder() }),
    environment: (target) => target.environment,
    value: (n) => String(n),
    visible: (target) => visible(target.disk).map(Number),
    refusedValue: "two\nlines",
  }));

  registerConformance(it, sinkConformance<{ readonly test: TestEnvironment; readonly stall: { until: Promise<void> | undefined } }>({
    capabilities: fileSink({ folder }).capabilities,
    create() {
      const stall: { until: Promise<void> | undefined } = { until: undefined };
      return { stall, test: testEnvironment({ disk: new VirtualDisk({ beforeOperation: () => stall.until }) }) };
    },
    sink: () => fileSink({ folder }),
    environment: ({ test }) => test.environment,
    value: (n) => ({ n }),
    visible: ({ test }) => visible(test.disk).map((line) => (JSON.parse(line) as { readonly n: number }).n),
    stall({ stall }) {
      let release = (): void => undefined;
      stall.until = new Promise((resolve) => (release = resolve));
      return () => {
        stall.until = undefined;
        release();
      };
    },
  }));
});

describe("parts and log", () => {
  it("lists committed parts with rows, bytes and checksum", async () => {
    const test = testEnvironment();
    const session = await open(test);
    for (const epoch of [1, 2]) {
      await session.write(sinkBatch(["a", "ü"]));
      await session.commitPrepared(await session.prepare(commit(epoch)));
    }
    const parts = await committedParts(test.disk, folder);
    expect(parts.map(({ rows, bytes }) => [rows, bytes])).toEqual([[2, 5], [2, 5]]);
    expect(parts.map(({ name }) => name.replace(/[0-9a-f]{8}-0\.txt/, "…"))).toEqual(["part-0000000001-…", "part-0000000002-…"]);
    for (const part of parts) expect(crc32(test.disk.files().get(`${folder}/${part.name}`) ?? "").toString(16).padStart(8, "0")).toBe(part.crc32);
    expect(names(test.disk).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("SF_STATE_CORRUPT: a commit log that someone removed or cut while it is written to is not written on", async () => {
    for (const left of [undefined, 10]) {
      const test = testEnvironment();
      const session = await open(test);
      await session.write(sinkBatch(["a"]));
      await session.commitPrepared(await session.prepare(commit(1)));
      const log = `${folder}/${names(test.disk).find((name) => name.startsWith("_commits")) ?? ""}`;
      if (left === undefined) await test.disk.remove(log);
      else await (await test.disk.openWrite(log)).truncate(left);
      await session.write(sinkBatch(["b"]));
      const prepared = await session.prepare(commit(2));
      expect(await codeOf(() => session.commitPrepared(prepared))).toBe("SF_STATE_CORRUPT");
      expect((await committedParts(test.disk, folder)).length).toBe(0);
    }
  });

  it("starts a new part when one has reached its size, each with the encoder's opening", async () => {
    const test = testEnvironment();
    const session = await open(test, { format: csvEncoder({ columns: ["n", "pad"] }), maxPartBytes: 300_000 });
    const count = 40;
    for (let i = 0; i < count; i++) await session.write(sinkBatch(Array.from({ length: 100 }, (_, j) => ({ n: i * 100 + j, pad: "x".repeat(200) }))));
    await session.commitPrepared(await session.prepare(commit(1)));
    const parts = await committedParts(test.disk, folder);
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.reduce((sum, part) => sum + part.rows, 0)).toBe(count * 100);
    for (const part of parts) expect(text(test.disk, part.name).split("\r\n")).toHaveLength(part.rows + 2);
    for (const part of parts) expect(text(test.disk, part.name)).toMatch(/^n,pad\r\n/);
    const read = parts.flatMap(({ name }) => text(test.disk, name).split("\r\n").slice(1, -1)).map((line) => Number(line.split(",")[0]));
    expect(read).toEqual(Array.from({ length: count * 100 }, (_, i) => i));
  });

  it("an epoch whose records were all refused leaves nothing", async () => {
    const test = testEnvironment();
    const session = await open(test, { format: csvEncoder({ columns: ["a"] }) });
    const error = await Promise.resolve().then(() => session.write(sinkBatch([1, 2]))).catch((thrown: unknown) => thrown);
    expect((error as BatchError).failures.map(({ index }) => index)).toEqual([0, 1]);
    expect(await session.prepare(commit(1))).toHaveLength(0);
    expect(names(test.disk)).toEqual([]);
  });

  it("SNK-4: a part that a reader has moved away stays committed; one that vanished before its commit is an error", async () => {
    const test = testEnvironment();
    const session = await open(test);
    await session.write(sinkBatch(["a"]));
    const prepared = await session.prepare(commit(1));
    await session.commitPrepared(prepared);
    const [part] = await committedParts(test.disk, folder);
    await test.disk.remove(`${folder}/${part?.name}`);
    await (await open(test)).commitPrepared(prepared);
    await session.write(sinkBatch(["b"]));
    const lost = await session.prepare(commit(2));
    for (const name of names(test.disk).filter((each) => each.startsWith(".part"))) await test.disk.remove(`${folder}/${name}`);
    expect(await codeOf(() => session.commitPrepared(lost))).toBe("SF_STATE_CORRUPT");
  });

  it("SNK-4: an epoch that is aborted after its commit is taken back, from the log too", async () => {
    const test = testEnvironment();
    const session = await open(test);
    await session.write(sinkBatch(["a"]));
    const prepared = await session.prepare(commit(1));
    await session.commitPrepared(prepared);
    const other = await open(test);
    const head = async (): Promise<unknown> => (await other.recover?.([{ shard: "k:0", generation: 1 }]))?.map(({ epoch }) => epoch);
    expect(await head()).toEqual([1]);
    for (const _ of [1, 2]) await other.abortPrepared(prepared);
    expect(visible(test.disk)).toEqual([]);
    expect(await committedParts(test.disk, folder)).toEqual([]);
    expect(await head()).toEqual([]);
  });

  it("a zombie's late commit of an aborted epoch changes nothing", async () => {
    const test = testEnvironment();
    const zombie = await open(test);
    await zombie.write(sinkBatch(["old"]));
    const prepared = await zombie.prepare(commit(1));
    await (await open(test)).abortPrepared(prepared);
    expect(await codeOf(() => zombie.commitPrepared(prepared))).toBe("SF_STATE_CORRUPT");
    expect(visible(test.disk)).toEqual([]);
  });

  it("two writers in one folder do not disturb each other", async () => {
    const test = testEnvironment();
    const [a, b] = [await open(test), await open(test)];
    await a.write(sinkBatch(["a1"]));
    await b.write(sinkBatch(["b1"]));
    const preparedA = await a.prepare(commit(1, { shards: ["p:s/0"] }));
    const preparedB = await b.prepare(commit(1, { shards: ["p:s/1"] }));
    await b.commitPrepared(preparedB);
    await a.commitPrepared(preparedA);
    expect([...visible(test.disk)].sort()).toEqual(["a1", "b1"]);
    expect(await committedParts(test.disk, folder)).toHaveLength(2);
  });

  it("draws another name where the drawn one is taken", async () => {
    // The same seed draws the same name: as after a restart with a random generator that starts alike.
    const first = testEnvironment({ seed: 3 });
    const session = await open(first);
    await session.write(sinkBatch(["a"]));
    await session.commitPrepared(await session.prepare(commit(1)));
    const second = testEnvironment({ seed: 3, disk: first.disk });
    const next = await open(second);
    await next.write(sinkBatch(["b"]));
    await next.commitPrepared(await next.prepare(commit(2)));
    expect(visible(first.disk)).toEqual(["a", "b"]);
  });
});

it("SNK-12: what is under way at a discard is gone too, and does not disturb what comes behind it", async () => {
  let gate: Promise<void> | undefined;
  const disk = new VirtualDisk({ beforeOperation: (operation) => (operation === "write" ? gate : undefined) });
  const test = testEnvironment({ disk });
  const session = await open(test);
  await session.write(sinkBatch(["x".repeat(300_000)]));
  let release = (): void => undefined;
  gate = new Promise((resolve) => (release = resolve));
  const underWay = Promise.resolve(session.write(sinkBatch(["gone"]))).catch(() => undefined);
  for (let i = 0; i < 20; i++) await Promise.resolve();
  await session.discard();
  await session.write(sinkBatch(["kept"]));
  gate = undefined;
  release();
  await underWay;
  await session.commitPrepared(await session.prepare(commit(1)));
  expect(visible(disk)).toEqual(["kept"]);
});

describe("leftovers", () => {
  it("F1: a sealed epoch that never counted is removed by whoever owns one of its shards now, and by nobody else", async () => {
    const test = testEnvironment();
    const dead = await open(test);
    await dead.write(sinkBatch(["lost"]));
    await dead.prepare(commit(1, { generation: 4, shards: ["k:0", "k:1"] }));
    const bystander = await open(test);
    for (const owned of [commit(1, { shards: ["k:7"], generation: 9 }), commit(2, { shards: ["k:1"], generation: 3 })]) {
      await bystander.prepare(owned);
      expect(names(test.disk).filter((name) => name.startsWith("."))).toHaveLength(2);
    }
    await bystander.close();
    expect(names(test.disk).filter((name) => name.startsWith("."))).toHaveLength(2);
    const owner = await open(test);
    await owner.prepare(commit(2, { shards: ["k:1"], generation: 5 }));
    await owner.close();
    expect(names(test.disk)).toEqual([]);
  });

  it("F2: what was never sealed is removed when it has not been touched for ten minutes", async () => {
    const clock = new ManualClock();
    const test = testEnvironment({ clock, disk: new VirtualDisk({ clock }) });
    const dead = await open(test);
    for (const _ of [1, 2]) await dead.write(sinkBatch(["x".repeat(300_000)]));
    expect(names(test.disk).some((name) => name.startsWith(".open-"))).toBe(true);
    const next = await open(test);
    await next.prepare(commit(2));
    expect(names(test.disk).some((name) => name.startsWith(".open-"))).toBe(true);
    clock.advance(11 * minute);
    await next.prepare(commit(3));
    await next.close();
    expect(names(test.disk)).toEqual([]);
    // The writer lives after all: it fails before anything is published, and loses nothing.
    expect(await codeOf(() => dead.prepare(commit(4)))).toBe("SF_DISK_FAILED");
  });

  it("cannot be removed: said, and no failure of the epoch", async () => {
    const test = testEnvironment();
    const dead = await open(test);
    await dead.write(sinkBatch(["x"]));
    await dead.prepare(commit(1));
    const next = await open(test);
    test.disk.isReadOnly = true;
    expect(await next.prepare(commit(2))).toHaveLength(0);
    await next.close();
    expect(test.logger.lines.some(({ level, message }) => level === "warn" && message.includes("cannot be removed"))).toBe(true);
  });
});

describe("a full disk", () => {
  it("is SF_DISK_FULL, retryable; wherever it strikes, the same calls made again lose and double nothing (property)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1_300_000 }), async (quota) => {
        const test = testEnvironment();
        const session = await open(test);
        test.disk.quotaBytes = quota;
        let refusals = 0;
        const again = async <T>(work: () => Promise<T> | T): Promise<T> => {
          for (;;) {
            try {
              return await work();
            } catch (error) {
              if (!StreamFlowError.is(error, "SF_DISK_FULL")) throw error;
              expect(error.retryable).toBe(true);
              refusals++;
              test.disk.quotaBytes += 100_000;
            }
          }
        };
        const lines = Array.from({ length: 60 }, (_, i) => `${i} ${"x".repeat(20_000)}`);
        for (const [i, line] of lines.entries()) {
          await again(() => session.write(sinkBatch([line])));
          if (i % 20 === 19) {
            const prepared = await again(() => session.prepare(commit(i)));
            await again(() => session.commitPrepared(prepared));
          }
        }
        expect(visible(test.disk)).toEqual(lines);
        if (quota < 1_000_000) expect(refusals).toBeGreaterThan(0);
        expect((await committedParts(test.disk, folder)).reduce((sum, part) => sum + part.rows, 0)).toBe(60);
      }),
      { numRuns: 15 },
    );
  });
});

/** What a checkpoint store keeps of a run; it outlives every crash. */
interface Published {
  epoch: number;
  generation: number;
  /** Records up to here are covered. */
  next: number;
  prepared: Uint8Array;
  /** Records up to here are committed: `commitPrepared` has resolved. */
  committed: number;
}

function unpublished(): Published {
  return { epoch: 0, generation: 0, next: 0, prepared: new Uint8Array(), committed: 0 };
}

/** Writes `total` records as the engine does, from what was published; ends at a crash. */
async function run(test: TestEnvironment, published: Published, total: number): Promise<void> {
  published.generation++;
  const { generation } = published;
  const session = await open(test, { maxPartBytes: 300_000 });
  await session.commitPrepared(published.prepared);
  for (let next = published.next; next < total; ) {
    for (let i = 0; i < 3 && next < total; i++, next++) await session.write(sinkBatch([`${next} ${"x".repeat(150_000)}`]));
    published.epoch++;
    const { epoch } = published;
    const prepared = await session.prepare(commit(epoch, { generation }));
    published.next = next;
    published.prepared = prepared;
    await session.commitPrepared(prepared);
    published.committed = next;
  }
}

/** L1, in the state that a crash has left, before anybody has recovered: what is listed is there, whole, and what was committed is listed. */
async function checkReaderView(disk: VirtualDisk, published: Published): Promise<void> {
  const files = disk.files();
  const parts = await committedParts(disk, folder);
  for (const part of parts) expect((crc32(files.get(`${folder}/${part.name}`) ?? "") >>> 0).toString(16).padStart(8, "0"), part.name).toBe(part.crc32);
  const rows = parts.flatMap(({ name }) => text(disk, name).trimEnd().split("\n")).map((line) => Number(line.split(" ")[0]));
  expect(rows.length).toBeGreaterThanOrEqual(published.committed);
}

describe("crashes", () => {
  it("at every operation of the disk, by power loss and by kill: every record is there exactly once", { timeout: 120_000 }, async () => {
    const total = 9;
    let operations = Infinity;
    for (let at = 1; at <= operations; at++) {
      for (const [how, seed] of [["power", at], ["power", -at], ["power", at * 1000], ["kill", 0]] as const) {
        const clock = new ManualClock();
        let count = 0;
        let next: VirtualDisk | undefined;
        const disk: VirtualDisk = new VirtualDisk({
          clock,
          beforeOperation() {
            if (++count === at) next = how === "power" ? disk.crash(seed) : disk.kill();
          },
        });
        const published = unpublished();
        await run(testEnvironment({ disk, clock }), published, total).catch(() => undefined);
        if (next === undefined) {
          operations = count;
          break;
        }
        await checkReaderView(next, published);
        clock.advance(11 * minute);
        const after = testEnvironment({ disk: next, clock, seed: at });
        await run(after, published, total);
        // The end of the run: one more barrier, as every bounded run has.
        const last = await open(after);
        await last.prepare(commit(++published.epoch, { generation: ++published.generation }));
        const rows = visible(next).map((line) => Number(line.split(" ")[0]));
        expect(rows.toSorted((a, b) => a - b), `${how} at operation ${at}`).toEqual(Array.from({ length: total }, (_, i) => i));
        expect((await committedParts(next, folder)).map(({ name }) => name)).toEqual(names(next).filter((name) => name.startsWith("part-")));
        expect(names(next).filter((name) => name.startsWith(".")), `${how} at operation ${at}`).toEqual([]);
      }
    }
    expect(operations).toBeGreaterThan(50);
    expect(operations).toBeLessThan(1000);
  });

  it("again and again, at random (property)", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 6 }), fc.integer(), async (crashes, seed) => {
        const clock = new ManualClock();
        const published = unpublished();
        let left = 0;
        let next: VirtualDisk | undefined;
        let disk: VirtualDisk = new VirtualDisk({
          clock,
          beforeOperation() {
            if (--left === 0) next = disk.crash(seed + clock.nowMs());
          },
        });
        for (const crash of crashes) {
          left = crash;
          next = undefined;
          await run(testEnvironment({ disk, clock, seed: crash + seed }), published, 30).catch(() => undefined);
          disk = next ?? disk;
          // The reader's look is not to be cut off: a crash that the run has not reached does not come.
          left = Infinity;
          await checkReaderView(disk, published);
          clock.advance(minute);
        }
        left = Infinity;
        await run(testEnvironment({ disk, clock, seed: seed + 7 }), published, 30);
        const rows = visible(disk).map((line) => Number(line.split(" ")[0]));
        expect(rows.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i));
        expect((await committedParts(disk, folder)).map(({ name }) => name)).toEqual(names(disk).filter((name) => name.startsWith("part-")));
      }),
      { numRuns: 40 },
    );
  });
});

describe("on a real disk", () => {
  const made: string[] = [];
  afterEach(() => {
    for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
  });

  it("writes many rows into parts of a bounded size", { timeout: 60_000 }, async () => {
    const root = mkdtempSync(join(tmpdir(), "streamflow-file-"));
    made.push(root);
    const session = (await fileSink({ folder: join(root, "a", "b"), maxPartBytes: 4 * 1024 * 1024 }).open({ environment: nodeEnvironment(), pipeline: "p", node: "out", schema: undefined, keyFields: undefined, signal: new AbortController().signal })) as Required<SinkSession>;
    const batches = Array.from({ length: 200 }, (_, b) => sinkBatch(Array.from({ length: 1000 }, (_r, i) => ({ carrier: `C${i % 20}`, number: i, delay: i / 2, at: 1_700_000_000_000 + b, note: `note ${i}` }))));
    const startMs = performance.now();
    for (const batch of batches) await session.write(batch);
    await session.commitPrepared(await session.prepare(commit(1)));
    const perSecond = Math.round((200_000 / (performance.now() - startMs)) * 1000);
    await session.close();
    const parts = await committedParts(nodeEnvironment().disk, join(root, "a", "b"));
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.reduce((sum, part) => sum + part.rows, 0)).toBe(200_000);
    expect(readdirSync(join(root, "a", "b")).filter((name) => name.startsWith("."))).toEqual([]);
    expect(readFileSync(join(root, "a", "b", parts[0]?.name ?? ""), "utf8").split("\n")[0]).toBe('{"carrier":"C0","number":0,"delay":0,"at":1700000000000,"note":"note 0"}');
    if (process.env["STREAMFLOW_BENCH"] !== undefined) process.stdout.write(`file ndjson: ${perSecond} rows/s\n`);
  });
});
