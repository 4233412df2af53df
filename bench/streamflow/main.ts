// A job as a pipeline of typed code, files and state exactly once: node bench/streamflow/main.ts JOB functions|expressions INPUT OUTPUT_FOLDER DATA_FOLDER [THREADS]
import { PipelineRun } from "@streamflow/core";
import { nodeEnvironment } from "@streamflow/core/node";
import { fileSink, ndjsonEncoder } from "@streamflow/sink";
import { closeAll, openDataFolder } from "@streamflow/state";
import { bidJobs } from "./bid-jobs.ts";
import { nexmarkJobs } from "./nexmark-jobs.ts";

const jobs = { ...bidJobs, ...nexmarkJobs };
const [name = "", form, input, folder, dataFolder, threads = "1"] = process.argv.slice(2);
const build = jobs[name];
if (build === undefined || (form !== "functions" && form !== "expressions") || input === undefined || folder === undefined || dataFolder === undefined) {
  throw new Error(`usage: main.ts ${Object.keys(jobs).join("|")} functions|expressions INPUT OUTPUT_FOLDER DATA_FOLDER [THREADS]`);
}
const pipeline = build({ form, input, threads: Number(threads) }).to(fileSink({ folder, format: ndjsonEncoder({ timestamps: "ms" }) }));
const environment = nodeEnvironment({ log: { level: "warn" } });
const stores = await openDataFolder(dataFolder, environment);
try {
  await new PipelineRun(pipeline.plan(), { environment, stores }).run();
} finally {
  await closeAll(stores);
}
