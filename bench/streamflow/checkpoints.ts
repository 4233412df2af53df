// Totals of many keys with and without checkpoints: what checkpoints cost, and what coming back takes.
//   node bench/streamflow/checkpoints.ts run EVERY_MS KEYS INPUT OUTPUT_FOLDER DATA_FOLDER REPORT   all of the input, into files exactly once
//   node bench/streamflow/checkpoints.ts fill 0 KEYS INPUT - DATA_FOLDER REPORT                    until all keys are in a checkpoint; then it crashes
//   node bench/streamflow/checkpoints.ts restore 0 KEYS INPUT - DATA_FOLDER REPORT                 comes back from that, and writes to standard output
import { writeFileSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { eventTime, field, metricNames, type PipelineConfig, Pipeline, PipelineRun, type Sink, t } from "@streamflow/core";
import { nodeEnvironment } from "@streamflow/core/node";
import { fileSource } from "@streamflow/ingest";
import { fileSink, stdoutSink } from "@streamflow/sink";
import { closeAll, openDataFolder } from "@streamflow/state";
import { count, keyBy, sum, tumbling, window } from "@streamflow/transform";

const [mode, every, given, input = "", output = "", data = "", path = ""] = process.argv.slice(2);
const keys = Number(given);
const lookEveryMs = 5;
const dayMs = 86_400_000;

/** In a window of a day all keys stay until the end. Short ones close one after the other as soon as the time behind the day is reached. */
function totals(sink: Sink, sizeMs: number, config: Partial<PipelineConfig>): Pipeline {
  const schema = t.struct({ key: t.int32(), value: t.int32(), dateTime: t.timestamp() });
  const pipeline = new Pipeline({ name: "totals", ...config }).from(fileSource({ path: input, format: "ndjson", schema }), { id: "lines" })
    .addStage(eventTime({ timestamp: field("dateTime"), outOfOrdernessMs: dayMs }))
    .addStage(keyBy("key"))
    .addStage(window({ window: tumbling({ sizeMs }), aggregate: { count: count(), sum: sum(field("value")) } }), { id: "totals" })
    .to(sink);
  return pipeline as unknown as Pipeline;
}

const isRun = mode === "run";
// Who comes back loads what a program of anybody's would load.
const metrics = isRun ? new (await import("@streamflow/core/testing")).MemoryMetrics() : undefined;
const environment = nodeEnvironment({ log: { level: "warn" }, ...(metrics === undefined ? {} : { metrics }) });
const stores = await openDataFolder(data, environment);
const pipeline = isRun ? totals(fileSink({ folder: output }), dayMs, { checkpoint: { everyMs: Number(every) } }) : totals(stdoutSink(), 10_000, {});
const run = new PipelineRun(pipeline.plan(), { environment, stores });

/** Records and what they have cost, at some moments of the way. */
interface Sample {
  readonly atMs: number;
  readonly cpuMs: number;
  readonly records: number;
}
function sample(): Sample {
  const { user, system } = process.cpuUsage();
  return { atMs: performance.now(), cpuMs: (user + system) / 1_000, records: run.progress()?.recordsIn ?? 0 };
}

/** All of the input. The steady part begins where all keys are there, and ends before the window does. */
async function runAll(): Promise<unknown> {
  const samples: Sample[] = [];
  const looking = setInterval(() => samples.push(sample()), lookEveryMs);
  await run.run();
  clearInterval(looking);
  const [from, to] = [samples.find(({ records }) => records >= keys), samples.at(-1)];
  if (from === undefined || to === undefined || to === from) throw new Error("the input is too short");
  // The last one is taken when nothing is left to be processed.
  const during = (name: string): readonly number[] => metrics!.values(name, { pipeline: "totals" }).slice(0, -1);
  return {
    recordsPerSecond: ((to.records - from.records) * 1_000) / (to.atMs - from.atMs),
    recordsPerCpuSecond: ((to.records - from.records) * 1_000) / (to.cpuMs - from.cpuMs),
    pausesMs: during(metricNames.checkpointPause.name),
    durationsMs: during(metricNames.checkpointDuration.name),
  };
}

/** Takes a checkpoint when all keys have been seen, and ends without a word to anybody. */
async function fill(): Promise<unknown> {
  const looking = setInterval(() => {
    if ((run.progress()?.recordsIn ?? 0) < keys) return;
    clearInterval(looking);
    void run.checkpoint().then(() => {
      writeFileSync(path, JSON.stringify({ keys: run.progress()?.stateEntries }));
      // Where NODE_COMPILE_CACHE says so, as the command does: whoever comes back has run before.
      flushCompileCache();
      process.kill(process.pid, "SIGKILL");
    });
  }, 1);
  return await run.run();
}

/** Times are those of this process, from its very start. */
async function restore(): Promise<unknown> {
  const beganMs = performance.now();
  let report: unknown;
  run.lifecycle.onMove((state) => {
    if (state !== "running") return;
    const restoredMs = performance.now();
    report = { restoredMs, restoreMs: restoredMs - beganMs, keys: run.progress()?.stateEntries };
    writeFileSync(path, JSON.stringify(report));
  });
  await run.run();
  return report;
}

const work = { run: runAll, fill, restore }[mode ?? ""];
if (work === undefined) throw new Error("usage: checkpoints.ts run|fill|restore EVERY_MS KEYS INPUT OUTPUT_FOLDER DATA_FOLDER REPORT");
try {
  writeFileSync(path, JSON.stringify(await work()));
} finally {
  await closeAll(stores);
}
