// Where all measurements of a process meet.
//
// I1. The same name and labels give the same series (MET-1), whatever the order of the labels.
// I2. A name has one kind, and at most `maxSeriesPerName` series; what comes after shares one more series, labelled overflow="true".
// I3. Recording allocates nothing, never throws and never waits (MET-3). Only the making of a series may throw.
import { type Clock, type Counter, type Gauge, type Histogram, type Labels, type Logger, type Metrics, StreamFlowError } from "@streamflow/core";
import { CounterSeries, GaugeSeries, HistogramSeries, InvalidValues, type Series } from "./series.ts";
import type { MetricFamily, MetricKind, MetricsSnapshot } from "./snapshot.ts";

/** What a collector is made of. */
export interface MetricsCollectorOptions {
  /** Stamps the snapshots, so that rates are right whatever the wall clock does. */
  readonly clock: Clock;
  /** Told once for each name that has too many series. */
  readonly logger?: Logger;
  /** Series of one name that are told apart. @defaultValue 1000 */
  readonly maxSeriesPerName?: number;
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly kind: MetricKind;
  readonly series: Map<string, Series>;
  overflow: Series | undefined;
}

const namePattern = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const labelPattern = /^[a-zA-Z][a-zA-Z0-9_]*$/;
const overflowLabels: Labels = { overflow: "true" };
const invalidName = "streamflow_metrics_invalid_total";

/**
 * Counters, gauges and histograms by name and labels: the {@link Metrics} of an environment.
 *
 * Ask for a series once, where the node is made, and record into it as often as you like.
 */
export class MetricsCollector implements Metrics {
  readonly #clock: Clock;
  readonly #logger: Logger | undefined;
  readonly #maxSeries: number;
  readonly #families = new Map<string, Family>();
  readonly #invalid = new InvalidValues();
  /** The labels of the last new series: those that are asked for one after the other often have the same, and share them. */
  #last: { readonly key: string; readonly labels: Labels } = { key: "", labels: {} };

  /** @throws {@link StreamFlowError} `SF_CONFIG_INVALID` when `maxSeriesPerName` is not a positive integer. */
  constructor(options: MetricsCollectorOptions) {
    const { clock, logger, maxSeriesPerName = 1000 } = options;
    if (!Number.isInteger(maxSeriesPerName) || maxSeriesPerName < 1) {
      throw new StreamFlowError("SF_CONFIG_INVALID", `maxSeriesPerName must be a positive integer, got ${maxSeriesPerName}`);
    }
    this.#clock = clock;
    this.#logger = logger;
    this.#maxSeries = maxSeriesPerName;
  }

  /** @throws {@link StreamFlowError} `SF_CONFIG_INVALID` for a name that is not snake_case ending in `_total`, or is taken by another kind. */
  counter(name: string, help: string, labels: Labels = {}): Counter {
    const family = this.#family({ name, help, kind: "counter" });
    return this.#series(family, labels, CounterSeries);
  }

  /** @throws {@link StreamFlowError} `SF_CONFIG_INVALID` for a name that is not snake_case, ends in `_total`, or is taken by another kind. */
  gauge(name: string, help: string, labels: Labels = {}): Gauge {
    const family = this.#family({ name, help, kind: "gauge" });
    return this.#series(family, labels, GaugeSeries);
  }

  /** @throws {@link StreamFlowError} `SF_CONFIG_INVALID` for a name that is not snake_case, ends in `_total`, or is taken by another kind. */
  histogram(name: string, help: string, labels: Labels = {}): Histogram {
    const family = this.#family({ name, help, kind: "histogram" });
    return this.#series(family, labels, HistogramSeries);
  }

  /**
   * Forgets every series that carries all of these labels, for example those of a pipeline that was removed.
   * Answers how many. Who still holds a forgotten series may record into it; nobody will see it.
   */
  forget(labels: Labels): number {
    const wanted = Object.entries(labels);
    let forgotten = 0;
    for (const family of this.#families.values()) {
      for (const [key, series] of family.series) {
        if (!wanted.every(([name, value]) => series.labels[name] === value)) continue;
        family.series.delete(key);
        forgotten++;
      }
      if (family.series.size === 0 && family.overflow === undefined) this.#families.delete(family.name);
    }
    return forgotten;
  }

  /** Everything as plain data that shares nothing with the collector; families and series in order of making. */
  snapshot(): MetricsSnapshot {
    const families = [...this.#families.values()].map(readFamily);
    if (this.#invalid.count > 0) {
      families.push({ name: invalidName, kind: "counter", help: "Values that were no measurements, and were left out.", series: [{ labels: {}, value: this.#invalid.count }] });
    }
    return { atMs: this.#clock.monotonicMs(), families };
  }

  #family(wanted: { readonly name: string; readonly help: string; readonly kind: MetricKind }): Family {
    const { name, help, kind } = wanted;
    const known = this.#families.get(name);
    if (known !== undefined) {
      if (known.kind !== kind) throw invalid(`metric "${name}" is a ${known.kind}, and cannot be a ${kind} as well`);
      return known;
    }
    if (!namePattern.test(name) || name === invalidName) throw invalid(`metric name "${name}" must be snake_case`);
    if (name.endsWith("_total") !== (kind === "counter")) throw invalid(`metric name "${name}": counters end in _total, and nothing else does`);
    const family: Family = { name, help, kind, series: new Map(), overflow: undefined };
    this.#families.set(name, family);
    return family;
  }

  #series<S extends Series>(family: Family, labels: Labels, Kind: new (labels: Labels, invalid: InvalidValues) => S): S {
    const key = seriesKey(family.name, labels);
    // A family holds series of its own kind alone: `#family` has refused every other.
    const known = family.series.get(key) as S | undefined;
    if (known !== undefined) return known;
    if (family.series.size < this.#maxSeries) {
      if (this.#last.key !== key) this.#last = { key, labels: { ...labels } };
      const made = new Kind(this.#last.labels, this.#invalid);
      family.series.set(this.#last.key, made);
      return made;
    }
    if (family.overflow === undefined) {
      family.overflow = new Kind(overflowLabels, this.#invalid);
      this.#logger?.warn("a metric has too many series; further ones share one series", { metric: family.name, maxSeriesPerName: this.#maxSeries });
    }
    return family.overflow as S;
  }
}

function readFamily(family: Family): MetricFamily {
  const all = [...family.series.values(), ...(family.overflow === undefined ? [] : [family.overflow])];
  return {
    name: family.name,
    kind: family.kind,
    help: family.help,
    series: all.map((series) =>
      series instanceof HistogramSeries ? { labels: series.labels, value: series.sketch.sum, sketch: series.sketch.snapshot() } : { labels: series.labels, value: series.value },
    ),
  };
}

function seriesKey(metric: string, labels: Labels): string {
  const names = Object.keys(labels).sort();
  for (const name of names) {
    if (!labelPattern.test(name)) throw invalid(`metric "${metric}": label name "${name}" must be letters, digits and "_"`);
  }
  return JSON.stringify(names.map((name) => [name, labels[name]]));
}

function invalid(message: string): StreamFlowError {
  return new StreamFlowError("SF_CONFIG_INVALID", message);
}
