// The only table of error codes: code -> what it means, whether a retry may help, what to do.
// docs/errors.md is generated from it (`pnpm docs:errors`).

/** A row of the table. */
export interface ErrorCodeRow {
  readonly summary: string;
  readonly retryable: boolean;
  readonly hint?: string;
}

/** Every code that StreamFlow fails with: what it means, whether trying again may help, and what to do. docs/errors.md is made of it. */
export const errorCodes = {
  SF_ABORTED: { summary: "The work was cancelled by its caller.", retryable: false },
  SF_TIMEOUT: { summary: "The work took longer than it was allowed to.", retryable: true },
  SF_CIRCUIT_OPEN: { summary: "A service that kept failing is left alone for a while.", retryable: true },
  SF_INTERNAL: { summary: "An invariant of StreamFlow itself does not hold: a bug.", retryable: false, hint: "report it with the message and the plan (streamflow explain --json)" },
  SF_CONFIG_INVALID: { summary: "A configuration value is unknown, of the wrong type or out of bounds.", retryable: false },
  SF_PLAN_INVALID: { summary: "The stages of a pipeline do not fit together.", retryable: false },
  SF_PLAN_UNBOUNDED_STATE: { summary: "The plan's state could grow for ever.", retryable: false, hint: "add a window or a time to live, or declare `unboundedState: true`" },
  SF_PIPELINE_SEALED: { summary: "A stage was added after the pipeline had started.", retryable: false, hint: "add all stages before the first execute() or run()" },
  SF_PIPELINE_STAGE_REJECTED: { summary: "A stage refused the configuration or the shape of its input.", retryable: false },
  SF_LIFECYCLE_ILLEGAL: { summary: "The operation is not legal in the pipeline's present state.", retryable: false },
  SF_PIPELINE_UNKNOWN: { summary: "The host has no pipeline of that name.", retryable: false },
  SF_REQUEST_INVALID: { summary: "A request to the host is malformed, too large, or not taken there.", retryable: false },
  SF_CLIENT_MISSING: { summary: "An optional client library is not installed.", retryable: false },
  SF_STREAMING_DISABLED: { summary: "A source or sink that follows a broker was opened in a process in which streaming is switched off.", retryable: false },
  SF_BROKER_UNCONFIGURED: { summary: "Streaming is switched on, and neither the pipeline nor the process names a broker.", retryable: false },
  SF_COMPONENT_PLANNED: { summary: "The type of a source or sink is known, and it is not built yet.", retryable: false },
  SF_STAGE_FAILED: { summary: "A user function or stage threw.", retryable: false },
  SF_STAGE_PROMISE: { summary: "A function that was declared synchronous returned a promise.", retryable: false, hint: "let a `mapAsync` stage in front of it wait for the answer" },
  SF_REJECT_LIMIT: { summary: "More records were rejected than the pipeline allows.", retryable: false, hint: "look at the dead letters, or raise deadLetters.maxRejected" },
  SF_ROUTE_NONE: { summary: "No route of a router takes a record.", retryable: false, hint: "add a route, or give the router an `otherwise` output" },
  SF_EXPRESSION_INVALID: { summary: "An expression is malformed, uses something not allowed, or has the wrong type.", retryable: false },
  SF_EXPRESSION_FAILED: { summary: "An expression failed on a record.", retryable: false },
  SF_TYPE_MISMATCH: { summary: "A value is not of the declared type.", retryable: false },
  SF_KEY_INVALID: { summary: "A key is missing, of a type that cannot be a key, or too large.", retryable: false },
  SF_TIME_MISSING: { summary: "A record has no usable event time.", retryable: false },
  SF_TIME_FUTURE: { summary: "A record's event time is further in the future than maxFutureMs allows.", retryable: false },
  SF_WINDOW_INVALID: { summary: "A window's size, slide, gap or offset is out of bounds.", retryable: false },
  SF_LOOKUP_MISSING: { summary: "A record found nothing in a lookup that it requires.", retryable: false },
  SF_SOURCE_FAILED: { summary: "A source failed to open or to read.", retryable: false },
  SF_SOURCE_CONNECT: { summary: "A source lost or could not make its connection.", retryable: true },
  SF_SOURCE_MISSING: { summary: "A source's file or resource does not exist.", retryable: false, hint: "check the path: in a pipeline file it is meant from that file's folder" },
  SF_PARTITION_LOST: { summary: "A partition was taken away without notice; nothing of it may be committed any more.", retryable: true },
  SF_SOURCE_POSITION: { summary: "A source cannot resume at the stored position.", retryable: false, hint: "the input was changed or truncated since the checkpoint; restore the input or start without the checkpoint" },
  SF_CODEC_DECODE: { summary: "The bytes of a record could not be decoded.", retryable: false },
  SF_CODEC_ENCODE: { summary: "A value could not be encoded.", retryable: false },
  SF_RECORD_TOO_LARGE: { summary: "A record is larger than the configured bound.", retryable: false, hint: "raise maxRecordBytes if such records are expected" },
  SF_SCHEMA_INVALID: { summary: "A schema is malformed, or the columns of a file cannot have it.", retryable: false },
  SF_SCHEMA_INCOMPATIBLE: { summary: "A new version of a schema does not fit the earlier ones of its subject.", retryable: false, hint: "give new fields a default, or set another compatibility mode for the subject" },
  SF_SCHEMA_VIOLATION: { summary: "A record does not satisfy its schema.", retryable: false },
  SF_SINK_FAILED: { summary: "A sink failed to open, write or commit.", retryable: false },
  SF_SINK_UNAVAILABLE: { summary: "A sink is not reachable at the moment.", retryable: true },
  SF_SINK_PARTIAL: { summary: "A part of a batch was not written.", retryable: false },
  SF_SINK_REJECTED: { summary: "The target of a sink refused a record, and would refuse it again.", retryable: false },
  SF_SINK_FENCED: { summary: "A newer owner of the shard has committed to the sink.", retryable: false, hint: "another process has taken over; or the data folder was removed and the output kept: bring it back, or remove the output too" },
  SF_STATE_CORRUPT: { summary: "Stored state fails its checksum or cannot be read.", retryable: false },
  SF_STATE_INCOMPATIBLE: { summary: "Stored state does not fit the present plan.", retryable: false },
  SF_STORE_UNAVAILABLE: { summary: "The database that holds checkpoints, leases, logs and documents is not reachable at the moment.", retryable: true },
  SF_CHECKPOINT_FAILED: { summary: "A checkpoint could not be completed.", retryable: true },
  SF_CHECKPOINT_FENCED: { summary: "A newer owner of the shard has taken over; this one may publish nothing any more.", retryable: false },
  SF_CHECKPOINT_NONE: { summary: "No usable checkpoint was found.", retryable: false },
  SF_LEASE_HELD: { summary: "Another process owns the pipeline's shards.", retryable: true, hint: "stop the other process, or wait until its lease has run out" },
  SF_LEASE_LOST: { summary: "The lease of a shard ran out or was taken over.", retryable: false },
  SF_DISK_FULL: { summary: "The disk is full.", retryable: true, hint: "free space; the pipeline resumes from its last checkpoint" },
  SF_DISK_READ_ONLY: { summary: "The folder or file cannot be written.", retryable: false, hint: "check the folder's permissions" },
  SF_DISK_FAILED: { summary: "A file operation failed.", retryable: false },
  SF_BUDGET_EXCEEDED: { summary: "One item alone is larger than the memory budget.", retryable: false, hint: "raise the host's memory budget" },
  SF_RESTART_EXHAUSTED: { summary: "The pipeline failed more often than its restart budget allows.", retryable: false },
  SF_COMPONENT_UNKNOWN: { summary: "No component of that type name is registered.", retryable: false },
  SF_COMPONENT_DUPLICATE: { summary: "A component of that type name is already registered.", retryable: false },
  SF_SECRET_MISSING: { summary: "A secret or environment variable is not set.", retryable: false },
} as const;

/** A code of the table. */
export type ErrorCode = keyof typeof errorCodes;
