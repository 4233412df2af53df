// Checkpoints that name again what has not changed (docs/adr/0011): after a crash at any point of one, totals are those of a run without, and little was written.
import { eventTime, Pipeline } from "@streamflow/core";
import { type DriverEnds, PipelineDriver, ScriptedFaults } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { count, keyBy, sum, tumbling, window } from "./index.ts";

interface Row {
  readonly key: number;
  readonly at: number;
}

const keys = 40_000;
const busy = 200;
const rounds = 4;
const points = ["before-flush", "after-prepare", "before-store", "after-store", "before-publish", "after-publish", "after-committed"].map((point) => `checkpoint.${point}`);

const build = (isLocal: boolean) => (ends: DriverEnds): Pipeline<Row, unknown> =>
  new Pipeline({ name: "totals", checkpoint: { everyMs: 1e9, mode: "sync", keep: 1 } })
    .from(ends.source<Row>())
    .addStage(eventTime({ timestamp: (row: Row) => row.at, outOfOrdernessMs: 0 }))
    .addStage(keyBy<Row>("key", { coPartitioned: isLocal }))
    .addStage(window({ window: tumbling({ sizeMs: 1_000 }), aggregate: { n: count(), total: sum((row: Row) => row.at) } }))
    .to(ends.sink("out", "store-first"));

/** All keys once; then, round by round, a few that stand together, and a new one. */
function rowsOf(round: number): readonly Row[] {
  if (round === 0) return Array.from({ length: keys }, (_, key) => ({ key, at: 1 }));
  return [...Array.from({ length: busy }, (_, i) => ({ key: 35_000 + i, at: round })), { key: keys + round, at: round }];
}

interface Outcome {
  readonly values: readonly string[];
  /** Bytes of segments that each checkpoint wrote. */
  readonly written: readonly number[];
}

async function run(isLocal: boolean, at?: { readonly point: string; readonly visit: number }): Promise<Outcome> {
  let hasCrashed = false;
  const driver: PipelineDriver = new PipelineDriver({
    build: build(isLocal),
    brokers: { in: { partitions: ["0"], bounded: true } },
    // Once: the process that comes after it lives.
    faults: { reach: (point) => { if (!hasCrashed) faults.reach(point); } },
  });
  const faults = new ScriptedFaults({ ...(at === undefined ? {} : { at }), onCrash: () => (hasCrashed = true) });
  const revive = async (): Promise<void> => {
    if (!driver.isAlive() && driver.run().state !== "finished") await driver.restart();
  };
  const { segments } = driver.storage.checkpoints.of("totals");
  const written: number[] = [];
  await driver.start();
  for (let round = 0; round < rounds; round++) {
    driver.push(rowsOf(round));
    const before = new Set(segments.keys());
    await driver.checkpoint();
    await revive();
    written.push([...segments].reduce((sum, [name, bytes]) => sum + (before.has(name) ? 0 : bytes.length), 0));
  }
  driver.broker().end();
  await driver.settle();
  await revive();
  await driver.settle();
  expect([driver.run().state, hasCrashed]).toEqual(["finished", at !== undefined]);
  return { values: driver.values().map((value) => JSON.stringify(value)).sort(), written };
}

describe.each([["a partition", true], ["key groups", false]] as const)("state of %s", (_name, isLocal) => {
  it("is the same after a crash at any point of a checkpoint that names again what others have stored", async () => {
    const { values, written } = await run(isLocal);
    expect(values).toHaveLength(keys + rounds - 1);
    // One chunk of three. Key groups have all changed.
    if (isLocal) for (const bytes of written.slice(1)) expect(bytes / written[0]!).toBeLessThan(0.4);
    for (const point of points) expect([point, (await run(isLocal, { point, visit: 3 })).values.join() === values.join()]).toEqual([point, true]);
  }, 60_000);
});
