// The clauses of transactional sinks: SNK-4, 5 and 14 for store-first, SNK-9 and 10 for sink-first.
import assert from "node:assert/strict";
import type { SinkSession } from "../../contracts/sink.ts";
import { mustFail, type Requirement, type SuiteBuilder } from "./case.ts";
import { commitOf, type SinkHarness, type SinkTrial } from "./sink-trial.ts";
import { range } from "./store-trial.ts";

/** Cases of sinks that publish the checkpoint before they commit. */
export function addStoreFirst<Target>(suite: SuiteBuilder<SinkTrial<Target>>, harness: SinkHarness<Target>): void {
  const needs: Requirement = { name: "store-first", isMet: harness.capabilities.commitOrder === "store-first" };

  suite.add(["SNK-4", "prepared output is invisible, and outlives the process"], async (t) => {
    const session = storeFirst(await t.open());
    await t.write(range(100));
    const prepared = await session.prepare(commitOf(1));
    assert.ok(prepared instanceof Uint8Array);
    await t.expectVisible([], "after prepare");
    await t.open();
    await t.expectVisible([], "after prepare and a restart");
  }, needs);

  suite.add(["SNK-4", "a repeated commit has no further effect, in this process and in another"], async (t) => {
    const session = storeFirst(await t.open());
    await t.write(range(10));
    const prepared = await session.prepare(commitOf(1));
    for (const _ of range(2)) await session.commitPrepared(prepared);
    await storeFirst(await t.open()).commitPrepared(prepared);
    await t.expectVisible(range(10), "after three commits");
  }, needs);

  suite.add(["SNK-4", "aborted output never becomes visible; a repeated abort is fine, in this process and in another"], async (t) => {
    const session = storeFirst(await t.open());
    await t.write(range(10));
    const prepared = await session.prepare(commitOf(1));
    for (const _ of range(2)) await session.abortPrepared(prepared);
    await storeFirst(await t.open()).abortPrepared(prepared);
    await t.write([10]);
    await t.commit(2);
    await t.expectVisible([10], "after an abort and another commit");
  }, needs);

  suite.add(["SNK-5", "a commit after a restart, with only the bytes, makes visible exactly what was prepared"], async (t) => {
    const session = storeFirst(await t.open());
    await t.write([0, 1]);
    const first = await session.prepare(commitOf(1));
    await t.write([2, 3]);
    const second = (await session.prepare(commitOf(2))).slice();
    await t.write([4]);
    t.abandon();
    const after = storeFirst(await t.open());
    await after.commitPrepared(first.slice());
    await t.expectVisible([0, 1], "after the first commit");
    await after.commitPrepared(second);
    await t.expectVisible([0, 1, 2, 3], "after the second commit");
  }, needs);

  suite.add(["SNK-5", "after a restart one transaction is committed and a newer one aborted"], async (t) => {
    const session = storeFirst(await t.open());
    await t.write([0, 1]);
    const first = await session.prepare(commitOf(1));
    await t.write([2, 3]);
    const second = await session.prepare(commitOf(2));
    t.abandon();
    const after = storeFirst(await t.open());
    await after.commitPrepared(first);
    await after.abortPrepared(second);
    await t.write([2, 3]);
    await t.commit(3, { generation: 2 });
    await t.expectVisible([0, 1, 2, 3], "after the replay");
  }, needs);

  suite.add(["SNK-14", "what is written after prepare belongs to the next epoch, also while the commit runs"], async (t) => {
    const session = storeFirst(await t.open());
    await t.write([0, 1]);
    const first = await session.prepare(commitOf(1));
    await t.write([2]);
    const committing = session.commitPrepared(first);
    await t.write([3]);
    await committing;
    await t.expectVisible([0, 1], "after the first commit");
    await t.commit(2);
    await t.expectVisible([0, 1, 2, 3], "after the second commit");
  }, needs);

  suite.add(["SNK-4", "an epoch without output can be prepared, committed and aborted"], async (t) => {
    const session = storeFirst(await t.open());
    await session.commitPrepared(await session.prepare(commitOf(1)));
    await session.abortPrepared(await session.prepare(commitOf(2)));
    await t.write([0]);
    await t.commit(3);
    await t.expectVisible([0], "after two empty epochs");
  }, needs);
}

