// What happens to failures: plain data, part of the pipeline's configuration.

/** How a failed pipeline is started again. */
export interface RestartPolicy {
  /** Failures within `windowMs` that are forgiven. @defaultValue 10 */
  readonly maxRestarts?: number;
  /** @defaultValue 600_000 */
  readonly windowMs?: number;
  /** First delay; doubles up to `maxDelayMs`, with jitter. @defaultValue 200 */
  readonly initialDelayMs?: number;
  /** @defaultValue 30_000 */
  readonly maxDelayMs?: number;
}

/** What happens to a record that cannot be processed. */
export interface DeadLetterPolicy {
  /** `keep`: to the dead letters, and on; `fail`: the pipeline fails, nothing is lost. @defaultValue "keep" */
  readonly onReject?: "keep" | "fail";
  /** More rejected records than this since the run began fail the pipeline: restarts do not begin again. @defaultValue unlimited */
  readonly maxRejected?: number;
  /** Original bytes kept of each. @defaultValue 65_536 */
  readonly maxBytes?: number;
}
