// The clauses SRC-1 to SRC-13 and SRC-15 as checks, and those of batches that a source can break. SRC-14: source-schema.ts; partitions: source-regrouping.ts.
import assert from "node:assert/strict";
import type { PollLimits } from "../../contracts/source.ts";
import { StreamFlowError } from "../../errors.ts";
import { nextTurn } from "../../node/turn.ts";
import { rowsOf, type Position } from "../../record.ts";
import { SuiteBuilder, type ConformanceCase } from "./case.ts";
import { addRegrouping } from "./source-regrouping.ts";
import { addSchema } from "./source-schema.ts";
import { SourceTrial, wideLimits, type SourceHarness } from "./source-trial.ts";
import { range } from "./store-trial.ts";

const sampleSize = 500;

/** Checks that a source keeps the promises of its contract that its capabilities select. */
export function sourceConformance<Subject>(harness: SourceHarness<Subject>): readonly ConformanceCase[] {
  const suite = new SuiteBuilder<SourceTrial<Subject>>(() => SourceTrial.begin(harness, sampleSize));
  addReading(suite, harness);
  addResuming(suite, harness);
  addBatches(suite);
  addOpening(suite, harness);
  addClosing(suite, harness);
  addReadingAhead(suite, harness);
  addConnection(suite, harness);
  addRegrouping(suite, harness);
  addSchema(suite, harness);
  addSleeping(suite, harness);
  return suite.cases;
}

function addReading<Subject>(suite: SuiteBuilder<SourceTrial<Subject>>, harness: SourceHarness<Subject>): void {
  suite.add(["SRC-1", "every record is delivered once, in the partition's order"], async (t) => {
    t.expectRecords(await t.readAll(wideLimits), "of one reading");
  });

  suite.add(["SRC-1", "records are the same when partitions are read in turns"], async (t) => {
    const reader = await t.open(new Map(), { maxRecords: 7, maxBytes: 1_000_000 });
    const left = new Map([...t.expected].map(([partition, values]) => [partition, values.length]));
    while ([...left.values()].some((count) => count > 0)) {
      for (const [partition, count] of left) {
        if (count === 0) continue;
        const before = reader.records.get(partition)?.length ?? 0;
        await reader.readRecords(partition, 1);
        left.set(partition, count - ((reader.records.get(partition)?.length ?? 0) - before));
      }
    }
    t.expectRecords(reader.records, "of partitions read in turns");
  });

  for (const maxRecords of [1, 7, 64]) {
    suite.add(["SRC-11", `batches of at most ${maxRecords} give the same records at the same positions`], async (t) => {
      const whole = await t.readAll(wideLimits);
      const cut = await t.readAll({ maxRecords, maxBytes: 1_000_000_000 });
      t.expectRecords(cut, `in batches of ${maxRecords}`);
      for (const [partition, records] of whole) assert.deepEqual((cut.get(partition) ?? []).map((record) => record.position), records.map((record) => record.position));
    });
  }

  suite.add(["SRC-10", "a batch exceeds the limit of bytes only where one record alone does"], async (t) => {
    t.expectRecords(await t.readAll({ maxRecords: 1000, maxBytes: 1 }), "with room for one byte");
    t.expectRecords(await t.readAll({ maxRecords: 1000, maxBytes: 700 }), "with room for 700 bytes");
  });

  suite.add(
    ["SRC-8", "a bounded partition answers \"end\" after its last record, each time it is asked"],
    async (t) => {
      const reader = await t.open();
      for (const partition of t.partitions) {
        await reader.readToEnd(partition);
        for (const _ of range(3)) assert.equal(reader.poll(partition), "end");
      }
      t.expectRecords(reader.records, "up to the end");
    },
    { name: "bounded", isMet: harness.capabilities.bounded },
  );
}

