import { testEnvironment } from "@streamflow/core/testing";
import { expect, it } from "vitest";
import { offsetAt } from "./record-block.ts";
import { WireFetcher } from "./wire-fetcher.ts";
import { batchOf, brokerError, FakeWire, networkError } from "./wire.fixture.ts";

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
type Query = { readonly maxWaitMs: number; readonly topics: readonly { readonly id: string; readonly partitions: readonly { readonly partition: number; readonly offset: bigint }[] }[] };

class Trial {
  readonly test = testEnvironment();
  readonly fake = new FakeWire({ t: 3 });
  readonly log: string[] = [];
  readonly failures: unknown[] = [];
  /** Partitions for which there is no memory. */
  readonly full = new Set<string>();
  /** Partitions that `mayFetch` has given memory, and `fetched` not taken back. */
  readonly held = new Map<string, number>();
  readonly fetcher: WireFetcher;

  constructor() {
    const hold = (name: string, by: number): void => void this.held.set(name, (this.held.get(name) ?? 0) + by);
    this.fetcher = new WireFetcher({
      wire: this.fake.wire,
      options: { environment: this.test.environment, what: "kafka source", isolation: "committed", wanted: { keys: false, headers: false }, fetchBytes: 1_000, maxWaitMs: 500, mayLosePosition: false } as never,
      listener: {
        mayFetch: (name) => {
          if (this.full.has(name)) return false;
          hold(name, 1);
          return true;
        },
        fetched: (name, byteLength, nextOffset) => {
          hold(name, -1);
          this.log.push(`${name} ${byteLength > 0 ? "block" : "nothing"} ${nextOffset}`);
        },
        failed: (error) => void this.failures.push(error),
      },
    });
  }

  /** Starts these partitions in one turn. A first request is answered with nothing: it is on its way before the others are started. */
  async start(...starts: readonly (readonly [partition: number, offset: bigint])[]): Promise<void> {
    this.fetcher.start({ topic: "t", partition: 2 }, 0n);
    const first = await this.asked();
    this.fetcher.stop("t-2");
    this.held.clear();
    for (const [partition, offset] of starts) this.fetcher.start({ topic: "t", partition }, offset);
    await first.answer();
  }

  async close(): Promise<void> {
    const closing = this.fetcher.close();
    this.fake.close();
    await closing;
  }

  async asked(): Promise<{ readonly at: readonly string[]; readonly maxWaitMs: number; answer(...parts: readonly unknown[]): Promise<void>; fail(error: unknown): Promise<void> }> {
    const call = await this.fake.next();
    const [query] = call.args as readonly [Query];
    return {
      at: query.topics.flatMap(({ partitions }) => partitions.map(({ partition, offset }) => `${partition}@${offset}`)),
      maxWaitMs: query.maxWaitMs,
      answer: async (...parts) => {
        call.answer(parts);
        await settled();
      },
      fail: async (error) => {
        call.fail(error);
        await settled();
      },
    };
  }
}

function part(partition: number, offset: bigint, ...values: string[]): unknown {
  const records = values.length === 0 ? new Uint8Array(0) : batchOf(offset, values);
  return { topicId: "id-t", partition, error: undefined, failure: undefined, isPassing: false, highWatermark: 100n, lastStableOffset: 90n, logStartOffset: 0n, aborted: [], records };
}

function refused(partition: number, name: string, canRetry: boolean): unknown {
  return { ...(part(partition, 0n) as object), error: name, failure: brokerError(name, canRetry), isPassing: canRetry, logStartOffset: 7n };
}

it("fetches from where reading is, one block ahead, and the rest without waiting for it (F1)", async () => {
  const t = new Trial();
  await t.start([0, 5n], [1, 0n]);
  const first = await t.asked();
  expect(first).toMatchObject({ at: ["0@5", "1@0"], maxWaitMs: 500 });
  await first.answer(part(0, 5n, "a", "b"), part(1, 0n));
  const second = await t.asked();
  expect(second).toMatchObject({ at: ["1@0"], maxWaitMs: 0 });
  const block = t.fetcher.take("t-0")!;
  expect([block.length, offsetAt(block, 1), block.nextOffset, block.endOffset]).toEqual([2, 6n, 7n, 90n]);
  await second.answer(part(1, 0n));
  expect((await t.asked()).at).toEqual(["0@7", "1@0"]);
  await t.close();
});

it("asks a partition for which there was no memory as soon as somebody waits for it", async () => {
  const t = new Trial();
  t.full.add("t-0");
  await t.start([0, 0n]);
  await settled();
  expect(t.fake.waiting).toBe(0);
  t.full.clear();
  expect(t.fetcher.take("t-0")).toBeUndefined();
  expect((await t.asked()).at).toEqual(["0@0"]);
  await t.close();
});

it("throws away what comes for a partition that was stopped or started elsewhere since, and tells nothing of it (F2)", async () => {
  const t = new Trial();
  await t.start([0, 0n], [1, 0n]);
  const first = await t.asked();
  t.fetcher.stop("t-1");
  t.fetcher.start({ topic: "t", partition: 0 }, 40n);
  await first.answer(part(0, 0n, "old"), part(1, 0n, "old"));
  expect(t.log).toEqual([]);
  expect((await t.asked()).at).toEqual(["0@40"]);
  expect(t.fetcher.take("t-0")).toBeUndefined();
  expect(t.fetcher.take("t-1")).toBeUndefined();
  await t.close();
});

