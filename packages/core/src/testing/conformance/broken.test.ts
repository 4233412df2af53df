// Proves that the cases can fail: each fake here breaks one promise, and the case of that promise must notice.
import { describe, expect, it } from "vitest";
import { memoryBudget } from "../../async/memory-budget.ts";
import type { Checkpoint, Fence, SegmentRef } from "../../contracts/checkpoint-store.ts";
import type { CancelTimer, Disk, Metrics } from "../../contracts/environment.ts";
import type { SinkBatch, SinkCommit, SinkContext, SinkSession } from "../../contracts/sink.ts";
import type { PollLimits, PollResult, Source, SourceContext, SourceSession } from "../../contracts/source.ts";
import type { LeaseRequest, LogAppendOptions } from "../../contracts/stores.ts";
import { StreamFlowError } from "../../errors.ts";
import type { Batch } from "../../record.ts";
import { Broker } from "../broker.ts";
import { ManualClock } from "../manual-clock.ts";
import { MemoryCheckpointStorage, MemoryCheckpointStore } from "../memory-checkpoint-store.ts";
import { MemoryLeaseStorage, MemoryLeaseStore } from "../memory-lease-store.ts";
import { MemoryLogStorage, MemoryLogStore } from "../memory-log-store.ts";
import { MemoryMetadataStorage, MemoryMetadataStore } from "../memory-metadata-store.ts";
import { MemoryMetrics } from "../memory-metrics.ts";
import { RecordingSink, type RecordingSinkKind } from "../recording-sink.ts";
import { seededRandom } from "../seeded-random.ts";
import { SinkTarget } from "../sink-target.ts";
import { testRecords } from "../test-item.ts";
import { TestSource } from "../test-source.ts";
import { VirtualDisk } from "../virtual-disk.ts";
import { checkpointStoreConformance } from "./checkpoint-store.ts";
import { diskConformance } from "./disk.ts";
import { failing } from "./failing.fixture.ts";
import { clockConformance, memoryBudgetConformance, randomConformance } from "./environment.ts";
import { leaseStoreConformance } from "./lease-store.ts";
import { logStoreConformance } from "./log-store.ts";
import { metadataStoreConformance } from "./metadata-store.ts";
import { metricsConformance } from "./metrics.ts";
import { sinkConformance } from "./sink.ts";
import { sourceConformance } from "./source.ts";

