// Errors for people and for programs.
import { ConfigError, renderDiagnostics, type Diagnostic } from "@streamflow/config";
import { StreamFlowError, toStreamFlowError } from "@streamflow/core";
import type { Paint } from "./terminal.ts";

/** An error as `--json` shows it. */
export interface ErrorDocument {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** How errors are shown. */
export interface RenderOptions {
  readonly paint: Paint;
  /** With stacks and causes. */
  readonly debug: boolean;
}

/** What is wrong, one entry for each mistake. */
export function diagnosticsOf(thrown: unknown): readonly Diagnostic[] {
  const error = toStreamFlowError(thrown, "SF_INTERNAL", "unexpected failure");
  if (isConfigError(error)) return error.diagnostics;
  const { code, message, location = {}, hint } = error;
  return [{ code, message, location, ...(hint === undefined ? {} : { hint }) }];
}

/** Text for standard error: code, message, place and hint of every mistake. */
export function renderError(thrown: unknown, { paint, debug }: RenderOptions): string {
  const text = renderDiagnostics(diagnosticsOf(thrown))
    .replaceAll(/^error\[\w+\]/gm, (head) => paint(head, "red"))
    .replaceAll(/^ {2}hint:/gm, (head) => paint(head, "cyan"));
  return debug ? `${text}\n\n${paint(stackOf(thrown), "dim")}\n` : `${text}\n`;
}

/** The same for programs. */
export function errorDocument(thrown: unknown): ErrorDocument {
  const { code, message, hint } = toStreamFlowError(thrown, "SF_INTERNAL", "unexpected failure");
  return { code, message, ...(hint === undefined ? {} : { hint }), diagnostics: diagnosticsOf(thrown) };
}

/** Also one made by another copy of the package. */
function isConfigError(error: StreamFlowError): error is ConfigError {
  return error instanceof ConfigError || (error.name === "ConfigError" && Array.isArray((error as Partial<ConfigError>).diagnostics));
}

function stackOf(thrown: unknown): string {
  const lines: string[] = [];
  for (let error = thrown; error instanceof Error; error = error.cause) lines.push(error.stack ?? String(error));
  return lines.join("\ncaused by: ");
}
