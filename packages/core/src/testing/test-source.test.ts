import { describe, expect, it } from "vitest";
import type { PartitionAssignment, SourceContext } from "../contracts/source.ts";
import { StreamFlowError } from "../errors.ts";
import { ChangeKind, type Batch, type Position } from "../record.ts";
import { registerConformance } from "./conformance/case.ts";
import { sourceConformance } from "./conformance/source.ts";
import { testEnvironment } from "./environment.ts";
import { poison } from "./poison.ts";
import { ABORT, EOF, PAUSE, testRecords } from "./test-item.ts";
import { TestSource } from "./test-source.ts";

const wide = { maxRecords: 1000, maxBytes: 1_000_000 };

function values(partition: string, count: number): unknown[] {
  return Array.from({ length: count }, (_, i) => ({ id: `${partition}-${i}` }));
}

describe("test source", () => {
  registerConformance(
    it,
    sourceConformance<TestSource>({
      capabilities: new TestSource({}).capabilities,
      create: (records) => {
        const source: TestSource = new TestSource({ a: testRecords(values("a", records - 21)), b: testRecords(values("b", 21)), empty: [] });
        return source;
      },
      source: (source) => source,
      expected: (source) => new Map((source.config["partitions"] as string[]).map((name) => [name, values(name, name === "a" ? 479 : name === "b" ? 21 : 0)])),
      recordsRead: (source) => source.delivered,
      openHandles: (source) => source.openSessions,
      group: {
        revoke: (source, partition) => source.revoke([partition]),
        lose: (source, partition) => source.lose([partition]),
        assign: (source, partition) => source.assign([partition]),
      },
    }),
  );
});

describe("unbounded test source", () => {
  registerConformance(
    it,
    sourceConformance<TestSource>({
      capabilities: new TestSource({}, { bounded: false }).capabilities,
      create: (records) => new TestSource({ only: testRecords(values("only", records)) }, { bounded: false, batchRecords: 3 }),
      source: (source) => source,
      expected: () => new Map([["only", values("only", 500)]]),
      recordsRead: (source) => source.delivered,
      openHandles: (source) => source.openSessions,
    }),
  );
});

class Session {
  readonly log: string[] = [];
  readonly controller = new AbortController();
  readonly starts = new Map<string, Position>();

  async open(source: TestSource) {
    const context: SourceContext = {
      environment: testEnvironment().environment,
      node: "n",
      projection: "all",
      signal: this.controller.signal,
      maxRejectedBytes: 100,
      limits: wide,
      partitions: {
        assigned: async (given: readonly PartitionAssignment[]) => {
          this.log.push(...given.map(({ partition, generation }) => `+${partition}@${generation}`));
          return new Map(given.map(({ partition }) => [partition, this.starts.get(partition)]));
        },
        revoked: async (names) => void this.log.push(...names.map((name) => `-${name}`)),
        lost: (names) => void this.log.push(...names.map((name) => `!${name}`)),
      },
    };
    return source.open(context);
  }
}

const valuesOf = (batch: Batch | "idle" | "end") => (typeof batch === "string" ? batch : batch.values);

describe("markers of a test source", () => {
  it("PAUSE is idle until resume, and ready() waits for it", async () => {
    const source = new TestSource({ a: [{ value: 1 }, PAUSE, { value: 2 }] });
    const session = await new Session().open(source);
    expect(valuesOf(session.poll("a", wide))).toEqual([1]);
    expect(session.poll("a", wide)).toBe("idle");
    let isReady = false;
    const ready = session.ready().then(() => void (isReady = true));
    await Promise.resolve();
    expect(isReady).toBe(false);
    source.resume("a");
    await ready;
    expect(valuesOf(session.poll("a", wide))).toEqual([2]);
    expect(session.poll("a", wide)).toBe("end");
  });

  it("ABORT fails once with a retryable error, and the next opening reads on", async () => {
    const source = new TestSource({ a: [{ value: 1 }, ABORT, { value: 2 }] });
    const session = await new Session().open(source);
    session.poll("a", wide);
    expect(() => session.poll("a", wide)).toThrow(expect.objectContaining({ code: "SF_SOURCE_CONNECT", retryable: true }));
    const again = new Session();
    again.starts.set("a", "1");
    expect(valuesOf((await again.open(source)).poll("a", wide))).toEqual([2]);
  });

  it("EOF ends a partition, and the next opening reads on", async () => {
    const source = new TestSource({ a: [{ value: 1 }, EOF, { value: 2 }] });
    const session = await new Session().open(source);
    session.poll("a", wide);
    expect([session.poll("a", wide), session.poll("a", wide)]).toEqual(["end", "end"]);
    await session.close();
    const again = new Session();
    again.starts.set("a", "1");
    expect(valuesOf((await again.open(source)).poll("a", wide))).toEqual([2]);
  });

  it("append wakes an unbounded source", async () => {
    const source = new TestSource({ a: [] }, { bounded: false });
    const session = await new Session().open(source);
    expect(session.poll("a", wide)).toBe("idle");
    const ready = session.ready();
    source.append("a", { value: 1 });
    await ready;
    expect(valuesOf(session.poll("a", wide))).toEqual([1]);
    expect(() => source.append("b", { value: 1 })).toThrow(/no partition "b"/);
  });
});

describe("batches of a test source", () => {
  it("carry times, keys, change kinds, transactions and rejected inputs with exact positions", async () => {
    const source = new TestSource({
      a: [{ value: 1, timestampMs: 5, key: "k", endsTransaction: true }, { reject: "bad", raw: Uint8Array.of(1) }, { value: 2, change: ChangeKind.delete }],
    });
    const batch = (await new Session().open(source)).poll("a", wide) as Batch;
    expect(batch).toMatchObject({ length: 2, keys: ["k", undefined], transactionEnds: [0], endPosition: "3" });
    expect([...(batch.timestamps ?? [])]).toEqual([5, NaN]);
    expect([...(batch.changes ?? [])]).toEqual([0, 3]);
    expect([batch.positionAt(0), batch.positionAt(1)]).toEqual(["1", "3"]);
    expect(batch.rejected).toMatchObject([{ beforeIndex: 1, position: "2", error: { code: "SF_CODEC_DECODE" } }]);
  });

  it("B4: are overwritten when they are released, and may be released once", async () => {
    const session = await new Session().open(new TestSource({ a: testRecords([1, 2], (n) => n) }));
    const batch = session.poll("a", wide) as Batch;
    batch.release?.();
    expect(batch.values).toEqual([poison, poison]);
    expect([...(batch.timestamps ?? [])]).toEqual([-1e300, -1e300]);
    expect(() => batch.release?.()).toThrow(/released twice/);
  });
});

describe("partitions of a test source", () => {
  it("come and go; a revoked or lost one cannot be polled", async () => {
    const source = new TestSource({ a: testRecords([1]), b: testRecords([2]) });
    const events = new Session();
    const session = await events.open(source);
    await source.revoke(["a"]);
    source.lose(["b"]);
    for (const partition of ["a", "b"]) expect(() => session.poll(partition, wide)).toThrow(StreamFlowError);
    await source.assign(["a"]);
    expect(valuesOf(session.poll("a", wide))).toEqual([1]);
    expect(events.log).toEqual(["+a@1", "+b@1", "-a", "!b", "+a@2"]);
  });

  it("refuse positions that they do not have", async () => {
    const events = new Session();
    events.starts.set("a", "9");
    await expect(events.open(new TestSource({ a: testRecords([1]) }))).rejects.toMatchObject({ code: "SF_SOURCE_POSITION" });
  });
});
