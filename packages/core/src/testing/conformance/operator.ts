// The clauses OPR-1 to OPR-5, ODF-1 and ODF-2 as checks of one operator, alone and in the engine. Its tables and timers: operator-context.ts.
import assert from "node:assert/strict";
import { nextTurn } from "../../node/turn.ts";
import { SuiteBuilder, type ConformanceCase } from "./case.ts";
import { type EngineRun, type Output, type OperatorSetup, OperatorTrial, type Outputs } from "./operator-trial.ts";
import { range } from "./store-trial.ts";

const batchSizes = [1, 7, 1024];

/** Checks that an operator keeps the promises of its contract over the records of its setup. */
export function operatorConformance<Config>(setup: OperatorSetup<Config>): readonly ConformanceCase[] {
  const about = new OperatorTrial(setup);
  const suite = new SuiteBuilder<OperatorTrial<Config>>(async () => beginTrial(setup));
  const alone = { name: "runs alone", isMet: setup.runsAlone !== false };
  const keyed = { name: "keys", isMet: about.needsKey };
  addDefinition(suite, alone);
  addOrder(suite, alone);
  addBatches(suite, { alone, keyed });
  addState(suite, { alone, keyed });
  addThrowing(suite, { name: "throwing", isMet: setup.throwing !== undefined && alone.isMet });
  return suite.cases;
}

type Suite<Config> = SuiteBuilder<OperatorTrial<Config>>;
interface Need {
  readonly name: string;
  readonly isMet: boolean;
}

async function beginTrial<Config>(setup: OperatorSetup<Config>): Promise<OperatorTrial<Config>> {
  const trial = new OperatorTrial(setup);
  assert.ok(setup.records.length >= 10, "a setup has ten records or more");
  return trial;
}

function addDefinition<Config>(suite: Suite<Config>, alone: Need): void {
  suite.add(["ODF-1", "shape is pure: asked again it answers the same"], async (t) => {
    const { definition, config } = t.setup;
    const ask = (): unknown => definition.shape(config, t.shapes, { node: "operator", functions: t.functions });
    const before = JSON.stringify(t.shapes);
    assert.deepEqual(ask(), ask());
    assert.equal(JSON.stringify(t.shapes), before, "the shapes of the inputs are not changed");
  });

  suite.add(
    ["ODF-2", "instances share nothing: two that run in turns answer as each of them alone"],
    async (t) => {
      const expected = (await t.runAlone()).outputs;
      const two = [await t.alone(), await t.alone()];
      for (const at of range(t.setup.records.length)) for (const harness of two) await t.pushAll(harness, at, at + 1);
      for (const harness of two) assert.deepEqual(t.take(harness), expected);
    },
    alone,
  );
}

function addOrder<Config>(suite: Suite<Config>, alone: Need): void {
  suite.add(
    ["OPR-1", "it emits within the call, or when it is brought an answer: nothing comes later by itself"],
    async (t) => {
      const harness = await t.alone();
      t.push(harness, 0, t.setup.records.length);
      if (t.isAsynchronous) await harness.answers();
      assert.ok(count(t.take(harness)) > 0, "the records of the setup bring something out");
      for (const _ of range(5)) await nextTurn();
      assert.equal(count(t.take(harness)), 0, "records that came after the last call");
    },
    alone,
  );

  suite.add(
    ["OPR-4", "the same records give the same output, every time"],
    async (t) => {
      if (!t.isDeterministic) return;
      assert.deepEqual((await t.runAlone()).outputs, (await t.runAlone()).outputs);
    },
    alone,
  );
}

function addBatches<Config>(suite: Suite<Config>, { alone, keyed }: { readonly alone: Need; readonly keyed: Need }): void {
  const expectEngine = async (t: OperatorTrial<Config>, run: EngineRun, expected: Outputs): Promise<void> => {
    assert.deepEqual((await t.runInEngine(run)).outputs, expected, `in batches of ${run.batchRecords}`);
  };

  suite.add(["OPR-4", "the engine gives the same output whatever the batches"], async (t) => {
    const { outputs } = await t.runInEngine({ batchRecords: 2, scope: "partition" });
    assert.ok(count(outputs) > 0, "the records of the setup bring something out");
    for (const batchRecords of batchSizes) await expectEngine(t, { batchRecords, scope: "partition" }, outputs);
  });

  suite.add(
    ["OPR-4", "the engine gives the same output as the operator alone"],
    async (t) => {
      await expectEngine(t, { batchRecords: 7, scope: "partition" }, (await t.runAlone()).outputs);
    },
    alone,
  );

  suite.add(
    ["OPR-4", "behind an exchange the output is the same whatever the batches, and the same records as without one"],
    async (t) => {
      for (const emptyPartition of ["last", "first"] as const) {
        const { outputs } = await t.runInEngine({ batchRecords: 2, scope: "exchange", emptyPartition });
        for (const batchRecords of batchSizes) await expectEngine(t, { batchRecords, scope: "exchange", emptyPartition }, outputs);
      }
      const { outputs } = await t.runInEngine({ batchRecords: 2, scope: "exchange", emptyPartition: "first" });
      // Keys that fire together fire in the order of their key groups there.
      assert.deepEqual(sorted(outputs), sorted((await t.runInEngine({ batchRecords: 7, scope: "partition" })).outputs));
    },
    keyed,
  );
}

