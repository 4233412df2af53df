import { BatchError, StreamFlowError, type Sink, type SinkCommit } from "@streamflow/core";
import { registerConformance, sinkConformance, testEnvironment } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { callbackSink } from "./connectors/callback.ts";
import { memorySink } from "./connectors/memory.ts";
import { identityKey } from "./idempotency.ts";
import { outboxed, type OutboxOptions } from "./outbox.ts";
import { sinkBatch } from "./sink-batch.ts";

/** A table with a unique key, as an idempotent target is. */
class Table {
  readonly rows = new Map<string, unknown>();
  /** The sink is unavailable for so many calls. */
  downFor = 0;
  calls = 0;

  sink(): Sink<unknown> {
    return callbackSink((records, batch) => {
      this.calls++;
      if (this.downFor > 0) {
        this.downFor--;
        throw new StreamFlowError("SF_SINK_UNAVAILABLE", "down");
      }
      const failures = records.flatMap((value, index) => (value === "bad" ? [{ index, error: new StreamFlowError("SF_CODEC_ENCODE", "bad") }] : []));
      records.forEach((value, index) => {
        if (value !== "bad") this.rows.set(identityKey({ pipeline: "p", node: "out" }, batch.identityAt(index)), value);
      });
      if (failures.length > 0) throw new BatchError("bad ones", failures);
    }, { delivery: "idempotent", takesChanges: true });
  }
}

describe("conformance", () => {
  registerConformance(it, sinkConformance<Table>({
    capabilities: { delivery: "transactional", commitOrder: "store-first" },
    create: () => new Table(),
    sink: (target) => outboxed(target.sink()),
    value: (n) => n,
    visible: (target) => [...target.rows.values()] as readonly number[],
    refusedValue: new (class Thing {})(),
  }));
});

function commit(epoch: number): SinkCommit {
  return { epoch, shards: [{ shard: "k:0", generation: 1, epoch, positions: {} }] };
}

async function open(table: Table, options: OutboxOptions = {}) {
  const test = testEnvironment();
  const session = await outboxed(table.sink(), options).open({ environment: test.environment, pipeline: "p", node: "out", schema: undefined, keyFields: undefined, signal: new AbortController().signal });
  return { ...test, session };
}

it("O1: identities are shard, epoch and index in the shard's output, the same when sent again", async () => {
  const table = new Table();
  const { session } = await open(table);
  const shards = ["k:1", "k:2", "k:1"];
  await session.write(sinkBatch(["a", "b", "c"], { identityAt: (index) => ({ shard: shards[index] ?? "", origin: "x", index: 99 }) }));
  const prepared = (await session.prepare?.(commit(7))) ?? new Uint8Array();
  for (const _ of [1, 2]) await session.commitPrepared?.(prepared);
  expect([...table.rows]).toEqual([["p/out/k:1/epoch 7/0", "a"], ["p/out/k:2/epoch 7/0", "b"], ["p/out/k:1/epoch 7/1", "c"]]);
});

it("values, times and change kinds come back exactly", async () => {
  const values = [{ big: 2n ** 62n, nan: NaN, zero: -0, map: new Map([[1n, [null]]]), bytes: Uint8Array.of(1), text: "ü\ud800" }, null, 5];
  const written: unknown[] = [];
  const target = callbackSink((records, batch) => void records.forEach((value, i) => written.push([value, batch.timestamps[i], batch.changes?.[i] ?? 0])), { delivery: "idempotent", takesChanges: true });
  const other = await outboxed(target).open({ environment: testEnvironment().environment, pipeline: "p", node: "out", schema: undefined, keyFields: undefined, signal: new AbortController().signal });
  await other.write(sinkBatch(values, { timestamps: [1.5, NaN, 3], changes: [0, 3, 2] }));
  await other.commitPrepared?.((await other.prepare?.(commit(1))) ?? new Uint8Array());
  expect(written).toEqual([[values[0], 1.5, 0], [null, NaN, 3], [5, 3, 2]]);
});

it("a sink that is down is tried again on the clock; a crash in between sends the rest", async () => {
  const table = new Table();
  const { session, clock } = await open(table, { batchRecords: 2, retry: { maxAttempts: 3 } });
  await session.write(sinkBatch([1, 2, 3, 4, 5]));
  const prepared = (await session.prepare?.(commit(1))) ?? new Uint8Array();
  table.downFor = 100;
  const failed = Promise.resolve(session.commitPrepared?.(prepared)).catch((error: unknown) => error);
  for (let i = 0; i < 5; i++) await clock.advanceToNext();
  expect(await failed).toMatchObject({ code: "SF_SINK_UNAVAILABLE" });
  expect(table.calls).toBe(3);
  table.downFor = 1;
  const next = await open(table, { batchRecords: 2 });
  const done = next.session.commitPrepared?.(prepared);
  await next.clock.advanceToNext();
  await done;
  expect([...table.rows.values()]).toEqual([1, 2, 3, 4, 5]);
});

it("a record that the sink refuses goes to onReject, else fails", async () => {
  const table = new Table();
  const rejected: unknown[] = [];
  const { session } = await open(table, { onReject: (_error, value) => void rejected.push(value) });
  await session.write(sinkBatch([1, "bad", 2]));
  const prepared = (await session.prepare?.(commit(1))) ?? new Uint8Array();
  await session.commitPrepared?.(prepared);
  expect(rejected).toEqual(["bad"]);
  expect([...table.rows.values()]).toEqual([1, 2]);
  const strict = await open(table);
  await expect(strict.session.commitPrepared?.(prepared)).rejects.toMatchObject({ code: "SF_SINK_PARTIAL" });
});

it("O3: the output of an epoch is bounded, and starts anew with the next", async () => {
  const { session } = await open(new Table(), { maxEpochBytes: 1000 });
  await session.write(sinkBatch(["x".repeat(2000)]));
  expect(() => session.write(sinkBatch([1]))).toThrowError(expect.objectContaining({ code: "SF_BUDGET_EXCEEDED" }) as Error);
  await session.prepare?.(commit(1));
  await session.write(sinkBatch([1]));
});

it("refuses a sink that is not idempotent", () => {
  expect(() => outboxed(memorySink())).toThrowError(expect.objectContaining({ code: "SF_CONFIG_INVALID" }) as Error);
});