describe("broken checkpoint stores", () => {
  const broken: Record<string, new (storage: MemoryCheckpointStorage) => MemoryCheckpointStore> = {
    "CKP-1": class extends MemoryCheckpointStore {
      override async publish(pipeline: string, checkpoint: Checkpoint) {
        await super.publish(pipeline, { ...checkpoint, plan: {} });
      }
    },
    "CKP-3": class extends MemoryCheckpointStore {
      override async list(pipeline: string) {
        return [...(await super.list(pipeline))].reverse();
      }
    },
    "CKP-4": class extends MemoryCheckpointStore {
      override publish(pipeline: string, checkpoint: Checkpoint) {
        return super.publish(pipeline, checkpoint).catch(() => undefined);
      }
    },
    "CKP-5": class extends MemoryCheckpointStore {
      override prune(pipeline: string, keep: number) {
        return super.prune(pipeline, keep, []);
      }
    },
    "CKP-6": class extends MemoryCheckpointStore {
      override async readSegment(pipeline: string, ref: SegmentRef) {
        return (await super.readSegment(pipeline, ref)).map((byte, i) => (i === 1000 ? byte + 1 : byte));
      }
    },
    "CKP-7": class extends MemoryCheckpointStore {
      override readSegment(pipeline: string, ref: SegmentRef) {
        return super.readSegment(pipeline, ref).catch(() => new Uint8Array());
      }
    },
    "CKP-8": class extends MemoryCheckpointStore {
      override async fence(_pipeline: string, _fences: readonly Fence[]) {}
    },
    "CKP-9": class extends MemoryCheckpointStore {
      override publish(pipeline: string, checkpoint: Checkpoint) {
        return super.publish(pipeline.toLowerCase(), checkpoint);
      }
      override list(pipeline: string) {
        return super.list(pipeline.toLowerCase());
      }
    },
    "CKP-10": class extends MemoryCheckpointStore {
      override async list(pipeline: string) {
        const entries = await super.list(pipeline);
        if (entries.some((entry) => "damaged" in entry)) throw new StreamFlowError("SF_STATE_CORRUPT", "damaged");
        return entries;
      }
    },
    "CKP-11": class extends MemoryCheckpointStore {
      override async discard() {}
    },
    "CKP-13": class extends MemoryCheckpointStore {
      override async drop(pipeline: string) {
        await super.prune(pipeline, 1, []);
      }
    },
  };
  it.each(Object.entries(broken))("%s", async (id, Store) => {
    const failed = await failing(
      checkpointStoreConformance<MemoryCheckpointStorage>({
        create: () => new MemoryCheckpointStorage(),
        open: (storage) => new Store(storage),
        damageSegment: (storage, pipeline, ref) => storage.damageSegment(pipeline, ref),
        damageCheckpoint: (storage, pipeline, epoch) => storage.damageCheckpoint(pipeline, epoch),
      }),
      id,
    );
    expect(failed).toContain(id);
  });

  it("CKP-2: one that syncs no names", async () => {
    const failed = await failing(
      checkpointStoreConformance<{ disk: VirtualDisk }>({
        create: () => ({ disk: new VirtualDisk() }),
        open: (storage) => new FileBackedStore(storage.disk),
        failAfter: (storage, changes) => storage.disk.failAfter(changes),
        crash: (storage, seed) => {
          storage.disk = storage.disk.crash(seed);
          storage.disk.failAfter(Infinity);
        },
      }),
      "CKP-2",
    );
    expect(failed).toContain("CKP-2");
  });
});

/** Keeps each checkpoint in a file that it never syncs. */
class FileBackedStore extends MemoryCheckpointStore {
  readonly #disk: Disk;

  constructor(disk: Disk) {
    super();
    this.#disk = disk;
  }

  override async publish(_pipeline: string, checkpoint: Checkpoint) {
    const file = await this.#disk.createExclusive(`/data/${checkpoint.epoch}`);
    await file.write(new TextEncoder().encode(JSON.stringify(checkpoint)));
  }

