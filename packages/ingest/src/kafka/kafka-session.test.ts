import { memoryBudget, type PartitionEvents, type PollLimits, rowsOf, type Source, type SourceContext, type SourceSession, StreamFlowError } from "@streamflow/core";
import { registerConformance, sourceConformance, testEnvironment } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { ndjson } from "../codecs/ndjson/ndjson.ts";
import { FakeConsumer } from "./consumer.fixture.ts";
import { type KafkaSessionParts, openKafkaSession } from "./kafka-session.ts";

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const limits: PollLimits = { maxRecords: 1_000, maxBytes: 1 << 20 };
const budgetBytes = 1 << 20;

function parts(consumer: FakeConsumer, context: SourceContext, options: Partial<KafkaSessionParts> = {}): KafkaSessionParts {
  const decoder = { projection: "all", maxRecordBytes: 1 << 20 } as const;
  return {
    consumer, context, group: "g", start: "earliest", whenGone: "fail", isBounded: false, rebalanceTimeoutMs: 60_000, what: "kafka source",
    decoding: { factory: ndjson(), decoder, fields: {}, tombstones: "reject", maxRejectedBytes: 100 }, ...options,
  };
}

class Trial {
  readonly test = testEnvironment();
  readonly budget = memoryBudget(budgetBytes);
  readonly log: string[] = [];
  readonly failures: unknown[] = [];
  readonly controller = new AbortController();
  /** What `assigned` of the engine waits for. */
  restoring: Promise<void> = Promise.resolve();
  readonly consumer: FakeConsumer;

  constructor(consumer: FakeConsumer) {
    this.consumer = consumer;
  }

  get context(): SourceContext {
    const partitions: PartitionEvents = {
      assigned: async (given) => {
        await this.restoring;
        this.log.push(...given.map(({ partition, generation }) => `+${partition}@${generation}`));
        return new Map();
      },
      revoked: async (names) => void this.log.push(...names.map((name) => `-${name}`)),
      lost: (names) => void this.log.push(...names.map((name) => `!${name}`)),
      failed: (error) => void this.failures.push(error),
    };
    const environment = { ...this.test.environment, budget: this.budget };
    return { environment, node: "in", projection: "all", partitions, signal: this.controller.signal, maxRejectedBytes: 100, limits };
  }

  open(options: Partial<KafkaSessionParts> = {}): Promise<SourceSession> {
    return openKafkaSession(parts(this.consumer, this.context, options));
  }
}

const records = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => JSON.stringify({ i, text: "x".repeat(20) }));

function rows(answer: ReturnType<SourceSession["poll"]>): readonly unknown[] {
  return typeof answer === "string" ? [] : rowsOf(answer);
}

describe("memory", () => {
  it("counts a block from its fetch until it is handed over, beside the one that is fetched meanwhile", async () => {
    const t = new Trial(new FakeConsumer({ "t-0": records(300) }));
    const session = await t.open();
    await settled();
    const whole = t.budget.usedBytes;
    expect(whole).toBeGreaterThan(100 * 30);
    const batch = session.poll("t-0", { maxRecords: 10, maxBytes: 1 << 20 });
    await settled();
    // Ninety records of the first block are still here, and the second block is.
    expect(rows(batch)).toHaveLength(10);
    expect(t.budget.usedBytes).toBeGreaterThan(whole * 1.3);
    for (let left = 290; left > 0; await settled()) left -= rows(session.poll("t-0", limits)).length;
    expect(session.poll("t-0", limits)).toBe("idle");
    // A fetch that brought nothing holds nothing.
    expect(t.budget.usedBytes).toBe(0);
    for (let i = 0; i < 5; i++) expect(t.consumer.fetch("t-0")).toBe(true);
    expect(t.budget.usedBytes).toBe(0);
    await session.close();
  });

  it.each(["revoke", "lose"] as const)("gives everything back when partitions go (%s), and when it closes", async (how) => {
    const t = new Trial(new FakeConsumer({ "t-0": records(300), "t-1": records(300) }));
    const session = await t.open();
    await settled();
    session.poll("t-0", { maxRecords: 1, maxBytes: 1 });
    await settled();
    await t.consumer[how]("t-0");
    await session.close();
    expect(t.budget.usedBytes).toBe(0);
  });
});

describe("partitions that go while they come", () => {
  it("what was lost while state was restored is not begun", async () => {
    const t = new Trial(new FakeConsumer({ "t-0": records(3), "t-1": records(3) }, ["t-0"]));
    const session = await t.open();
    const restoring = Promise.withResolvers<void>();
    t.restoring = restoring.promise;
    const assigning = t.consumer.assign("t-1");
    t.consumer.lose("t-0", "t-1");
    restoring.resolve();
    await assigning;
    expect([...t.consumer.started.keys()]).toEqual([]);
    expect(session.poll("t-1", limits)).toBe("idle");
    await session.close();
  });

  it("what is assigned while it closes is not begun", async () => {
    const t = new Trial(new FakeConsumer({ "t-0": records(3), "t-1": records(3) }, ["t-0"]));
    const session = await t.open();
    const restoring = Promise.withResolvers<void>();
    t.restoring = restoring.promise;
    const assigning = t.consumer.assign("t-1");
    await session.close();
    restoring.resolve();
    await assigning;
    expect([...t.consumer.started.keys()]).toEqual([]);
  });
});