/** Cases of store-first sinks that know what they have committed. */
export function addRemembering<Target>(suite: SuiteBuilder<SinkTrial<Target>>, harness: SinkHarness<Target>): void {
  const { commitOrder, remembersCommits } = harness.capabilities;
  const needs: Requirement = { name: "remembersCommits", isMet: commitOrder === "store-first" && remembersCommits === true };
  const [a, b] = ["p:s/0", "p:ä/\"1\""] as const;
  const recover = async (session: SinkSession, shards: readonly string[]): Promise<unknown> => {
    const heads = (await session.recover?.(shards.map((shard) => ({ shard, generation: 9 })))) ?? assert.fail("a sink that remembers its commits can recover");
    return Object.fromEntries(heads.map(({ shard, epoch, positions }) => [shard, { epoch, positions }]));
  };
  const headOf = (epoch: number, shard: string): unknown => ({ epoch, positions: commitOf(epoch, { shards: [shard] }).shards[0]?.positions });

  suite.add(["SNK-15", "recover answers the last committed epoch of the shards that are asked for, with its positions, in any process"], async (t) => {
    const session = storeFirst(await t.open());
    assert.deepEqual(await recover(t.session, [a, b]), {});
    for (const [epoch, shards] of [[1, [a, b]], [2, [a]]] as const) {
      await t.write([epoch]);
      await session.commitPrepared(await session.prepare(commitOf(epoch, { shards })));
    }
    for (const opened of [t.session, await t.open()]) {
      assert.deepEqual(await recover(opened, [a, b, "k:7"]), { [a]: headOf(2, a), [b]: headOf(1, b) });
      assert.deepEqual(await recover(opened, [b]), { [b]: headOf(1, b) });
    }
  }, needs);

  suite.add(["SNK-15", "what is only prepared, or was taken back, is not committed"], async (t) => {
    const session = storeFirst(await t.open());
    await t.write([0]);
    const first = await session.prepare(commitOf(1, { shards: [a] }));
    assert.deepEqual(await recover(t.session, [a]), {});
    await session.commitPrepared(first);
    await t.write([1]);
    const second = await session.prepare(commitOf(2, { shards: [a] }));
    await session.abortPrepared(second);
    assert.deepEqual(await recover(await t.open(), [a]), { [a]: headOf(1, a) });
  }, needs);

  suite.add(["SNK-15", "all 128 key groups of an epoch are answered"], async (t) => {
    const shards = range(128).map((group) => `k:${group}`);
    const session = storeFirst(await t.open());
    await t.write([0]);
    await session.commitPrepared(await session.prepare(commitOf(7, { shards: [a, ...shards] })));
    const heads = (await recover(await t.open(), [a, ...shards])) as Record<string, unknown>;
    assert.deepEqual(Object.keys(heads).sort(), [a, ...shards].sort());
    assert.deepEqual(heads["k:127"], headOf(7, "k:127"));
  }, needs);
}

/** Cases of sinks whose own transaction is the commit point. */
export function addSinkFirst<Target>(suite: SuiteBuilder<SinkTrial<Target>>, harness: SinkHarness<Target>): void {
  const needs: Requirement = { name: "sink-first", isMet: harness.capabilities.commitOrder === "sink-first" };
  const [a, b] = ["p:s/0", "p:ä/\"1\""] as const;

  suite.add(["SNK-9", "output, epochs and positions of all shards become visible together"], async (t) => {
    const session = sinkFirst(await t.open());
    await t.write(range(100));
    await t.expectVisible([], "before the commit");
    const commit = commitOf(4, { shards: [a, b], generation: 2 });
    await session.commitTransaction(commit);
    await t.expectVisible(range(100), "after the commit");
    const after = sinkFirst(await t.open());
    const recovered = await after.recover([{ shard: a, generation: 3 }, { shard: b, generation: 3 }]);
    assert.deepEqual([...recovered].sort((x, y) => (x.shard < y.shard ? -1 : 1)), [...commit.shards].sort((x, y) => (x.shard < y.shard ? -1 : 1)));
  }, needs);

  suite.add(["SNK-9", "a commit with one fenced shard changes nothing of the others"], async (t) => {
    const session = sinkFirst(await t.open());
    await session.recover([{ shard: b, generation: 5 }]);
    await t.write([0, 1]);
    await mustFail("SF_SINK_FENCED", () => session.commitTransaction(commitOf(1, { shards: [a, b], generation: 4 })));
    await t.expectVisible([], "after a refused commit");
    assert.deepEqual(await sinkFirst(await t.open()).recover([{ shard: a, generation: 9 }]), []);
  }, needs);

  suite.add(["SNK-10", "recover answers the last commit of the shards that are asked for, and nothing for unknown ones"], async (t) => {
    await t.open();
    for (const epoch of [1, 2, 3]) {
      await t.write([epoch]);
      await t.commit(epoch, { shards: [a] });
    }
    await t.commit(9, { shards: [b] });
    const after = sinkFirst(await t.open());
    const recovered = await after.recover([{ shard: a, generation: 2 }, { shard: "p:s/unknown", generation: 1 }]);
    assert.deepEqual(recovered, commitOf(3, { shards: [a] }).shards);
  }, needs);

  suite.add(["SNK-10", "after recover an older owner can neither commit nor recover, in any process"], async (t) => {
    const old = sinkFirst(await t.open());
    await t.write([0]);
    await t.commit(1, { generation: 1 });
    await t.write([1]);
    const next = sinkFirst(await t.open());
    await next.recover([{ shard: "k:0", generation: 2 }]);
    await mustFail("SF_SINK_FENCED", () => old.commitTransaction(commitOf(2, { generation: 1 })));
    await t.expectVisible([0], "after the old owner was refused");
    await t.write([2]);
    await t.commit(2, { generation: 2 });
    await t.expectVisible([0, 2], "after the new owner's commit");
  }, needs);
}

function storeFirst(session: SinkSession): Required<Pick<SinkSession, "prepare" | "commitPrepared" | "abortPrepared">> {
  assert.ok(session.prepare !== undefined && session.commitPrepared !== undefined && session.abortPrepared !== undefined, "a store-first sink can prepare, commit and abort");
  return { prepare: session.prepare.bind(session), commitPrepared: session.commitPrepared.bind(session), abortPrepared: session.abortPrepared.bind(session) };
}

function sinkFirst(session: SinkSession): Required<Pick<SinkSession, "recover" | "commitTransaction">> {
  assert.ok(session.recover !== undefined && session.commitTransaction !== undefined, "a sink-first sink can recover and commit");
  return { recover: session.recover.bind(session), commitTransaction: session.commitTransaction.bind(session) };
}
