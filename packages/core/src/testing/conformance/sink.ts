// The clauses SNK-1 to SNK-16 as checks, for sinks of every kind.
import assert from "node:assert/strict";
import { BatchError } from "../../errors.ts";
import { mustFail, SuiteBuilder, type ConformanceCase, type Requirement } from "./case.ts";
import { commitOf, sampleBatch, sampleColumns, SinkTrial, type SinkHarness } from "./sink-trial.ts";
import { addRemembering, addSinkFirst, addStoreFirst } from "./sink-transactions.ts";
import { range } from "./store-trial.ts";

/** Checks that a sink keeps the promises of its contract that its capabilities select. */
export function sinkConformance<Target>(harness: SinkHarness<Target>): readonly ConformanceCase[] {
  const suite = new SuiteBuilder<SinkTrial<Target>>(() => SinkTrial.begin(harness));
  addOpening(suite, harness);
  addWriting(suite, harness);
  addClosing(suite, harness);
  addStoreFirst(suite, harness);
  addRemembering(suite, harness);
  addSinkFirst(suite, harness);
  return suite.cases;
}

function addOpening<Target>(suite: SuiteBuilder<SinkTrial<Target>>, harness: SinkHarness<Target>): void {
  suite.add(["SNK-13", "making a sink opens nothing; equal sinks have equal, plain descriptions"], async (t) => {
    const [one, two] = [t.sink(), t.sink()];
    assert.deepEqual(one.capabilities, harness.capabilities);
    assert.deepEqual(one.config, two.config);
    assert.deepEqual(JSON.parse(JSON.stringify(one.config)), one.config, "the description is plain data");
    assert.equal(harness.openHandles?.(t.target) ?? 0, 0);
    assert.deepEqual(await t.visible(), []);
  });

  suite.add(["SNK-13", "a sink has the methods of its kind, and no other kind's"], async (t) => {
    const session = await t.open();
    const { delivery, commitOrder, remembersCommits = false } = harness.capabilities;
    const isStoreFirst = delivery === "transactional" && commitOrder === "store-first";
    const isSinkFirst = delivery === "transactional" && commitOrder === "sink-first";
    assert.equal(delivery === "transactional", isStoreFirst || isSinkFirst, "a transactional sink says how it commits");
    for (const name of ["prepare", "commitPrepared", "abortPrepared"] as const) assert.equal(typeof session[name] === "function", isStoreFirst, name);
    assert.equal(typeof session.commitTransaction === "function", isSinkFirst, "commitTransaction");
    assert.equal(typeof session.recover === "function", isSinkFirst || remembersCommits, "recover");
    assert.ok(isStoreFirst || !remembersCommits, "only of store-first sinks is it a question whether they know what they have committed");
  });
}

function addWriting<Target>(suite: SuiteBuilder<SinkTrial<Target>>, harness: SinkHarness<Target>): void {
  const isTransactional = harness.capabilities.delivery === "transactional";

  suite.add(
    ["SNK-1", "what was flushed is there for every reader, and outlives the process"],
    async (t) => {
      await t.open();
      // The last few alone fill no buffer: only the flush can have moved them on.
      await t.write(range(250));
      await t.write([250, 251, 252]);
      await t.session.flush();
      t.abandon();
      await t.expectVisible(range(253), "after flush, without close");
    },
    { name: "not transactional", isMet: !isTransactional },
  );

  suite.add(
    ["SNK-1", "what was flushed is not visible before the commit, and is carried by it"],
    async (t) => {
      await t.open();
      await t.write(range(100));
      await t.session.flush();
      await t.expectVisible([], "after flush");
      await t.write([100, 101]);
      await t.commit(1);
      await t.expectVisible(range(102), "after the commit");
    },
    { name: "transactional", isMet: isTransactional },
  );

  suite.add(
    ["SNK-2", "a partial failure names the indexes that failed; the others are written"],
    async (t) => {
      await t.open();
      const batch = sampleBatch([0, -1, 2, -1, 4].map((n) => (n < 0 ? harness.refusedValue : harness.value(n))));
      const failure = await failureOf(async () => {
        await t.session.write(batch);
        await t.session.flush();
      });
      assert.ok(failure instanceof BatchError, `expected a BatchError, got ${String(failure)}`);
      assert.deepEqual(failure.failures.map(({ index }) => index), [1, 3]);
      await t.makeVisible(1);
      await t.expectVisible([0, 2, 4], "the records that did not fail");
    },
    { name: "refusedValue", isMet: "refusedValue" in harness },
  );

  suite.add(
    ["SNK-3", "the same identity twice has one effect, also from another process"],
    async (t) => {
      await t.open();
      await t.write(range(20));
      await t.write(range(20));
      await t.session.flush();
      t.abandon();
      await t.open();
      await t.write(range(25));
      await t.session.flush();
      await t.expectVisible(range(25), "after three writes");
    },
    { name: "idempotent", isMet: harness.capabilities.delivery === "idempotent" },
  );

  addBuffering(suite, harness);
}

