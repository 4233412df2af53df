// From a file, YAML, JSON or code, to a checked plan.
import { resolve } from "node:path";
import { buildPlan, ConfigError, loadPipeline, redactSecrets } from "@streamflow/config";
import { planPipeline, StreamFlowError, toStreamFlowError, type Host, type LogicalPlan, type PhysicalPlan } from "@streamflow/core";
import type { SetValues } from "./cli-context.ts";
import { importFile } from "./host-module.ts";

/** A pipeline that can be run or explained. */
export interface LoadedPipeline {
  readonly logical: LogicalPlan;
  readonly plan: PhysicalPlan;
  /** Replaces the secrets of the file in a text. */
  readonly redact: (text: string) => string;
}

/** What a code pipeline exports: `export const pipeline = (options) => new Pipeline(…)`. */
type PipelineFactory = (options: SetValues) => { plan(): LogicalPlan } | Promise<{ plan(): LogicalPlan }>;

/** What loading takes. */
export interface LoadFileOptions {
  readonly host: Host;
  /** Where relative paths are meant from. */
  readonly folder: string;
  readonly values?: SetValues;
}

const codePattern = /\.[cm]?[jt]s$/;

/** Reads and plans a pipeline; opens nothing. @throws {@link StreamFlowError} ConfigError with every mistake, or what the planner found */
export async function loadFile(file: string, options: LoadFileOptions): Promise<LoadedPipeline> {
  const { host, folder, values = {} } = options;
  const path = resolve(folder, file);
  const { logical, redact } = codePattern.test(path) ? await loadCode(path, values) : await loadText(file, path, host);
  return { logical, plan: planPipeline(logical, host.registry.functions), redact };
}

async function loadText(file: string, path: string, { registry, environment }: Host): Promise<Omit<LoadedPipeline, "plan">> {
  const { disk, secrets } = environment;
  const found = await disk.stat(path);
  if (found?.kind !== "file") {
    throw new StreamFlowError("SF_CONFIG_INVALID", found === undefined ? `there is no file "${file}"` : `"${file}" is a folder`, { hint: "name a pipeline file: .yaml, .yml, .json, .ts or .js" });
  }
  try {
    const spec = await loadPipeline(path, { registry, disk, secrets });
    return { logical: buildPlan(spec, registry), redact: (text) => redactSecrets(spec, text) };
  } catch (thrown) {
    throw thrown instanceof ConfigError ? namedAsGiven(thrown, path, file) : thrown;
  }
}

/** Mistakes are told under the name that the user has typed. */
function namedAsGiven(error: ConfigError, path: string, file: string): ConfigError {
  return new ConfigError(error.diagnostics.map((one) => (one.location.file === path ? { ...one, location: { ...one.location, file } } : one)));
}

async function loadCode(path: string, values: SetValues): Promise<Omit<LoadedPipeline, "plan">> {
  const { pipeline } = await importFile(path);
  if (typeof pipeline !== "function") throw new StreamFlowError("SF_CONFIG_INVALID", `"${path}" exports no function "pipeline"`, { hint: "export const pipeline = (options) => new Pipeline(…)" });
  try {
    const made = await (pipeline as PipelineFactory)(values);
    if (typeof made?.plan !== "function") throw new StreamFlowError("SF_CONFIG_INVALID", `pipeline(options) of "${path}" answered no Pipeline`);
    return { logical: made.plan(), redact: (text) => text };
  } catch (thrown) {
    throw toStreamFlowError(thrown, "SF_CONFIG_INVALID", `pipeline(options) of "${path}" threw`);
  }
}