  override async list() {
    const entries = [];
    for (const name of (await this.#disk.list("/data")).toReversed()) {
      const file = await this.#disk.openRead(`/data/${name}`);
      const bytes = new Uint8Array(await file.size());
      await file.read(bytes, 0, bytes.length, 0);
      entries.push({ epoch: Number(name), byteLength: 1, checkpoint: JSON.parse(new TextDecoder().decode(bytes)) as Checkpoint });
    }
    return entries;
  }
}

describe("broken lease stores", () => {
  const broken: Record<string, new (clock: ManualClock, storage: MemoryLeaseStorage) => MemoryLeaseStore> = {
    "LSE-1": class extends MemoryLeaseStore {
      override async acquire(request: LeaseRequest) {
        const fences = [];
        for (const shard of request.shards) fences.push(...(await super.acquire({ ...request, shards: [shard] })));
        return fences;
      }
    },
    "LSE-2": class extends MemoryLeaseStore {
      override async acquire(request: LeaseRequest) {
        return (await super.acquire(request)).map((fence) => ({ ...fence, generation: 1 }));
      }
    },
    "LSE-3": class extends MemoryLeaseStore {
      override async renew() {
        return { lost: [] };
      }
    },
    "LSE-4": class extends MemoryLeaseStore {
      override async release() {}
    },
    "LSE-5": class extends MemoryLeaseStore {
      override acquire(request: LeaseRequest) {
        return super.acquire({ ...request, ttlMs: request.ttlMs + 1 });
      }
    },
    "LSE-6": class extends MemoryLeaseStore {
      override acquire(request: LeaseRequest) {
        return super.acquire({ ...request, ttlMs: Infinity });
      }
    },
    "LSE-7": class extends MemoryLeaseStore {
      override async keepAlive(request: Pick<LeaseRequest, "owner" | "ttlMs">) {
        await super.keepAlive(request);
        return true;
      }
    },
    "LSE-8": class extends MemoryLeaseStore {
      override acquire({ above: _, ...request }: LeaseRequest) {
        return super.acquire(request);
      }
    },
  };
  it.each(Object.entries(broken))("%s", async (id, Store) => {
    const create = () => ({ clock: new ManualClock(), storage: new MemoryLeaseStorage() });
    type Storage = ReturnType<typeof create>;
    expect(await failing(leaseStoreConformance<Storage>({ create, keepsAlive: true, open: ({ clock, storage }) => new Store(clock, storage), advance: ({ clock }, byMs) => clock.advance(byMs) }), id)).toContain(id);
  });
});

describe("broken log stores", () => {
  const broken: Record<string, new (clock: ManualClock, storage: MemoryLogStorage) => MemoryLogStore> = {
    "LOG-1": class extends MemoryLogStore {
      override async append(name: string, entries: readonly Uint8Array[], options?: LogAppendOptions) {
        return (await super.append(name, entries, options)) + 1;
      }
    },
    "LOG-2": class extends MemoryLogStore {
      override read(name: string, after: number, limit: number) {
        return super.read(name, after - 1, limit);
      }
    },
    "LOG-3": class extends MemoryLogStore {
      override trim(name: string, upTo: number) {
        return super.trim(name, upTo - 1);
      }
    },
    "LOG-4": class extends MemoryLogStore {
      override append(name: string, entries: readonly Uint8Array[], { fence }: LogAppendOptions = {}) {
        return super.append(name, entries, fence === undefined ? {} : { fence });
      }
    },
    "LOG-5": class extends MemoryLogStore {
      override append(name: string, entries: readonly Uint8Array[], { keys }: LogAppendOptions = {}) {
        return super.append(name, entries, keys === undefined ? {} : { keys });
      }
    },
    "LOG-6": class extends MemoryLogStore {
      override async append(name: string, entries: readonly Uint8Array[], options?: LogAppendOptions) {
        return super.append(name, entries.map((bytes) => new TextEncoder().encode(new TextDecoder().decode(bytes))), options);
      }
    },
  };
  it.each(Object.entries(broken))("%s", async (id, Store) => {
    expect(await failing(logStoreConformance({ create: () => new MemoryLogStorage(), open: (storage) => new Store(new ManualClock(), storage) }), id)).toContain(id);
  });
});

describe("broken metadata stores", () => {
  const broken: Record<string, new (storage: MemoryMetadataStorage) => MemoryMetadataStore> = {
    "MDS-1": class extends MemoryMetadataStore {
      override put(collection: string, id: string, document: unknown) {
        return super.put(collection, id, document);
      }
    },
    "MDS-2": class extends MemoryMetadataStore {
      override put(collection: string, id: string, document: unknown, expected?: number) {
        return super.put(collection, id, JSON.parse(JSON.stringify(document, (_key, value: unknown) => value ?? undefined)), expected);
      }
    },
    "MDS-3": class extends MemoryMetadataStore {
      override async list(collection: string) {
        return [...(await super.list(collection))].sort((a, b) => a.id.localeCompare(b.id));
      }
    },
    "MDS-4": class extends MemoryMetadataStore {
      override list() {
        return super.list("all");
      }
      override put(_collection: string, id: string, document: unknown, expected?: number) {
        return super.put("all", id, document, expected);
      }
    },
  };
  it.each(Object.entries(broken))("%s", async (id, Store) => {
    expect(await failing(metadataStoreConformance({ create: () => new MemoryMetadataStorage(), open: (storage) => new Store(storage) }), id)).toContain(id);
  });
});

describe("broken sources", () => {
  type Change = (session: SourceSession, context: SourceContext) => Partial<SourceSession>;
  const values = Array.from({ length: 500 }, (_, id) => ({ id }));

  class BrokenSource extends TestSource {
    readonly change: Change;

    constructor(change: Change, options = {}) {
      super({ only: testRecords(values) }, options);
      this.change = change;
    }

    override async open(context: SourceContext): Promise<SourceSession> {
      const session = await super.open(context);
      const whole: SourceSession = {
        poll: (partition, limits) => session.poll(partition, limits),
        ready: () => session.ready(),
        committed: (positions) => session.committed?.(positions),
        close: () => session.close(),
      };
      return { ...whole, ...this.change(session, context) };
    }
  }

  const changed = (alter: (batch: Batch) => PollResult): Change => (session) => ({
    poll(partition: string, limits: PollLimits) {
      const answer = session.poll(partition, limits);
      return typeof answer === "string" ? answer : alter(answer);
    },
  });
  const swapped = (batch: Batch): Batch => ({ ...batch, values: [...(batch.values ?? [])].reverse() });

  const broken: Record<string, Change> = {
    "SRC-1": changed(swapped),
    "SRC-2": changed((batch) => ({ ...batch, positionAt: (i) => String(Number(batch.positionAt(i)) - (i === batch.length - 1 ? 0 : 1)) })),
    "SRC-3": (session, context) => ({ close: async () => (context.signal.aborted ? undefined : session.close()), poll: changed((batch) => ({ ...batch, positionAt: (i) => String(Number(batch.positionAt(i)) + 1), endPosition: String(Number(batch.endPosition) + 1) }))(session, context).poll ?? session.poll }),
    "SRC-4": () => ({ close: async () => undefined }),
    "SRC-6": (session) => {
      let isClosed = false;
      return {
        close: async () => {
          if (isClosed) throw new StreamFlowError("SF_INTERNAL", "closed twice");
          isClosed = true;
          await session.close();
        },
      };
    },
    "SRC-8": (session) => {
      let ends = 0;
      return {
        poll(partition, limits) {
          const answer = session.poll(partition, limits);
          return answer === "end" && ++ends > 1 ? "idle" : answer;
        },
      };
    },
    "SRC-10": (session) => ({ poll: (partition) => session.poll(partition, { maxRecords: 1000, maxBytes: 1e9 }) }),
    "SRC-11": changed((batch) => (batch.length < 8 ? swapped(batch) : batch)),
    B4: (session) => {
      let last: Batch | undefined;
      return {
        poll(partition, limits) {
          // Reuses its buffers before they were given back.
          if (last !== undefined) (last.values as unknown[]).fill("reused");
          const answer = session.poll(partition, limits);
          last = typeof answer === "string" ? undefined : answer;
          return answer;
        },
      };
    },
  };

  const run = (change: Change, id?: string, options = {}) =>
    failing(
      sourceConformance<BrokenSource>({
        capabilities: new TestSource({}, options).capabilities,
        create: () => new BrokenSource(change, options),
        source: (source) => source,
        expected: () => new Map([["only", values]]),
        recordsRead: (source) => source.delivered,
        openHandles: (source) => source.openSessions,
        loseConnection: () => undefined,
      }),
      id,
    );

  it.each(Object.entries(broken))("%s", async (id, change) => {
    expect(await run(change, id)).toContain(id);
  });

  it("SRC-5: one that reads everything on the first poll", async () => {
    const greedy: Change = (session) => {
      const queue: Batch[] = [];
      return {
        poll(partition, limits) {
          for (let batch = session.poll(partition, limits); typeof batch !== "string"; batch = session.poll(partition, limits)) queue.push(batch);
          return queue.shift() ?? "end";
        },
      };
    };
    expect(await run(greedy, "SRC-5")).toContain("SRC-5");
  });

  it("SRC-7: one that does not notice that its connection is lost", async () => {
    expect(await run(() => ({}))).toEqual(new Set(["SRC-7"]));
  });

  it("SRC-15: one that forgets whom to wake when it is closed, and one that sleeps on news", async () => {
    const silent = (change: (session: SourceSession) => Partial<SourceSession>): (() => { source: Source; feed: () => void }) => () => {
      const broker = new Broker({ canSleep: true });
      const source = broker.source();
      const open = async (context: SourceContext): Promise<SourceSession> => {
        const session = await source.open(context);
        const sleep = session.sleep ?? (() => false);
        const whole: SourceSession = { poll: (partition, limits) => session.poll(partition, limits), ready: () => session.ready(), close: () => session.close(), sleep };
        return { ...whole, ...change(whole) };
      };
      return { source: { ...source, open }, feed: () => broker.push("0", [1]) };
    };
    const suite = (change: (session: SourceSession) => Partial<SourceSession>): ReturnType<typeof sourceConformance<TestSource>> => sourceConformance<TestSource>({
      capabilities: new TestSource({}).capabilities, create: () => new TestSource({ only: testRecords(values) }), source: (source) => source,
      expected: () => new Map([["only", values]]), silent: silent(change),
    });
    expect(await failing(suite(() => ({})), "SRC-15")).toEqual(new Set());
    expect(await failing(suite(({ sleep }) => ({ sleep: () => sleep?.(() => undefined) ?? false })), "SRC-15")).toEqual(new Set(["SRC-15"]));
    expect(await failing(suite(() => ({ sleep: () => true })), "SRC-15")).toEqual(new Set(["SRC-15"]));
  });

  it("SRC-12: one that holds a handle before it is opened; SRC-13: one that assigns only after its opening", async () => {
    class LateSource extends TestSource {
      override open(context: SourceContext): Promise<SourceSession> {
        const { partitions } = context;
        const late = { ...partitions, assigned: async () => new Map<string, string>() };
        return super.open({ ...context, partitions: late });
      }
    }
    const cases = sourceConformance<TestSource>({
      capabilities: new TestSource({}).capabilities,
      create: () => new LateSource({ only: testRecords(values) }),
      source: (source) => source,
      expected: () => new Map([["only", values]]),
      openHandles: () => 1,
    });
    for (const id of ["SRC-12", "SRC-13"]) expect(await failing(cases, id)).toEqual(new Set([id]));
  });

  it("SRC-9: one that answers promises", async () => {
    const slow: Change = (session) => ({ poll: ((partition: string, limits: PollLimits) => Promise.resolve(session.poll(partition, limits))) as unknown as SourceSession["poll"] });
    expect(await run(slow, "SRC-1")).toContain("SRC-1");
  });
});

describe("broken sinks", () => {
  type Change = (session: SinkSession, target: SinkTarget) => Partial<SinkSession>;

  class BrokenSink extends RecordingSink {
    readonly change: Change;

    constructor(kind: RecordingSinkKind, target: SinkTarget, change: Change) {
      super(kind, { target, maxBufferedRecords: 64, refuse: (value) => (value === "no" ? "refused" : undefined) });
      this.change = change;
    }

    override async open(context: SinkContext): Promise<SinkSession> {
      const session = await super.open(context);
      const whole: Record<string, unknown> = {};
      for (const name of ["write", "flush", "prepare", "commitPrepared", "abortPrepared", "recover", "commitTransaction", "discard", "close"] as const) {
        if (session[name] !== undefined) whole[name] = (session[name] as (...all: unknown[]) => unknown).bind(session);
      }
      return { ...(whole as unknown as SinkSession), ...this.change(session, this.target) };
    }
  }

  const broken: readonly (readonly [string, RecordingSinkKind, Change])[] = [
    ["SNK-1", "at-least-once", () => ({ flush: async () => undefined })],
    ["SNK-2", "at-least-once", (session) => ({ write: (batch: SinkBatch) => Promise.resolve(session.write(batch)).catch(() => undefined) })],
    ["SNK-3", "idempotent", (session) => {
      let count = 0;
      return { write: (batch: SinkBatch) => session.write({ ...batch, identityAt: () => ({ shard: "x", origin: `${Math.random()}`, index: count++ }) }) };
    }],
    ["SNK-4", "store-first", (session) => ({
      async prepare(commit: SinkCommit) {
        const prepared = (await session.prepare?.(commit)) ?? new Uint8Array();
        await session.commitPrepared?.(prepared);
        return prepared;
      },
    })],
    ["SNK-5", "store-first", (session) => {
      let last: Uint8Array | undefined;
      return {
        prepare: async (commit: SinkCommit) => (last = (await session.prepare?.(commit)) ?? new Uint8Array()),
        commitPrepared: async () => (last === undefined ? undefined : session.commitPrepared?.(last)),
      };
    }],
    ["SNK-6", "sink-first", (session) => ({ commitTransaction: async (commit: SinkCommit) => session.commitTransaction?.(commit).catch(() => undefined) })],
    ["SNK-7", "store-first", (session, target) => ({
      close: async () => {
        target.append([{ value: { n: 99 }, timestampMs: 0, change: 0, identity: { shard: "", origin: "", index: 0 } }]);
        await session.close();
      },
    })],
    ["SNK-8", "at-least-once", (session) => ({ write: (batch: SinkBatch) => void Promise.resolve(session.write(batch)).catch(() => undefined) })],
    ["SNK-9", "sink-first", (session) => ({ flush: async () => session.flush(), recover: async () => [] })],
    ["SNK-10", "sink-first", (session) => ({ recover: async (shards) => session.recover?.(shards.map((one) => ({ ...one, generation: 1 }))) ?? [] })],
    ["SNK-11", "at-least-once", (session) => {
      const kept: SinkBatch[] = [];
      return {
        write: (batch: SinkBatch) => void kept.push(batch),
        flush: async () => {
          for (const batch of kept.splice(0)) await session.write(batch);
          await session.flush();
        },
      };
    }],
    ["SNK-12", "sink-first", () => ({ discard: async () => undefined })],
    ["SNK-13", "at-least-once", () => ({ recover: async () => [] })],
    ["SNK-14", "store-first", (session) => ({
      commitPrepared: async (prepared: Uint8Array) => {
        await session.commitPrepared?.(prepared);
        await session.discard?.();
      },
    })],
    ["SNK-15", "remembering", (session) => ({ recover: async (shards) => (await session.recover?.(shards))?.map((head) => ({ ...head, positions: {} })) ?? [] })],
    ["SNK-16", "at-least-once", (session) => ({ readsColumns: true, write: ({ columns, ...batch }: SinkBatch) => session.write(columns === undefined ? batch : { ...batch, length: 1, values: [{ n: columns[0]?.values[0] }] }) })],
  ];
  it.each(broken)("%s (%s)", async (id, kind, change) => {
    const failed = await failing(
      sinkConformance<SinkTarget>({
        capabilities: new RecordingSink(kind).capabilities,
        create: () => new SinkTarget(),
        sink: (target) => new BrokenSink(kind, target, change),
        value: (n) => ({ n }),
        visible: (target) => target.values.map((value) => (value as { n: number }).n),
        refusedValue: "no",
        stall: (target) => target.stall(),
        mostBufferedRecords: 1000,
      }),
      id,
    );
    expect(failed).toContain(id);
  });
});

describe("broken environments", () => {
  const clocks: Record<string, new () => ManualClock> = {
    "CLK-1": class extends ManualClock {
      override nowMs() {
        return super.monotonicMs();
      }
    },
    "CLK-2": class extends ManualClock {
      override monotonicMs() {
        return -super.monotonicMs();
      }
    },
    "CLK-3": class extends ManualClock {
      override setTimer(delayMs: number, run: () => void): CancelTimer {
        return super.setTimer(Math.floor(delayMs), run);
      }
    },
    "CLK-5": class extends ManualClock {
      override soon(run: () => void) {
        run();
      }
    },
  };
  it.each(Object.entries(clocks))("%s", async (id, Clock) => {
    expect(await failing(clockConformance({ create: () => new Clock(), pass: async (clock, ms) => (clock as ManualClock).advance(ms), setWall: (clock, nowMs) => (clock as ManualClock).setWall(nowMs) }), id)).toContain(id);
  });

  it("RND-1: one that is not spread evenly; RND-2: one that ignores its seed", async () => {
    const random = seededRandom(1);
    expect(await failing(randomConformance({ create: () => ({ next: () => random.next() ** 1.1 }), seeded: () => random }))).toEqual(new Set(["RND-1", "RND-2"]));
  });

  it.each([
    ["BUD-1", { tryTake: () => true }],
    ["BUD-2", { give: () => undefined }],
    ["BUD-3", { onFree: (run: () => void) => run() }],
  ] as const)("%s", async (id, change) => {
    const broken = (limitBytes: number) => {
      const budget = memoryBudget(limitBytes);
      return { limitBytes, get usedBytes() { return budget.usedBytes; }, tryTake: budget.tryTake.bind(budget), give: budget.give.bind(budget), onFree: budget.onFree.bind(budget), ...change };
    };
    expect(await failing(memoryBudgetConformance(broken), id)).toContain(id);
  });

  it.each([
    ["MET-1", (metrics: Metrics): Metrics => ({ ...bound(metrics), gauge: (name, help) => metrics.gauge(name, help) })],
    ["MET-2", (metrics: Metrics): Metrics => ({ ...bound(metrics), counter: (_name, help, labels) => metrics.counter("any_total", help, labels) })],
    ["MET-3", (metrics: Metrics): Metrics => ({ ...bound(metrics), gauge: () => ({ value: 3, set: (value) => { if (Number.isNaN(value)) throw new StreamFlowError("SF_INTERNAL", "NaN"); } }) })],
  ] as const)("%s", async (id, change) => {
    expect(await failing(metricsConformance({ create: () => change(new MemoryMetrics()) }), id)).toContain(id);
  });

  function bound(metrics: Metrics): Metrics {
    return { counter: metrics.counter.bind(metrics), gauge: metrics.gauge.bind(metrics), histogram: metrics.histogram.bind(metrics) };
  }
});

describe("broken disks", () => {
  const broken: readonly (readonly [string, (disk: VirtualDisk) => Partial<Disk>])[] = [
    ["DSK", (disk) => ({ list: async (folder) => [...(await disk.list(folder))].reverse() })],
    ["DSK-1", (disk) => ({ syncFolder: async (path) => void (await disk.list(path)) })],
    ["DSK-2", (disk) => ({
      rename: async (from, to) => {
        await disk.remove(to);
        await new Promise((resolve) => void setImmediate(resolve));
        await disk.rename(from, to);
      },
    })],
    ["DSK-3", (disk) => ({ createExclusive: (path) => disk.openWrite(path) })],
    ["DSK-4", (disk) => ({ openRead: (path) => disk.openRead(path).catch((cause: unknown) => { throw new StreamFlowError("SF_DISK_FAILED", path, { cause }); }) })],
    ["DSK-5", (disk) => ({ remove: (path) => disk.remove(path).catch(() => undefined) })],
  ];
  it.each(broken)("%s", async (id, change) => {
    const whole = (disk: VirtualDisk): Disk => {
      const methods: Record<string, unknown> = {};
      for (const name of ["openRead", "openWrite", "createExclusive", "rename", "remove", "removeFolder", "list", "makeFolder", "stat", "syncFolder"] as const) methods[name] = (disk[name] as (...all: unknown[]) => unknown).bind(disk);
      return { ...(methods as unknown as Disk), ...change(disk) };
    };
    const failed = await failing(
      diskConformance({
        capabilities: { crash: true, fill: true, forbid: true },
        create: () => {
          let disk = new VirtualDisk();
          return {
            disk: whole(disk),
            folder: "/data",
            crash: (seed) => whole((disk = disk.crash(seed))),
            fill: (roomBytes) => void (disk.quotaBytes = disk.usedBytes + roomBytes),
            forbid: () => void (disk.isReadOnly = true),
          };
        },
      }),
      id,
    );
    expect(failed).toContain(id);
  });
});
