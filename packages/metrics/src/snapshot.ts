// Measurements as plain data, and what can be worked out from two of them.
import type { Labels } from "@streamflow/core";
import type { SketchSnapshot } from "./histogram.ts";

/** What a metric is: a sum that only grows, a value that moves, or a distribution. */
export type MetricKind = "counter" | "gauge" | "histogram";

/** One series at one moment. */
export interface SeriesSnapshot {
  readonly labels: Labels;
  /** The value of a counter or gauge; the sum of a histogram. */
  readonly value: number;
  /** Of a histogram. */
  readonly sketch?: SketchSnapshot;
}

/** All series of a name. */
export interface MetricFamily {
  readonly name: string;
  readonly kind: MetricKind;
  readonly help: string;
  readonly series: readonly SeriesSnapshot[];
}

/** All measurements of a collector at one moment. */
export interface MetricsSnapshot {
  /** On the monotonic clock of the process: only differences mean anything. */
  readonly atMs: number;
  readonly families: readonly MetricFamily[];
}

/** The series of a name that carry all of these labels. */
export function seriesOf(snapshot: MetricsSnapshot, name: string, labels: Labels = {}): readonly SeriesSnapshot[] {
  const wanted = Object.entries(labels);
  const family = snapshot.families.find((candidate) => candidate.name === name);
  return family?.series.filter((series) => wanted.every(([label, value]) => series.labels[label] === value)) ?? [];
}

/** The sum of a counter or gauge over the series that carry all of these labels; 0 where there are none. */
export function totalOf(snapshot: MetricsSnapshot, name: string, labels: Labels = {}): number {
  return seriesOf(snapshot, name, labels).reduce((sum, series) => sum + series.value, 0);
}

/** Which counter, between which two moments. */
export interface RateQuery {
  readonly before: MetricsSnapshot;
  readonly after: MetricsSnapshot;
  readonly name: string;
  readonly labels?: Labels;
}

/**
 * Growth of a counter per second between two snapshots, summed over the series that carry all of the labels.
 * A series that is new, or was set back by a restart, counts from 0. Undefined where no time has passed.
 */
export function ratePerSecond(query: RateQuery): number | undefined {
  const { before, after, name, labels = {} } = query;
  const elapsedMs = after.atMs - before.atMs;
  if (!(elapsedMs > 0)) return undefined;
  const old = new Map(seriesOf(before, name, labels).map((series) => [identity(series), series.value]));
  let growth = 0;
  for (const series of seriesOf(after, name, labels)) {
    const from = old.get(identity(series)) ?? 0;
    growth += series.value >= from ? series.value - from : series.value;
  }
  return (growth * 1000) / elapsedMs;
}

function identity(series: SeriesSnapshot): string {
  return JSON.stringify(Object.entries(series.labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
