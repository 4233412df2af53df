// `streamflow components` and `streamflow schema`: what pipelines may be written with, from the specs of the host.
import { componentDocs, pipelineJsonSchema, referenceDocs } from "@streamflow/config";
import { nearest, StreamFlowError, type ComponentKind, type ComponentSpec, type Registry } from "@streamflow/core";
import type { CliContext, GlobalOptions } from "../cli-context.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { openProject } from "../host-module.ts";
import { Output } from "../output.ts";
import { table } from "../terminal.ts";

const kinds: readonly ComponentKind[] = ["source", "stage", "sink", "decoder", "encoder"];

/** Lists all components, or shows the reference of one type. */
export async function componentsCommand(type: string | undefined, options: { readonly markdown?: boolean }, context: CliContext, globals: GlobalOptions): Promise<ExitCode> {
  const { host } = await openProject({ context, globals });
  const output = new Output(context, globals);
  const specs = kinds.flatMap((kind) => host.registry.components(kind) as readonly ComponentSpec[]);
  const chosen = type === undefined ? specs : ofType(specs, type);
  output.answer(
    () => (type !== undefined ? chosen.map(componentDocs).join("\n\n") : options.markdown === true ? referenceDocs(host.registry) : overview(host.registry)),
    () => ({ components: chosen.map(({ kind, type: name, summary, fields, example }) => ({ kind, type: name, summary, fields, example })) }),
  );
  return exitCodes.ok;
}

/** Writes the JSON Schema of pipeline files. */
export async function schemaCommand(context: CliContext, globals: GlobalOptions): Promise<ExitCode> {
  const { host } = await openProject({ context, globals });
  context.stdout.write(`${JSON.stringify(pipelineJsonSchema(host.registry), null, globals.json === true ? 0 : 2)}\n`);
  return exitCodes.ok;
}

function ofType(specs: readonly ComponentSpec[], type: string): readonly ComponentSpec[] {
  const found = specs.filter((spec) => spec.type === type);
  if (found.length > 0) return found;
  const near = nearest(type, specs.map((spec) => spec.type));
  throw new StreamFlowError("SF_COMPONENT_UNKNOWN", `there is no component "${type}"`, { hint: near === undefined ? "streamflow components lists them all" : `did you mean "${near}"?` });
}

function overview(registry: Registry): string {
  return kinds
    .map((kind) => [kind, registry.components(kind) as readonly ComponentSpec[]] as const)
    .filter(([, specs]) => specs.length > 0)
    .map(([kind, specs]) => `${kind}s\n${table(specs.map(({ type, summary }) => [`  ${type}`, summary]))}`)
    .join("\n\n");
}
