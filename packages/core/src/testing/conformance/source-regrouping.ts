// The clauses PRT-1 to PRT-4 as checks: partitions that are revoked, lost and given back while the source is read.
import assert from "node:assert/strict";
import { nextTurn } from "../../node/turn.ts";
import type { SuiteBuilder } from "./case.ts";
import type { SourceGroup, SourceHarness, SourceReader, SourceTrial } from "./source-trial.ts";
import { range } from "./store-trial.ts";

/** Adds the cases of sources whose group moves partitions. */
export function addRegrouping<Subject>(suite: SuiteBuilder<SourceTrial<Subject>>, harness: SourceHarness<Subject>): void {
  const requirement = { name: "group", isMet: harness.group !== undefined };
  const add = (title: readonly [string, string], check: (one: Regrouping<Subject>) => Promise<void>): void => suite.add(title, async (trial) => check(await Regrouping.begin(trial, harness)), requirement);

  for (const [way, word] of [["revoke", "revoked"], ["lose", "lost"]] as const) {
    add(["PRT-1", `a partition that was ${word} and given back goes on where \`assigned\` says, under a newer generation`], async (one) => {
      const { reader, partition, values, group, subject } = one;
      await reader.readRecords(partition, 20);
      const read = reader.records.get(partition) ?? [];
      await group[way](subject, partition);
      // The checkpoint was taken after the tenth: what came later is read again.
      const restart = read[9]?.position ?? assert.fail("fewer than ten records were read");
      reader.starts.set(partition, restart);
      const before = one.generation;
      await group.assign(subject, partition);
      assert.ok(one.generation > before, `generation ${one.generation} after ${before}`);
      reader.records.delete(partition);
      await reader.readRecords(partition, values.length - 10);
      assert.deepEqual((reader.records.get(partition) ?? []).map(({ value }) => value), values.slice(10));
    });
  }

  add(["PRT-2", "a revoked partition is not given to anyone before the reader has let go of it"], async (one) => {
    const { reader, partition, group, subject } = one;
    await reader.readRecords(partition, 10);
    const letGo = Promise.withResolvers<void>();
    reader.checkpoint = letGo.promise;
    let isRevoked = false;
    const revoked = group.revoke(subject, partition).then(() => (isRevoked = true));
    // Its failure is seen below.
    revoked.catch(() => undefined);
    for (const _ of range(20)) await nextTurn();
    assert.deepEqual(reader.told, [`revoked ${partition}`]);
    assert.equal(isRevoked, false, "the revocation ended before its checkpoint");
    letGo.resolve();
    await revoked;
  });

  add(["PRT-2", "the other partitions go on while one is away"], async (one) => {
    const { reader, partition, group, subject, trial } = one;
    await reader.readRecords(partition, 10);
    await group.revoke(subject, partition);
    for (const [other, values] of trial.expected) {
      if (other === partition) continue;
      await reader.readRecords(other, values.length);
      assert.deepEqual((reader.records.get(other) ?? []).map(({ value }) => value), values);
    }
    assert.deepEqual(reader.told, [`revoked ${partition}`], "nothing else was taken away");
  });

  add(["PRT-3", "a lost partition is told as lost, once, and not as revoked"], async (one) => {
    const { reader, partition, group, subject } = one;
    await reader.readRecords(partition, 10);
    await group.lose(subject, partition);
    for (const _ of range(20)) await nextTurn();
    assert.deepEqual(reader.told, [`lost ${partition}`]);
  });

  suite.add(
    ["PRT-4", "a partition that has ended stays ended while others come and go"],
    async (trial) => {
      const one = await Regrouping.begin(trial, harness);
      const ended = trial.partitions.find((name) => name !== one.partition);
      if (ended === undefined) return assert.fail("the subject of this case needs two partitions or more");
      await one.reader.readToEnd(ended);
      await one.group.revoke(one.subject, one.partition);
      await one.group.assign(one.subject, one.partition);
      await one.reader.readToEnd(one.partition);
      assert.equal(one.reader.poll(ended), "end");
      // The reader refuses an assignment of what has finished.
      assert.deepEqual(one.reader.assigned.filter(({ partition }) => partition === ended).length, 1);
    },
    { name: "group, bounded", isMet: harness.group !== undefined && harness.capabilities.bounded },
  );
}

/** A source that is open, and the partition that will be taken from it: the longest. */
class Regrouping<Subject> {
  readonly trial: SourceTrial<Subject>;
  readonly reader: SourceReader;
  readonly group: SourceGroup<Subject>;
  readonly partition: string;
  readonly values: readonly unknown[];

  private constructor(trial: SourceTrial<Subject>, reader: SourceReader, group: SourceGroup<Subject>) {
    this.trial = trial;
    this.reader = reader;
    this.group = group;
    const [longest = "", values = []] = [...trial.expected].sort(([, a], [, b]) => b.length - a.length)[0] ?? [];
    this.partition = longest;
    this.values = values;
  }

  static async begin<S>(trial: SourceTrial<S>, harness: SourceHarness<S>): Promise<Regrouping<S>> {
    const group = harness.group ?? assert.fail("the harness has no group");
    return new Regrouping(trial, await trial.open(new Map(), { maxRecords: 10, maxBytes: 1_000_000 }), group);
  }

  get subject(): Subject {
    return this.trial.subject;
  }

  /** The newest generation of the partition. */
  get generation(): number {
    return Math.max(...this.reader.assigned.filter(({ partition }) => partition === this.partition).map(({ generation }) => generation));
  }
}
