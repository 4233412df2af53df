// One process of the demo: runs the pipeline to its end, or to its death. Progress goes to stdout, a JSON line each.
//   node run.ts FLIGHTS AIRPORTS RESULTS DATA_FOLDER
import { PipelineRun } from "@streamflow/core";
import { nodeEnvironment } from "@streamflow/core/node";
import { closeAll, openDataFolder } from "@streamflow/state";
import { pipeline } from "./pipeline.ts";

const [flights, airports, results, dataFolder] = process.argv.slice(2);
if (flights === undefined || airports === undefined || results === undefined || dataFolder === undefined) {
  process.stderr.write("usage: run.ts FLIGHTS AIRPORTS RESULTS DATA_FOLDER\n");
  process.exit(2);
}

const environment = nodeEnvironment({ log: { level: "warn" } });
const stores = await openDataFolder(dataFolder, environment);
const run = new PipelineRun(pipeline({ flights, airports, results }).plan(), { environment, stores });
const report = setInterval(() => {
  const progress = run.progress();
  if (progress !== undefined) process.stdout.write(`${JSON.stringify(progress)}\n`);
}, 50);
try {
  await run.run();
} finally {
  clearInterval(report);
  await closeAll(stores);
}