function addResuming<Subject>(suite: SuiteBuilder<SourceTrial<Subject>>, harness: SourceHarness<Subject>): void {
  const replayable = { name: "replayable", isMet: harness.capabilities.replayable };

  suite.add(
    ["SRC-2", "reading from a position starts with the record after it"],
    async (t) => {
      const whole = await t.readAll({ maxRecords: 32, maxBytes: 1_000_000 });
      const longest = Math.max(...[...whole.values()].map((records) => records.length));
      for (const index of [0, 1, 30, 31, 32, 33, Math.floor(longest / 2), longest - 2, longest - 1]) {
        const [starts, skipped] = [new Map<string, Position>(), new Map<string, number>()];
        for (const [partition, records] of whole) {
          const record = records[Math.min(index, records.length - 1)];
          if (record === undefined) continue;
          starts.set(partition, record.position);
          skipped.set(partition, Math.min(index + 1, records.length));
        }
        t.expectRecords(await t.readAll({ maxRecords: 50, maxBytes: 1_000_000 }, starts, skipped), `after record ${index}`, skipped);
      }
    },
    replayable,
  );

  suite.add(
    ["SRC-3", "what was read but not committed is read again after a restart"],
    async (t) => {
      const reader = await t.open(new Map(), { maxRecords: 16, maxBytes: 1_000_000 });
      for (const [partition, values] of t.expected) await reader.readRecords(partition, Math.ceil(values.length / 2));
      const starts = new Map<string, Position>();
      const skipped = new Map<string, number>();
      for (const [partition, records] of reader.records) {
        const committed = Math.floor(records.length / 2);
        const position = records[committed - 1]?.position;
        if (position === undefined) continue;
        starts.set(partition, position);
        skipped.set(partition, committed);
      }
      await reader.session.committed?.(starts);
      await reader.close();
      t.expectRecords(await t.readAll(wideLimits, starts, skipped), "after the restart", skipped);
    },
    replayable,
  );

  suite.add(
    ["SRC-2", "positions are the same in every reading"],
    async (t) => {
      assert.deepEqual(await t.readAll({ maxRecords: 9, maxBytes: 1_000_000 }), await t.readAll({ maxRecords: 100, maxBytes: 1_000_000 }));
    },
    { name: "deterministic", isMet: harness.capabilities.replayable && harness.capabilities.deterministic },
  );
}

function addBatches<Subject>(suite: SuiteBuilder<SourceTrial<Subject>>): void {
  suite.add(["B4", "values outlive the release of their batch and all later reading"], async (t) => {
    const reader = await t.open(new Map(), { maxRecords: 16, maxBytes: 1_000_000 });
    for (const [partition, values] of t.expected) {
      const kept: unknown[] = [];
      while (kept.length < values.length) {
        const batch = await reader.next(partition);
        assert.ok(batch !== "end", "the partition ended early");
        kept.push(...rowsOf(batch));
        batch.release?.();
      }
      assert.deepEqual(kept, values, `values of partition "${partition}", kept until the end`);
    }
  });

  suite.add(["B4", "a batch is not touched before it is released, however much is read meanwhile"], async (t) => {
    const reader = await t.open(new Map(), { maxRecords: 16, maxBytes: 1_000_000 });
    const [partition = "", values = []] = [...t.expected].sort(([, a], [, b]) => b.length - a.length)[0] ?? [];
    const held: { readonly rows: readonly unknown[]; readonly positions: readonly Position[] }[] = [];
    for (let count = 0; count < Math.min(values.length, 160); ) {
      const batch = await reader.next(partition);
      assert.ok(batch !== "end", "the partition ended early");
      held.push({ rows: structuredClone(rowsOf(batch)), positions: range(batch.length).map((i) => batch.positionAt(i)) });
      count += batch.length;
    }
    for (const [i, batch] of reader.batches.entries()) {
      assert.deepEqual(rowsOf(batch), held[i]?.rows, `rows of batch ${i}, still held`);
      assert.deepEqual(range(batch.length).map((at) => batch.positionAt(at)), held[i]?.positions, `positions of batch ${i}, still held`);
    }
    for (const batch of reader.batches) batch.release?.();
  });
}

function addOpening<Subject>(suite: SuiteBuilder<SourceTrial<Subject>>, harness: SourceHarness<Subject>): void {
  suite.add(["SRC-12", "making a source opens and reads nothing; equal sources have equal, plain descriptions"], async (t) => {
    const [one, two] = [t.source(), t.source()];
    await nextTurn();
    assert.deepEqual(one.capabilities, harness.capabilities);
    assert.deepEqual(one.config, two.config);
    assert.deepEqual(JSON.parse(JSON.stringify(one.config)), one.config, "the description is plain data");
    assert.equal(harness.openHandles?.(t.subject) ?? 0, 0, "open handles");
    assert.equal(harness.recordsRead?.(t.subject) ?? 0, 0, "records read");
  });

  suite.add(["SRC-13", "when open resolves, every partition has been assigned, once"], async (t) => {
    const reader = await t.open();
    const assigned = reader.assigned.map(({ partition }) => partition).sort();
    assert.deepEqual(assigned, [...t.partitions].sort());
    assert.ok(reader.assigned.every(({ generation }) => Number.isSafeInteger(generation)), "generations are whole numbers");
  });
}