it("gives memory back whatever becomes of a request, and of a block only when it is taken (F3)", async () => {
  const t = new Trial();
  await t.start([0, 0n], [1, 0n]);
  const first = await t.asked();
  await first.answer(part(0, 0n, "a"), refused(1, "NOT_LEADER_OR_FOLLOWER", true));
  expect([...t.held]).toEqual([["t-0", 0], ["t-1", 0]]);
  expect(t.log).toEqual(["t-0 block 1", "t-1 nothing 0"]);
  await t.test.clock.advanceAsync(200);
  await (await t.asked()).fail(networkError());
  expect([...t.held]).toEqual([["t-0", 0], ["t-1", 0]]);
  await t.close();
});

it("goes on with the new leader when it has moved, and with the old one when it is back", async () => {
  const t = new Trial();
  await t.start([0, 0n]);
  const first = await t.asked();
  t.fake.topics.get("t")!.partitions[0]!.leader = 2;
  await first.fail(networkError());
  await t.test.clock.advanceAsync(200);
  const second = await t.asked();
  expect(t.fake.refreshes).toBe(1);
  await second.answer(part(0, 0n, "a"));
  expect(t.fetcher.take("t-0")?.length).toBe(1);
  await t.close();
});

it("takes no memory while nobody leads, and looks for a leader for as long as it takes", async () => {
  const t = new Trial();
  t.fake.topics.get("t")!.partitions[0]!.leader = -1;
  t.fetcher.start({ topic: "t", partition: 0 }, 0n);
  for (let i = 0; i < 50; i++) await t.test.clock.advanceAsync(200);
  expect(t.held.get("t-0") ?? 0).toBe(0);
  expect(t.fake.waiting).toBe(0);
  t.fake.topics.get("t")!.partitions[0]!.leader = 1;
  await t.test.clock.advanceAsync(400);
  expect((await t.asked()).at).toEqual(["0@0"]);
  await t.close();
});

it("asks seldom what has nothing while another block waits, and leaves nothing behind", async () => {
  const t = new Trial();
  await t.start([0, 0n], [1, 0n]);
  await (await t.asked()).answer(part(0, 0n, "a"), part(1, 0n));
  let asked = 0;
  for (let ms = 0; ms < 10_000; ms += 20) {
    if (t.fake.waiting > 0) {
      asked++;
      await (await t.asked()).answer(part(1, 0n));
    }
    await t.test.clock.advanceAsync(20);
  }
  // 20, 40, … 500, 500 ms; not fifty a second.
  expect(asked).toBeLessThan(30);
  expect(asked).toBeGreaterThan(15);
  await t.close();
  await t.test.clock.advanceAsync(1_000);
  expect(t.test.clock.pendingTimers).toBe(0);
});

it.each([["OFFSET_OUT_OF_RANGE", "SF_SOURCE_POSITION"], ["TOPIC_AUTHORIZATION_FAILED", "SF_CONFIG_INVALID"], ["UNSUPPORTED_COMPRESSION_TYPE", "SF_CONFIG_INVALID"], ["UNKNOWN_SERVER_ERROR", "SF_SOURCE_FAILED"]])("fails by %s", async (name, code) => {
  const t = new Trial();
  await t.start([0, 0n]);
  await (await t.asked()).answer(refused(0, name, false));
  expect(t.failures).toMatchObject([{ code, retryable: false, context: { kafka: name } }]);
  await t.close();
});

it("fails where a topic was made anew: its offsets are others (F4)", async () => {
  const t = new Trial();
  await t.start([0, 12n]);
  const first = await t.asked();
  t.fake.topics.get("t")!.id = "id-new";
  await first.answer(refused(0, "UNKNOWN_TOPIC_ID", true));
  await t.test.clock.advanceAsync(200);
  expect(t.failures).toMatchObject([{ code: "SF_SOURCE_POSITION" }]);
  await t.close();
});

it("fails where a topic stays away, not where brokers know of it a little later (F4)", async () => {
  const t = new Trial();
  await t.start([0, 0n]);
  const first = await t.asked();
  const topic = t.fake.topics.get("t")!;
  t.fake.topics.clear();
  await first.answer(refused(0, "UNKNOWN_TOPIC_ID", true));
  await t.test.clock.advanceAsync(5_000);
  t.fake.topics.set("t", topic);
  await t.test.clock.advanceAsync(400);
  const second = await t.asked();
  t.fake.topics.clear();
  await second.answer(refused(0, "UNKNOWN_TOPIC_ID", true));
  await t.test.clock.advanceAsync(9_000);
  expect(t.failures).toEqual([]);
  await t.test.clock.advanceAsync(2_000);
  expect(t.failures).toMatchObject([{ code: "SF_SOURCE_MISSING" }]);
  await t.close();
});

it("fails by a password that is refused when it connects again", async () => {
  const t = new Trial();
  await t.start([0, 0n]);
  const first = await t.asked();
  t.fake.refreshError = Object.assign(new Error("SASL authentication failed."), { code: "PLT_KFK_AUTHENTICATION" });
  await first.fail(networkError());
  await t.test.clock.advanceAsync(200);
  expect(t.failures).toHaveLength(1);
  await t.close();
});

it("closes with a request on its way, and tells nothing afterwards", async () => {
  const t = new Trial();
  await t.start([0, 0n]);
  const first = await t.asked();
  const closing = t.fetcher.close();
  await first.fail(networkError());
  await closing;
  expect(t.failures).toEqual([]);
  expect(t.log).toEqual([]);
  expect(t.test.clock.pendingTimers).toBe(0);
});
