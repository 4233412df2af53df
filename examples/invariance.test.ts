// What must not change a result: where batches are cut, code or YAML, kinds of checkpoints, the order of records within the bound, how
// partitions are interleaved, crashes, and a shard that moves.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventTime, field, Pipeline, t } from "@streamflow/core";
import { fileSource } from "@streamflow/ingest";
import { memorySink } from "@streamflow/sink";
import { collect, count, keyBy, max, sum, tumbling, window } from "@streamflow/transform";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runPlan } from "./example.fixture.ts";
import { asSet, driverOf, lastRows, naiveResults, plainSetting, type Reading, resultsOf, runOnce, type Setting, type WindowRow, type WindowRules } from "./invariance.fixture.ts";

const rules: WindowRules = { sizeMs: 10, outOfOrdernessMs: 5, allowedLatenessMs: 0 };

const anyReading: fc.Arbitrary<Reading> = fc.record({ key: fc.constantFrom("a", "b"), at: fc.integer({ min: -20, max: 60 }), value: fc.integer({ min: -9, max: 9 }) });
const anyReadings = fc.array(anyReading, { maxLength: 60, size: "max" });
const anyRules: fc.Arbitrary<WindowRules> = fc.record({ sizeMs: fc.constantFrom(1, 7, 10), outOfOrdernessMs: fc.constantFrom(0, 5, 30), allowedLatenessMs: fc.constantFrom(0, 1, 12) });

/** The third comes when its window has fired, the last when that is over. */
const updatedAndLate: Reading[] = [0, 20, 5, 60, 0].map((at) => ({ key: "a", at, value: 1 }));

const settings: readonly Setting[] = [1, 7, 1024].flatMap((maxRecords) =>
  (["code", "yaml"] as const).flatMap((form) => (["sync", "async"] as const).map((mode) => ({ form, maxRecords, mode, coPartitioned: maxRecords === 7 }))),
);

/** Records by time, each at most `boundMs` behind the newest before it. */
function shuffledWithin(boundMs: number): fc.Arbitrary<{ readonly inOrder: readonly Reading[]; readonly shuffled: readonly Reading[] }> {
  return fc.array(fc.tuple(anyReading, fc.integer({ min: 0, max: boundMs })), { maxLength: 60, size: "max" }).map((pairs) => ({
    inOrder: pairs.map(([one]) => one).sort((a, b) => a.at - b.at),
    shuffled: pairs.toSorted(([a, delayA], [b, delayB]) => a.at + delayA - (b.at + delayB)).map(([one]) => one),
  }));
}

