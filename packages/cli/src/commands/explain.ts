// `streamflow explain`: the plan of a pipeline, and what each sink guarantees.
import { explainCode, explainJson, explainMermaid, explainText, type PhysicalPlan } from "@streamflow/core";
import type { CliContext, GlobalOptions, SetValues } from "../cli-context.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { openProject } from "../host-module.ts";
import { loadFile } from "../load-pipeline.ts";

/** The formats of `explain`. */
export const explainFormats = ["text", "json", "mermaid"] as const;

/** Options of `explain`. */
export interface ExplainCommandOptions {
  readonly set: SetValues;
  readonly format: (typeof explainFormats)[number];
  /** The generated functions in place of the plan. */
  readonly code?: boolean;
}

const formats: Readonly<Record<(typeof explainFormats)[number], (plan: PhysicalPlan) => string>> = {
  text: explainText,
  json: (plan) => `${JSON.stringify(explainJson(plan), null, 2)}\n`,
  mermaid: explainMermaid,
};

/** Writes the plan of a file. Opens nothing. */
export async function explainCommand(file: string, options: ExplainCommandOptions, context: CliContext, globals: GlobalOptions): Promise<ExitCode> {
  const { host } = await openProject({ context, globals, file, values: options.set });
  const { plan, redact } = await loadFile(file, { host, folder: context.folder, values: options.set });
  if (options.code === true) {
    const code = redact(explainCode(plan, host.registry.functions));
    context.stdout.write(globals.json === true ? `${JSON.stringify({ code })}\n` : code);
    return exitCodes.ok;
  }
  const format = formats[globals.json === true ? "json" : options.format];
  context.stdout.write(redact(format(plan)));
  return exitCodes.ok;
}
