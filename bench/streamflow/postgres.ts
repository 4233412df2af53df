// A file of NDJSON into a table of Postgres, exactly once, a checkpoint each second.
//   node bench/streamflow/postgres.ts append|upsert URL INPUT DATA_FOLDER REPORT
import { writeFileSync } from "node:fs";
import { Pipeline, PipelineRun, t } from "@streamflow/core";
import { nodeEnvironment } from "@streamflow/core/node";
import { fileSource } from "@streamflow/ingest";
import { postgresSink } from "@streamflow/sink/postgres";
import { closeAll, openDataFolder } from "@streamflow/state";

const [mode, url = "", input = "", data = "", path = ""] = process.argv.slice(2);
const environment = nodeEnvironment({ log: { level: "warn" } });
const stores = await openDataFolder(data, environment);
const pipeline = new Pipeline({ name: "w8", checkpoint: { everyMs: 1_000 } });
if (mode === "append") {
  const schema = t.struct({ auction: t.int32(), bidder: t.int32(), price: t.int32(), channel: t.string(), dateTime: t.timestamp() });
  pipeline.from(fileSource({ path: input, format: "ndjson", schema }), { id: "lines" }).to(postgresSink({ url, table: "ours" }), { id: "rows" });
} else {
  const schema = t.struct({ key: t.int32(), value: t.int32(), dateTime: t.timestamp() });
  pipeline.from(fileSource({ path: input, format: "ndjson", schema }), { id: "lines" }).to(postgresSink({ url, table: "ours", mode: "upsert", key: ["key"] }), { id: "rows" });
}
try {
  const beganMs = performance.now();
  await new PipelineRun(pipeline.plan(), { environment, stores }).run();
  writeFileSync(path, JSON.stringify({ elapsedMs: performance.now() - beganMs }));
} finally {
  await closeAll(stores);
}