function addBuffering<Target>(suite: SuiteBuilder<SinkTrial<Target>>, harness: SinkHarness<Target>): void {
  const stalls: Requirement = { name: "stall", isMet: harness.stall !== undefined };
  const mostRecords = harness.mostBufferedRecords ?? 100_000;

  suite.add(
    ["SNK-8", "a sink whose target takes nothing asks to be waited for before its buffers grow without bound, and loses nothing"],
    async (t) => {
      await t.open();
      const release = harness.stall?.(t.target);
      let written = 0;
      let pending: void | Promise<void> = undefined;
      while (!(pending instanceof Promise) && written < mostRecords) {
        pending = t.session.write(sampleBatch(range(100).map((i) => harness.value(written + i)), written));
        written += 100;
      }
      assert.ok(pending instanceof Promise, `write still did not wait after ${written} records`);
      release?.();
      await pending;
      await t.makeVisible(1);
      await t.expectVisible(range(written), "after the target has recovered");
    },
    stalls,
  );

  suite.add(["SNK-11", "order is kept, within batches and between them"], async (t) => {
    await t.open();
    for (const from of range(40)) await t.write(range(25).map((i) => from * 25 + i));
    await t.makeVisible(1);
    await t.expectVisible(range(1000), "1000 records in 40 batches");
  });

  suite.add(["SNK-11", "nothing of a batch is kept once its write is over"], async (t) => {
    await t.open();
    for (const from of [0, 10, 20]) {
      const values = range(10).map((i) => harness.value(from + i));
      const batch = { ...sampleBatch(values, from), values };
      await t.session.write(batch);
      values.fill("a value of a batch that was given back");
      batch.timestamps.fill(-1e300);
      batch.identityAt = () => assert.fail("identityAt was asked after the write was over");
    }
    await t.makeVisible(1);
    await t.expectVisible(range(30), "after the batches were overwritten");
  });

  suite.add(["SNK-16", "what is written of columns is what is written of their records, also of rows in between"], async (t) => {
    await t.open();
    for (const from of [0, 10, 20, 30]) {
      const values = range(10).map((i) => harness.value(from + i));
      const columns = from === 20 || t.session.readsColumns !== true ? undefined : sampleColumns(values);
      await t.session.write({ ...sampleBatch(values, from), ...(columns === undefined ? {} : { columns }) });
      columns?.forEach(({ texts, values: given }) => {
        if (texts !== undefined) new Uint8Array(texts.bytes.buffer).fill(0x58);
        (given as unknown[]).fill("a value of a batch that was given back");
      });
    }
    await t.makeVisible(1);
    await t.expectVisible(range(40), "after batches with and without columns");
  });

  suite.add(["SNK-11", "an empty batch is fine"], async (t) => {
    await t.open();
    await t.write([]);
    await t.write([0]);
    await t.makeVisible(1);
    await t.expectVisible([0], "after an empty batch");
  });
}

function addClosing<Target>(suite: SuiteBuilder<SinkTrial<Target>>, harness: SinkHarness<Target>): void {
  const isTransactional = harness.capabilities.delivery === "transactional";

  suite.add(["SNK-7", "close frees everything, may be repeated, and makes nothing visible any more"], async (t) => {
    await t.open();
    await t.write(range(10));
    await t.session.close();
    await t.session.close();
    assert.equal(harness.openHandles?.(t.target) ?? 0, 0, "open handles after close");
    const atClose = await t.visible();
    await t.settle();
    assert.deepEqual(await t.visible(), atClose, "nothing becomes visible after close");
    if (isTransactional) assert.deepEqual(atClose, [], "what was not committed was discarded");
  });

  suite.add(
    ["SNK-7", "what was discarded by a close is not in the next commit"],
    async (t) => {
      await t.open();
      await t.write(range(10));
      await t.session.flush();
      await t.session.close();
      await t.open();
      await t.write([10, 11]);
      await t.commit(1);
      await t.expectVisible([10, 11], "after the next commit");
    },
    { name: "transactional", isMet: isTransactional },
  );

  suite.add(
    ["SNK-12", "discard forgets what was written since the last commit, and only that"],
    async (t) => {
      await t.open();
      assert.ok(t.session.discard !== undefined, "a transactional sink can discard");
      await t.write([0, 1]);
      await t.commit(1);
      await t.write([2, 3]);
      await t.session.flush();
      await t.write([4]);
      await t.session.discard();
      await t.write([5]);
      await t.commit(2);
      await t.expectVisible([0, 1, 5], "after discard and a commit");
    },
    { name: "transactional", isMet: isTransactional },
  );

  suite.add(
    ["SNK-6", "an older generation, and an epoch that is not newer, are refused and change nothing"],
    async (t) => {
      await t.open();
      await t.write([0]);
      await t.commit(1, { generation: 3 });
      const refused = [commitOf(2, { generation: 2 }), commitOf(1, { generation: 3 })];
      for (const commit of refused) {
        await t.write([9]);
        await mustFail("SF_SINK_FENCED", () => t.session.prepare?.(commit) ?? t.session.commitTransaction?.(commit));
        await t.session.discard?.();
        await t.expectVisible([0], "after a refused commit");
      }
      await t.write([1]);
      await t.commit(2, { generation: 3 });
      await t.expectVisible([0, 1], "after the owner's next commit");
    },
    { name: "transactional", isMet: isTransactional },
  );
}

async function failureOf(work: () => Promise<void>): Promise<unknown> {
  try {
    await work();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}
