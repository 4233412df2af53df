import { eventTime, field, Pipeline, PipelineRun } from "@streamflow/core";
import { nodeEnvironment } from "@streamflow/core/node";
import { Broker, memoryStores, RecordingSink } from "@streamflow/core/testing";
import { count, filter, keyBy, tumbling, window } from "@streamflow/transform";
const n = Number(process.argv[2] ?? 1000);
const environment = nodeEnvironment({ log: { level: "error" } });
const stores = memoryStores(environment.clock);
const heap = () => { (globalThis as any).gc(); (globalThis as any).gc(); return process.memoryUsage(); };
const h0 = heap();
const runs: PipelineRun[] = [];
const t0 = performance.now();
for (let i = 0; i < n; i++) {
  const broker = new Broker({ partitions: ["0"] });
  broker.push("0", [{ at: 1000, k: 1, n: 5 }]);
  const p = new Pipeline({ name: `p${i}` }).from(broker.source<any>()).addStage(eventTime({ timestamp: field("at") as never })).addStage(filter(field("n").gt(1) as never)).addStage(keyBy("k")).addStage(window({ window: tumbling({ sizeMs: 10_000 }), aggregate: { n: count() } }), { id: "w" }).to(new RecordingSink("sink-first"), { id: "out" });
  const run = new PipelineRun(p.plan(), { environment, stores });
  run.run().catch((e) => console.error(e));
  runs.push(run);
}
const t1 = performance.now();
while (runs.some((r) => r.state !== "running")) await new Promise((r) => setTimeout(r, 20));
const t2 = performance.now();
await new Promise((r) => setTimeout(r, 3000));
const h1 = heap();
const c0 = process.cpuUsage();
await new Promise((r) => setTimeout(r, 5000));
const c1 = process.cpuUsage(c0);
console.log({ n, startMs: t2 - t0, planMs: t1 - t0, heapPer: (h1.heapUsed - h0.heapUsed) / n, externalPer: (h1.external - h0.external) / n, arrayBuffersPer: (h1.arrayBuffers - h0.arrayBuffers) / n, cpuPercent: (c1.user + c1.system) / 5e4 });
process.exit(0);
