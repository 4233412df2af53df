// Clauses of CommitObserver, held by the engine.
import { describe, expect, it } from "vitest";
import { Latch } from "../async/signal.ts";
import { Pipeline } from "../pipeline.ts";
import { PipelineDriver } from "../testing/driver.ts";
import { MemoryStorage, memoryStores } from "../testing/memory-stores.ts";
import type { RecordingSinkKind } from "../testing/recording-sink.ts";
import type { CommitObserver, CommittedPartition, ObservedRun } from "./commit-observer.ts";
import type { Sink } from "./sink.ts";

interface Trial {
  readonly driver: PipelineDriver;
  readonly asked: ObservedRun[];
  readonly told: CommittedPartition[][];
  /** Records that were handed to the sink, in calls of `write`. */
  readonly written: unknown[];
  /** What a reader of the sink sees at each call of the observer. */
  readonly visibleWhenTold: (readonly unknown[])[];
  /** Set: the observer waits for it. */
  gate: Latch | undefined;
  failure: Error | undefined;
}

function trial({ kind, mode, partitions = ["0"] }: { readonly kind: RecordingSinkKind; readonly mode: "sync" | "async"; readonly partitions?: readonly string[] }): Trial {
  const storage = new MemoryStorage();
  const written: unknown[] = [];
  const watched = (sink: Sink): Sink => ({
    ...sink,
    open: async (context) => {
      const session = await sink.open(context);
      return new Proxy(session, {
        get: (target, name) => {
          if (name === "write") return (batch: { readonly values: ArrayLike<unknown> }) => (written.push(...Array.from(batch.values)), target.write(batch as never));
          const member: unknown = Reflect.get(target, name, target);
          return typeof member === "function" ? (member.bind(target) as unknown) : member;
        },
      });
    },
  });
  const driver: PipelineDriver = new PipelineDriver({
    brokers: { in: { partitions } },
    build: ({ source, sink }) => new Pipeline({ name: "p", checkpoint: { everyMs: 1_000, mode }, restart: { initialDelayMs: 10 } }).from(source(), { id: "orders" }).to(watched(sink("out", kind))),
    stores: ({ clock }) => ({ ...memoryStores(clock, storage), observe: (run) => (made.asked.push(run), observer) }),
  });
  const observer: CommitObserver = {
    committed: async (partitions_) => {
      made.told.push([...partitions_]);
      made.visibleWhenTold.push([...driver.values()]);
      await made.gate?.wait();
      if (made.failure !== undefined) throw made.failure;
    },
  };
  const made: Trial = { driver, asked: [], told: [], written, visibleWhenTold: [], gate: undefined, failure: undefined };
  return made;
}

const kinds: readonly RecordingSinkKind[] = ["at-least-once", "idempotent", "sink-first", "store-first"];

describe.each(kinds.flatMap((kind) => (["sync", "async"] as const).map((mode) => ({ kind, mode }))))("$kind, $mode", (setting) => {
  it("OBS-1, OBS-2: it is told what all sinks have, and nothing more is seen before it has answered", async () => {
    const made = trial(setting);
    const { driver, told, written, visibleWhenTold } = made;
    await driver.start();
    driver.push([1, 2, 3]);
    await driver.checkpoint();
    expect(told).toEqual([[{ source: "orders", partition: "0", position: "3", generation: 1, epoch: 1 }]]);
    expect(visibleWhenTold).toEqual([[1, 2, 3]]);

    made.gate = new Latch();
    driver.push([4, 5]);
    await driver.advance(1_000);
    expect(told[1]).toEqual([{ source: "orders", partition: "0", position: "5", generation: 1, epoch: 2 }]);
    driver.push([6, 7]);
    await driver.settle();
    expect([driver.values(), told.length]).toEqual([[1, 2, 3, 4, 5], 2]);
    // To sinks whose output counts only when it is committed, it may be given before.
    if (["at-least-once", "idempotent"].includes(setting.kind)) expect(written).toEqual([1, 2, 3, 4, 5]);

    made.gate.open();
    made.gate = undefined;
    await driver.checkpoint();
    expect(driver.values()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(told.at(-1)).toMatchObject([{ position: "7" }]);
    await driver.stop();
  });

  it("OBS-3: where it fails, the epoch counts, and it is told where the partition begins again before anything is seen", async () => {
    const made = trial(setting);
    const { driver, told, visibleWhenTold } = made;
    await driver.start();
    driver.push([1, 2, 3]);
    made.failure = new Error("the record cannot be written");
    await driver.checkpoint();
    made.failure = undefined;
    driver.push([4]);
    await driver.advance(5_000);
    expect(driver.run().restarts).toBe(1);
    expect(told[0]).toMatchObject([{ position: "3", generation: 1, epoch: 1 }]);
    expect(told[1]).toEqual([{ source: "orders", partition: "0", position: "3", generation: 2, epoch: 1 }]);
    expect(visibleWhenTold[1]).toEqual([1, 2, 3]);
    await driver.checkpoint();
    expect(driver.values()).toEqual([1, 2, 3, 4]);
    // One run, whatever it went through.
    expect(made.asked).toHaveLength(1);
    expect(made.asked[0]).toMatchObject({ pipeline: "p", sources: [{ node: "orders" }] });
  });
});

it("names every partition of the process, and none that has nothing", async () => {
  const made = trial({ kind: "sink-first", mode: "async", partitions: ["a", "b", "c"] });
  await made.driver.start();
  made.driver.push([1, 2], "a");
  made.driver.push([3], "c");
  await made.driver.checkpoint();
  expect(made.told.at(-1)?.map(({ partition, position }) => [partition, position])).toEqual([["a", "2"], ["c", "1"]]);
  made.driver.push([4], "b");
  await made.driver.checkpoint();
  expect(made.told.at(-1)?.map(({ partition, position }) => [partition, position])).toEqual([["a", "2"], ["b", "1"], ["c", "1"]]);
});