function addState<Config>(suite: Suite<Config>, { alone, keyed }: { readonly alone: Need; readonly keyed: Need }): void {
  suite.add(
    ["OPR-2", "after any record, another instance goes on from the snapshot as if nothing had happened"],
    async (t) => {
      const { length } = t.setup.records;
      const expected = (await t.runAlone()).outputs;
      for (const cut of range(length + 1)) {
        const first = await t.alone();
        await t.pushAll(first, 0, Math.min(cut, length - 1));
        const before = t.take(first);
        const second = await t.alone({ from: first.snapshot() });
        await t.pushAll(second, Math.min(cut, length - 1), length);
        assert.deepEqual(joined(before, t.take(second)), expected, `handed over after ${cut} records`);
      }
    },
    alone,
  );

  suite.add(
    ["OPR-5", "what it loads is there before the first record, and its version is kept"],
    async (t) => {
      const [one, two] = [await t.alone(), await t.alone()];
      const { version } = one.snapshot();
      if (t.setup.readAll !== undefined) assert.equal(typeof version, "string", "an operator that loads keeps a version");
      assert.equal(two.snapshot().version, version, "the same data has the same version");
      assert.equal((await t.alone({ from: one.snapshot() })).snapshot().version, version, "after a restore");
    },
    alone,
  );

  for (const scope of ["partition", "exchange"] as const) {
    suite.add(
      ["OPR-2", `a process that dies between checkpoints changes no output${scope === "exchange" ? ", behind an exchange" : ""}`],
      async (t) => {
        for (const emptyPartition of scope === "exchange" ? (["last", "first"] as const) : (["last"] as const)) {
          const expected = await t.runInEngine({ batchRecords: 7, scope, emptyPartition });
          for (const batchRecords of [1, 7]) assert.deepEqual((await t.runInEngine({ batchRecords, scope, emptyPartition, interruption: "crash" })).outputs, expected.outputs, `in batches of ${batchRecords}`);
        }
      },
      ...(scope === "exchange" ? [keyed] : []),
    );
  }

  suite.add(["OPR-2", "a partition that moves to another process changes no output"], async (t) => {
    const expected = await t.runInEngine({ batchRecords: 7, scope: "partition" });
    assert.deepEqual((await t.runInEngine({ batchRecords: 7, scope: "partition", interruption: "move" })).outputs, expected.outputs);
  });
}

function addThrowing<Config>(suite: Suite<Config>, throwing: Need): void {
  suite.add(
    ["OPR-3", "a user function that throws rejects that value alone: the rest is as if it had not been there"],
    async (t) => {
      const { config, throwsFor } = t.setup.throwing ?? assert.fail("the setup has no throwing configuration");
      const expected = await t.runAlone({ config, without: (record) => throwsFor(record) });
      assert.deepEqual(expected.rejected, [], "only the named records are rejected");
      const { outputs, rejected } = await t.runAlone({ config });
      const refused = t.setup.records.filter((record) => throwsFor(record));
      assert.ok(refused.length > 0 && refused.length < t.setup.records.length, "the function throws for some of the records");
      assert.deepEqual(rejected.map(({ value }) => value), refused.map(({ value }) => value));
      assert.deepEqual(outputs, expected.outputs);
      for (const batchRecords of [1, 1024]) {
        const run = await t.runInEngine({ batchRecords, scope: "partition", throwing: true });
        assert.deepEqual(run.outputs, expected.outputs, `in batches of ${batchRecords}`);
        assert.equal(run.deadLetters.length, refused.length, "dead letters");
        assert.ok(run.deadLetters.every(({ node }) => node === "operator"), "dead letters name the operator");
      }
    },
    throwing,
  );
}

function count(outputs: Outputs): number {
  return Object.values(outputs).reduce((sum, records) => sum + records.length, 0);
}

function joined(one: Outputs, two: Outputs): Outputs {
  return Object.fromEntries(Object.keys(one).map((name) => [name, [...(one[name] ?? []), ...(two[name] ?? [])]]));
}

function sorted(outputs: Outputs): Readonly<Record<string, readonly string[]>> {
  const texts = (records: readonly Output[]): readonly string[] => records.map((record) => JSON.stringify(record, (_name, value: unknown) => (typeof value === "bigint" ? `${value}n` : value))).toSorted((a, b) => (a < b ? -1 : 1));
  return Object.fromEntries(Object.entries(outputs).map(([name, records]) => [name, texts(records)]));
}