function addClosing<Subject>(suite: SuiteBuilder<SourceTrial<Subject>>, harness: SourceHarness<Subject>): void {
  suite.add(["SRC-4", "an abort ends ready(), and close frees every handle"], async (t) => {
    const reader = await t.open(new Map(), { maxRecords: 8, maxBytes: 1_000_000 });
    for (const [partition, values] of t.expected) await reader.readRecords(partition, Math.min(8, values.length));
    if (harness.capabilities.bounded) for (const partition of t.partitions) await reader.readToEnd(partition);
    const waiting = reader.waitReady();
    reader.controller.abort();
    await waiting;
    await reader.waitReady();
    await reader.close();
    assert.equal(harness.openHandles?.(t.subject) ?? 0, 0, "open handles after close");
  });

  suite.add(["SRC-6", "close may be repeated, and may come before, between and while reading"], async (t) => {
    const unread = await t.open();
    await unread.close();
    await unread.close();
    const reading = await t.open(new Map(), { maxRecords: 8, maxBytes: 1_000_000 });
    for (const partition of t.partitions) reading.poll(partition);
    await Promise.all([reading.close(), reading.close()]);
    const halfway = await t.open(new Map(), { maxRecords: 8, maxBytes: 1_000_000 });
    for (const partition of t.partitions) await halfway.next(partition);
    await halfway.close();
    assert.equal(harness.openHandles?.(t.subject) ?? 0, 0, "open handles after close");
  });
}

function addReadingAhead<Subject>(suite: SuiteBuilder<SourceTrial<Subject>>, harness: SourceHarness<Subject>): void {
  const limits: PollLimits = { maxRecords: 10, maxBytes: 1_000_000 };
  const ahead = harness.readAheadRecords ?? limits.maxRecords;

  suite.add(
    ["SRC-5", "nothing is read before the first poll, and at most one batch ahead of the reader after it"],
    async (t) => {
      const reader = await t.open(new Map(), limits);
      await settle();
      assert.equal(harness.recordsRead?.(t.subject), 0, "records read before the first poll");
      const partition = t.partitions[0] ?? "";
      let delivered = 0;
      for (const _ of range(5)) {
        const batch = await reader.next(partition);
        assert.ok(batch !== "end", "the partition ended early");
        delivered += batch.length;
        batch.release?.();
        await settle();
        const read = harness.recordsRead?.(t.subject) ?? 0;
        assert.ok(read <= delivered + ahead, `${read} records were read when ${delivered} had been delivered: more than ${ahead} ahead`);
      }
    },
    { name: "recordsRead", isMet: harness.recordsRead !== undefined },
  );
}

function addConnection<Subject>(suite: SuiteBuilder<SourceTrial<Subject>>, harness: SourceHarness<Subject>): void {
  suite.add(
    ["SRC-7", "a lost connection throws a retryable error; opened again, the source reads on"],
    async (t) => {
      const reader = await t.open(new Map(), { maxRecords: 8, maxBytes: 1_000_000 });
      const [partition = "", values = []] = [...t.expected][0] ?? [];
      await reader.readRecords(partition, Math.min(8, values.length));
      await harness.loseConnection?.(t.subject);
      const failure = await failureOf(() => reader.readRecords(partition, values.length));
      assert.ok(StreamFlowError.is(failure), `expected a StreamFlowError, got ${String(failure)}`);
      assert.equal(failure.retryable, true, `a lost connection is retryable: ${failure.code} ${failure.message}`);
      await reader.close();
      const records = reader.records.get(partition) ?? [];
      const [starts, skipped] = [new Map<string, Position>(), new Map([[partition, records.length]])];
      const last = records.at(-1);
      if (last !== undefined) starts.set(partition, last.position);
      t.expectRecords(await t.readAll(wideLimits, starts, skipped), "after the connection was lost", skipped);
    },
    { name: "loseConnection", isMet: harness.loseConnection !== undefined && harness.capabilities.replayable },
  );
}

function addSleeping<Subject>(suite: SuiteBuilder<SourceTrial<Subject>>, harness: SourceHarness<Subject>): void {
  suite.add(
    ["SRC-15", "a source sleeps only where it has nothing to read, and wakes the pipeline once, also when it is closed"],
    async (t) => {
      const { source, feed } = harness.silent?.(t.subject) ?? assert.fail("there is no silent source");
      let woken = 0;
      const reader = await t.openSource(source);
      const [partition = ""] = reader.assigned.map((assigned) => assigned.partition);
      assert.equal(reader.poll(partition), "idle");
      assert.equal(reader.session.sleep?.(() => woken++), true, "there is nothing to read");
      await reader.close();
      await settle();
      assert.equal(woken, 0, "woken without news");
      await feed();
      await settle();
      assert.equal(woken, 1, "woken by the first record");
      await feed();
      await settle();
      assert.equal(woken, 1, "woken once");
      const again = await t.openSource(source);
      assert.equal(again.session.sleep?.(() => woken++), false, "there is something to read");
    },
    { name: "silent", isMet: harness.silent !== undefined },
  );
}

async function settle(): Promise<void> {
  for (const _ of range(20)) await nextTurn();
}

async function failureOf(work: () => Promise<void>): Promise<unknown> {
  try {
    await work();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}