describe("one partition", () => {
  it.each(settings)("gives what the naive model gives, late updates and late records too: $form, batches of $maxRecords, $mode", async (setting) => {
    let updates = 0;
    let lates = 0;
    await fc.assert(
      fc.asyncProperty(anyReadings, anyRules, async (readings, anyRule) => {
        const expected = naiveResults(readings, anyRule);
        const found = await runOnce(readings, anyRule, setting);
        expect(asSet(found.rows)).toEqual(asSet(expected.rows));
        expect(found.late).toEqual(expected.late);
        updates += expected.rows.length - lastRows(expected.rows).length;
        lates += expected.late.length;
      }),
      { numRuns: 25, examples: [[updatedAndLate, { sizeMs: 10, outOfOrdernessMs: 0, allowedLatenessMs: 12 }]] },
    );
    expect(updates).toBeGreaterThan(0);
    expect(lates).toBeGreaterThan(0);
  });

  it.each([
    ["none", {}],
    ["every 3 ms", { early: { everyMs: 3 } }],
    ["every 2 records", { early: { count: 2 } }],
    ["both, and late updates", { early: { everyMs: 4, count: 3 }, allowedLatenessMs: 12 }],
  ])("gives the same rows in the same order in every setting; early firings: %s", async (_name, more) => {
    let again = 0;
    await fc.assert(
      fc.asyncProperty(anyReadings, async (readings) => {
        const anyRule = { ...rules, ...more };
        const plain = await runOnce(readings, anyRule, plainSetting);
        for (const setting of settings) expect(await runOnce(readings, anyRule, setting)).toEqual(plain);
        const expected = naiveResults(readings, anyRule);
        expect(asSet(lastRows(plain.rows))).toEqual(asSet(lastRows(expected.rows)));
        expect(plain.late).toEqual(expected.late);
        again += plain.rows.length - lastRows(plain.rows).length;
      }),
      { numRuns: 6 },
    );
    expect(again > 0).toBe("early" in more);
  });

  it("counts every record, whatever their order within the bound", async () => {
    await fc.assert(
      fc.asyncProperty(shuffledWithin(rules.outOfOrdernessMs), async ({ inOrder, shuffled }) => {
        const { rows, late } = await runOnce(shuffled, rules, plainSetting);
        expect(late).toEqual([]);
        expect(asSet(rows)).toEqual(asSet(naiveResults(inOrder, { ...rules, outOfOrdernessMs: Infinity }).rows));
      }),
      { numRuns: 50 },
    );
  });

  it("counts every record or gives it to the late output, beyond the bound", async () => {
    await fc.assert(
      fc.asyncProperty(shuffledWithin(4 * rules.outOfOrdernessMs), async ({ shuffled }) => {
        const { rows, late } = await runOnce(shuffled, rules, plainSetting);
        expect(late).toEqual(naiveResults(shuffled, rules).late);
        expect(rows.reduce((total, row) => total + row.n, 0) + late.length).toBe(shuffled.length);
      }),
      { numRuns: 50 },
    );
  });

  it.each(["sync", "async"] as const)("is the same after crashes anywhere, with %s checkpoints", async (mode) => {
    await fc.assert(
      fc.asyncProperty(anyReadings, fc.infiniteStream(fc.constantFrom("push", "checkpoint", "crash")), async (readings, steps) => {
        const driver = driverOf({ ...rules, allowedLatenessMs: 12 }, { ...plainSetting, maxRecords: 3, mode });
        await driver.start();
        for (const one of readings) {
          driver.push([one]);
          const { value: step } = steps.next();
          if (step === "push") await driver.settle();
          else if (step === "checkpoint") await driver.checkpoint();
          else await driver.restart();
        }
        driver.broker().end();
        await driver.settle();
        expect(resultsOf(driver)).toEqual(await runOnce(readings, { ...rules, allowedLatenessMs: 12 }, plainSetting));
      }),
      { numRuns: 15 },
    );
  });
});

const partitions = ["0", "1", "2"];
/** Each key in one partition alone. */
const inPartition = (partition: string, readings: readonly Reading[]): readonly Reading[] => readings.map((one) => ({ ...one, key: `${one.key}${partition}` }));
const threeInputs = fc.tuple(anyReadings, anyReadings, anyReadings).map((inputs) => new Map(partitions.map((name, index) => [name, inPartition(name, inputs[index] ?? [])])));

/** Which partition the next few records are pushed to. */
const anyInterleaving = fc.array(fc.record({ partition: fc.constantFrom(...partitions), records: fc.integer({ min: 1, max: 5 }) }), { maxLength: 60, size: "max" });

/** What the naive model gives for each partition alone. */
function alone(inputs: ReadonlyMap<string, readonly Reading[]>, rule: WindowRules): { readonly rows: readonly WindowRow[]; readonly late: readonly Reading[] } {
  const each = [...inputs.values()].map((readings) => naiveResults(readings, rule));
  return { rows: each.flatMap(({ rows }) => rows), late: each.flatMap(({ late }) => late) };
}

const sorted = (late: readonly Reading[]): readonly string[] => late.map((one) => JSON.stringify(one)).sort();

