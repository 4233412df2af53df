// Idle pipelines in one host: each has read one record, holds its key in a window, and waits. node --expose-gc bench/streamflow/density.ts PIPELINES IDLE_MS DATA_FOLDER REPORT
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Coordinator, eventTime, field, type LifecycleState, type LogicalPlan, Pipeline, type PipelineRun, t } from "@streamflow/core";
import { pushSource } from "@streamflow/ingest";
import { createHost } from "@streamflow/runner";
import { callbackSink } from "@streamflow/sink";
import { closeAll } from "@streamflow/state";
import { count, filter, keyBy, tumbling, window } from "@streamflow/transform";

interface Event {
  readonly key: number;
  readonly value: number;
  readonly atMs: number;
}

const [given, idle, data = "", report = ""] = process.argv.slice(2);
const pipelines = Number(given);
const idleMs = Number(idle);
const lookEveryMs = 100;
const mostMs = 300_000;
const schema = t.struct({ key: t.int32(), value: t.int32(), atMs: t.timestamp() });
const startMs = Date.UTC(2015, 6, 15);

const host = createHost({ log: { level: "warn" } });
const stores = await host.openStores(data);
const coordinator = new Coordinator({ environment: host.environment, stores, functions: host.registry.functions });
const sources = Array.from({ length: pipelines }, (_, i) => pushSource<Event>({ name: `events-${i}`, schema }));

/** As users write them: nothing is shared on purpose. */
function planOf(index: number): LogicalPlan {
  return new Pipeline({ name: `pipeline-${index}` })
    .from(sources[index]!, { id: "events" })
    .addStage(eventTime({ timestamp: field("atMs"), outOfOrdernessMs: 1_000 }))
    .addStage(filter(field("value").gt(0)))
    .addStage(keyBy<Event>("key"))
    .addStage(window({ window: tumbling({ sizeMs: 3_600_000 }), aggregate: { count: count() } }), { id: "counts" })
    .to(callbackSink(() => undefined))
    .plan();
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (const beganMs = performance.now(); !isSo(); ) {
    if (performance.now() - beganMs > mostMs) throw new Error(`not within ${mostMs} ms: ${what}`);
    await sleep(lookEveryMs);
  }
}

/** What the process holds when nothing is left to be freed, in bytes. */
async function held(): Promise<NodeJS.MemoryUsage> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await sleep(20);
  }
  return process.memoryUsage();
}

const beganMs = performance.now();
const cpuBefore = process.cpuUsage();
const running = { count: 0, ms: 0 };
const failures: unknown[] = [];
const runs: PipelineRun[] = [];
// What watches them is one for all, and no part of what is measured.
const moved = (state: LifecycleState): void => {
  if (state === "running" && ++running.count === pipelines) running.ms = performance.now() - beganMs;
};
const failed = (error: unknown): void => void failures.push(error);
for (let i = 0; i < pipelines; i++) {
  const run = coordinator.add(planOf(i));
  run.lifecycle.onMove(moved);
  run.run().catch(failed);
  runs.push(run);
}
await until("all pipelines run", () => running.count === pipelines || failures.length > 0);
const { user, system } = process.cpuUsage(cpuBefore);
for (const source of sources) await source.push([{ key: 1, value: 1, atMs: startMs }]);
await until("every record is in a checkpoint", () => failures.length > 0 || runs.every((run) => (run.progress()?.epoch ?? 0) > 0));
// Idle for so long that it sleeps: what a host of such pipelines is like most of the time.
await until("all pipelines sleep", () => failures.length > 0 || runs.every((run) => run.isAsleep));
if (failures.length > 0) throw failures[0];

const { heapUsed, arrayBuffers, rss } = await held();
const idleFrom = { ...process.cpuUsage(), ms: performance.now() };
await sleep(idleMs);
const idleUsed = process.cpuUsage(idleFrom);
writeFileSync(report, JSON.stringify({
  running: runs.filter((run) => run.state === "running").length,
  keys: runs.reduce((sum, run) => sum + (run.progress()?.stateEntries ?? 0), 0),
  startMs: running.ms,
  startCpuMs: (user + system) / 1_000,
  heapBytes: heapUsed,
  arrayBytes: arrayBuffers,
  rssBytes: rss,
  idleCpuPercent: (idleUsed.user + idleUsed.system) / 10 / (performance.now() - idleFrom.ms),
}));
// Ten thousand last checkpoints are no part of this.
void closeAll(stores);
process.exit(0);
