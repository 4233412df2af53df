// What becomes of a pipeline when something fails. Every error code has one fate; docs/failures.md holds the same table, and a test compares them.
import type { ErrorCode } from "../error-codes.ts";
import { StreamFlowError } from "../errors.ts";

/** What follows a failure that ended a pipeline's attempt. */
export type Fate = "restart" | "fail";

/**
 * What a failure with a code means.
 * - `dead letter`: one record is taken out, the pipeline goes on. Where the policy is `onReject: "fail"`, the pipeline fails.
 * - `retry`: the same write is tried again in place; when that does not help, or the sink is transactional, the pipeline restarts.
 * - `restart`: everything since the last commit is discarded, and the pipeline starts again, within its restart budget.
 * - `fail`: what is wrong would still be wrong after a restart.
 */
export type FailureFate = "dead letter" | "retry" | Fate;

/** The fate of every code. */
export const failureFates: Readonly<Record<ErrorCode, FailureFate>> = {
  SF_STAGE_FAILED: "dead letter",
  SF_EXPRESSION_FAILED: "dead letter",
  SF_TYPE_MISMATCH: "dead letter",
  SF_KEY_INVALID: "dead letter",
  SF_TIME_MISSING: "dead letter",
  SF_TIME_FUTURE: "dead letter",
  SF_LOOKUP_MISSING: "dead letter",
  SF_ROUTE_NONE: "dead letter",
  SF_CODEC_DECODE: "dead letter",
  SF_CODEC_ENCODE: "dead letter",
  SF_SINK_REJECTED: "dead letter",
  SF_RECORD_TOO_LARGE: "dead letter",
  SF_SCHEMA_VIOLATION: "dead letter",

  SF_SINK_UNAVAILABLE: "retry",
  SF_SINK_PARTIAL: "retry",
  SF_TIMEOUT: "retry",
  SF_CIRCUIT_OPEN: "retry",

  SF_SOURCE_CONNECT: "restart",
  SF_SOURCE_FAILED: "restart",
  SF_PARTITION_LOST: "restart",
  SF_SINK_FAILED: "restart",
  SF_CHECKPOINT_FAILED: "restart",
  SF_STORE_UNAVAILABLE: "restart",
  SF_DISK_FULL: "restart",
  SF_DISK_FAILED: "restart",
  SF_BUDGET_EXCEEDED: "restart",
  SF_INTERNAL: "restart",

  SF_CONFIG_INVALID: "fail",
  SF_PLAN_INVALID: "fail",
  SF_PLAN_UNBOUNDED_STATE: "fail",
  SF_PIPELINE_SEALED: "fail",
  SF_PIPELINE_STAGE_REJECTED: "fail",
  SF_PIPELINE_UNKNOWN: "fail",
  SF_REQUEST_INVALID: "fail",
  SF_LIFECYCLE_ILLEGAL: "fail",
  SF_EXPRESSION_INVALID: "fail",
  SF_SCHEMA_INVALID: "fail",
  SF_SCHEMA_INCOMPATIBLE: "fail",
  SF_WINDOW_INVALID: "fail",
  SF_COMPONENT_UNKNOWN: "fail",
  SF_COMPONENT_DUPLICATE: "fail",
  SF_CLIENT_MISSING: "fail",
  SF_STREAMING_DISABLED: "fail",
  SF_BROKER_UNCONFIGURED: "fail",
  SF_COMPONENT_PLANNED: "fail",
  SF_SECRET_MISSING: "fail",
  SF_STAGE_PROMISE: "fail",
  SF_REJECT_LIMIT: "fail",
  SF_SOURCE_MISSING: "fail",
  SF_SOURCE_POSITION: "fail",
  SF_STATE_CORRUPT: "fail",
  SF_STATE_INCOMPATIBLE: "fail",
  SF_CHECKPOINT_NONE: "fail",
  SF_DISK_READ_ONLY: "fail",
  SF_ABORTED: "fail",
  SF_RESTART_EXHAUSTED: "fail",
  // Another owner has taken over: starting again would take it back, and so on for ever.
  SF_SINK_FENCED: "fail",
  SF_CHECKPOINT_FENCED: "fail",
  SF_LEASE_LOST: "fail",
  SF_LEASE_HELD: "fail",
};

/** The fate of a pipeline that ended with `error`. `rejectPolicy` "fail" makes errors of records final. */
export function fateOf(error: unknown, rejectPolicy: "keep" | "fail" | undefined): Fate {
  const fate = StreamFlowError.is(error) ? (failureFates as Readonly<Record<string, FailureFate | undefined>>)[error.code] : undefined;
  if (fate === "fail") return "fail";
  return fate === "dead letter" && rejectPolicy === "fail" ? "fail" : "restart";
}
