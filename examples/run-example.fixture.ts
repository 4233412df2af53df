// A process that runs an example, to be killed: node run-example.fixture.ts '{"folder":…,"form":…,"values":…,"dataFolder":…}'
// Writes how far it is (0 … 1) to stdout, a line each.
import { flushCompileCache } from "node:module";
import { PipelineRun } from "@streamflow/core";
import { createHost } from "@streamflow/runner";
import { closeAll } from "@streamflow/state";
import { type Form, planOf, type Values } from "./example.fixture.ts";

/** What the process is told. */
export interface ExampleArguments {
  readonly folder: string;
  readonly form: Form;
  readonly values: Values;
  readonly dataFolder: string;
}

// Where there is a compile cache, it is written now: a killed process writes nothing.
flushCompileCache();
const { folder, form, values, dataFolder } = JSON.parse(process.argv[2] ?? "") as ExampleArguments;
const host = createHost({ log: { level: "error" } });
const plan = await planOf(folder, form, values);
const stores = await host.openStores(dataFolder);
const run = new PipelineRun(plan, { environment: host.environment, stores, functions: host.registry.functions });
const report = setInterval(() => process.stdout.write(`${run.progress()?.fraction ?? 0}\n`), 2);
try {
  await run.run();
} finally {
  clearInterval(report);
  await closeAll(stores);
}
