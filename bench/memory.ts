// Runs generated flights through a pipeline like the demo's and reports the memory that the process took at most.
//   node bench/memory.ts [--bytes 10GB] [--data FOLDER]
// The input is made as it is read: no file, and no part of it is kept.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PipelineRun } from "@streamflow/core";
import { nodeEnvironment } from "@streamflow/core/node";
import { closeAll, openDataFolder } from "@streamflow/state";
import { bytesOf, memoryPipeline } from "./memory-pipeline.ts";

const { values } = parseArgs({ options: { bytes: { type: "string", default: "10GB" }, data: { type: "string" } } });
const bytes = bytesOf(values.bytes);
const folder = values.data ?? mkdtempSync(join(tmpdir(), "streamflow-memory-"));

const environment = nodeEnvironment({ log: { level: "warn" } });
const stores = await openDataFolder(join(folder, "data"), environment);
const run = new PipelineRun(memoryPipeline({ bytes, results: join(folder, "results.db") }).plan(), { environment, stores });
const startMs = performance.now();
let mostBytes = 0;
const report = setInterval(() => {
  mostBytes = Math.max(mostBytes, process.memoryUsage.rss());
}, 100);
try {
  await run.run();
} finally {
  clearInterval(report);
  await closeAll(stores);
  if (values.data === undefined) rmSync(folder, { recursive: true, force: true });
}
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
process.stdout.write(`${JSON.stringify({
  bytes,
  records: run.progress()?.recordsIn,
  rssBytes: Math.max(mostBytes, maxRSS * 1024),
  cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
  wallSeconds: (performance.now() - startMs) / 1_000,
})}\n`);
