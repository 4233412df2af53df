// `streamflow capabilities`: which sources and sinks a pipeline could use in this process, and what is missing for the others.
import { capabilitiesOf, type ComponentCapability } from "@streamflow/core";
import type { CliContext, GlobalOptions } from "../cli-context.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { openProject } from "../host-module.ts";
import { Output } from "../output.ts";
import { table } from "../terminal.ts";

/** Lists them, from what the components of the host say of themselves. */
export async function capabilitiesCommand(context: CliContext, globals: GlobalOptions): Promise<ExitCode> {
  const { host } = await openProject({ context, globals });
  const capabilities = capabilitiesOf(host.registry, host.environment);
  new Output(context, globals).answer(() => listing(capabilities), () => ({ capabilities }));
  return exitCodes.ok;
}

function listing(capabilities: readonly ComponentCapability[]): string {
  return (["source", "sink"] as const)
    .map((kind) => `${kind}s\n${table(capabilities.filter((one) => one.kind === kind).map(({ type, status, reason, hint }) => [`  ${type}`, status, [reason, hint].filter((text) => text !== undefined).join("; ")]))}`)
    .join("\n\n");
}
