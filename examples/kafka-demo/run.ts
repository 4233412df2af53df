// One process of the Kafka demo: runs a pipeline to its end, or until it is told to stop, or to its death.
//   node run.ts fill|hours OPTIONS DATA_FOLDER     options as JSON
import { PipelineRun } from "@streamflow/core";
import { nodeEnvironment } from "@streamflow/core/node";
import { closeAll, openDataFolder } from "@streamflow/state";
import { fill, type FillOptions, hours, type HoursOptions } from "./pipelines.ts";

const [name, options, dataFolder] = process.argv.slice(2);
if (options === undefined || dataFolder === undefined || (name !== "fill" && name !== "hours")) {
  process.stderr.write("usage: run.ts fill|hours OPTIONS DATA_FOLDER\n");
  process.exit(2);
}

const pipeline = name === "fill" ? fill(JSON.parse(options) as FillOptions) : hours(JSON.parse(options) as HoursOptions);
const environment = nodeEnvironment({ log: { level: "warn" } });
const stores = await openDataFolder(dataFolder, environment);
const run = new PipelineRun(pipeline.plan(), { environment, stores });
process.once("SIGTERM", () => run.stop());
// No timer of the engine keeps a process alive, and while it waits for its next attempt nothing else does.
const alive = setInterval(() => undefined, 60_000);
try {
  await run.run();
} finally {
  clearInterval(alive);
  await closeAll(stores);
}
