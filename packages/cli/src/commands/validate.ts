// `streamflow validate`: says everything that is wrong with pipeline files, and opens nothing.
import type { Diagnostic } from "@streamflow/config";
import type { CliContext, GlobalOptions, SetValues } from "../cli-context.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { openProject } from "../host-module.ts";
import { loadFile } from "../load-pipeline.ts";
import { Output } from "../output.ts";
import { diagnosticsOf, renderError } from "../render-error.ts";
import { paintFor } from "../terminal.ts";

/** What was found in one file. */
interface Finding {
  readonly file: string;
  readonly ok: boolean;
  readonly pipeline?: string;
  readonly nodes?: number;
  readonly diagnostics?: readonly Diagnostic[];
}

/** Checks files one by one; a mistake in one does not hide those in another. */
export async function validateCommand(files: readonly string[], options: { readonly set: SetValues }, context: CliContext, globals: GlobalOptions): Promise<ExitCode> {
  const output = new Output(context, globals);
  const findings: Finding[] = [];
  const lines: string[] = [];
  const paint = paintFor(context.stderr, { color: globals.color, variables: context.variables });
  for (const file of files) {
    const { host } = await openProject({ context, globals, file, values: options.set });
    try {
      const { plan } = await loadFile(file, { host, folder: context.folder, values: options.set });
      const pipeline = plan.logical.config.name;
      findings.push({ file, ok: true, pipeline, nodes: plan.nodes.length });
      lines.push(`${output.paint("ok", "green")}  ${file}: pipeline ${pipeline}, ${plan.nodes.length} nodes`);
    } catch (thrown) {
      findings.push({ file, ok: false, diagnostics: diagnosticsOf(thrown) });
      if (!output.isJson) context.stderr.write(`${file}:\n${renderError(thrown, { paint, debug: globals.debug === true })}\n`);
    }
  }
  const isValid = findings.every(({ ok }) => ok);
  if (output.isJson || lines.length > 0) output.answer(() => lines.join("\n"), () => ({ valid: isValid, files: findings }));
  return isValid ? exitCodes.ok : exitCodes.usage;
}
