// Hunts for a record of a run that is ahead of what the sinks have, or further behind than one commit, wherever the process died.
import { Pipeline, type Source } from "@streamflow/core";
import { MemoryStorage, memoryStores, PipelineDriver, type RecordingSinkKind, ScriptedFaults, testEnvironment } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { runRecorder } from "./run-recorder.ts";
import { latestRun, readCheckpoints, type StoredStreamingCheckpoint } from "./streaming-checkpoints.ts";

const tenantId = "default";

interface Trial {
  readonly driver: PipelineDriver;
  /** What the record of the newest run says. */
  recorded(): Promise<readonly StoredStreamingCheckpoint[]>;
  position(): Promise<number>;
}

interface Setting {
  readonly kind: RecordingSinkKind;
  readonly mode: "sync" | "async";
  readonly faults?: ScriptedFaults;
  readonly followsBroker?: boolean;
}

function trial({ kind, mode, faults, followsBroker = true }: Setting): Trial {
  const storage = new MemoryStorage();
  const driver: PipelineDriver = new PipelineDriver({
    build: ({ source, sink }) => new Pipeline({ name: "p", checkpoint: { everyMs: 1_000, mode } }).from({ ...source(), followsBroker }).to(sink("out", kind)),
    // The processes after the crash live on.
    ...(faults === undefined ? {} : { faults: { reach: (point) => (faults.crashedAt === undefined ? faults.reach(point) : undefined) } }),
    stores: (environment) => {
      const stores = memoryStores(environment.clock, storage);
      return { ...stores, observe: runRecorder({ metadata: stores.metadata, environment }) };
    },
  });
  const { metadata } = memoryStores(driver.world.clock, storage);
  const recorded = async (): Promise<readonly StoredStreamingCheckpoint[]> => {
    const runId = await latestRun({ metadata, tenantId, pipelineId: "p" });
    return runId === undefined ? [] : await readCheckpoints({ metadata, tenantId, runId });
  };
  return { driver, recorded, position: async () => Number((await recorded())[0]?.offset ?? 0) };
}

/** Five records for each of six commits; what happens may end the process at any time. */
async function play({ driver, position }: Trial, look: (recorded: number, visible: number, wasDead: boolean) => void): Promise<void> {
  await driver.start();
  for (let commit = 1; commit <= 6; commit++) {
    driver.push(Array.from({ length: 5 }, (_, index) => 5 * commit - 4 + index));
    await driver.checkpoint();
    const wasDead = !driver.isAlive();
    look(await position(), driver.values().length, wasDead);
    if (!wasDead) continue;
    await driver.restart();
    // Where it goes on is written before it has done anything: nothing but the record has changed, or the end of the commit that was under way.
    look(await position(), driver.values().length, false);
    await driver.checkpoint();
  }
  await driver.checkpoint();
}

describe.each((["sink-first", "store-first"] as const).flatMap((kind) => (["sync", "async"] as const).map((mode) => ({ kind, mode }))))("$kind, $mode", (setting) => {
  it("a crash at any named point: never ahead of the sink, never more than one commit behind it, and even with it once it is up again", async () => {
    const watch = new ScriptedFaults();
    await play(trial({ ...setting, faults: watch }), (recorded, visible) => expect(recorded).toBe(visible));
    expect([...watch.visits.keys()]).toEqual(expect.arrayContaining(["checkpoint.after-commit-prepared", "checkpoint.after-observe", "checkpoint.after-publish"]));
    let deaths = 0;
    for (const [point, visits] of watch.visits) {
      for (const visit of [...new Set([1, 2, visits])].filter((one) => one <= visits)) {
        const name = `crash at visit ${visit} of ${point}`;
        const made = trial({ ...setting, faults: new ScriptedFaults({ at: { point, visit } }) });
        await play(made, (recorded, visible, wasDead) => {
          deaths += wasDead ? 1 : 0;
          if (wasDead) expect([visible, visible - 5], name).toContain(recorded);
          else expect(recorded, name).toBe(visible);
        });
        expect(made.driver.values(), name).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
        expect(await made.recorded(), name).toMatchObject([{ pipelineId: "p", partition: "0", offset: "30" }]);
      }
    }
    expect(deaths).toBeGreaterThan(20);
  }, 60_000);
});

it("at-least-once: what was seen twice begins where the record says, wherever it died", async () => {
  const watch = new ScriptedFaults();
  await play(trial({ kind: "at-least-once", mode: "async", faults: watch }), () => undefined);
  for (const [point, visits] of watch.visits) {
    const made = trial({ kind: "at-least-once", mode: "async", faults: new ScriptedFaults({ at: { point, visit: Math.min(2, visits) } }) });
    await play(made, (recorded, visible, wasDead) => {
      // Effects behind the recorded position come again; never is one of before it missing.
      if (wasDead) expect(visible, point).toBeGreaterThanOrEqual(recorded);
    });
    expect(new Set(made.driver.values()), point).toEqual(new Set(Array.from({ length: 30 }, (_, index) => index + 1)));
    expect(await made.position(), point).toBe(30);
  }
}, 60_000);

it("each start is a run of its own, which inherits; an owner that was replaced writes into its own run", async () => {
  const made = trial({ kind: "sink-first", mode: "async" });
  await made.driver.start();
  made.driver.push([1, 2]);
  await made.driver.checkpoint();
  const [first] = await made.recorded();
  expect(first).toEqual({ pipelineId: "p", partition: "0", offset: "2", generation: 1, epoch: 1 });
  await made.driver.restart();
  expect(await made.recorded()).toEqual([{ ...first, generation: 2 }]);
  made.driver.push([3]);
  await made.driver.checkpoint();
  expect(await made.recorded()).toMatchObject([{ offset: "3", generation: 2, epoch: 2 }]);
});

it("several sources that follow brokers: partitions are called by their nodes; others are left out", async () => {
  const { environment, clock } = testEnvironment();
  const { metadata } = memoryStores(clock);
  const source = (followsBroker: boolean): Source => ({ type: "s", capabilities: { replayable: true, bounded: false, deterministic: true }, config: {}, followsBroker, open: () => expect.fail("it is not opened") });
  const observer = runRecorder({ metadata, environment, tenantId: "t" })({ pipeline: "p", sources: [{ node: "orders", source: source(true) }, { node: "refunds", source: source(true) }, { node: "names", source: source(false) }] });
  const at = (node: string, position: string) => ({ source: node, partition: "0", position, generation: 1, epoch: 1 });
  // At once, as where partitions come while a commit is told.
  await Promise.all([observer?.committed([at("orders", "2"), at("names", "9")]), observer?.committed([at("refunds", "1")])]);
  const runId = (await latestRun({ metadata, tenantId: "t", pipelineId: "p" })) ?? "";
  expect((await readCheckpoints({ metadata, tenantId: "t", runId })).map(({ partition, offset }) => [partition, offset])).toEqual([["orders/0", "2"], ["refunds/0", "1"]]);
});

it("of a source that follows no broker nothing is recorded", async () => {
  const made = trial({ kind: "sink-first", mode: "async", followsBroker: false });
  await made.driver.start();
  made.driver.push([1]);
  await made.driver.checkpoint();
  expect([await made.recorded(), made.driver.values()]).toEqual([[], [1]]);
});
