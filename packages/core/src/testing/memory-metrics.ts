// Metrics that a test can read.
import type { Counter, Gauge, Histogram, Labels, Metrics } from "../contracts/environment.ts";
import { StreamFlowError } from "../errors.ts";

const snakeCase = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/;

type Series = { readonly kind: "counter" | "gauge" | "histogram"; value: number; readonly values: number[] };

/** Metrics in memory: every series, with all the values of its histograms. A name that MET-2 forbids is refused. */
export class MemoryMetrics implements Metrics {
  readonly #series = new Map<string, Series>();

  counter(name: string, _help: string, labels: Labels = {}): Counter {
    const series = this.#get("counter", name, labels);
    return {
      add: (amount = 1) => void (series.value += amount > 0 && amount < Infinity ? amount : 0),
      get value() {
        return series.value;
      },
    };
  }

  gauge(name: string, _help: string, labels: Labels = {}): Gauge {
    const series = this.#get("gauge", name, labels);
    return {
      set: (value) => void (series.value = value),
      get value() {
        return series.value;
      },
    };
  }

  histogram(name: string, _help: string, labels: Labels = {}): Histogram {
    const series = this.#get("histogram", name, labels);
    return { record: (value) => void series.values.push(value) };
  }

  /** The value of a counter or gauge; undefined where there is no such series. */
  value(name: string, labels: Labels = {}): number | undefined {
    return this.#series.get(seriesKey(name, labels))?.value;
  }

  /** The values of a histogram, in the order of recording. */
  values(name: string, labels: Labels = {}): readonly number[] {
    return this.#series.get(seriesKey(name, labels))?.values ?? [];
  }

  /** The keys of all series, as `name{label="value"}`, sorted. */
  names(): readonly string[] {
    return [...this.#series.keys()].sort();
  }

  #get(kind: Series["kind"], name: string, labels: Labels): Series {
    if (!snakeCase.test(name)) throw new StreamFlowError("SF_CONFIG_INVALID", `a metric is named in snake_case with a unit suffix, got "${name}"`);
    const key = seriesKey(name, labels);
    const known = this.#series.get(key);
    if (known !== undefined && known.kind !== kind) throw new StreamFlowError("SF_CONFIG_INVALID", `the metric "${name}" is a ${known.kind}, not a ${kind}`);
    const series = known ?? { kind, value: 0, values: [] };
    this.#series.set(key, series);
    return series;
  }
}

function seriesKey(name: string, labels: Labels): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.length === 0 ? name : `${name}{${pairs.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(",")}}`;
}
