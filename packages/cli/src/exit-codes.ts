// What the command answers to the shell. docs/cli.md holds the same table; a test compares them.
import { StreamFlowError, type AnyErrorCode } from "@streamflow/core";

/** Exit codes by meaning. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, held: 3, state: 4, interrupted: 130 } as const;

/** A code that the command exits with. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What each code says, in order. */
export const exitCodeTable: readonly { readonly code: ExitCode; readonly meaning: string }[] = [
  { code: exitCodes.ok, meaning: "It worked. A run has read its whole input, or was stopped by one Ctrl-C or SIGTERM after a last checkpoint." },
  { code: exitCodes.failed, meaning: "A failure at run time: a source, sink, disk or user function, after the restart budget was spent." },
  { code: exitCodes.usage, meaning: "The command line, the pipeline file, its plan, a secret, a switch or an installed package is wrong. Nothing was read." },
  { code: exitCodes.held, meaning: "Another process runs the pipeline, or has taken it over." },
  { code: exitCodes.state, meaning: "Stored state is damaged, or does not fit the present plan or input." },
  { code: exitCodes.interrupted, meaning: "A second Ctrl-C or SIGTERM ended the command at once. The next run goes on from the last checkpoint." },
];

const byErrorCode: ReadonlyMap<AnyErrorCode, ExitCode> = new Map<AnyErrorCode, ExitCode>([
  ...([
    "SF_CONFIG_INVALID", "SF_PLAN_INVALID", "SF_PLAN_UNBOUNDED_STATE", "SF_PIPELINE_SEALED", "SF_PIPELINE_STAGE_REJECTED", "SF_EXPRESSION_INVALID", "SF_SCHEMA_INVALID",
    "SF_WINDOW_INVALID", "SF_COMPONENT_UNKNOWN", "SF_COMPONENT_DUPLICATE", "SF_SECRET_MISSING", "SF_CLIENT_MISSING", "SF_STREAMING_DISABLED", "SF_BROKER_UNCONFIGURED", "SF_COMPONENT_PLANNED",
  ] as const).map((code) => [code, exitCodes.usage] as const),
  ...(["SF_LEASE_HELD", "SF_LEASE_LOST", "SF_CHECKPOINT_FENCED", "SF_SINK_FENCED"] as const).map((code) => [code, exitCodes.held] as const),
  ...(["SF_STATE_CORRUPT", "SF_STATE_INCOMPATIBLE", "SF_CHECKPOINT_NONE", "SF_SOURCE_POSITION"] as const).map((code) => [code, exitCodes.state] as const),
]);

/** The exit code for an error. A spent restart budget counts as the failure that spent it. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!StreamFlowError.is(error)) return exitCodes.failed;
  if (error.code === "SF_RESTART_EXHAUSTED" && StreamFlowError.is(error.cause)) return exitCodeOf(error.cause);
  return byErrorCode.get(error.code) ?? exitCodes.failed;
}
