// Filter, key, running count: each record of standard input that is kept is a line on standard output. node bench/streamflow/latency.ts DATA_FOLDER REPORT
import { writeFileSync } from "node:fs";
import { field, Pipeline, PipelineRun, t } from "@streamflow/core";
import { nodeEnvironment } from "@streamflow/core/node";
import { stdinSource } from "@streamflow/ingest";
import { stdoutSink } from "@streamflow/sink";
import { closeAll, openDataFolder } from "@streamflow/state";
import { aggregate, count, filter, keyBy, last } from "@streamflow/transform";

interface Line {
  readonly key: number;
  readonly value: number;
  readonly sent: number;
}

const [data = "", report = ""] = process.argv.slice(2);
const schema = t.struct({ key: t.int32(), value: t.int32(), sent: t.int32() });
const pipeline = new Pipeline<Line>({ name: "latency", checkpoint: { everyMs: 1_000 }, unboundedState: true })
  .from(stdinSource({ schema }), { id: "lines" })
  .addStage(filter((line: Line) => line.value > 0))
  .addStage(keyBy<Line>("key"))
  .addStage(aggregate({ count: count(), sent: last(field("sent")) }), { id: "counts" })
  .to(stdoutSink());
const environment = nodeEnvironment({ log: { level: "warn" } });
const stores = await openDataFolder(data, environment);
try {
  await new PipelineRun(pipeline.plan(), { environment, stores }).run();
} finally {
  await closeAll(stores);
}
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
writeFileSync(report, JSON.stringify({ cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, rssBytes: maxRSS * 1_024 }));
