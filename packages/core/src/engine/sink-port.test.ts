import { expect, it } from "vitest";
import type { Cursor } from "../contracts/operator.ts";
import type { RecordIdentity, Sink, SinkBatch, SinkSession } from "../contracts/sink.ts";
import { fakeSink } from "../plan/plan.fixture.ts";
import type { Batch } from "../record.ts";
import { testEnvironment } from "../testing/environment.ts";
import { textColumn } from "../testing/text-column.ts";
import type { TextStore } from "../types/text-store.ts";
import type { ColumnForm } from "./held-output.ts";
import { SinkPort } from "./sink-port.ts";

interface Written {
  readonly values: readonly unknown[];
  readonly changes: readonly number[] | undefined;
  readonly identities: readonly RecordIdentity[];
}

function scene(maxHeldRecords = 3) {
  const { clock, random } = testEnvironment();
  const cursor: Cursor = { timestampMs: NaN, key: undefined, change: 0, index: -1 };
  const sink: Sink = fakeSink();
  const signal = new AbortController().signal;
  const port = new SinkPort({ node: "out", sink, cursor, maxHeldRecords, deliver: { capabilities: sink.capabilities, clock, random, signal, maxAttempts: 1, reject: () => undefined } });
  const written: Written[] = [];
  port.session = {
    write(batch: SinkBatch) {
      const identities = Array.from({ length: batch.length }, (_, i) => batch.identityAt(i));
      written.push({ values: batch.values, changes: batch.changes === undefined ? undefined : [...batch.changes], identities });
    },
  } as unknown as SinkSession;
  const batch = { positionAt: (index: number) => `pos-${index}` } as Batch;
  const emit = (value: unknown, index: number, shard = "p:in/0", change: Cursor["change"] = 0): void => {
    cursor.index = index;
    cursor.change = change;
    port.input(shard)(value);
  };
  return { port, written, batch, emit };
}

it("P1: hands over what was collected, in order, once", () => {
  const { port, written, emit } = scene();
  emit("a", -1);
  emit("b", -1);
  void port.flush();
  void port.flush();
  expect(written.map(({ values }) => values)).toEqual([["a", "b"]]);
  expect(port.recordsOut).toBe(2);
});

it("names output of a record by its position and count, output of timers by epoch and count", () => {
  const { port, written, emit, batch } = scene();
  port.nextEpoch(7);
  port.enter(batch, "p:in/0");
  emit("a", 4);
  emit("b", 4);
  emit("c", 5);
  emit("timer", -1);
  void port.flush();
  emit("timer", -1);
  void port.flush();
  const shard = "p:in/0";
  expect(written.flatMap(({ identities }) => identities)).toEqual([
    { shard, origin: "pos-4", index: 0 }, { shard, origin: "pos-4", index: 1 }, { shard, origin: "pos-5", index: 0 },
    { shard, origin: "epoch 7", index: 3 }, { shard, origin: "epoch 7", index: 4 },
  ]);
  port.nextEpoch(8);
  emit("timer", -1);
  void port.flush();
  expect(written.at(-1)?.identities).toEqual([{ shard, origin: "epoch 8", index: 0 }]);
});

it("names output behind an exchange by partition and position: every partition has a first record", () => {
  const { port, written, emit, batch } = scene();
  for (const shard of ["p:in/0", "p:in/1", "p:other/0"]) {
    port.enter(batch, shard);
    emit("a", 0, "k:*");
    void port.flush();
  }
  expect(written.flatMap(({ identities }) => identities.map(({ origin }) => origin))).toEqual(["p:in/0 pos-0", "p:in/1 pos-0", "p:other/0 pos-0"]);
});

it("output that was held since an earlier batch takes no name of a later one", () => {
  const { port, written, emit, batch } = scene();
  port.nextEpoch(7);
  port.enter(batch, "p:in/0");
  port.held = true;
  emit("a", 0);
  port.enter(batch, "p:in/0");
  port.held = false;
  emit("b", 0);
  void port.flush();
  expect(written[0]?.identities.map(({ origin, index }) => [origin, index])).toEqual([["epoch 7", 0], ["pos-0", 0]]);
});

