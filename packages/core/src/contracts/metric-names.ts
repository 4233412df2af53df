// The names under which the engine measures itself. docs/metrics.md holds the same table; a test compares them.

/** A metric of the engine. Labels are given with every series, in any order. */
export interface MetricName {
  readonly name: string;
  readonly kind: "counter" | "gauge" | "histogram";
  /** One sentence: what it counts or holds, and its unit. */
  readonly help: string;
  readonly labels: readonly string[];
}

/** The metrics of the engine, each with its kind, meaning and labels. */
export const metricNames = {
  recordsIn: { name: "streamflow_records_in_total", kind: "counter", help: "Records that a node has received.", labels: ["pipeline", "node"] },
  recordsOut: { name: "streamflow_records_out_total", kind: "counter", help: "Records that a node has emitted, on all outputs.", labels: ["pipeline", "node"] },
  rejected: { name: "streamflow_rejected_total", kind: "counter", help: "Records that a node could not process.", labels: ["pipeline", "node"] },
  late: { name: "streamflow_late_total", kind: "counter", help: "Records that came after every window they belong to was closed.", labels: ["pipeline", "node"] },
  taskBusy: { name: "streamflow_task_busy_ms_total", kind: "counter", help: "Milliseconds in which a task processed records.", labels: ["pipeline", "task"] },
  taskBackpressured: { name: "streamflow_task_backpressured_ms_total", kind: "counter", help: "Milliseconds in which a task waited for a sink, a consumer or calls under way.", labels: ["pipeline", "task"] },
  taskIdle: { name: "streamflow_task_idle_ms_total", kind: "counter", help: "Milliseconds in which a task waited for input.", labels: ["pipeline", "task"] },
  watermarkLag: { name: "streamflow_watermark_lag_ms", kind: "gauge", help: "Wall time minus the watermark of a node, in milliseconds.", labels: ["pipeline", "node"] },
  checkpoints: { name: "streamflow_checkpoints_total", kind: "counter", help: "Checkpoints that were completed.", labels: ["pipeline"] },
  checkpointsFailed: { name: "streamflow_checkpoints_failed_total", kind: "counter", help: "Checkpoints that were given up.", labels: ["pipeline"] },
  checkpointDuration: { name: "streamflow_checkpoint_duration_ms", kind: "histogram", help: "From the barrier to the durable checkpoint, in milliseconds.", labels: ["pipeline"] },
  checkpointPause: { name: "streamflow_checkpoint_pause_ms", kind: "histogram", help: "Time of a checkpoint in which no record is processed: up to its barrier, in milliseconds.", labels: ["pipeline"] },
  checkpointBytes: { name: "streamflow_checkpoint_bytes", kind: "gauge", help: "Size of the last checkpoint, in bytes.", labels: ["pipeline"] },
  checkpointAge: { name: "streamflow_checkpoint_age_ms", kind: "gauge", help: "Time since the last completed checkpoint, in milliseconds.", labels: ["pipeline"] },
  restarts: { name: "streamflow_restarts_total", kind: "counter", help: "Restarts after a failure.", labels: ["pipeline"] },
  stateBytes: { name: "streamflow_state_bytes", kind: "gauge", help: "State of a node in the last checkpoint, in bytes.", labels: ["pipeline", "node"] },
  backlogBytes: { name: "streamflow_sink_backlog_bytes", kind: "gauge", help: "Output that waits for a sink which epochs do not wait for, in bytes.", labels: ["pipeline", "node"] },
} as const;
