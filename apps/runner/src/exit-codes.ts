// What the runner answers to whoever started it. README.md holds the same table.
import { StreamFlowError } from "@streamflow/core";

/** Exit codes by meaning; those of the command line mean the same here. */
export const exitCodes = {
  /** Every pipeline has stopped after a last checkpoint. */
  ok: 0,
  /** The host itself failed: its stores, or something nobody caught. */
  failed: 1,
  /** Arguments, the folder or the address are wrong. */
  usage: 2,
  /** The data folder is damaged or of another version. */
  state: 4,
  /** The time for draining was over: what was still running was aborted. */
  aborted: 5,
  /** A second signal ended it at once. */
  interrupted: 130,
} as const;

/** The exit code for an error while starting. */
export function exitCodeOf(error: StreamFlowError): number {
  if (error.code === "SF_CONFIG_INVALID") return exitCodes.usage;
  return error.code === "SF_STATE_CORRUPT" || error.code === "SF_STATE_INCOMPATIBLE" ? exitCodes.state : exitCodes.failed;
}
