// Mistakes in a configuration: collected, located, and told all at once.
import { StreamFlowError, type AnyErrorCode, type SourceLocation } from "@streamflow/core";

/** One mistake. */
export interface Diagnostic {
  readonly code: AnyErrorCode;
  /** What was observed against what is expected. Never holds a secret. */
  readonly message: string;
  readonly location: SourceLocation;
  /** The edit that mends it. */
  readonly hint?: string;
}

/** How many mistakes are told; the rest would only repeat them. */
export const maxDiagnostics = 100;

/** A configuration with mistakes: all of them, in the order of the text. */
export class ConfigError extends StreamFlowError {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    const [first] = diagnostics;
    const more = diagnostics.length > 1 ? ` (and ${diagnostics.length - 1} more)` : "";
    super("SF_CONFIG_INVALID", first === undefined ? "the configuration is invalid" : `${placeOf(first.location)}${first.message}${more}`, {
      ...(first?.hint === undefined ? {} : { hint: first.hint }),
      ...(first === undefined ? {} : { location: first.location }),
    });
    this.name = "ConfigError";
    this.diagnostics = diagnostics;
  }
}

/**
 * Writes diagnostics for people:
 *
 * ```text
 * error[SF_CONFIG_INVALID]: size must be at least 1ms, got "-5s"
 *   --> pipeline.yaml:14:15   stages[2].size
 *   hint: durations look like 30s, 5m or 1h30m
 * ```
 */
export function renderDiagnostics(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.map(renderOne).join("\n\n");
}

function renderOne({ code, message, location, hint }: Diagnostic): string {
  const lines = [`error[${code}]: ${message}`];
  const place = [fileAndLine(location), location.path].filter((part) => part !== undefined && part !== "").join("   ");
  if (place !== "") lines.push(`  --> ${place}`);
  if (hint !== undefined) lines.push(`  hint: ${hint}`);
  return lines.join("\n");
}

function placeOf(location: SourceLocation): string {
  const parts = [fileAndLine(location), location.path].filter((part) => part !== undefined && part !== "");
  return parts.length === 0 ? "" : `${parts.join(" ")}: `;
}

function fileAndLine({ file, line, column }: SourceLocation): string | undefined {
  if (line === undefined) return file;
  return `${file ?? "line"}:${line}${column === undefined ? "" : `:${column}`}`;
}
