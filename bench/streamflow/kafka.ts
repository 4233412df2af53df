// From one topic of Kafka into another, as it is, a checkpoint every so often.
//   node bench/streamflow/kafka.ts exactly-once|at-least-once EVERY_MS BROKER IN OUT DATA_FOLDER REPORT
import { writeFileSync } from "node:fs";
import { Pipeline, PipelineRun } from "@streamflow/core";
import { envSettings, nodeEnvironment } from "@streamflow/core/node";
import { kafkaSource } from "@streamflow/ingest/kafka";
import { kafkaSink } from "@streamflow/sink/kafka";
import { closeAll, openDataFolder } from "@streamflow/state";

const [delivery, everyMs, broker = "", from = "", to = "", data = "", path = ""] = process.argv.slice(2);
const environment = nodeEnvironment({ log: { level: "warn" }, settings: envSettings({ FLOW_STREAMING_ENABLED: "true" }) });
const stores = await openDataFolder(data, environment);
// The brokers remember what a pipeline has written: another run is another pipeline.
const pipeline = new Pipeline({ name: `w7-${to}`, checkpoint: { everyMs: Number(everyMs) } })
  .from(kafkaSource<string>({ brokerList: [broker], topic: from, bounded: true, format: "text" }), { id: "in" })
  .to(kafkaSink({ brokerList: [broker], topic: to, format: "lines", delivery: delivery as "exactly-once" }), { id: "out" });
try {
  const beganMs = performance.now();
  await new PipelineRun(pipeline.plan(), { environment, stores }).run();
  writeFileSync(path, JSON.stringify({ elapsedMs: performance.now() - beganMs }));
} finally {
  await closeAll(stores);
}