it("texts that are held behind their batch do not lie in it any more", () => {
  const { port, written, batch } = scene();
  Object.assign(port.session!, { readsColumns: true });
  const { bytes, starts, ends } = textColumn("name", ["one"]).texts!;
  const form: ColumnForm = { names: ["name"], kinds: ["texts"], rowsOf: ([names], length) => Array.from({ length }, (_, i) => names?.values[i]) };
  port.held = true;
  port.enter(batch, "p:in/0");
  const held = port.enterColumns("p:in/0", form)!;
  held.grow();
  held.run("p:in/0");
  (held.columns[0] as TextStore).place(0, bytes, starts[0]!, ends[0]!);
  held.length = 1;
  expect(held.asColumns?.[0]?.texts?.bytes).toBe(bytes);
  port.enter();
  new Uint8Array(bytes.buffer).fill(0x58);
  port.held = false;
  void port.flush();
  expect(written[0]?.values).toEqual(["one"]);
});

it("P2: holds output back while the sink commits, and says when that is enough", () => {
  const { port, written, emit } = scene();
  port.held = true;
  emit("a", -1);
  emit("b", -1);
  void port.flush();
  expect([written, port.isFull]).toEqual([[], false]);
  emit("c", -1);
  expect(port.isFull).toBe(true);
  port.held = false;
  void port.flush();
  expect(written.map(({ values }) => values)).toEqual([["a", "b", "c"]]);
  expect(port.isFull).toBe(false);
});

it("P3: drops output of a shard that the sink already has, and no other", () => {
  const { port, written, emit } = scene();
  port.withheld.add("p:in/0");
  emit("a", -1);
  emit("b", -1, "p:in/1");
  void port.flush();
  expect(written.map(({ values }) => values)).toEqual([["b"]]);
});

it("carries change kinds only where there is one that is no insert", () => {
  const { port, written, emit } = scene();
  emit("a", -1);
  void port.flush();
  emit("b", -1);
  emit("c", -1, "p:in/0", 3);
  void port.flush();
  emit("d", -1);
  void port.flush();
  expect(written.map(({ changes }) => changes)).toEqual([undefined, [0, 3], undefined]);
});

it("SF_INTERNAL: is written before it is open", () => {
  const { port, emit } = scene();
  port.session = undefined;
  emit("a", -1);
  expect(() => port.flush()).toThrow(expect.objectContaining({ code: "SF_INTERNAL" }));
});

it("names records of several batches by their own, and tells apart what was made of one record at different times", () => {
  const { port, written, emit, batch } = scene();
  const other = { positionAt: (index: number) => `other-${index}` } as Batch;
  port.enter(batch, "p:in/0");
  emit("a", 4);
  port.enter(other, "p:in/1");
  emit("b", 4, "p:in/1");
  emit("c", 4, "p:in/1");
  port.enter(batch, "p:in/0", "/enrich.1");
  emit("d", 4);
  void port.flush();
  expect(written.flatMap(({ identities }) => identities)).toEqual([
    { shard: "p:in/0", origin: "pos-4", index: 0 },
    { shard: "p:in/1", origin: "other-4", index: 0 }, { shard: "p:in/1", origin: "other-4", index: 1 },
    { shard: "p:in/0", origin: "pos-4/enrich.1", index: 0 },
  ]);
});

it("uses what a batch was made of again only when its write is over", async () => {
  const { port, emit } = scene(10);
  const taken: { batch: SinkBatch; done: () => void }[] = [];
  port.session = { write: (batch: SinkBatch) => new Promise<void>((done) => taken.push({ batch, done })) } as unknown as SinkSession;
  const seen = ({ batch }: { batch: SinkBatch }): unknown => [batch.values, [...batch.timestamps], batch.identityAt(0).shard];
  const writes: unknown[] = [];
  for (const [value, shard] of [["a", "p:in/0"], ["b", "p:in/1"], ["c", "p:in/0"]] as const) {
    emit(value, -1, shard);
    writes.push(port.flush());
  }
  expect(taken.map(seen)).toEqual([[["a"], [NaN], "p:in/0"], [["b"], [NaN], "p:in/1"], [["c"], [NaN], "p:in/0"]]);
  for (const { done } of taken) done();
  await Promise.all(writes);
});
