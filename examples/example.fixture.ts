// For tests: pipelines of a folder, in both forms, and runs of them.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildPlan, loadPipeline } from "@streamflow/config";
import { type HostStores, type LogicalPlan, type Pipeline, PipelineRun } from "@streamflow/core";
import { createHost } from "@streamflow/runner";
import { closeAll } from "@streamflow/state";

/** What may be said to a pipeline from outside. */
export type Values = Readonly<Record<string, string>>;

export const forms = ["ts", "yaml"] as const;
export type Form = (typeof forms)[number];

/** The plan of `pipeline.ts` or `pipeline.yaml` of a folder. */
export async function planOf(folder: string, form: Form, values: Values): Promise<LogicalPlan> {
  const file = join(folder, `pipeline.${form}`);
  if (form === "yaml") {
    const { registry, environment } = createHost({ variables: values });
    return buildPlan(await loadPipeline(file, { registry, disk: environment.disk, secrets: environment.secrets }), registry);
  }
  const { pipeline } = (await import(pathToFileURL(file).href)) as { readonly pipeline: (options: Values) => Pipeline };
  return pipeline(values).plan();
}

/** Runs a plan to the end of its input; `look` sees the stores before they are closed. */
export async function runPlan<Seen = void>(plan: LogicalPlan, dataFolder: string, look?: (stores: HostStores) => Promise<Seen>): Promise<Seen | undefined> {
  const host = createHost({ log: { level: "error" } });
  const stores = await host.openStores(dataFolder);
  try {
    await new PipelineRun(plan, { environment: host.environment, stores, functions: host.registry.functions }).run();
    return await look?.(stores);
  } finally {
    await closeAll(stores);
  }
}

/** The lines of all parts of a file sink, in the order of epochs. A header that every part repeats is there once. */
export async function linesOf(folder: string): Promise<readonly string[]> {
  const parts = (await readdir(folder)).filter((name) => name.startsWith("part-")).sort();
  const lines: string[] = [];
  for (const part of parts) {
    for (const line of await textLines(join(folder, part))) {
      if (!part.endsWith(".csv") || line !== lines[0]) lines.push(line);
    }
  }
  return lines;
}

/** The lines of a file. */
export async function textLines(file: string): Promise<readonly string[]> {
  const text = (await readFile(file, "utf8")).replaceAll("\r\n", "\n");
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}