describe("three partitions", () => {
  const coPartitioned: Setting = { ...plainSetting, maxRecords: 7, coPartitioned: true };

  it("give the same results however they are interleaved, where a shard is a partition", async () => {
    await fc.assert(
      fc.asyncProperty(threeInputs, anyInterleaving, async (inputs, turns) => {
        const driver = driverOf(rules, coPartitioned, { partitions });
        await driver.start();
        const left = new Map([...inputs].map(([name, readings]) => [name, [...readings]]));
        for (const { partition, records } of turns) {
          driver.push(left.get(partition)?.splice(0, records) ?? [], partition);
          await driver.settle();
        }
        for (const [name, rest] of left) driver.push(rest, name);
        driver.broker().end();
        await driver.settle();
        const found = resultsOf(driver);
        const expected = alone(inputs, rules);
        expect(asSet(found.rows)).toEqual(asSet(expected.rows));
        expect(sorted(found.late)).toEqual(sorted(expected.late));
      }),
      { numRuns: 25 },
    );
  });

  it("lose nothing behind an exchange, where records are within the bound: the partition that is furthest behind decides", async () => {
    const input = shuffledWithin(rules.outOfOrdernessMs);
    await fc.assert(
      fc.asyncProperty(fc.tuple(input, input, input), anyInterleaving, async (inputs, turns) => {
        const driver = driverOf(rules, plainSetting, { partitions });
        await driver.start();
        // Keys are shared between the partitions.
        const left = new Map(partitions.map((name, index) => [name, [...(inputs[index]?.shuffled ?? [])]]));
        for (const { partition, records } of turns) {
          driver.push(left.get(partition)?.splice(0, records) ?? [], partition);
          await driver.settle();
        }
        for (const [name, rest] of left) driver.push(rest, name);
        driver.broker().end();
        await driver.settle();
        const all = inputs.flatMap(({ inOrder }) => inOrder);
        expect(resultsOf(driver).late).toEqual([]);
        expect(asSet(resultsOf(driver).rows)).toEqual(asSet(naiveResults(all, { ...rules, outOfOrdernessMs: Infinity }).rows));
      }),
      { numRuns: 25 },
    );
  });

  it("give the same results while one shard moves between two processes", async () => {
    await fc.assert(
      fc.asyncProperty(threeInputs, fc.array(fc.tuple(fc.constantFrom(...partitions), fc.constantFrom("a", "b"), fc.nat(30)), { minLength: 1, maxLength: 4 }), async (inputs, moves) => {
        // A partition without an end keeps its process running; one last record closes all windows.
        const closed = new Map([...inputs].map(([name, readings]) => [name, [...readings, { key: `end${name}`, at: 1000, value: 0 }]]));
        const driver = driverOf(rules, coPartitioned, { partitions, bounded: false });
        for (const name of partitions) driver.broker().give(name, "a");
        await driver.start("a");
        await driver.start("b");
        const owners = new Map(partitions.map((name) => [name, "a"]));
        for (const [partition, to, records] of moves) {
          for (const [name, rest] of closed) driver.push(rest.splice(0, records), name);
          await driver.settle();
          if (owners.get(partition) !== to) await driver.move(partition, to);
          owners.set(partition, to);
        }
        for (const [name, rest] of closed) driver.push(rest, name);
        await driver.checkpoint("a");
        await driver.checkpoint("b");
        const expected = alone(inputs, rules);
        expect(asSet(resultsOf(driver).rows)).toEqual(asSet(expected.rows));
        expect(sorted(resultsOf(driver).late)).toEqual(sorted(expected.late));
      }),
      { numRuns: 15 },
    );
  });

  it("give the same results as three files", async () => {
    const root = await mkdtemp(join(tmpdir(), "streamflow-invariance-"));
    try {
      const [inputs] = fc.sample(threeInputs, { numRuns: 1, seed: 9 });
      if (inputs === undefined) throw new Error("no sample");
      for (const [name, readings] of inputs) await writeFile(join(root, `${name}.ndjson`), readings.map((one) => `${JSON.stringify(one)}\n`).join(""));
      const [rows, late] = [memorySink(), memorySink<Reading>()];
      const schema = t.struct({ key: t.string(), at: t.timestamp(), value: t.int32() });
      const pipeline = new Pipeline({ name: "files" })
        .from(fileSource({ folder: root, suffix: ".ndjson", schema }))
        .addStage(eventTime({ timestamp: field("at"), outOfOrdernessMs: rules.outOfOrdernessMs }))
        .addStage(keyBy("key", { coPartitioned: true }))
        .addStage(window({ window: tumbling({ sizeMs: rules.sizeMs }), aggregate: { n: count(), total: sum(field("value")), highest: max(field("value")), values: collect(field("value")) } }), { id: "window" })
        .side<Reading>("late", (side) => side.to(late, { id: "late" }))
        .to(rows, { id: "out" });
      await runPlan(pipeline.plan(), join(root, "data"));
      const expected = alone(inputs, rules);
      expect(asSet(rows.values as readonly WindowRow[])).toEqual(asSet(expected.rows));
      expect(sorted(late.values)).toEqual(sorted(expected.late));
      expect(late.values.length).toBeGreaterThan(0);
    } finally {
      await rm(root, { recursive: true });
    }
  });
});