describe("failures", () => {
  it("reach the engine also where no partition is polled, once as an error with a code", async () => {
    const t = new Trial(new FakeConsumer({}));
    const session = await t.open();
    t.consumer.listener.failed(Object.assign(new Error("no"), { apiId: "GROUP_AUTHORIZATION_FAILED" }));
    expect(t.failures).toMatchObject([{ code: "SF_CONFIG_INVALID", context: { kafka: "GROUP_AUTHORIZATION_FAILED" } }]);
    await expect(session.ready()).rejects.toMatchObject({ code: "SF_CONFIG_INVALID" });
    await session.close();
    t.consumer.listener.failed(new Error("later"));
    expect(t.failures).toHaveLength(1);
  });

  it("are thrown by poll after what was read", async () => {
    const t = new Trial(new FakeConsumer({ "t-0": records(2) }));
    const session = await t.open();
    await settled();
    t.consumer.listener.failed(new StreamFlowError("SF_SOURCE_CONNECT", "away"));
    expect(rows(session.poll("t-0", limits))).toHaveLength(2);
    expect(() => session.poll("t-0", limits)).toThrow(expect.objectContaining({ code: "SF_SOURCE_CONNECT" }));
    await session.close();
  });
});

it("an abort ends an opening that would never end, and closes the consumer", async () => {
  const t = new Trial(new FakeConsumer({ "t-0": [] }));
  t.consumer.opening = new Promise(() => undefined);
  const opening = t.open();
  t.controller.abort();
  await expect(opening).rejects.toMatchObject({ code: "SF_ABORTED" });
  expect(t.consumer.closed).toBe(1);
});

describe("commits of the group", () => {
  it("are said before the next owner has the partition, and not of what is lost", async () => {
    const t = new Trial(new FakeConsumer({ "t-0": records(3), "t-1": records(3) }));
    const session = await t.open();
    const committing = Promise.withResolvers<void>();
    t.consumer.committing = committing.promise;
    void session.committed?.(new Map([["t-0", "2"]]));
    void session.committed?.(new Map([["t-0", "3"], ["t-1", "1"]]));
    let isRevoked = false;
    const revoking = t.consumer.revoke("t-0").then(() => (isRevoked = true));
    t.consumer.lose("t-1");
    await settled();
    expect(isRevoked).toBe(false);
    committing.resolve();
    await revoking;
    expect(t.consumer.commits.map((commit) => [...commit])).toEqual([[["t-0", 2n]], [["t-0", 3n]]]);
    await session.close();
  });

  it("that nobody answers hold up no end", async () => {
    const t = new Trial(new FakeConsumer({ "t-0": records(3) }));
    const session = await t.open();
    t.consumer.committing = new Promise(() => undefined);
    void session.committed?.(new Map([["t-0", "2"]]));
    const closing = session.close();
    await t.test.clock.advanceAsync(3_000);
    await closing;
    expect(t.consumer.closed).toBe(1);
    expect(t.test.clock.pendingTimers).toBe(0);
  });
});

interface Subject {
  readonly data: Readonly<Record<string, readonly string[]>>;
  consumer: FakeConsumer | undefined;
}

/** A source over the consumer of the test: with the engine's side of the contract as it is. */
function sourceOf(subject: Subject): Source {
  return {
    type: "fake", capabilities: { replayable: true, bounded: false, deterministic: true }, config: {},
    open: (context) => {
      subject.consumer = new FakeConsumer(subject.data);
      return openKafkaSession(parts(subject.consumer, context));
    },
  };
}

describe("as a source in a group", () => {
  registerConformance(it, sourceConformance<Subject>({
    capabilities: { replayable: true, bounded: false, deterministic: true },
    readAheadRecords: 1_000_000,
    create: (count) => ({ consumer: undefined, data: Object.fromEntries([0, 1, 2].map((partition) => [`t-${partition}`, records(count).filter((_, i) => i % 3 === partition)])) }),
    source: sourceOf,
    expected: ({ data }) => new Map(Object.entries(data).map(([name, values]) => [name, values.map((text) => JSON.parse(text) as unknown)])),
    loseConnection: ({ consumer }) => consumer?.listener.failed(Object.assign(new Error("refused"), { code: "PLT_KFK_NETWORK" })),
    group: {
      revoke: async ({ consumer }, partition) => await consumer?.revoke(partition),
      lose: ({ consumer }, partition) => consumer?.lose(partition),
      assign: async ({ consumer }, partition) => await consumer?.assign(partition),
    },
  }));
});
