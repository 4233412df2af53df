// Pipelines on several threads of the machine: results, dead letters and checkpoints are those of one thread, whatever happens meanwhile (docs/adr/0004).
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PipelineRun, type Environment } from "@streamflow/core";
import { nodeEnvironment } from "@streamflow/core/node";
import { recordingLogger, ScriptedFaults, seededRandom } from "@streamflow/core/testing";
import { closeAll, openDataFolder } from "@streamflow/state";
import { contentOf, CountedThreads, type Order, orders, type Outcome, pipelineOf, plans, runOnce, type RunSettings, threadedEnvironment } from "./threads.fixture.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(`${tmpdir()}/streamflow-threads-`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type PlanName = keyof typeof plans;
const names = Object.keys(plans) as readonly PlanName[];

function settings(plan: PlanName, parallelism: number, more: Partial<RunSettings> = {}): RunSettings {
  return { folder, name: `${plan}${parallelism}`, plan, parallelism, ...more };
}

async function onOne(plan: PlanName): Promise<Outcome> {
  return await runOnce(settings(plan, 1), nodeEnvironment({ logger: recordingLogger() }));
}

describe.each(names)("%s", (plan) => {
  it("gives the same on 1, 2 and 4 threads", async () => {
    writeFileSync(`${folder}/input.ndjson`, orders(5_000, 1));
    const one = await onOne(plan);
    expect(one.error).toBeUndefined();
    expect([one.deadLetters.length > 15, Object.values(one.output).every((text) => text.length > 1_000)]).toEqual([true, true]);
    for (const parallelism of [2, 4]) {
      const threads = new CountedThreads();
      expect(await runOnce(settings(plan, parallelism), threadedEnvironment(threads))).toEqual(one);
      expect([threads.started, threads.ranges > 5]).toEqual([parallelism - 1, true]);
    }
  });

  it("goes on after crashes with another number of threads", async () => {
    const random = seededRandom(plan.length);
    writeFileSync(`${folder}/input.ndjson`, orders(4_000, 2));
    const one = await onOne(plan);
    let crashes = 0;
    for (let attempt = 0; ; attempt++) {
      const faults = attempt === 3 ? undefined : new ScriptedFaults({ random: { seed: plan.length * 100 + attempt, probability: 0.15 } });
      const parallelism = [1, 2, 3, 4][random.integer(4)]!;
      const outcome = await runOnce(settings(plan, parallelism, { name: "many", everyMs: 2 }), threadedEnvironment(readyAtOnce(parallelism), faults));
      if (outcome.error === undefined) {
        expect({ ...outcome, restarts: 0 }).toEqual({ ...one, restarts: 0 });
        break;
      }
      crashes++;
    }
    expect(crashes).toBeGreaterThan(0);
  });
});

/** Threads for a run in which there may be none. */
function readyAtOnce(parallelism: number): CountedThreads {
  const threads = new CountedThreads();
  return parallelism > 1 ? threads : Object.assign(threads, { ready: Promise.resolve() });
}

it("a checkpoint behind a record holds the same, byte for byte, on 1, 2 and 4 threads", async () => {
  writeFileSync(`${folder}/input.ndjson`, orders(1_500, 3));
  const contents: string[] = [];
  for (const parallelism of [1, 2, 4]) {
    const threads = readyAtOnce(parallelism);
    const environment = threadedEnvironment(threads);
    // A batch is one record here: the last checkpoint is taken right behind the one at which the pipeline is stopped.
    const { error } = await runOnce(settings("windows", parallelism, { everyMs: 60_000, maxRecords: 1, seen: stopAt(1_200) }), environment, (run) => (running = run));
    expect([error, threads.ranges > 0]).toEqual([undefined, parallelism > 1]);
    contents.push(await lastCheckpoint(`windows${parallelism}`, environment));
  }
  expect(contents[0]!.length).toBeGreaterThan(1_000);
  expect(contents[1]).toBe(contents[0]);
  expect(contents[2]).toBe(contents[0]);
});

async function lastCheckpoint(name: string, environment: Environment): Promise<string> {
  const stores = await openDataFolder(`${folder}/${name}-data`, environment);
  const [listed] = await stores.checkpoints.list("orders");
  const content = listed !== undefined && "checkpoint" in listed ? await contentOf(stores, listed.checkpoint) : undefined;
  await closeAll(stores);
  return JSON.stringify(content);
}

describe("a thread that dies", () => {
  const dying = (): CountedThreads => new CountedThreads((program) => new URL(`./failing-program.fixture.ts#${program.href}`, import.meta.url));

  it("fails the attempt with its reason; the next one goes on, and the results are those of one thread", async () => {
    writeFileSync(`${folder}/input.ndjson`, orders(5_000, 4));
    const one = await onOne("windows");
    const threads = dying();
    const environment = threadedEnvironment(threads);
    const outcome = await runOnce(settings("windows", 2), environment);
    expect({ ...outcome, restarts: 0 }).toEqual({ ...one, restarts: 0 });
    expect([outcome.restarts, threads.started]).toEqual([1, 2]);
  });

  it("is told as any failure of a source where nothing is restarted", async () => {
    writeFileSync(`${folder}/input.ndjson`, orders(5_000, 4));
    const environment: Environment = threadedEnvironment(dying());
    const plan = pipelineOf(settings("windows", 2)).plan();
    const stores = await openDataFolder(`${folder}/data`, environment);
    const run = new PipelineRun({ ...plan, config: { ...plan.config, restart: { maxRestarts: 0 } } }, { environment, stores });
    await expect(run.run()).rejects.toMatchObject({ code: "SF_RESTART_EXHAUSTED", cause: { code: "SF_SOURCE_FAILED", message: expect.stringContaining("no memory is left in this thread") as string } });
    await closeAll(stores);
  });
});

it("a pipeline that is stopped, or paused and resumed, leaves no thread and loses nothing", async () => {
  writeFileSync(`${folder}/input.ndjson`, orders(5_000, 5));
  const one = await onOne("sliding");
  const threads = new CountedThreads();
  const stopped = await runOnce(settings("sliding", 3, { name: "many", seen: stopAt(1_500) }), threadedEnvironment(threads), (run) => (running = run));
  expect([stopped.error, threads.started]).toEqual([undefined, 2]);
  const paused = await runOnce(settings("sliding", 2, { name: "many", seen: pauseAt(3_500) }), threadedEnvironment(new CountedThreads()), (run) => (running = run));
  expect(paused).toEqual(one);
});

let running: PipelineRun | undefined;

function stopAt(id: number): (order: Order) => void {
  return (order) => {
    if (order.id === id) running?.stop();
  };
}

function pauseAt(id: number): (order: Order) => void {
  return (order) => {
    if (order.id === id) void running?.pause().then(() => running?.resume());
  };
}
