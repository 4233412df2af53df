// One point of a curve: the CPU time of a record behind a warm-up. node bench/streamflow/curve.ts CURVE POINT RECORDS DATA_FOLDER REPORT
//   Half of the records are the warm-up. All pipelines wait for each other there, and only the second half is timed: no start, no end.
import { writeFileSync } from "node:fs";
import { Coordinator, type LogicalPlan } from "@streamflow/core";
import { createHost } from "@streamflow/runner";
import { closeAll } from "@streamflow/state";
import { curveJob } from "./curve-jobs.ts";
import { curveSource, keysOf } from "./curve-source.ts";

const [curve = "", point = "", records = "", data = "", report = ""] = process.argv.slice(2);
const job = curveJob(curve, Number(point));
const recordsEach = 2 * Math.floor(Number(records) / job.pipelines / 2);
const host = createHost({ log: { level: "warn" } });
const stores = await host.openStores(data);
const coordinator = new Coordinator({ environment: host.environment, stores, functions: host.registry.functions });

let waiting = 0;
let over = 0;
let openGate!: () => void;
const gate = new Promise<void>((resolve) => (openGate = resolve));
let timed: { readonly user: number; readonly system: number } | undefined;
let sum = 0;

/** All have come to the middle: what they have read has gone through as soon as the loop has been free once. */
function atGate(): Promise<void> {
  if (++waiting === job.pipelines) setImmediate(() => setImmediate(() => {
    timed = process.cpuUsage();
    openGate();
  }));
  return gate;
}

/** All have handed over their last record. */
function atEnd(): void {
  if (++over < job.pipelines) return;
  // The last batch of the last pipeline is still on its way.
  setImmediate(() => {
    const { user, system } = process.cpuUsage(timed);
    timedNs = (user + system) * 1_000;
  });
}
let timedNs = NaN;

function planOf(index: number, pool: Float64Array): LogicalPlan {
  const source = curveSource(`points-${index}`, pool, {
    records: recordsEach, keys: job.keys, recordsPerMs: job.recordsPerMs, gate: { at: recordsEach / 2, pass: atGate }, over: atEnd,
  });
  return job.build(source, `${curve}-${index}`, (result) => void (sum += result)).plan();
}

const pool = keysOf(job.keys);
const runs = Array.from({ length: job.pipelines }, (_, i) => coordinator.add(planOf(i, pool)));
await Promise.all(runs.map((run) => run.run()));
await closeAll(stores);
writeFileSync(report, JSON.stringify({
  nsPerRecord: timedNs / (recordsEach / 2) / job.pipelines,
  records: recordsEach * job.pipelines,
  sum,
  expected: job.expected(recordsEach),
}));
