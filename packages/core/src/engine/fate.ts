// What becomes of a pipeline when it fails. Every failure class has one fate: docs/failures.md holds the same table; a test compares them.
import { type AnyErrorCode, StreamFlowError } from "../errors.ts";

/** What follows a failure of the whole pipeline. Failures of single records are dead letters, failures of single writes are retried in place. */
export type Fate = "restart" | "fail";

/** Failures that a restart cannot mend: what is wrong would still be wrong. */
const final: ReadonlySet<AnyErrorCode> = new Set<AnyErrorCode>([
  "SF_CONFIG_INVALID", "SF_PLAN_INVALID", "SF_PLAN_UNBOUNDED_STATE", "SF_PIPELINE_SEALED", "SF_PIPELINE_STAGE_REJECTED", "SF_EXPRESSION_INVALID",
  "SF_SCHEMA_INVALID", "SF_WINDOW_INVALID", "SF_COMPONENT_UNKNOWN", "SF_CLIENT_MISSING", "SF_SECRET_MISSING",
  "SF_SOURCE_MISSING", "SF_SOURCE_POSITION", "SF_STATE_CORRUPT", "SF_STATE_INCOMPATIBLE", "SF_CHECKPOINT_NONE", "SF_DISK_READ_ONLY",
  // Another owner has taken over: starting again would take it back, and so on for ever.
  "SF_SINK_FENCED", "SF_CHECKPOINT_FENCED", "SF_LEASE_LOST", "SF_LEASE_HELD",
  "SF_STAGE_PROMISE", "SF_ABORTED",
]);

/** The fate of a pipeline that ended with `error`. `rejectPolicy` "fail" makes errors of records final. */
export function fateOf(error: unknown, rejectPolicy: "keep" | "fail" | undefined): Fate {
  if (!StreamFlowError.is(error)) return "restart";
  if (final.has(error.code)) return "fail";
  return rejectPolicy === "fail" && recordFailures.has(error.code) ? "fail" : "restart";
}

const recordFailures: ReadonlySet<AnyErrorCode> = new Set<AnyErrorCode>([
  "SF_STAGE_FAILED", "SF_EXPRESSION_FAILED", "SF_TYPE_MISMATCH", "SF_KEY_INVALID", "SF_TIME_MISSING", "SF_TIME_FUTURE", "SF_CODEC_DECODE", "SF_CODEC_ENCODE",
  "SF_RECORD_TOO_LARGE", "SF_SCHEMA_VIOLATION",
]);
