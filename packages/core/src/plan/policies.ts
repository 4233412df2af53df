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

/** Which sinks an epoch waits for. What the others lack is kept in the checkpoints, and sent as soon as they take it (docs/adr/0009). */
export interface DeliveryPolicy {
  /**
   * `required`: an epoch counts when every required sink has it; `all`: when every sink has it; `quorum`: when so many sinks have it, whichever.
   * @defaultValue "required"
   */
  readonly commitPolicy?: "required" | "all" | "quorum";
  /** Ids of the sinks that `required` waits for. @defaultValue all */
  readonly required?: readonly string[];
  /** How many sinks `quorum` waits for. */
  readonly quorum?: number;
  /** Bytes of output that may wait for one sink; beyond, the pipeline waits for it too. @defaultValue 64 MiB */
  readonly maxBacklogBytes?: number;
}
