// What an executor measures: series by node, and a summary for people.
import { metricNames } from "../contracts/metric-names.ts";
import type { Counter, Environment } from "../contracts/environment.ts";
import type { OperatorInstance } from "./instance.ts";
import type { Slot } from "./scheduler.ts";
import type { SinkPort } from "./sink-port.ts";
import type { CheckpointResult } from "./checkpointer.ts";

/** A summary of a run, for progress lines. */
export interface ExecutorProgress {
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly late: number;
  readonly rejected: number;
  /** Least watermark over all partitions; undefined without event time. */
  readonly watermarkMs: number | undefined;
  /** Entries in all tables. */
  readonly stateEntries: number;
  readonly epoch: number;
  readonly lastCheckpointMs: number | undefined;
  /** 0 … 1, where all sources know their size. */
  readonly fraction: number | undefined;
  readonly busyMs: number;
  readonly backpressuredMs: number;
  readonly idleMs: number;
}

/** What progress is counted from besides the counters. */
export interface ProgressParts {
  readonly slots: readonly Slot[];
  readonly sharedInstances: readonly OperatorInstance[];
  readonly ports: readonly SinkPort[];
  readonly fraction: number | undefined;
}

/** Sets the gauges that follow the clock, also those of a run that sleeps. */
export function refreshGauges({ metrics, clock }: Environment, pipeline: string, { watermarkMs, lastCheckpointMs }: Pick<ExecutorProgress, "watermarkMs" | "lastCheckpointMs">): void {
  const { watermarkLag, checkpointAge } = metricNames;
  if (watermarkMs !== undefined && Number.isFinite(watermarkMs)) metrics.gauge(watermarkLag.name, watermarkLag.help, { pipeline, node: "sources" }).set(clock.nowMs() - watermarkMs);
  if (lastCheckpointMs !== undefined) metrics.gauge(checkpointAge.name, checkpointAge.help, { pipeline }).set(clock.nowMs() - lastCheckpointMs);
}

/** A summary of what was done before and since. What is so now is the later one's. */
export function sumOf(before: ExecutorProgress | undefined, now: ExecutorProgress): ExecutorProgress {
  if (before === undefined) return now;
  const sum = (name: "recordsIn" | "recordsOut" | "late" | "rejected" | "busyMs" | "backpressuredMs" | "idleMs"): number => before[name] + now[name];
  return {
    recordsIn: sum("recordsIn"), recordsOut: sum("recordsOut"), late: sum("late"), rejected: sum("rejected"), watermarkMs: now.watermarkMs, stateEntries: now.stateEntries,
    epoch: Math.max(before.epoch, now.epoch), lastCheckpointMs: now.lastCheckpointMs ?? before.lastCheckpointMs, fraction: now.fraction,
    busyMs: sum("busyMs"), backpressuredMs: sum("backpressuredMs"), idleMs: sum("idleMs"),
  };
}

type CounterName = "recordsIn" | "recordsOut" | "rejected" | "late";
type TimeName = "busy" | "backpressured" | "idle";

/** Counts by node, kept as metrics. */
export class ExecutorMetrics {
  readonly #environment: Environment;
  readonly #pipeline: string;
  readonly #counters = new Map<string, Counter>();
  readonly #times: { [name in TimeName]?: Counter } = {};
  readonly #totals = { recordsIn: 0, recordsOut: 0, rejected: 0, late: 0 };
  busyMs = 0;
  backpressuredMs = 0;
  idleMs = 0;
  lastCheckpointMs: number | undefined;
  epoch = 0;

  constructor(environment: Environment, pipeline: string) {
    this.#environment = environment;
    this.#pipeline = pipeline;
  }

  get totals(): Readonly<Record<CounterName, number>> {
    return this.#totals;
  }

  count(name: CounterName, node: string, amount: number = 1): void {
    this.#totals[name] += amount;
    const key = `${name} ${node}`;
    let counter = this.#counters.get(key);
    if (counter === undefined) {
      const metric = metricNames[name];
      counter = this.#environment.metrics.counter(metric.name, metric.help, { pipeline: this.#pipeline, node });
      this.#counters.set(key, counter);
    }
    counter.add(amount);
  }

  /** Adds what passed since the last call to the task's times. */
  time(kind: TimeName, ms: number): void {
    if (!(ms > 0)) return;
    if (kind === "busy") this.busyMs += ms;
    else if (kind === "idle") this.idleMs += ms;
    else this.backpressuredMs += ms;
    (this.#times[kind] ??= this.#timeCounter(kind)).add(ms);
  }

  #timeCounter(kind: TimeName): Counter {
    const { name, help } = kind === "busy" ? metricNames.taskBusy : kind === "idle" ? metricNames.taskIdle : metricNames.taskBackpressured;
    return this.#environment.metrics.counter(name, help, { pipeline: this.#pipeline, task: "main" });
  }

  checkpointed(result: CheckpointResult): void {
    const { metrics, clock } = this.#environment;
    const labels = { pipeline: this.#pipeline };
    const { checkpoints, checkpointBytes, checkpointDuration, checkpointPause } = metricNames;
    metrics.counter(checkpoints.name, checkpoints.help, labels).add();
    metrics.gauge(checkpointBytes.name, checkpointBytes.help, labels).set(result.stateBytes);
    metrics.histogram(checkpointDuration.name, checkpointDuration.help, labels).record(result.durationMs);
    metrics.histogram(checkpointPause.name, checkpointPause.help, labels).record(result.pauseMs);
    const { stateBytes } = metricNames;
    for (const [node, bytes] of result.stateBytesOf) metrics.gauge(stateBytes.name, stateBytes.help, { ...labels, node }).set(bytes);
    this.lastCheckpointMs = clock.nowMs();
    this.epoch = result.epoch;
  }

  /** A checkpoint was given up. */
  checkpointFailed(): void {
    const { checkpointsFailed } = metricNames;
    this.#environment.metrics.counter(checkpointsFailed.name, checkpointsFailed.help, { pipeline: this.#pipeline }).add();
  }

  /** The summary of now. */
  progress({ slots, sharedInstances, ports, fraction }: ProgressParts): ExecutorProgress {
    const { totals: { recordsIn, late, rejected }, epoch, lastCheckpointMs, busyMs, backpressuredMs, idleMs } = this;
    const watermarkMs = slots.length === 0 ? undefined : Math.min(...slots.map((slot) => slot.task.watermarkMs));
    refreshGauges(this.#environment, this.#pipeline, { watermarkMs, lastCheckpointMs });
    const instances = [...sharedInstances, ...slots.flatMap((slot) => slot.task.parts.instances)];
    const stateEntries = instances.reduce((sum, instance) => sum + instance.tables.size, 0);
    const recordsOut = ports.reduce((sum, port) => sum + port.recordsOut, 0);
    return { recordsIn, recordsOut, late, rejected, watermarkMs, stateEntries, epoch, lastCheckpointMs, fraction, busyMs, backpressuredMs, idleMs };
  }
}
